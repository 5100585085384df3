package store

import (
	"fmt"
	"slices"
	"strings"

	"ingestd/internal/mapping"
)

// rewriteStatements rewrite the rows of a table.
type rewriteStatements struct {
	stage
	next, nextOld, nextTimeless, lock, delete, write, note, count string

	limit    int      // of a slice
	key      []string // columns that tell rows of a tenant apart
	first    []string // a value for each that none is below
	lead     int      // fields of a row before the mapped ones
	children []string // read the rows of child tables
}

// lowest are the values that no other of a type is below.
var lowest = map[string]string{
	"uuid": "00000000-0000-0000-0000-000000000000", "text": "", "timestamptz": "-infinity",
}

func newRewriteStatements(m *mapping.Model, lead []string, eventTime string) rewriteStatements {
	root := m.Tables[0]
	own := slices.Concat(lead, []string{"ingested_at"}, metadata)
	columns := slices.Concat(own, root.ColumnNames())
	s := rewriteStatements{
		limit: rewriteRows, key: append(slices.Clone(lead[1:]), root.Columns[root.Key-1].Name), lead: len(own),
	}
	kept := slices.Concat(lead, []string{"ingested_at", "version", s.key[len(s.key)-1]})
	var keys, from, texts []string
	for i, name := range s.key {
		typ := "timestamptz"
		if i == len(s.key)-1 {
			typ = root.Columns[root.Key-1].Type.Name
		}
		s.first = append(s.first, lowest[typ])
		keys = append(keys, fmt.Sprintf("$%d::text[]::%s[]", i+2, typ))
		from = append(from, fmt.Sprintf("($2::text[])[%d]::%s", i+1, typ))
		texts = append(texts, name+"::text")
	}
	stored := asServed(root.Name, columns)
	if len(m.Tables) > 1 {
		s.limit = rewriteRecords
		for _, table := range m.Tables[1:] {
			s.children = append(s.children, fmt.Sprintf("SELECT %s\nFROM teams.%s\n"+
				"WHERE tenant_id = $1 AND call_id = ANY ($2::uuid[])", columnList(table.ColumnNames()), table.Name))
		}
	}
	n := []string{
		"{table}", root.Name, "{stage}", "pg_temp.rewrite_" + root.Name, "{columns}", columnList(columns),
		"{stored}", stored, "{key}", strings.Join(s.key, ", "), "{from}", strings.Join(from, ", "),
		"{keys}", strings.Join(keys, ", "), "{texts}", strings.Join(texts, ", "),
		"{qualified}", "t." + strings.Join(s.key, ", t."), "{wanted}", "wanted." + strings.Join(s.key, ", wanted."),
		"{time}", timeOf(root, eventTime),
		"{set}", assignments(slices.DeleteFunc(slices.Clone(columns), func(c string) bool {
			return slices.Contains(kept, c)
		})),
	}
	s.stage = newStage(n, len(columns))
	s.next, s.lock, s.delete = statement("rewrite_next", n...), statement("rewrite_lock", n...),
		statement("rewrite_delete", n...)
	s.nextOld, s.nextTimeless = statement("rewrite_next_old", n...), statement("rewrite_next_timeless", n...)
	s.count = statement("rewrite_count", n...)
	s.write, s.note = statement("rewrite_write", n...), statement("rewrite_note", n...)
	return s
}
