package schedule_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/schedule"
	"ingestd/internal/store/storetest"
)

// TestBreakChaos is two daemons without a lock over days of a faulty Graph and
// a database whose sessions are killed, while versions rise.
func TestBreakChaos(t *testing.T) {
	w := newRecordsWorld(t, graphsim.Config{Seed: 77, Users: 40, RecordsPerDay: 8, History: 10 * 24 * time.Hour})
	other := w.newJob(fetch.CallRecords)
	w.jobs = append(w.jobs, other)
	w.restart()
	w.sim.SetFaults(graphsim.RandomFaults(5, 0.25, graphsim.ServerErrors, graphsim.Throttling, graphsim.Cuts, graphsim.GzipDamage, graphsim.WrongBodies, graphsim.Redirects, graphsim.WrongLinks, graphsim.LostLinks, graphsim.Shifts))
	rng := rand.New(rand.NewPCG(1, 2))
	ctx, stop := context.WithCancel(t.Context())
	killer := storetest.Conn(t, w.conn.Config().ConnString())
	var kills sync.WaitGroup
	kills.Go(func() {
		for ctx.Err() == nil {
			_, _ = killer.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), $1) AND random() < 0.2`, w.conn.PgConn().PID())
			time.Sleep(150 * time.Millisecond)
		}
	})
	begun := time.Now()
	n := 0
	for time.Since(begun) < 50*time.Second {
		n++
		run, cancel := context.WithTimeout(ctx, time.Duration(500+rng.IntN(6000))*time.Millisecond)
		var both sync.WaitGroup
		for _, j := range w.jobs {
			both.Go(func() {
				if _, err := schedule.Once(run, j, "once"); err != nil && n < 4 {
					t.Log(err)
				}
			})
		}
		if rng.IntN(2) == 0 {
			time.Sleep(300 * time.Millisecond)
			w.sim.RaiseVersions(rng.Float64())
		}
		both.Wait()
		cancel()
		w.advance(time.Duration(1+rng.IntN(120)) * time.Minute)
	}
	stop()
	kills.Wait()
	w.sim.SetFaults(nil)
	t.Logf("%d rounds to %s; failing %s", n, w.now, w.query(`SELECT count(*) FROM ingest.expansions`))
	w.advance(8 * 24 * time.Hour) // older records are listed again once a week
	w.advance(20 * time.Minute)
	w.settleRecords()
	t.Log(w.wantTrees(), "records")
	w.wantHonestLedger(w.job)
	t.Log(w.query(`SELECT string_agg(error||count, E'\n') FROM (SELECT regexp_replace(error, '[0-9a-f-]{36}|[0-9TZ:]{8,}', 'X', 'g') error, count(*) count FROM ingest.runs WHERE error <> '' GROUP BY 1 ORDER BY 2 DESC LIMIT 12) x`))
}
