package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"ingestd/internal/store/storetest"
)

// A daemon that stands still for longer than a heartbeat in the midst of a transaction goes on where it was: the run
// is ended by nobody else and reads all. It says that a start_from has no effect.
func TestDaemonThatStoodStillGoesOn(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	dir := workplace(t, url, simulate(t, small), "pstn_calls")
	release := hold(t, url, noWrites)
	path := filepath.Join(dir, "config.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	early := strings.Replace(string(text), "settle: 72h", "settle: 72h\n        start_from: 2019-01-01", 1)
	if err := os.WriteFile(path, []byte(early), 0o600); err != nil {
		t.Fatal(err)
	}
	p := launch(t, dir, "run")
	p.says(t, "start_from has no effect")
	await(t, url, saving)
	p.signal(t, syscall.SIGSTOP)
	await(t, url, `SELECT bool_and(clock_timestamp() - heartbeat_at > interval '6 s') FROM ingest.runs`)
	release()
	p.signal(t, syscall.SIGCONT)
	await(t, url, upToDate)
	conn := storetest.Conn(t, url)
	if n := storetest.Query[int](t, conn, `SELECT count(*) FROM ingest.runs WHERE result <> 'ok'`); n > 0 {
		t.Errorf("%d runs did not end well", n)
	}
	p.signal(t, syscall.SIGTERM)
	p.exits(t, patience, exitOK)
}
