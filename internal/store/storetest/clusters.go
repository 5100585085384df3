package storetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/pgserver"
)

// Tools skips the test unless INGESTD_TEST_TOOLS=1: it starts clusters of its own,
// a whole demo, or programs that come with neither Go nor PostgreSQL's server, and
// takes long.
func Tools(t testing.TB) {
	t.Helper()
	if os.Getenv("INGESTD_TEST_TOOLS") != "1" {
		t.Skip("run by: make test-tools")
	}
}

// Cluster starts a cluster for one test, with databases that are not migrated. It
// follows another one where its URL is given.
func Cluster(t testing.TB, standbyOf string) *pgserver.Server {
	t.Helper()
	return start(t, pgserver.Options{
		InMemory:  true,
		StandbyOf: standbyOf,
		Settings: map[string]string{
			"max_wal_size": "128MB", "max_prepared_transactions": "10", "wal_level": "logical",
			"wal_retrieve_retry_interval": "100ms", // of standbys and subscribers
			"jit":                         "off",
		},
	})
}

// start starts a cluster, and stops it with the test.
func start(t testing.TB, o pgserver.Options) *pgserver.Server {
	t.Helper()
	server, err := pgserver.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// Database makes a database in a cluster, migrated or empty, and returns its URL.
func Database(t testing.TB, server *pgserver.Server, name string, migrated bool) string {
	t.Helper()
	Exec(t, Conn(t, server.URL("postgres")), `CREATE DATABASE `+name)
	url := server.URL(name)
	if migrated {
		if err := Connect(t, url).MigrateUp(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return url
}

// Dump writes a dump of a database to a file and returns its name.
func Dump(t testing.TB, url string, options ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "dump")
	runProgram(t, "pg_dump", append(options, "--format=custom", "--file="+file, url)...)
	return file
}

// Restore brings a dump to a database that is empty.
func Restore(t testing.TB, dump, url string) {
	t.Helper()
	runProgram(t, "pg_restore", "--exit-on-error", "--dbname="+url, dump)
}

func runProgram(t testing.TB, name string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), Program(t, name), args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// CutOff has a standby receive nothing more.
func CutOff(t testing.TB, standby *pgx.Conn) {
	t.Helper()
	Exec(t, standby, `ALTER SYSTEM SET primary_conninfo = ''`)
	Exec(t, standby, `SELECT pg_reload_conf()`)
	Eventually(t, func() bool {
		return Query[bool](t, standby, `SELECT NOT EXISTS (SELECT 1 FROM pg_stat_wal_receiver)`)
	})
}

// WaitForHorizon waits until the feed shows what was written before.
func WaitForHorizon(t testing.TB, conn *pgx.Conn) {
	t.Helper()
	now := Query[string](t, conn, `SELECT pg_current_xact_id()::text`)
	Eventually(t, func() bool { return Query[bool](t, conn, `SELECT ingest.feed_horizon() > $1::text::xid8`, now) })
}

// Eventually waits for a condition.
func Eventually(t testing.TB, reached func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !reached(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not reached within a minute")
		}
	}
}

// Program finds a program that comes with PostgreSQL. Outside CI a machine may have
// none.
func Program(t testing.TB, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	if out, err := exec.CommandContext(t.Context(), "pg_config", "--bindir").Output(); err == nil {
		path := filepath.Join(strings.TrimSpace(string(out)), name)
		if exec.CommandContext(t.Context(), path, "--version").Run() == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("there is no %s", name)
	}
	t.Skipf("there is no %s on this machine", name)
	return ""
}
