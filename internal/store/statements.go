package store

import (
	"fmt"
	"slices"
	"strings"
)

// statements are the SQL of Save for one endpoint, made from its mapping. All
// names in it are compiled in.
type statements struct {
	fields     int // of a row in COPY
	makeStage  string
	clearStage string
	copyIn     string
	lookup     string
	upsert     string
	replace    string // aggregates only
	versions   int    // versioned only: the column of the version
	whole      tree   // versioned only
}

// metadata are the columns that Save puts in front of the mapped ones; those of
// an aggregate say which window it sums up.
func metadata(aggregate bool) []string {
	if aggregate {
		return []string{"tenant_id", "window_from", "window_to", "updated_at", "run_id", "row_hash"}
	}
	return []string{"tenant_id", "updated_at", "run_id", "row_hash"}
}

func newStatements(run *Run) statements {
	root, aggregate := run.Model.Tables[0], run.Aggregate
	names := root.ColumnNames()
	own := metadata(aggregate)
	lead := own[:len(own)-3] // of the key
	columns := strings.Join(slices.Concat(own, names), ", ")
	key := strings.Join(slices.Concat(lead, names[:root.Key]), ", ")
	last := root.Columns[root.Key-1]
	stage := "pg_temp.stage_" + root.Name

	var set []string
	for _, name := range slices.Concat(own[len(lead):], names[root.Key:]) {
		set = append(set, name+" = excluded."+name)
	}
	version := "0::bigint"
	if run.Versioned {
		version = "version"
	}
	window := ""
	if aggregate {
		window = "AND window_from = $3 AND window_to = $4"
	}
	st := statements{
		fields: len(own) + len(names),
		makeStage: fmt.Sprintf(`CREATE TEMPORARY TABLE IF NOT EXISTS %s ON COMMIT DELETE ROWS AS SELECT %s FROM teams.%s WITH NO DATA`,
			stage, columns, root.Name),
		clearStage: `TRUNCATE ` + stage,
		copyIn:     fmt.Sprintf(`COPY %s (%s) FROM STDIN (FORMAT binary)`, stage, columns),
		lookup: fmt.Sprintf(`SELECT %s::text, row_hash, updated_at, %s FROM teams.%s WHERE tenant_id = $1 %s AND %[1]s = ANY ($2::%[5]s[])`,
			last.Name, version, root.Name, window, last.Type.Name),
		upsert: fmt.Sprintf(`
			INSERT INTO teams.%s AS t (%s)
			SELECT %[2]s FROM %[3]s ORDER BY %[4]s
			ON CONFLICT (%[4]s) DO UPDATE
			SET %[5]s, change_xid = pg_current_xact_id()
			WHERE t.row_hash <> excluded.row_hash
				AND (t.updated_at < excluded.updated_at OR t.updated_at > excluded.updated_at + interval '1 hour')
			RETURNING xmax = 0`,
			root.Name, columns, stage, key, strings.Join(set, ", ")),
		replace: fmt.Sprintf(`
			WITH gone AS (
				DELETE FROM teams.%s
				WHERE tenant_id = $1 AND window_from = $3 AND window_to = $4 AND %s <> ALL ($2) AND updated_at < $5
					AND NOT EXISTS ( -- a newer answer; one that is newer by more came from a clock that was ahead
						SELECT FROM ingest.slots
						WHERE tenant_id = $1 AND endpoint = '%[1]s' AND slot_from = $3 AND read_at > $5 AND read_at < $5::timestamptz + interval '1 hour'
					)
				RETURNING %[3]s
			)
			INSERT INTO ingest.tombstones (tenant_id, table_name, key, op)
			SELECT tenant_id, '%[1]s', to_jsonb(gone), 'delete' FROM gone`,
			root.Name, last.Name, key),
	}
	if run.Versioned {
		st.versions = slices.Index(names, "version")
		st.upsert = announce(root.Name, columns, stage)
		st.whole = newTree(run.Model)
	}
	return st
}

// announce is the upsert of elements that a list only names: one never seen is
// inserted, and otherwise its version alone is raised, which is no change for
// those who follow change_xid. A raised version is tried at once, whatever
// became of the one before.
func announce(table, columns, stage string) string {
	return fmt.Sprintf(`
		WITH written AS (
			INSERT INTO teams.%s AS t (%s)
			SELECT %[2]s FROM %[3]s ORDER BY tenant_id, id
			ON CONFLICT (tenant_id, id) DO UPDATE SET version = excluded.version WHERE t.version < excluded.version
			RETURNING tenant_id, id, xmax = 0 AS inserted
		), noted AS (
			INSERT INTO teams.call_record_versions (tenant_id, call_id, version, last_modified_at, seen_at)
			SELECT tenant_id, id, version, last_modified_at, updated_at FROM %[3]s ORDER BY tenant_id, id
			ON CONFLICT DO NOTHING
		), fresh AS (
			DELETE FROM ingest.details_retries e USING written w WHERE e.tenant_id = w.tenant_id AND e.call_id = w.id
		)
		SELECT inserted FROM written`,
		table, columns, stage)
}
