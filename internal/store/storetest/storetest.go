// Package storetest gives each test a migrated database of its own, on a
// private PostgreSQL cluster that lives as long as the test binary, or on a cluster of
// Citus that INGESTD_TEST_CITUS names. A machine without PostgreSQL fails the test:
// nothing is skipped.
package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"ingestd/internal/pgserver"
	"ingestd/internal/store"
)

// cluster is started by the first test that asks; the server stops when this
// process ends. Databases are copies of a migrated template.
var cluster = sync.OnceValues(func() (*pgserver.Server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	server, err := pgserver.Start(ctx, pgserver.Options{
		InMemory: !benchmarks(),
		Settings: map[string]string{
			"max_connections":           "200",
			"shared_buffers":            "64MB",
			"max_wal_size":              "128MB", // in memory too
			"jit":                       "off",   // compiling takes longer than any query of a test
			"max_prepared_transactions": "10",
		},
	})
	if err != nil {
		return nil, err
	}
	if err := execute(ctx, server.URL("postgres"), `CREATE DATABASE template_ingestd`); err != nil {
		return nil, err
	}
	if err := migrateHashed(ctx, server.URL("template_ingestd")); err != nil {
		return nil, err
	}
	// Copies have none of them.
	if err := execute(ctx, server.URL("postgres"), Strange("DATABASE template_ingestd")); err != nil {
		return nil, err
	}
	db, err := store.Open(server.URL("template_ingestd"), nil)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if err := db.MigrateUp(ctx); err != nil || !IsDivided() {
		return server, err
	}
	return server, execute(ctx, server.URL("template_ingestd"), divide)
})

// benchmarks reports whether benchmarks are run, which measure a disk and have
// more rows than there is memory for.
func benchmarks() bool { return flag.Lookup("test.bench").Value.String() != "" }

func execute(ctx context.Context, url, sql string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}

// URL makes a migrated, empty database and returns its URL.
func URL(t testing.TB) string { return makeDatabase(t, "template_ingestd") }

// EmptyURL makes a database that was never migrated.
func EmptyURL(t testing.TB) string { return makeDatabase(t, "template0") }

// Copy makes a copy of a database that nobody is connected to.
func Copy(t testing.TB, url string) string {
	return makeDatabase(t, path.Base(strings.Split(url, "?")[0]))
}

func makeDatabase(t testing.TB, template string) string {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text())
	if OnCitus() {
		return citusDatabase(t, name, template != "template0")
	}
	server, err := cluster()
	if err != nil {
		t.Fatalf("the tests need PostgreSQL: %v", err)
	}
	// Copying files takes less than half of what writing them to the log does.
	create := fmt.Sprintf(`CREATE DATABASE %s TEMPLATE %s STRATEGY FILE_COPY`, name, template)
	if err := execute(t.Context(), server.URL("postgres"), create); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		drop := `DROP DATABASE ` + name + ` WITH (FORCE)`
		if err := execute(context.Background(), server.URL("postgres"), drop); err != nil {
			t.Error(err)
		}
	})
	return server.URL(name)
}

// Open makes a migrated, empty database and connects to it.
func Open(t testing.TB) *store.DB {
	t.Helper()
	return Connect(t, URL(t))
}

// Connect opens a database until the test ends.
func Connect(t testing.TB, url string) *store.DB {
	t.Helper()
	db, err := store.Open(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	db.Distribution = distribution()
	t.Cleanup(db.Close)
	return db
}

// Conn opens a plain connection until the test ends.
func Conn(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// Exec runs a statement, again after a deadlock with a program at work (SQLSTATE 40P01). Where it makes a trigger,
// which Citus does not take, the test is skipped there.
func Exec(t testing.TB, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if OnCitus() && strings.Contains(sql, "CREATE TRIGGER") {
		t.Skip("Citus takes no triggers")
	}
	for {
		_, err := conn.Exec(context.Background(), sql, args...)
		refused, ok := errors.AsType[*pgconn.PgError](err)
		if ok && refused.Code == "40P01" {
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		return
	}
}

// Query returns one value of type T.
func Query[T any](t testing.TB, conn *pgx.Conn, sql string, args ...any) T {
	t.Helper()
	var value T
	if err := conn.QueryRow(context.Background(), sql, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return value
}
