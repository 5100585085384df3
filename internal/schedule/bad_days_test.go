package schedule_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest"

	"ingestd/internal/graphsim"
	"ingestd/internal/schedule/scheduletest"
)

// TestManyBadDays has twenty days in a row that Graph does not serve, among ninety that it does. All others are read in
// the first run; the bad ones are noted, and parked after three runs. It is no outage.
func TestManyBadDays(t *testing.T) {
	t.Parallel()
	const all, bad = 110, 20
	tests := []struct{ status, first int }{ // and the newest bad day, in days ago
		{status: http.StatusInternalServerError, first: 45},
		{status: http.StatusNotAcceptable, first: 1},
		{status: http.StatusBadRequest, first: all - bad},
		{status: http.StatusNotFound, first: 30},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.status), func(t *testing.T) {
			t.Parallel()
			w := scheduletest.New(t, scheduletest.Config{
				Graph:     graphsim.Config{Seed: 5, Users: 5, CallsPerDay: 2, History: all * day},
				StartFrom: scheduletest.Noon.Truncate(day).Add(-all * day),
			})
			to := scheduletest.Noon.Truncate(day).Add(time.Duration(1-tt.first) * day)
			from := to.Add(-bad * day)
			w.Graph.SetFaults(when(func(r graphsim.Request) bool {
				return r.API != "" && r.From.Before(to) && r.To.After(from)
			}, always(graphsim.Fault{Status: tt.status})))
			for n := range 4 {
				result, err := w.Try(t.Context())
				if n < 3 && (err == nil || result.Failed != bad) {
					t.Errorf("run %d: %d windows failed, want %d; error %v", n, result.Failed, bad, err)
				}
				read, failures := 0, 0
				for _, s := range w.Slots() {
					if s.Failures > 0 {
						failures++
						if s.Failures != min(n+1, 3) || s.From.Before(from) || !s.From.Before(to) {
							t.Errorf("run %d: %v failed %d times", n, s.From, s.Failures)
						}
					} else if !s.ReadAt.IsZero() {
						read++
					}
				}
				if read != all+1-bad || failures != bad {
					t.Fatalf("run %d: %d days are read and %d noted as failed", n, read, failures)
				}
				if e := w.Endpoint(); len(e.Lost) > 0 || n == 3 && e.State != "on_time" {
					t.Errorf("run %d: endpoint %+v", n, e)
				}
				w.Advance(61 * time.Minute)
			}
			w.Graph.SetFaults(nil)
			w.Advance(day)
			w.Once()
			w.WantServed()
			w.WantSettled()
		})
	}
}

// TestRealOutageParksNothing has Graph refuse everything from some time on: a run soon ends, and no slot is to blame.
func TestRealOutageParksNothing(t *testing.T) {
	t.Parallel()
	tests := []struct{ status, served int }{ // and the requests that are served before
		{status: 500, served: 3}, {status: 400, served: 3}, {status: 404}, {status: 406, served: 1},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.status), func(t *testing.T) {
			t.Parallel()
			c := week()
			c.StartFrom = date(firstDay).Add(-100 * day)
			w := scheduletest.New(t, c)
			if tt.served == 0 {
				w.Graph.SetFaults(onAllDays(always(graphsim.Fault{Status: tt.status})))
			} else {
				w.Graph.SetFaults(onAllDays(func(r graphsim.Request) graphsim.Fault {
					if r.N < tt.served {
						return graphsim.Fault{}
					}
					return graphsim.Fault{Status: tt.status}
				}))
			}
			for range 4 {
				if _, err := w.Try(t.Context()); err == nil {
					t.Error("no error")
				}
				w.Advance(61 * time.Minute)
			}
			for _, s := range w.Slots() {
				if s.Failures > 0 {
					t.Errorf("%v is noted as failed %d times", s.From, s.Failures)
				}
			}
			n := 0
			for _, count := range w.Graph.Requests().Answers[scheduletest.Function("pstn_calls")] {
				n += count
			}
			if n > 400 {
				t.Errorf("%d requests in four runs", n)
			}
			wantAllRead(t, w)
		})
	}
}

func wantAllRead(t *testing.T, w *scheduletest.World) {
	t.Helper()
	w.Graph.SetFaults(nil)
	w.Advance(11 * time.Minute)
	w.Once()
	w.WantServed()
	if e := w.Endpoint(); e.State != "on_time" || e.Unread {
		t.Errorf("endpoint %+v", e)
	}
}

// TestOlderVersionIsStoredAndWaitedFor has Graph list version 3 and serve version 2: that is stored, and 3 waited for.
func TestOlderVersionIsStoredAndWaitedFor(t *testing.T) {
	t.Parallel()
	served := scheduletest.Record(1, 2, 2, 2)
	w := newRecords(t, served)
	w.Once()
	w.Exec(`UPDATE teams.call_records SET version = 3`) // as listed by another of Graph's servers
	w.Exec(`UPDATE teams.call_records SET details_version = NULL`)
	w.Advance(time.Hour)
	w.Once()
	type versions struct{ Listed, Stored int64 }
	var got versions
	row := w.Conn.QueryRow(t.Context(), `SELECT version, details_version FROM teams.call_records`)
	if err := row.Scan(&got.Listed, &got.Stored); err != nil {
		t.Fatal(err)
	}
	if got != (versions{3, 2}) {
		t.Errorf("%+v, want 3 listed and 2 stored", got)
	}
	if r := w.Retries(); len(r) != 1 || r[0].State != "waiting" || !strings.Contains(r[0].Error, "older version") {
		t.Errorf("retries %+v, want one that waits", r)
	}
}

// What has left Graph's reach unread is warned of once, and not at each run while its day leaves.
func TestLossIsToldOfOnce(t *testing.T) {
	t.Parallel()
	c := week()
	c.Reach, c.Settle = 5*day, day
	var told atomic.Int64
	c.Log = zaptest.NewLogger(
		t,
		zaptest.Level(zap.WarnLevel),
		zaptest.WrapOptions(zap.Hooks(func(e zapcore.Entry) error {
			if strings.HasPrefix(e.Message, "lost: ") {
				told.Add(1)
			}
			return nil
		})),
	)
	w := scheduletest.New(t, c)
	w.Graph.SetFaults(onFaultyDay(always(graphsim.Fault{Status: http.StatusBadRequest})))
	for range 18 {
		if _, err := w.Try(t.Context()); err != nil {
			t.Log(err)
		}
		w.Advance(4 * time.Hour)
	}
	if lost := len(w.Endpoint().Lost); lost == 0 || told.Load() != int64(lost) {
		t.Errorf("told %d times of %d spans that were lost: %v", told.Load(), lost, w.Endpoint().Lost)
	}
}
