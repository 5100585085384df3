package migrations_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/store/storetest"
)

// No view fails for a row, whatever is in it: a report of a year must not end for
// one. Rows are without anything that may be null, or say in every text something
// that is no number, no address, no id and no name that Graph is known to use. All
// tables have a row of each kind, with the same keys, so that every join finds one.
func TestViewsOfStrangeRows(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	run(t, conn, "SET TIME ZONE 'UTC'; SET jit = off")
	run(t, conn, given(t))
	noneFails(t, conn, "without rows")
	for n, text := range []string{
		"NULL", "''", "'*'", "'10.0.0.0/99'", "'00000000-0000-0000-0000-00000000000g'", "'+49*_%\\\\'", "E'\\n,\"'",
	} {
		putStrangeRows(t, conn, n, text)
	}
	noneFails(t, conn, "with strange rows")
	for _, view := range []string{"calls", "telephony_calls", "call_quality_streams", "call_legs"} {
		if rows := run(t, conn, "SELECT FROM analytics."+view); len(rows) < 7 {
			t.Errorf("analytics.%s has %d rows", view, len(rows)-1)
		}
	}
}

// putStrangeRows puts a row into each table of schema teams, of the tenant n. Times
// are the same in all of them, or null if texts are.
func putStrangeRows(t *testing.T, conn *pgx.Conn, n int, text string) {
	t.Helper()
	at := "NULL"
	if text != "NULL" {
		at = "'2026-01-05 10:00'"
	}
	run(t, conn, fmt.Sprintf(`
		DO $do$
		DECLARE
			name regclass;
			columns text;
			entries text;
		BEGIN
			FOR name, columns, entries IN
				SELECT attrelid, string_agg(quote_ident(attname), ', '), string_agg(
					CASE
						WHEN attname = 'tenant_id' THEN quote_literal(given.tenant(%d)) || '::uuid'
						WHEN attname = 'side' THEN $$'callee'$$
						WHEN atttypid = 'timestamptz'::regtype AND NOT attnotnull THEN $$%s::timestamptz$$
						WHEN atttypid = 'text'::regtype AND NOT attnotnull THEN $$%s$$
						WHEN NOT attnotnull AND attname NOT IN ('details_version') THEN 'NULL'
						WHEN atttypid = 'uuid'::regtype THEN 'given.id(1)'
						WHEN atttypid = 'text'::regtype THEN $$'1'$$
						WHEN atttypid IN ('timestamptz'::regtype, 'date'::regtype) THEN $$'2026-01-05'$$
						WHEN atttypid = 'xid8'::regtype THEN 'pg_current_xact_id()'
						ELSE '1'
					END, ', ')
				FROM pg_attribute
				JOIN pg_class c ON c.oid = attrelid
				WHERE relnamespace = 'teams'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
					AND attgenerated = ''
				GROUP BY attrelid
			LOOP
				EXECUTE format('INSERT INTO %%s (%%s) VALUES (%%s)', name, columns, entries);
			END LOOP;
		END $do$`, n, at, text))
}

// noneFails fills all rollups and reads all views to their end.
func noneFails(t *testing.T, conn *pgx.Conn, when string) {
	t.Helper()
	var names []string
	for _, row := range run(t, conn, `
		SELECT table_schema || '.' || table_name FROM information_schema.views
		WHERE table_schema IN ('analytics', 'live', 'rollup') ORDER BY 1`)[1:] {
		names = append(names, row[0])
	}
	if len(names) < 30 {
		t.Fatalf("views: %s", cmp.Diff(nil, names))
	}
	run(t, conn, `SELECT given.refresh(name) FROM rollup.views ORDER BY position, name`)
	for _, name := range names {
		if _, err := conn.Exec(t.Context(), "SELECT * FROM "+name); err != nil {
			t.Errorf("%s, %s: %v", name, when, err)
		}
	}
}
