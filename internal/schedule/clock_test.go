package schedule_test

import (
	"testing"
	"time"

	"ingestd/internal/graphsim"
	"ingestd/internal/schedule/scheduletest"
	"ingestd/internal/store/storetest"
)

// TestClockExcursionsEndToEnd has Graph tell a wrong date, at the first start or later. Read once more by the right
// one, the endpoint stands as one that never met it.
func TestClockExcursionsEndToEnd(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		off   time.Duration
		first bool // at the first start
	}{
		{name: "10 days behind", off: -10 * day},
		{name: "40 days ahead", off: 40 * day},
		{name: "200 days behind at the first start", off: -200 * day, first: true},
		{name: "40 days ahead at the first start", off: 40 * day, first: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			config := scheduletest.Config{
				Graph: graphsim.Config{Seed: 3, Users: 5, CallsPerDay: 2, History: 60 * day},
				Reach: 60 * day,
			}
			w, without := scheduletest.New(t, config), scheduletest.New(t, config)
			if !tt.first {
				w.Once()
				without.Once()
			}
			w.Graph.SetFaults(
				func(graphsim.Request) graphsim.Fault { return graphsim.Fault{Date: w.Now().Add(tt.off)} },
			)
			for range 2 {
				if _, err := w.Try(t.Context()); err != nil {
					t.Log(err)
				}
			}
			w.Graph.SetFaults(nil)
			w.Exec(`UPDATE ingest.runs SET started_at = $1`, scheduletest.Noon) // the database's clock is right
			for range 3 {
				if _, err := w.Try(t.Context()); err != nil {
					t.Log(err)
				}
				w.Advance(20 * time.Minute)
			}
			without.Advance(w.Now().Sub(without.Now()))
			without.Once()
			w.Once()
			got, want := w.Endpoint(), without.Endpoint()
			if d := got.Origin.Sub(want.Origin).Abs(); d > 2*time.Hour || !got.Watermark.Equal(want.Watermark) ||
				len(got.Lost) > 0 ||
				got.Unread {
				t.Errorf("%+v, want %+v", got, want)
			}
		})
	}
}

// TestDatabaseWithAnotherClock has this machine's clock and the database's be wrong at the first start, as on a machine
// that has no clock of its own. Once they are set right nothing counts as lost that was never owed.
func TestDatabaseWithAnotherClock(t *testing.T) {
	t.Parallel()
	for _, off := range []string{"-10 years", "-40 days", "10 years"} {
		t.Run(off, func(t *testing.T) {
			t.Parallel()
			w := scheduletest.New(t, scheduletest.Config{
				Graph: graphsim.Config{Seed: 3, Users: 5, CallsPerDay: 2, History: 60 * day}, Reach: 30 * day,
			})
			w.Once()
			want := w.Endpoint()
			// What the first run would have left, had this machine's clock not agreed with Graph's.
			w.Exec(`UPDATE ingest.endpoints SET clock_at = NULL`)
			w.Exec(`UPDATE ingest.runs SET started_at = $1::timestamptz + $2::interval`, w.Now(), off)
			w.Advance(2 * time.Hour)
			w.Once()
			if got := w.Endpoint(); !got.Origin.Equal(want.Origin) || len(got.Lost) > 0 {
				t.Errorf("origin %v, lost %v; want %v", got.Origin, got.Lost, want.Origin)
			}
		})
	}
}

// TestSkewIsNoted has this machine's clock be some minutes off. By how much is noted, so that it is shown.
func TestSkewIsNoted(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{9 * time.Minute, -9 * time.Minute} {
		c := week()
		c.Ahead = ahead
		w := scheduletest.New(t, c)
		w.Once()
		noted := storetest.Query[float64](t, w.Conn, `SELECT clock_skew_s FROM ingest.tenants`)
		if skew := time.Duration(noted * float64(time.Second)); (skew + ahead).Abs() > 2*time.Second {
			t.Errorf("%v ahead of Graph: %v is noted, want %v", ahead, skew, -ahead)
		}
	}
}
