package migrations_test

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/store/storetest"
)

// No view fails for a row, whatever is in it: a report of a year must not end for
// one. Rows are without anything that may be null; say in every text something that is
// no number, no address, no id and no name that Graph is known to use; or have the least
// or the greatest numbers and times that are stored. All tables have a row of each kind,
// with the same keys, so that every join finds one.
func TestViewsOfStrangeRows(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	run(t, conn, "SET TIME ZONE 'UTC'; SET jit = off")
	run(t, conn, given(t))
	run(t, conn, putAll)
	noneFails(t, conn, "without rows")
	rows := []row{{}}
	for _, text := range []string{
		"''", "'*'", "'10.0.0.0/99'", "'00000000-0000-0000-0000-00000000000g'", "'+49*_%\\'",
	} {
		rows = append(rows, row{"text": text, "text[]": "ARRAY[" + text + "]"})
	}
	for _, numbers := range []row{
		{"integer": "-2147483648", "bigint": "-9223372036854775808", "numeric": "-1e999",
			"double precision": "-1.7976931348623157e308", "time": "'0002-01-01 00:00'"},
		{"integer": "2147483647", "bigint": "9223372036854775807", "numeric": "1e999",
			"double precision": "1.7976931348623157e308", "time": "'9999-12-31 23:59:59.999999'"},
	} {
		maps.Copy(numbers, row{"text": `E'\n,"'`, "text[]": `ARRAY['\']`, "boolean": "true", "uuid": "given.id(1)",
			"label": "'audio'", "endpoint_type": "'participant'", "stream_direction": "'calleeToCaller'"})
		rows = append(rows, numbers)
	}
	for n, r := range rows {
		putStrangeRow(t, conn, n, r)
	}
	noneFails(t, conn, "with strange rows")
	for _, view := range []string{"calls", "telephony_calls", "call_quality_streams", "call_legs"} {
		if got := run(t, conn, "SELECT FROM analytics."+view); len(got) < len(rows) {
			t.Errorf("analytics.%s has %d rows", view, len(got)-1)
		}
	}
}

// A row has an SQL expression for a column or for all of a type; time is for all times
// but that of the row itself. Other columns are null where they may be.
type row map[string]string

// putStrangeRow puts a row into each table of schema teams, of the tenant n. The time of
// a row is the same in all of them, or null if all else is.
func putStrangeRow(t *testing.T, conn *pgx.Conn, n int, r row) {
	t.Helper()
	if len(r) > 0 {
		r["timestamp with time zone"] = "'2026-01-05 10:00'"
	}
	_, err := conn.Exec(t.Context(), `SELECT given.put_all($1, $2)`, n, r)
	if err != nil {
		t.Fatal(err)
	}
}

// putAll makes the function that inserts a strange row into each table.
const putAll = `
	CREATE FUNCTION given.put_all(n bigint, given jsonb) RETURNS void LANGUAGE plpgsql AS $do$
	DECLARE
		name regclass;
		columns text;
		entries text;
	BEGIN
		FOR name, columns, entries IN
			SELECT attrelid, string_agg(quote_ident(attname), ', '), string_agg(
				CASE
					WHEN attname = 'tenant_id' THEN quote_literal(given.tenant(n)) || '::uuid'
					WHEN attname = 'side' THEN $$'callee'$$
					WHEN attname = 'is_test' THEN 'NULL'
					WHEN atttypid = 'timestamptz'::regtype AND NOT attnotnull
						AND attname NOT IN ('start_at', 'invite_at', 'sent_at', 'block_at')
						AND given ? 'time' THEN given ->> 'time'
					WHEN NOT attnotnull AND attname <> 'details_version'
						THEN coalesce(given ->> attname::text, given ->> format_type(atttypid, NULL), 'NULL')
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
			EXECUTE format('INSERT INTO %s (%s) VALUES (%s)', name, columns, entries);
		END LOOP;
	END $do$`

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
