package schedule_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/graphsim"
	"ingestd/internal/schedule/scheduletest"
)

// TestNewCallsDuringCatchUp has a call appear every six minutes, 45 minutes after its start, while a month is read for
// the first time, of which a day takes three. Each is listed once the run under way has met its tick, long before the
// month is read, also where its hour has ended and was read since.
func TestNewCallsDuringCatchUp(t *testing.T) {
	t.Parallel()
	const tick, window = 5 * time.Minute, 3 * time.Minute
	c := scheduletest.RecordsConfig()
	c.Every = tick
	for n := range 20 {
		r := scheduletest.Record(n, 1, 1, 1)
		r.Available = scheduletest.Noon.Add(time.Duration(n)*6*time.Minute + time.Minute)
		r.Start = r.Available.Add(-45 * time.Minute)
		c.Graph.Records = append(c.Graph.Records, r)
	}
	w := scheduletest.New(t, c)
	var mu sync.Mutex
	listed := map[int]time.Duration{} // how long after it appeared
	w.Graph.SetFaults(onAllDays(func(r graphsim.Request) graphsim.Fault {
		if r.CallID != "" {
			return graphsim.Fault{}
		}
		mu.Lock()
		defer mu.Unlock()
		for n, call := range c.Graph.Records {
			_, known := listed[n]
			if !known && !r.Now.Before(call.Available) && !call.Start.Before(r.From) && call.Start.Before(r.To) {
				listed[n] = r.Now.Sub(call.Available)
			}
		}
		w.Advance(window)
		return graphsim.Fault{}
	}))
	w.Daemon(func() bool { return len(w.Runs()) > 0 && !w.Endpoint().Unread })
	mu.Lock()
	defer mu.Unlock()
	for n, late := range listed {
		if late > tick+3*window { // two of the run under way, and one before it in the next
			t.Errorf("call %d was listed %v after it had appeared", n, late)
		}
	}
	if took := w.Now().Sub(scheduletest.Noon); took < time.Hour || len(listed) < 8 {
		t.Errorf("the month took %v, and %d calls appeared: the test shows nothing", took, len(listed))
	}
}

// TestEveryFiveMinutes counts how often the present hour is listed in some hours of ticks, with answers that take up to
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
	const ticks = 30
	start := w.Now()
	for n := range ticks {
		w.Advance(start.Add(time.Duration(n) * 5 * time.Minute).Sub(w.Now()))
		w.Once()
	}
	if asked.Load() < ticks {
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
	case <-time.After(time.Minute):
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
	w.Daemon(func() bool {
		w.Advance(time.Second)
		return w.Endpoint().State == "on_time"
	})
	w.WantServed()
}

var otherTenant = uuid.MustParse("00000000-0000-4000-8000-000000000001")
