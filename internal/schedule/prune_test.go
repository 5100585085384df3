package schedule_test

import (
	"testing"
	"time"

	"ingestd/internal/schedule/scheduletest"
	"ingestd/internal/store/storetest"
)

// A daemon deletes what is past its term beside its reading. One that is stopped in the middle leaves the rest to the
// next, which begins with it. What is read stays.
func TestPruneGoesOnAfterARestart(t *testing.T) {
	t.Parallel()
	c := week()
	c.Every = time.Hour
	c.Retention.Endpoints = map[string]time.Duration{"pstn_calls": 365 * 24 * time.Hour}
	w := scheduletest.New(t, c)
	w.Exec(`INSERT INTO teams.pstn_calls (tenant_id, id, start_at, updated_at, run_id, row_hash)
		SELECT '5a1f0c3e-7b52-4d86-9e0d-3c1b7f2a6d10', 'old' || n, '2020-01-01Z'::timestamptz + n * interval '1 minute',
			now(), 1, 1
		FROM generate_series(1, 5500) n`) // a slice and a bit
	left := func() int {
		return storetest.Query[int](t, w.Conn, `SELECT count(*) FROM teams.pstn_calls WHERE start_at < '2021-01-01Z'`)
	}
	w.Daemon(func() bool {
		w.Advance(2 * time.Minute)
		return left() < 5500
	})
	next := w.Twin()
	next.Daemon(func() bool { return left() == 0 })
	const says = `SELECT count(*) FILTER (WHERE op = 'expire') FROM ingest.tombstones`
	if n := storetest.Query[int](t, w.Conn, says); n != 5500 {
		t.Errorf("the feed names %d rows", n)
	}
	next.Once()
	next.WantServed()
	for _, r := range w.Runs() {
		if r.Result != "ok" && r.Result != "stopped" {
			t.Errorf("run %+v", r)
		}
	}
}
