package schedule_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"go.uber.org/zap"

	"ingestd/internal/bench"
	"ingestd/internal/graphsim"
	"ingestd/internal/schedule/scheduletest"
)

// BenchmarkLatency lets eight hours of a working day pass, in steps as short as the daemon's look for what is told, and
// prints how long after the end of a call its record is stored whole: by the list alone, and with notifications beside
// it. Both read the same calls, which Graph has some 17 minutes after their end.
func BenchmarkLatency(b *testing.B) {
	for b.Loop() {
		poll, webhook := newLatency(b, false), newLatency(b, true)
		a, z := poll.pass(), webhook.pass()
		b.Logf("minutes from the end of a call until it is stored, median and 95th percentile: "+
			"list alone %.1f and %.1f (%d calls), webhook %.1f and %.1f (%d calls)",
			at(a, 50), at(a, 95), len(a), at(z, 50), at(z, 95), len(z))
		bench.Report(b, at(a, 50)/at(z, 50), "x-median")
		bench.Report(b, at(a, 95)/at(z, 95), "x-95th")
	}
}

// at is a percentile of sorted values.
func at(sorted []float64, percent int) float64 { return sorted[(len(sorted)-1)*percent/100] }

// A latency is a tenant whose calls are waited for.
type latency struct {
	*scheduletest.World
	notified bool
	minutes  map[string]float64 // by call, from its end until it was stored
}

func newLatency(b *testing.B, notified bool) *latency {
	l := &latency{notified: notified, minutes: map[string]float64{}}
	l.World = scheduletest.New(b, scheduletest.Config{
		Graph:     graphsim.Config{Seed: 8, Users: 100, CallsPerDay: -1, RecordsPerDay: 400, History: day},
		Endpoints: []string{"call_records"}, Log: zap.NewNop(), Notified: notified,
	})
	l.Once()
	if notified {
		if err := l.Subscribe(); err != nil {
			b.Fatal(err)
		}
	}
	return l
}

// pass lets the time pass, and returns how many minutes each call took, sorted.
func (l *latency) pass() []float64 {
	const step, tick = 10 * time.Second, 5 * time.Minute
	for passed := step; passed <= 8*time.Hour; passed += step {
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
	return slices.Sorted(maps.Values(l.minutes))
}

// note notes which calls that ended since noon are stored whole now.
func (l *latency) note() {
	rows, err := l.Conn.Query(l.Context(), `
		SELECT id::text, extract(epoch FROM $1 - end_at)::double precision / 60
		FROM teams.call_records
		WHERE details_version IS NOT NULL AND end_at >= $2`, l.Now(), scheduletest.Noon)
	if err != nil {
		l.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var minutes float64
		if err := rows.Scan(&id, &minutes); err != nil {
			l.Fatal(err)
		}
		if _, known := l.minutes[id]; !known {
			l.minutes[id] = minutes
		}
	}
}
