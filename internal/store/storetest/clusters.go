package storetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"ingestd/internal/pgserver"
)

// Tools skips the test unless INGESTD_TEST_TOOLS=1: it starts clusters of its own
// or programs that come with neither Go nor PostgreSQL's server, and takes long.
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
	server, err := pgserver.Start(t.Context(), pgserver.Options{
		InMemory:  true,
		StandbyOf: standbyOf,
		Settings: map[string]string{
			"fsync": "off", "full_page_writes": "off", "max_wal_size": "128MB", "max_prepared_transactions": "10",
			"wal_level": "logical",
		},
	})
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
