package schedule_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/schedule/scheduletest"
)

// BenchmarkCatchUp reads 30 days of call records with their details, from nothing, of a tenant that enforces twice
// Microsoft's published limits, in real time: the same windows of 20 seconds as in production, in half the time. It
// prints the share of the allowed requests that were used in each of the full windows, and the share of answers that
// were 429.
func BenchmarkCatchUp(b *testing.B) {
	const factor, per = 2, 20 * time.Second
	limits := fetch.DefaultLimits()
	for _, l := range []*fetch.Limit{&limits.CallRecords, &limits.List, &limits.Record} {
		l.Requests *= factor
	}
	for b.Loop() {
		w := scheduletest.New(b, scheduletest.Config{
			Graph:     graphsim.Config{Seed: 1, LimitFactor: factor, CallsPerDay: -1, RecordsPerDay: 230},
			Endpoints: []string{"call_records"}, Limits: &limits, RealTime: true,
		})
		var mu sync.Mutex
		var served []time.Time
		w.Graph.SetFaults(onAllDays(func(graphsim.Request) graphsim.Fault {
			mu.Lock()
			defer mu.Unlock()
			served = append(served, time.Now())
			return graphsim.Fault{}
		}))
		result := w.Once()
		took := served[len(served)-1].Sub(served[0])
		full := int(took / per)
		inTime := slices.IndexFunc(served, func(at time.Time) bool { return at.Sub(served[0]) >= time.Duration(full)*per })
		throttled := 0
		for _, answers := range w.Graph.Requests().Answers {
			throttled += answers[429]
		}
		b.Logf("%d records with details in %.0f s: %d requests, %d of them in %d windows of %v; %d answers of 429",
			result.Details, took.Seconds(), len(served), inTime, full, per, throttled)
		b.ReportMetric(100*float64(inTime)/float64(limits.CallRecords.Requests*full), "%used")
		b.ReportMetric(100*float64(throttled)/float64(len(served)+throttled), "%429")
	}
}
