package schedule_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/graphsim"
	"ingestd/internal/schedule/scheduletest"
	"ingestd/internal/store/storetest"
)

// TestNewCallsDuringCatchUp has calls appear while a month is read for the first time, with time compressed: a tick
// comes every tenth of a second, and six minutes pass with every second run. Each call is listed by the run that
// begins after it has appeared, long before the month is.
func TestNewCallsDuringCatchUp(t *testing.T) {
	t.Parallel()
	const tick = 100 * time.Millisecond
	c := scheduletest.RecordsConfig()
	for n := range 20 {
		r := scheduletest.Record(n, 1, 1, 1)
		r.Start = scheduletest.Noon.Add(time.Duration(n) * 6 * time.Minute)
		r.Available = r.Start.Add(time.Minute)
		c.Graph.Records = append(c.Graph.Records, r)
	}
	c.Graph.Latency, c.Every = 5*time.Millisecond, tick
	w := scheduletest.New(t, c)
	w.Graph.SetFaults(onAllDays(func(graphsim.Request) graphsim.Fault {
		time.Sleep(2 * tick) // as if the window had many pages
		return graphsim.Fault{}
	}))
	var passed, latest, ended int
	w.Daemon(func() bool {
		runs := storetest.Query[int](t, w.Conn, `SELECT count(*) FROM ingest.runs WHERE finished_at IS NOT NULL`)
		if runs < ended+2 { // the second one began after the clock was moved
			return runs > 0 && w.Endpoint().Due == 0
		}
		listed := storetest.Query[int](t, w.Conn, `SELECT count(*) FROM teams.call_records`)
		latest = max(latest, passed-listed)
		w.Advance(6 * time.Minute)
		passed, ended = passed+1, runs
		return passed == len(c.Graph.Records)
	})
	if latest > 1 || passed < 5 {
		t.Errorf("of %d calls up to %d were not listed by the run after they had appeared", passed, latest)
	}
}

// TestEveryFiveMinutes counts how often the present hour is listed in a day of ticks, with answers that take up to
// three seconds.
func TestEveryFiveMinutes(t *testing.T) {
	t.Parallel()
	c := scheduletest.RecordsConfig(scheduletest.Records(1)...)
	c.StartFrom = scheduletest.Noon.Add(-time.Hour)
	c.Every = 5 * time.Minute
	w := scheduletest.New(t, c)
	var asked, n atomic.Int64
	w.Graph.SetFaults(func(r graphsim.Request) graphsim.Fault {
		if r.API != "" && r.CallID == "" && !r.To.Before(w.Now().Add(-time.Minute)) {
			asked.Add(1)
		}
		w.Advance(time.Duration(n.Add(1)*700%3000) * time.Millisecond)
		return graphsim.Fault{}
	})
	const ticks = 24 * 12
	start := w.Now()
	for n := range ticks {
		w.Advance(start.Add(time.Duration(n) * 5 * time.Minute).Sub(w.Now()))
		w.Once()
	}
	if asked.Load() < ticks*99/100 {
		t.Errorf("the present hour was listed %d times in %d ticks", asked.Load(), ticks)
	}
}

// TestRejectsAreAskedForAgain has an element that cannot be stored, in a slot that is not due for a month: it is read
// again each hour, until Graph serves the element whole.
func TestRejectsAreAskedForAgain(t *testing.T) {
	t.Parallel()
	c := week()
	at := date(faultyDay).Add(time.Hour)
	c.Graph.Extra = []graphsim.Row{{Start: at, JSON: []byte(`{"id":null,"startDateTime":"2026-06-11T01:00:00Z"}`)}}
	w := scheduletest.New(t, c)
	w.Advance(20 * day)
	w.Once()
	var asked atomic.Int64
	w.Graph.SetFaults(onFaultyDay(counted(&asked, always(graphsim.Fault{}))))
	for range 24 {
		w.Advance(time.Hour + 5*time.Second)
		w.Once()
	}
	if n := asked.Load(); n < 23 || n > 26 {
		t.Errorf("the slot was read %d times in 24 hours", n)
	}
}

// TestOnceEnds has slots become due again while the last ones are read: once ends all the same.
func TestOnceEnds(t *testing.T) {
	t.Parallel()
	c := scheduletest.RecordsConfig(scheduletest.Records(3)...)
	w := scheduletest.New(t, c)
	w.Graph.SetFaults(onAllDays(func(graphsim.Request) graphsim.Fault {
		w.Advance(3 * time.Minute)
		return graphsim.Fault{}
	}))
	before := len(w.Runs())
	w.Once()
	if n := len(w.Runs()) - before; n > 4 {
		t.Errorf("%d runs", n)
	}
}

// TestOnceEndsAfterAClockWasAhead has read slots by a clock that was ahead by less than an hour.
func TestOnceEndsAfterAClockWasAhead(t *testing.T) {
	t.Parallel()
	w := scheduletest.New(t, week())
	w.Graph.SetFaults(
		func(graphsim.Request) graphsim.Fault { return graphsim.Fault{Date: w.Now().Add(50 * time.Minute)} },
	)
	w.Once()
	w.Graph.SetFaults(nil)
	w.Advance(time.Minute)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.Once()
	}()
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		t.Fatal("once does not end")
	}
	w.WantServed()
}

// TestOneTenantIsLocked has another process work on one of two tenants: the other one is read.
func TestOneTenantIsLocked(t *testing.T) {
	t.Parallel()
	w := scheduletest.New(t, week())
	conn, err := pgx.Connect(t.Context(), w.Conn.Config().ConnString())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	const lock = `SELECT pg_advisory_lock(hashtextextended('ingestd ' || $1::uuid, 0))`
	if _, err := conn.Exec(t.Context(), lock, otherTenant); err != nil {
		t.Fatal(err)
	}
	w.AddTenant(otherTenant)
	w.Daemon(func() bool { return w.Endpoint().State == "on_time" })
	w.WantServed()
}

var otherTenant = uuid.MustParse("00000000-0000-4000-8000-000000000001")
