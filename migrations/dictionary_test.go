package migrations_test

import (
	"strings"
	"testing"

	"ingestd/internal/catalog"
	"ingestd/internal/golden"
	"ingestd/internal/store/storetest"
)

// preface stands before what the catalog says.
const preface = `# Data dictionary

What the comments in the database say: the views of ` + "`analytics`" + ` to ask first, the lists of ` + "`ref`" + `
that are yours to edit, and the tables of ` + "`teams`" + `, where everything is that Graph served. Made from the
catalog by ` + "`go test ./migrations -run TestDictionary -update`" + `; ` + "`\\d+ analytics.calls`" + ` says the same.

*Key* are the columns that are unique together, null counting as a value. *Filter on* is the column that a condition
has to name for an index to be used. A column of a view whose text does not say null is never null.
`

// TestDictionary holds docs/data-dictionary.md to the catalog.
func TestDictionary(t *testing.T) {
	t.Parallel()
	conn := storetest.Conn(t, storetest.URL(t))
	var page strings.Builder
	page.WriteString(preface)
	for _, schema := range []string{"analytics", "ref", "teams"} {
		relations, err := catalog.Read(t.Context(), conn, schema)
		if err != nil {
			t.Fatal(err)
		}
		comment := storetest.Query[string](t, conn, `SELECT obj_description($1::regnamespace, 'pg_namespace')`, schema)
		page.WriteString("\n## " + schema + "\n\n" + comment + "\n")
		for _, r := range relations {
			page.WriteString("\n" + entry(r))
		}
	}
	golden.Check(t, "../docs/data-dictionary.md", page.String())
}

// entry is what the dictionary says of a table or view.
func entry(r catalog.Relation) string {
	var b strings.Builder
	b.WriteString("### " + r.Schema + "." + r.Name + "\n\n" + r.Meaning + "\n\n")
	if len(r.Key) > 0 {
		b.WriteString("*Key* `" + strings.Join(r.Key, "`, `") + "`.")
	}
	if r.Filter != "" {
		b.WriteString(" *Filter on* `" + r.Filter + "`.")
	}
	if r.Personal {
		b.WriteString(" Personal data.")
	}
	b.WriteString("\n\n| column | type | meaning |\n|---|---|---|\n")
	for _, c := range r.Columns {
		b.WriteString("| `" + c.Name + "` | " + c.Type + " | " + strings.ReplaceAll(c.Comment, "|", `\|`) + " |\n")
	}
	return b.String()
}
