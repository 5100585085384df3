package schedule_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"

	"ingestd/internal/bench"
	"ingestd/internal/graphsim"
	"ingestd/internal/schedule/scheduletest"
)

// BenchmarkLatency lets four hours of a working day pass, in steps as short as the daemon's look for what is told, and
// prints how long it takes until the record of a call is stored whole, by the list alone and with notifications beside
// it, by webhook or event hub: from the end of the call, and from when Graph lists the record and tells of it, some 15
// minutes later. No program can do anything about the minutes before that, or about the one record in twenty that
// cannot be read yet then.
func BenchmarkLatency(b *testing.B) {
	for b.Loop() {
		list := newLatency(b, scheduletest.Config{})
		webhook := newLatency(b, scheduletest.Config{Notified: true})
		hub := newLatency(b, scheduletest.Config{Hub: true})
		served := map[string]time.Time{}
		webhook.Graph.SetNotifications(func(n graphsim.Notification) graphsim.Delivery {
			if _, known := served[n.CallID]; !known {
				served[n.CallID] = n.At
			}
			return graphsim.Delivery{}
		})
		list.pass()
		webhook.pass()
		hub.pass()
		for _, since := range []struct {
			what string
			at   map[string]time.Time
		}{{"the end of a call", list.ended}, {"Graph lists its record", served}} {
			for i, l := range []*latency{list, webhook, hub} {
				m, by := l.minutes(since.at), []string{"list alone", "webhook", "event hub"}[i]
				b.Logf("minutes since %s until it is stored, by %s: median %.1f, 95th percentile %.1f (%d calls)",
					since.what, by, at(m, 50), at(m, 95), len(m))
			}
		}
		a, z := list.minutes(served), webhook.minutes(served)
		bench.Report(b, at(a, 50)/at(z, 50), "x-median")
		bench.Report(b, at(a, 95)/at(z, 95), "x-95th")
	}
}

// at is a percentile of sorted values.
func at(sorted []float64, percent int) float64 { return sorted[(len(sorted)-1)*percent/100] }

// A latency is a tenant whose calls are waited for.
type latency struct {
	*scheduletest.World
	notified      bool
	ended, stored map[string]time.Time // by call
}

func newLatency(b *testing.B, c scheduletest.Config) *latency {
	l := &latency{notified: c.Notified || c.Hub, ended: map[string]time.Time{}, stored: map[string]time.Time{}}
	c.Graph = graphsim.Config{Seed: 8, Users: 100, CallsPerDay: -1, RecordsPerDay: 400, History: day}
	c.Endpoints, c.Log = []string{"call_records"}, zap.NewNop()
	l.World = scheduletest.New(b, c)
	l.Once()
	if l.notified {
		if err := l.Subscribe(); err != nil {
			b.Fatal(err)
		}
	}
	return l
}

// pass lets the time pass.
func (l *latency) pass() {
	const step, tick = 10 * time.Second, 5 * time.Minute
	for passed := step; passed <= 4*time.Hour; passed += step {
		l.Advance(step)
		stored := 0
		if l.notified {
			l.Notify()
			stored = l.Told()
		}
		if passed%tick == 0 {
			stored += l.Tick(tick).Details
		}
		if stored > 0 {
			l.note()
		}
	}
}

// minutes are how many minutes after a time of its own each call was stored, sorted.
func (l *latency) minutes(since map[string]time.Time) (sorted []float64) {
	for id, at := range l.stored {
		if from, known := since[id]; known {
			sorted = append(sorted, at.Sub(from).Minutes())
		}
	}
	slices.Sort(sorted)
	return sorted
}

// note notes which calls that ended since noon are stored whole now.
func (l *latency) note() {
	rows, err := l.Conn.Query(l.Context(), `
		SELECT id::text, end_at
		FROM teams.call_records
		WHERE details_version IS NOT NULL AND end_at >= $1`, scheduletest.Noon)
	if err != nil {
		l.Fatal(err)
	}
	var id string
	var ended time.Time
	if _, err := pgx.ForEachRow(rows, []any{&id, &ended}, func() error {
		if _, known := l.stored[id]; !known {
			l.ended[id], l.stored[id] = ended, l.Now()
		}
		return nil
	}); err != nil {
		l.Fatal(err)
	}
}
