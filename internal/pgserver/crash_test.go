package pgserver

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"
)

// With this variable the test binary is a process that starts a server in the
// folder named, writes a row and waits to be killed.
const childOf = "PGSERVER_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir, ok := os.LookupEnv(childOf); ok {
		child(context.Background(), dir)
	}
	goleak.VerifyTestMain(m)
}

func child(ctx context.Context, dir string) {
	fail := func(err error) {
		if err != nil {
			fmt.Println("failed:", err)
			os.Exit(1)
		}
	}
	s, err := Start(ctx, Options{Dir: dir})
	fail(err)
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	fail(err)
	_, err = conn.Exec(ctx, "create table kept as select 'committed' as word")
	fail(err)
	fmt.Println(s.Dir())
	select {}
}

// spawn returns the child and the folder of its server.
func spawn(t *testing.T, dir string) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childOf+"="+dir)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || strings.HasPrefix(line, "failed:") {
		t.Fatalf("child: %s (%v)", line, err)
	}
	return cmd, strings.TrimSpace(line)
}

func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // "signal: killed"
}

func TestServerEndsWithAKilledProcess(t *testing.T) {
	t.Parallel()
	cmd, dir := spawn(t, "")
	pid := postmaster(t, dir)
	lock, err := os.Open(filepath.Join(dir, lockName))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	kill(t, cmd)
	// Waits for the last process of the server.
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	gone(t, pid)
	absent(t, dir)
}

func TestStartAfterAKilledProcess(t *testing.T) {
	t.Parallel()
	cmd, dir := spawn(t, reachable(t))
	pid := postmaster(t, dir)
	kill(t, cmd)
	s := start(t, Options{Dir: dir}) // at once, while the other server ends
	gone(t, pid)
	if got := query(t, s, "select word from kept"); got != "committed" {
		t.Errorf("read %q", got)
	}
}

func TestStartAfterAKilledServer(t *testing.T) {
	t.Parallel()
	first := start(t, Options{Dir: reachable(t)})
	query(t, first, "create table kept as select 'committed' as word; select word from kept")
	if err := syscall.Kill(postmaster(t, first.Dir()), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-first.process.ended
	if err := first.Stop(); err == nil || !strings.Contains(err.Error(), "exit status 137") {
		t.Errorf("stop: %v, want the status of a killed server", err)
	}
	reuseNumber(t, first.Dir())
	second := start(t, Options{Dir: first.Dir()})
	if got := query(t, second, "select word from kept"); got != "committed" {
		t.Errorf("read %q", got)
	}
}

// reuseNumber makes the files a killed server left name a live process.
func reuseNumber(t *testing.T, dir string) {
	t.Helper()
	for _, path := range []string{"data/postmaster.pid", "socket/.s.PGSQL.5432.lock"} {
		path = filepath.Join(dir, path)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(text), "\n")
		if err := os.WriteFile(path, fmt.Appendf(nil, "%d\n%s", os.Getpid(), rest), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
