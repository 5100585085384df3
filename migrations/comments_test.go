package migrations_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/catalog"
	"ingestd/internal/store/storetest"
)

// ours are the schemas that migrations make.
var ours = []string{"analytics", "ingest", "live", "ref", "rollup", "teams"}

// A described object is a schema, table, view, column or function, and its comment.
type described struct{ Name, Comment string }

// Everything that anybody can meet says what it is, in sentences.
func TestComments(t *testing.T) {
	t.Parallel()
	conn := storetest.Conn(t, storetest.URL(t))
	for _, d := range everything(t, conn) {
		if !strings.HasSuffix(d.Comment, ".") && d.Name != "ingest" && d.Name != "teams" {
			t.Errorf("%s has no comment that is a sentence: %q", d.Name, d.Comment)
		}
	}
	relations, err := catalog.Read(t.Context(), conn, "analytics")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range relations {
		checkView(t, r)
		for _, c := range r.Columns {
			checkColumn(t, r.Name+"."+c.Name, c)
		}
	}
}

// everything is all there is in our schemas.
func everything(t *testing.T, conn *pgx.Conn) []described {
	t.Helper()
	rows, err := conn.Query(t.Context(), `
		WITH ours AS (SELECT oid, nspname FROM pg_namespace WHERE nspname = ANY ($1)),
		relations AS (
			SELECT c.oid, concat_ws('.', nspname, relname) AS name
			FROM pg_class c
			JOIN ours ON ours.oid = relnamespace
			WHERE relkind IN ('r', 'p', 'v') AND relname <> 'schema_migrations')
		SELECT nspname AS name, obj_description(oid, 'pg_namespace') AS comment FROM ours
		UNION ALL
		SELECT name, obj_description(oid, 'pg_class') FROM relations
		UNION ALL
		SELECT concat_ws('.', name, attname), col_description(oid, attnum)
		FROM relations
		JOIN pg_attribute ON attrelid = oid AND attnum > 0 AND NOT attisdropped
		UNION ALL
		SELECT concat_ws('.', nspname, proname) || '()', obj_description(p.oid, 'pg_proc')
		FROM pg_proc p
		JOIN ours ON ours.oid = pronamespace`, ours)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (d described, err error) {
		var comment *string
		if err = row.Scan(&d.Name, &comment); comment != nil {
			d.Comment = *comment
		}
		return d, err
	})
	if err != nil || len(list) == 0 {
		t.Fatal(list, err)
	}
	return list
}

// checkView holds the comment of a view to the form that programs read.
func checkView(t *testing.T, r catalog.Relation) {
	t.Helper()
	if len(r.Key) == 0 {
		t.Errorf("%s: the comment does not end in Key: …. Filter on: …. Personal data.: %q", r.Name, r.Comment)
	}
	for _, name := range r.Key {
		if r.Column(name) == nil {
			t.Errorf("%s: its key has %q, which is no column", r.Name, name)
		}
	}
	if r.Filter != "" && r.Column(r.Filter) == nil {
		t.Errorf("%s: it is to be filtered on %q, which is no column", r.Name, r.Filter)
	}
	personal := slices.ContainsFunc(r.Columns, func(c catalog.Column) bool { return len(c.Personal()) > 0 })
	if personal != r.Personal {
		t.Errorf("%s: that it holds personal data is %v by its columns", r.Name, personal)
	}
}

// units are what the comment says of a column whose name ends so.
var units = []struct {
	name *regexp.Regexp
	says string
}{
	{regexp.MustCompile(`[^0-9]_s$`), "in seconds"},
	{regexp.MustCompile(`_ms$`), "in milliseconds"},
	{regexp.MustCompile(`_(pct|pct_all)$`), "0 to 100"},
	{regexp.MustCompile(`_ratio$|packet_loss`), "0 to 1"},
	{regexp.MustCompile(`charge$|cost$|^cost_per_`), "currency"},
}

var nullClause = regexp.MustCompile(`; null (after|before|for|if|of|on|unless|until|where|while|without) `)

// checkColumn holds the comment of a column to its form.
func checkColumn(t *testing.T, name string, c catalog.Column) {
	t.Helper()
	for _, u := range units {
		if u.name.MatchString(c.Name) && !strings.Contains(strings.ToLower(c.Comment), u.says) {
			t.Errorf("%s: the comment does not say %s: %q", name, u.says, c.Comment)
		}
	}
	if c.Nullable && !nullClause.MatchString(c.Comment) {
		t.Errorf("%s: null is not explained after a semicolon: %q", name, c.Comment)
	}
	if slices.Contains(c.Values, "") || strings.Contains(c.Comment, "One of: ") && len(c.Values) == 0 {
		t.Errorf("%s: the values cannot be read: %q", name, c.Comment)
	}
}
