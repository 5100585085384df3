package main

import (
	"os"
	"syscall"
	"testing"
	"time"

	"ingestd/internal/graphsim"
	"ingestd/internal/store/storetest"
)

// handedOver starts a daemon, whose first run is held up until release, and a
// backfill beside it that asks the daemon for its span. The database is a round
// trip away for both.
func handedOver(
	t *testing.T, away time.Duration,
) (daemon, backfill *process, tenant *graphsim.Server, url string, release func()) {
	t.Helper()
	c := small
	c.Now = time.Now
	url, tenant = storetest.URL(t), simulate(t, c)
	proxy, through := storetest.NewProxy(t, url)
	proxy.Delay(away)
	dir := workplace(t, through, tenant, "pstn_calls")
	release = hold(t, url, noWrites)
	daemon = launch(t, dir, "run")
	await(t, url, saving)
	backfill = launch(t, dir, "backfill", "--endpoint", "pstn_calls", "--fresh", "0s")
	backfill.says(t, "Handed to the daemon that works on the tenant: simulated pstn_calls.")
	await(t, url, `SELECT count(*) = 1 FROM ingest.backfills`)
	return daemon, backfill, tenant, url, release
}

// A backfill of an endpoint that a daemon reads is left to the daemon, so that
// both together stay within the limits: all that Graph is asked for is asked by
// runs of the daemon, one after the other.
func TestBackfillBesideDaemonIsHandedOver(t *testing.T) {
	t.Parallel()
	daemon, backfill, tenant, url, release := handedOver(t, 0)
	release()
	backfill.exits(t, patience, exitOK)
	conn := storetest.Conn(t, url)
	if n := storetest.Query[int](t, conn, `SELECT count(*) FROM ingest.runs WHERE trigger = 'backfill' AND result = 'ok'
		AND started_at >= (SELECT max(finished_at) FROM ingest.runs WHERE trigger = 'start')`); n != 1 {
		t.Errorf("%d runs of the backfill after that of the daemon, want 1", n)
	}
	daemon.signal(t, syscall.SIGTERM)
	daemon.exits(t, patience, exitOK)
	noted := storetest.Query[int](t, conn, `SELECT sum(requests) FROM ingest.runs`)
	if asked := tenant.Requests().Answers["getPstnCalls"][200]; asked != noted || asked == 0 {
		t.Errorf("Graph was asked %d times, %d of them by runs", asked, noted)
	}
}

// A backfill that is interrupted takes its request back, also one whose number
// it has not learned yet.
func TestInterruptedBackfillCancelsItsRequest(t *testing.T) {
	t.Parallel()
	daemon, backfill, _, url, release := handedOver(t, 100*time.Millisecond)
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
	daemon, backfill, _, url, release := handedOver(t, 0)
	daemon.signal(t, syscall.SIGKILL)
	backfill.says(t, "the daemon has gone")
	release()
	backfill.exits(t, patience, exitOK)
	await(t, url, `SELECT count(*) = 1 FROM ingest.backfills WHERE result = 'cancelled'`)
	await(t, url, `SELECT count(*) = 1 FROM ingest.runs WHERE trigger = 'backfill' AND result = 'ok'`)
}
