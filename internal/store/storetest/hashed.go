package storetest

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"testing"

	"github.com/jackc/pgx/v5"

	"ingestd/migrations"
)

// hashed has a database cut each table of schema teams into parts by tenant as it is
// made. Keys without the tenant and columns of the system's fail there as they do where
// Citus has distributed the tables.
const hashed = `
	CREATE SCHEMA hashed;
	CREATE FUNCTION hashed.cut() RETURNS event_trigger LANGUAGE plpgsql AS $$
	DECLARE
		name text;
	BEGIN
		FOR name IN
			SELECT c.relname
			FROM pg_event_trigger_ddl_commands() d
			JOIN pg_class c ON c.oid = d.objid
			WHERE d.classid = 'pg_class'::regclass AND d.schema_name = 'teams' AND c.relkind = 'r'
				AND NOT c.relispartition
		LOOP
			EXECUTE format('CREATE TABLE hashed.%1$I (LIKE teams.%1$I INCLUDING ALL) PARTITION BY HASH (tenant_id)',
				name);
			EXECUTE format('DROP TABLE teams.%I', name);
			FOR part IN 0..2 LOOP
				EXECUTE format(
					'CREATE TABLE hashed.%I PARTITION OF hashed.%I FOR VALUES WITH (MODULUS 3, REMAINDER %s)',
					name || '_' || part, name, part);
			END LOOP;
			EXECUTE format('ALTER TABLE hashed.%I SET SCHEMA teams', name);
		END LOOP;
	END $$;
	CREATE EVENT TRIGGER hashed ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION hashed.cut()`

// onParts is what migrations set of tables that PostgreSQL refuses of those with parts.
var onParts = regexp.MustCompile(`(?m)^ALTER TABLE teams\.\w+ +SET \(parallel_workers = \d\);$`)

// IsHashed reports whether the tables of databases are hashed: INGESTD_TEST_TEAMS=hashed.
func IsHashed() bool { return os.Getenv("INGESTD_TEST_TEAMS") == "hashed" }

// NotHashed skips the test, or a part of it, where tables are hashed, here or by Citus.
func NotHashed(t testing.TB, why string) {
	t.Helper()
	if IsHashed() || OnCitus() {
		t.Skip("tables are hashed: " + why)
	}
}

// migrateHashed migrates a database that is hashed, if it is to be.
func migrateHashed(ctx context.Context, url string) error {
	if !IsHashed() {
		return nil
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	files, _ := fs.Glob(migrations.Files, "*.up.sql") // in their order
	for _, sql := range []string{hashed, `CREATE SCHEMA ingest`} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	for _, name := range files {
		text, err := migrations.Files.ReadFile(name)
		if err != nil {
			return err
		}
		if _, err := conn.Exec(ctx, onParts.ReplaceAllString(string(text), "")); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	_, err = conn.Exec(ctx, `
		CREATE TABLE ingest.schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL);
		INSERT INTO ingest.schema_migrations SELECT version, false FROM ingest.schema_version`)
	return err
}
