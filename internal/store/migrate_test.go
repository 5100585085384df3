package store_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
	"ingestd/migrations"
)

// schema lists all that migrations make: columns, constraints, indexes, views,
// functions, comments.
func schema(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), `
		WITH ours AS (
			SELECT oid, nspname FROM pg_namespace
			WHERE nspname IN ('ingest', 'teams', 'analytics', 'ref', 'live', 'rollup')
		)
		SELECT concat_ws(' ', nspname, relname, attname, format_type(atttypid, atttypmod),
			CASE WHEN attnotnull THEN 'not null' END,
			pg_get_expr(adbin, adrelid), col_description(attrelid, attnum))
		FROM pg_attribute
		JOIN pg_class c ON c.oid = attrelid
		JOIN ours ON ours.oid = relnamespace
		LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
		WHERE attnum > 0 AND NOT attisdropped AND relname <> 'schema_migrations' AND relname <> 'schema_migrations_pkey'
		UNION ALL SELECT concat_ws(' ', nspname, conrelid::regclass, pg_get_constraintdef(c.oid))
		FROM pg_constraint c
		JOIN ours ON ours.oid = connamespace
		WHERE conrelid::regclass::text <> 'ingest.schema_migrations'
		UNION ALL SELECT indexdef
		FROM pg_indexes
		JOIN ours ON nspname = schemaname
		WHERE tablename <> 'schema_migrations'
		UNION ALL SELECT concat_ws(' ', nspname, relname, obj_description(c.oid, 'pg_class'), pg_get_viewdef(c.oid))
		FROM pg_class c
		JOIN ours ON ours.oid = relnamespace
		WHERE relkind IN ('r', 'v') AND relname <> 'schema_migrations'
		UNION ALL SELECT concat_ws(' ', pg_get_functiondef(p.oid), obj_description(p.oid, 'pg_proc'))
		FROM pg_proc p
		JOIN ours ON ours.oid = pronamespace
		UNION ALL SELECT concat_ws(' ', nspname, obj_description(oid, 'pg_namespace')) FROM ours
		ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Each step down leaves exactly what the steps before it had made, and up
// again leads to the same schema.
func TestMigrateUpAndDown(t *testing.T) {
	t.Parallel()
	url := storetest.EmptyURL(t)
	db, conn := storetest.Connect(t, url), storetest.Conn(t, url)
	steps, _ := fs.Glob(migrations.Files, "*.up.sql")
	if err := db.MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	top := schema(t, conn)
	down := [][]string{}
	for range steps {
		if err := db.MigrateDown(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		down = append(down, schema(t, conn))
	}
	if last := down[len(down)-1]; len(last) != 1 {
		t.Errorf("all the way down leaves %v", last)
	}
	if err := db.MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(top, schema(t, conn)); diff != "" {
		t.Errorf("up again leads elsewhere (-first +again):\n%s", diff)
	}
	for _, n := range []int{1, len(steps) / 2, len(steps) - 1} { // several steps in one go
		if err := db.MigrateDown(t.Context(), n+1); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(down[n], schema(t, conn)); diff != "" {
			t.Errorf("%d down (-step by step +at once):\n%s", n+1, diff)
		}
		if err := db.MigrateUp(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEachMigrationNotesItsVersion(t *testing.T) {
	t.Parallel()
	names, _ := fs.Glob(migrations.Files, "*.sql")
	for _, name := range names {
		content, _ := migrations.Files.ReadFile(name)
		version, _ := strconv.Atoi(name[:6])
		if strings.Contains(name, ".down.") {
			version--
		}
		want := fmt.Sprintf("\nUPDATE ingest.schema_version SET version = %d;\n", version)
		switch {
		case version == 0:
			want = "\nDROP TABLE ingest.schema_version;\nCOMMENT ON SCHEMA ingest IS NULL;\n"
		case strings.HasPrefix(name, "000001_") && strings.Contains(name, ".up."):
			want = "\nINSERT INTO ingest.schema_version VALUES (1);\n"
		}
		if !strings.HasSuffix(string(content), want) {
			t.Errorf("%s does not end with %s", name, want)
		}
	}
}

func TestCheckSchema(t *testing.T) {
	t.Parallel()
	url := storetest.EmptyURL(t)
	db, conn := storetest.Connect(t, url), storetest.Conn(t, url)
	check := func(want string) {
		t.Helper()
		got := ""
		if err := db.CheckSchema(t.Context()); err != nil {
			got = err.Error()
			if !errors.Is(err, store.ErrNotMigrated) {
				t.Errorf("%v is not ErrNotMigrated", err)
			}
		}
		if got != want {
			t.Errorf("CheckSchema: %q, want %q", got, want)
		}
	}
	_, newest, _ := db.Version(t.Context())
	check(fmt.Sprintf("database schema does not fit: it has version 0, this program needs %d; "+
		"run: ingestd migrate up", newest))
	if err := db.MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("")
	if _, err := conn.Exec(t.Context(), `COMMENT ON SCHEMA ingest IS 'version 3, owner: us'`); err != nil {
		t.Fatal(err)
	}
	check("")
	if _, err := conn.Exec(t.Context(), `UPDATE ingest.schema_version SET version = 99`); err != nil {
		t.Fatal(err)
	}
	check(fmt.Sprintf("database schema does not fit: it has version 99, this program knows %d at most; "+
		"install a newer ingestd", newest))
	if err := db.MigrateUp(t.Context()); !errors.Is(err, store.ErrNotMigrated) {
		t.Errorf("MigrateUp of a newer schema: %v", err)
	}
	if err := db.MigrateDown(t.Context(), 1); !errors.Is(err, store.ErrNotMigrated) {
		t.Errorf("MigrateDown of a newer schema: %v", err)
	}
}

// A migration that failed is tried again once its cause is mended, and one
// that was interrupted after its COMMIT is not.
func TestDirtyMigrationMends(t *testing.T) {
	t.Parallel()
	url := storetest.EmptyURL(t)
	db, conn := storetest.Connect(t, url), storetest.Conn(t, url)
	// In the way of 000002.
	if _, err := conn.Exec(t.Context(), `CREATE SCHEMA teams; CREATE TABLE teams.users ()`); err != nil {
		t.Fatal(err)
	}
	err := db.MigrateUp(t.Context())
	if err == nil || !strings.Contains(err.Error(), "SQLSTATE 42P07") ||
		!strings.Contains(err.Error(), "mend the cause and run it again") {
		t.Fatalf("error = %v", err)
	}
	if have, _, _ := db.Version(t.Context()); have != 1 {
		t.Errorf("version %d after the failure, want 1", have)
	}
	if _, err := conn.Exec(t.Context(), `DROP TABLE teams.users`); err != nil {
		t.Fatal(err)
	}
	if err := db.MigrateUp(t.Context()); err != nil {
		t.Fatalf("after mending the cause: %v", err)
	}
	if _, err := conn.Exec(t.Context(), `UPDATE ingest.schema_migrations SET dirty = true`); err != nil {
		t.Fatal(err)
	}
	if err := db.MigrateUp(t.Context()); err != nil {
		t.Fatalf("after an interruption: %v", err)
	}
	if err := db.CheckSchema(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestConcurrentMigrators(t *testing.T) {
	t.Parallel()
	url := storetest.EmptyURL(t)
	errs := make(chan error)
	for range 3 {
		db := storetest.Connect(t, url)
		go func() { errs <- db.MigrateUp(context.WithoutCancel(t.Context())) }()
	}
	for range 3 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// A migrator waits while another process migrates, and asks for no lock of golang-migrate's, whose wait leaks one when
// it times out.
func TestMigratorWaitsForAnother(t *testing.T) {
	t.Parallel()
	url := storetest.EmptyURL(t)
	db, other, conn := storetest.Connect(t, url), storetest.Conn(t, url), storetest.Conn(t, url)
	if got, err := store.LockSession(t.Context(), other, "ingestd migrate", 0); err != nil || !got {
		t.Fatalf("locked: %v, %v", got, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- db.MigrateUp(context.WithoutCancel(t.Context())) }()
	const asks = `SELECT count(*) > 0 FROM pg_stat_activity
		WHERE datname = current_database() AND query LIKE '%pg_try_advisory_lock%' AND pid <> ALL ($1::int[])`
	others := []uint32{other.PgConn().PID(), conn.PgConn().PID()}
	storetest.Eventually(t, func() bool { return len(ended) > 0 || storetest.Query[bool](t, conn, asks, others) })
	if len(ended) > 0 || storetest.Query[bool](t, conn, `SELECT to_regnamespace('ingest') IS NOT NULL`) {
		t.Error("it migrates while another does")
	}
	storetest.Exec(t, other, `SELECT pg_advisory_unlock_all()`)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
