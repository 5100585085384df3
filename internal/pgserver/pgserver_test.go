package pgserver

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestTemporary(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Settings: map[string]string{"work_mem": "5MB", "listen_addresses": "*"}})
	for parameter, want := range map[string]string{
		"listen_addresses": "", // not to be overridden
		"work_mem":         "5MB",
		"TimeZone":         "UTC",
		"fsync":            "off",
		"server_encoding":  "UTF8",
		"lc_collate":       "C",
	} {
		if got := query(t, s, "show "+parameter); got != want {
			t.Errorf("%s is %q, want %q", parameter, got, want)
		}
	}
	info, err := os.Stat(s.folder.socket)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("socket folder: %v, %v, want mode 0700", info.Mode(), err)
	}
	if pgid, err := syscall.Getpgid(postmaster(t, s.Dir())); err != nil || pgid == syscall.Getpgrp() {
		t.Errorf("process group %d, %v: a Ctrl-C for this process would reach the server", pgid, err)
	}

	pid := postmaster(t, s.Dir())
	idle, err := pgx.Connect(t.Context(), s.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close(context.WithoutCancel(t.Context())) // Stop does not wait for it
	for range 2 {
		if err := s.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	}
	gone(t, pid)
	absent(t, s.Dir())
}

func TestKeptFolderIsFoundAgain(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(reachable(t), "made", "by", "start")
	first := start(t, Options{Dir: dir, Settings: map[string]string{"fsync": "off"}})
	query(t, first, "create table kept as select 'here' as word; select word from kept")
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	second := start(t, Options{Dir: dir})
	if got := query(t, second, "select word from kept"); got != "here" {
		t.Errorf("read %q", got)
	}
	if got := query(t, second, "show fsync"); got != "on" {
		t.Errorf("fsync is %q, the setting outlived its start", got)
	}
	if first.URL("postgres") != second.URL("postgres") {
		t.Errorf("URL moved from %s to %s", first.URL("postgres"), second.URL("postgres"))
	}
}

func TestFolders(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]string{
		"too deep for a socket":        strings.Repeat("deep/", 30),
		"a name that separates values": `one, "two"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, Options{Dir: filepath.Join(reachable(t), dir)})
			if got := query(t, s, "select 'yes'"); got != "yes" {
				t.Errorf("read %q", got)
			}
			if err := s.Stop(); err != nil {
				t.Error(err)
			}
			absent(t, s.folder.socket)
			if _, err := os.Stat(filepath.Join(s.Dir(), "data")); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFolderInUse(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Dir: reachable(t)})
	_, err := Start(t.Context(), Options{Dir: s.Dir()})
	want := "in use by process " + strconv.Itoa(os.Getpid())
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("second start: %v, want %q", err, want)
	}
	if got := query(t, s, "select 'unharmed'"); got != "unharmed" {
		t.Errorf("read %q", got)
	}
}

func TestFolderOfSomethingElse(t *testing.T) {
	t.Parallel()
	dir := reachable(t)
	if err := os.WriteFile(filepath.Join(dir, "thesis.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Options{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "neither empty nor") {
		t.Errorf("start: %v", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("the folder now holds %v", entries)
	}
}

func TestHalfMadeClusterIsMadeAnew(t *testing.T) {
	t.Parallel()
	dir := reachable(t)
	owner, err := accountFor(dir)
	if err != nil {
		t.Fatal(err)
	}
	// As a start killed within initdb leaves it.
	half := filepath.Join(dir, "data.new")
	global := filepath.Join(half, "global")
	if err := errors.Join(os.WriteFile(filepath.Join(dir, lockName), nil, 0o600), os.MkdirAll(global, 0o700),
		owner.own(filepath.Join(dir, lockName)), owner.own(half), owner.own(global)); err != nil {
		t.Fatal(err)
	}
	s := start(t, Options{Dir: dir})
	if got := query(t, s, "select 'anew'"); got != "anew" {
		t.Errorf("read %q", got)
	}
	absent(t, half)
}

func TestFailedStartShowsTheLog(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "log")
	_, err := Start(t.Context(), Options{Log: log, Settings: map[string]string{"shared_buffers": "plenty"}})
	want := `invalid value for parameter "shared_buffers": "plenty"`
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("start: %v, want %q", err, want)
	}
	if text, err := os.ReadFile(log); err != nil || !strings.Contains(string(text), want) {
		t.Errorf("log: %q, %v", text, err)
	}
}

func TestContextBoundsTheStart(t *testing.T) {
	t.Parallel()
	dir := reachable(t)
	for name, patience := range map[string]time.Duration{
		"over before": 0, "over while initdb runs": 300 * time.Millisecond,
	} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		_, err := Start(ctx, Options{Dir: dir, Settings: map[string]string{"fsync": "off"}})
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s := start(t, Options{Dir: dir}) // nothing of it is in the way
	if got := query(t, s, "select 'fine'"); got != "fine" {
		t.Errorf("read %q", got)
	}
}

func start(t *testing.T, o Options) *Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop() })
	return s
}

// query returns the one value that the last of the statements yields.
func query(t *testing.T, s *Server, statements string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	results, err := conn.PgConn().Exec(t.Context(), statements).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return string(results[len(results)-1].Rows[0][0])
}

// reachable is a test's folder that the server's account can reach, which
// t.TempDir is not for root.
func reachable(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pgserver-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func postmaster(t *testing.T, dir string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func gone(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d is still there: %v", pid, err)
	}
}

func absent(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", path, err)
	}
}
