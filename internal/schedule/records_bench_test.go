package schedule_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/schedule"
)

// BenchmarkCatchUp reads 30 days of call records whole, from nothing, of a
// tenant that enforces twice Microsoft's published limits: the same windows of
// 20 seconds as in production, in half the time. It prints the share of the
// allowed requests that were used in each of the whole windows, and the share
// of answers that were 429.
func BenchmarkCatchUp(b *testing.B) {
	const factor, per = 2, 20 * time.Second
	for b.Loop() {
		w := makeRecordsWorld(b, graphsim.Config{Seed: 1, LimitFactor: factor, CallsPerDay: -1, RecordsPerDay: 230})
		w.limits = fetch.DefaultLimits()
		for _, l := range []*fetch.Limit{&w.limits.CallRecords, &w.limits.List, &w.limits.Record} {
			l.Requests *= factor
		}
		w.restart()
		var mu sync.Mutex
		var served []time.Time
		w.sim.SetFaults(func(r graphsim.Request) graphsim.Fault {
			if r.API != "" {
				mu.Lock()
				served = append(served, time.Now())
				mu.Unlock()
			}
			return graphsim.Fault{}
		})
		report, err := schedule.Once(b.Context(), w.job, "once")
		if err != nil {
			b.Fatal(err)
		}
		allowed := float64(w.limits.CallRecords.Requests)
		windows := int(served[len(served)-1].Sub(served[0]) / per)
		inTime := slices.IndexFunc(served, func(at time.Time) bool { return at.Sub(served[0]) >= time.Duration(windows)*per })
		throttled := 0
		for _, answers := range w.sim.Requests().Answers {
			throttled += answers[429]
		}
		b.Logf("%d records whole in %.0f s: %d requests, %d of them in %d windows of %v; %d answers of 429", report.Details,
			served[len(served)-1].Sub(served[0]).Seconds(), len(served), inTime, windows, per, throttled)
		b.ReportMetric(100*float64(inTime)/(allowed*float64(windows)), "%used")
		b.ReportMetric(100*float64(throttled)/float64(len(served)+throttled), "%429")
	}
}
