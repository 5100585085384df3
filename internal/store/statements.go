package store

import (
	"fmt"
	"strings"

	"ingestd/internal/mapping"
)

// statements are the SQL of Save for one endpoint, made from its mapping. All
// names in it are compiled in.
type statements struct {
	stage     string // name of the temporary table
	makeStage string
	copyIn    string
	lookup    string
	upsert    string
}

// metadata are the columns that Save puts in front of the mapped ones.
var metadata = []string{"tenant_id", "updated_at", "run_id", "row_hash"}

func newStatements(m *mapping.Model) statements {
	root := m.Tables[0]
	names := root.ColumnNames()
	columns := strings.Join(append(metadata[:len(metadata):len(metadata)], names...), ", ")
	key := strings.Join(append([]string{"tenant_id"}, names[:root.Key]...), ", ")
	last := root.Columns[root.Key-1]
	stage := "stage_" + root.Name

	var set []string
	for _, name := range append(metadata[1:len(metadata):len(metadata)], names[root.Key:]...) {
		set = append(set, name+" = excluded."+name)
	}
	return statements{
		stage: stage,
		makeStage: fmt.Sprintf(`CREATE TEMPORARY TABLE IF NOT EXISTS %s ON COMMIT DELETE ROWS AS SELECT %s FROM teams.%s WITH NO DATA`,
			stage, columns, root.Name),
		copyIn: fmt.Sprintf(`COPY %s (%s) FROM STDIN (FORMAT binary)`, stage, columns),
		lookup: fmt.Sprintf(`SELECT %s, row_hash, updated_at FROM teams.%s WHERE tenant_id = $1 AND %[1]s = ANY ($2::%[3]s[])`,
			last.Name, root.Name, last.Type.Name),
		upsert: fmt.Sprintf(`
			INSERT INTO teams.%s AS t (%s)
			SELECT %[2]s FROM %[3]s ORDER BY %[4]s
			ON CONFLICT (%[4]s) DO UPDATE
			SET %[5]s, change_xid = pg_current_xact_id()
			WHERE t.row_hash <> excluded.row_hash AND t.updated_at < excluded.updated_at
			RETURNING xmax = 0`,
			root.Name, columns, stage, key, strings.Join(set, ", ")),
	}
}
