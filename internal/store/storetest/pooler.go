package storetest

import (
	"bytes"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Pooler puts a PgBouncer in front of a database until the test ends, and
// returns the database's URL through it. Its mode is session, transaction or
// statement. A machine without PgBouncer skips the test, but under CI.
func Pooler(t testing.TB, target, mode string) string {
	t.Helper()
	program := findPooler(t)
	config, err := pgx.ParseConfig(target)
	if err != nil {
		t.Fatal(err)
	}
	dir, owner := sharedFolder(t, config.Host)
	ini := filepath.Join(dir, "pgbouncer.ini")
	writeFile(t, filepath.Join(dir, "users"), fmt.Sprintf("%q \"\"\n", config.User))
	writeFile(t, ini, fmt.Sprintf(`
[databases]
* = host=%s port=%d
[pgbouncer]
pool_mode = %s
unix_socket_dir = %s
listen_port = 6432
auth_type = trust
auth_file = %[4]s/users
`, config.Host, config.Port, mode, dir))
	// It ends with its standard input, also where this process is killed.
	cmd := exec.Command("/bin/sh", "-c", `"$1" --quiet "$2" & read end; kill $!; wait`, "pooler", program, ini)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: owner}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	alive, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		alive.Close()
		cmd.Wait()
		if t.Failed() {
			t.Logf("PgBouncer: %s", output.Bytes())
		}
	})
	await(t, filepath.Join(dir, ".s.PGSQL.6432"))
	query := url.Values{"host": {dir}, "port": {"6432"}, "user": {config.User}, "sslmode": {"disable"}}
	through := url.URL{Scheme: "postgres", Path: "/" + config.Database, RawQuery: query.Encode()}
	return through.String()
}

func findPooler(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer"} {
		if program, err := exec.LookPath(name); err == nil {
			return program
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("there is no PgBouncer; make tools installs it")
	}
	t.Skip("there is no PgBouncer; make tools installs it")
	return ""
}

// sharedFolder makes a folder for the account that may use a server's socket;
// as root PgBouncer does not run.
func sharedFolder(t testing.TB, socket string) (string, *syscall.Credential) {
	t.Helper()
	dir, err := os.MkdirTemp("", "pooler-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if os.Geteuid() != 0 {
		return dir, nil
	}
	info, err := os.Stat(socket)
	if err != nil {
		t.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	if err := os.Chown(dir, int(owner.Uid), int(owner.Gid)); err != nil {
		t.Fatal(err)
	}
	return dir, &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}
}

func writeFile(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// await waits until someone listens at a socket.
func await(t testing.TB, socket string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if conn, err := net.Dial("unix", socket); err == nil {
			conn.Close()
			return
		}
	}
	t.Fatalf("nobody listens at %s", socket)
}
