package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ingestd/internal/graphsim"
	"ingestd/internal/store/storetest"
)

// A backfill of an endpoint that a daemon reads is handed to the daemon, so that
// both together stay within the limits, and neither takes the other for dead.
func TestBackfillBesideDaemonSharesLimits(t *testing.T) {
	t.Parallel()
	const times = 2 // the published limit of the list, which the daemon all but uses up
	url := storetest.URL(t)
	tenant := simulate(t, graphsim.Config{
		CallsPerDay: -1, Now: time.Now, LimitFactor: times, Latency: 200 * time.Millisecond,
	})
	dir := workplace(t, url, tenant, "call_records")
	limitList(t, dir, 40*times)
	daemon := launch(t, dir, "run")
	await(t, url, `SELECT count(*) > 400 FROM ingest.slots`) // in mid-run

	backfill := launch(t, dir, "backfill", "--endpoint", "call_records", "--fresh", "0s")
	backfill.says(t, "handed to the daemon")
	backfill.says(t, "slots, ")
	backfill.exits(t, 2*patience, exitOK)
	if n := tenant.Requests().Answers["listCallRecords"][429]; n > 0 {
		t.Errorf("%d answers of 429", n)
	}
	conn := storetest.Conn(t, url)
	if n := storetest.Query[int](t, conn, `SELECT count(*) FROM ingest.runs WHERE result <> 'ok'`); n > 0 {
		t.Errorf("%d runs ended otherwise than well", n)
	}
	await(t, url, `SELECT count(*) > 0 FROM ingest.runs WHERE trigger = 'backfill' AND result = 'ok'`)
	if n := tenant.Requests().Answers["listCallRecords"][200]; n <= 40*times {
		t.Errorf("%d requests to the list, too few to meet the limit", n)
	}
	daemon.signal(t, syscall.SIGTERM)
	daemon.exits(t, patience, exitOK)
}

// limitList sets the limit of the list in the configuration of a folder.
func limitList(t *testing.T, dir string, requests int) {
	t.Helper()
	path := filepath.Join(dir, "config.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	limited := strings.Replace(string(text), "list: 100000/20s", fmt.Sprintf("list: %d/20s", requests), 1)
	if err := os.WriteFile(path, []byte(limited), 0o600); err != nil {
		t.Fatal(err)
	}
}

// heldUp starts a daemon and, once it is up to date, a backfill beside it whose
// first transaction is held up until release.
func heldUp(t *testing.T) (daemon, backfill *process, url string, release func()) {
	t.Helper()
	c := small
	c.Now = time.Now
	url = storetest.URL(t)
	dir := workplace(t, url, simulate(t, c), "pstn_calls")
	daemon = launch(t, dir, "run")
	await(t, url, upToDate)
	release = hold(t, url, noReads)
	backfill = launch(t, dir, "backfill", "--endpoint", "pstn_calls", "--fresh", "0s")
	await(t, url, saving)
	return daemon, backfill, url, release
}

// A backfill that is interrupted takes its request back.
func TestInterruptedBackfillCancelsItsRequest(t *testing.T) {
	t.Parallel()
	daemon, backfill, url, release := heldUp(t)
	backfill.signal(t, os.Interrupt)
	backfill.exits(t, patience, exitInterrupted)
	await(t, url, `SELECT count(*) = 1 FROM ingest.backfills WHERE result = 'cancelled'`)
	release()
	daemon.signal(t, syscall.SIGTERM)
	daemon.exits(t, patience, exitOK)
}

// A backfill whose daemon dies goes on by itself.
func TestBackfillOutlivesDaemon(t *testing.T) {
	t.Parallel()
	daemon, backfill, url, release := heldUp(t)
	daemon.signal(t, syscall.SIGKILL)
	backfill.says(t, "the daemon has gone")
	release()
	backfill.exits(t, patience, exitOK)
	await(t, url, `SELECT count(*) = 1 FROM ingest.backfills WHERE result = 'cancelled'`)
	await(t, url, `SELECT count(*) = 1 FROM ingest.runs WHERE trigger = 'backfill' AND result = 'ok'`)
}
