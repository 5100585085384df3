package migrations_test

import (
	"io/fs"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/store/storetest"
	"ingestd/migrations"
)

// What customers have lives through every migration: their rows, views of their
// own on those of analytics, and what they edit in the lists of ref. Each version
// meets all that was made under the ones before.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	const first = 8 // the last one without analytics and ref
	url := storetest.URL(t)
	db, conn := storetest.Connect(t, url), storetest.Conn(t, url)
	files, _ := fs.Glob(migrations.Files, "*.up.sql")
	rows, err := os.ReadFile("testdata/secrets.sql")
	if err != nil {
		t.Fatal(err)
	}
	run(t, conn, given(t)+string(rows)) // of which those of teams stay on the way down
	if err := db.MigrateDown(t.Context(), len(files)-first); err != nil {
		t.Fatal(err)
	}
	run(t, conn, customer)
	for _, name := range files[first:] {
		apply(t, conn, name)
		if lost := run(t, conn, "SELECT * FROM customer.lost()"); len(lost) > 1 {
			t.Errorf("%s takes back what customers have edited:\n%s", name, table(lost))
		}
		run(t, conn, "SELECT customer.works()")
		run(t, conn, months)
	}
	if err := db.CheckSchema(t.Context()); err != nil {
		t.Error(err)
	}
	for _, differs := range run(t, conn, monthsDiffer)[1:] {
		t.Errorf("not on a table of details and on each of its months: %s", differs)
	}
	views := run(t, conn, "SELECT table_name FROM information_schema.views WHERE table_schema = 'customer'")
	for _, view := range views[1:] {
		run(t, conn, "SELECT * FROM customer."+view[0])
	}
	if n := storetest.Query[int](t, conn, "SELECT count(*) FROM customer.calls"); n != 4 {
		t.Errorf("a view of a customer has %d calls, want 4", n)
	}
}

// apply applies one migration, as golang-migrate does.
func apply(t *testing.T, conn *pgx.Conn, name string) {
	t.Helper()
	sql, err := migrations.Files.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	run(t, conn, "BEGIN;"+string(sql)+"; UPDATE ingest.schema_migrations SET version = version + 1; COMMIT")
}

// months divides the details into months, once that is known.
const months = `
	DO $$
	BEGIN
		IF to_regprocedure('teams.keep_months()') IS NOT NULL THEN
			PERFORM teams.keep_months();
		END IF;
	END $$`

// monthsDiffer names columns and indexes that a table of details has, and a month of
// it has not, or the other way round.
const monthsDiffer = `
	WITH parts AS (
		SELECT inhparent, inhrelid
		FROM pg_inherits
		UNION ALL
		SELECT inhparent, inhparent
		FROM pg_inherits
	), has AS (
		SELECT inhparent, inhrelid, concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull) AS what
		FROM parts
		JOIN pg_attribute ON attrelid = inhrelid AND attnum > 0 AND NOT attisdropped
		UNION
		SELECT inhparent, inhrelid, regexp_replace(pg_get_indexdef(indexrelid), ' INDEX .* USING', '')
		FROM parts
		JOIN pg_index ON indrelid = inhrelid
	)
	SELECT inhparent::regclass, what
	FROM has
	GROUP BY inhparent, what
	HAVING count(*) < (SELECT count(DISTINCT inhrelid) FROM parts WHERE parts.inhparent = has.inhparent)`

// customer.works does what customers do with whatever is new: it makes a view on each
// one of analytics, edits one row of each list of ref and deletes another.
// customer.lost says which of these edits are gone.
const customer = `
	CREATE SCHEMA customer;
	CREATE TABLE customer.edits (list text, line text, stays boolean);

	CREATE FUNCTION customer.works() RETURNS void LANGUAGE plpgsql AS $$
	DECLARE
		name text;
		change text;
		edited text;
		deleted text;
	BEGIN
		FOR name IN
			SELECT table_name FROM information_schema.views
			WHERE table_schema = 'analytics' AND to_regclass('customer.' || quote_ident(table_name)) IS NULL
		LOOP
			EXECUTE format('CREATE VIEW customer.%I AS SELECT * FROM analytics.%1$I', name);
		END LOOP;
		FOR name, change IN
			SELECT DISTINCT ON (table_name) table_name, format(
				CASE data_type
					WHEN 'text' THEN '%I = %1$I || '' of ours'''
					WHEN 'boolean' THEN '%I = NOT %1$I'
					ELSE '%I = coalesce(%1$I, 0) + 1'
				END, column_name)
			FROM information_schema.columns
			WHERE table_schema = 'ref' AND data_type IN ('text', 'boolean', 'integer', 'numeric')
				AND is_generated = 'NEVER'
				AND table_name NOT IN ('days', 'hours', 'settings')
				AND table_name NOT IN (SELECT list FROM customer.edits)
			ORDER BY table_name, ordinal_position DESC
		LOOP
			EXECUTE format('DELETE FROM ref.%I x WHERE ctid = (SELECT max(ctid) FROM ref.%1$I) RETURNING x::text', name)
			INTO deleted;
			EXECUTE format('UPDATE ref.%I x SET %s WHERE ctid = (SELECT min(ctid) FROM ref.%1$I) RETURNING x::text',
				name, change)
			INTO edited;
			INSERT INTO customer.edits
			SELECT name, line, stays
			FROM (VALUES (edited, true), (deleted, false)) e (line, stays)
			WHERE line IS NOT NULL;
		END LOOP;
	END $$;

	CREATE FUNCTION customer.lost() RETURNS SETOF customer.edits LANGUAGE plpgsql AS $$
	DECLARE
		e customer.edits;
		is_there boolean;
	BEGIN
		FOR e IN SELECT * FROM customer.edits LOOP
			EXECUTE format('SELECT EXISTS (SELECT 1 FROM ref.%I x WHERE x::text = $1)', e.list)
			INTO is_there USING e.line;
			IF is_there <> e.stays THEN
				RETURN NEXT e;
			END IF;
		END LOOP;
	END $$;`
