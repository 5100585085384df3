package store_test

import (
	"fmt"
	"testing"
	"time"

	"ingestd/internal/bench"
	"ingestd/internal/fetch"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// BenchmarkSurvey is what the server spends on both statements of a survey of 200
// tenants: it must stay well below 50 ms, and must not grow with the time that a
// ledger goes back.
func BenchmarkSurvey(b *testing.B) {
	var sources []storetest.Source
	for _, e := range fetch.Endpoints {
		sources = append(sources, storetest.Source{Name: e.Name, Slot: e.Slot, Reach: e.Reach, Settle: e.Settle})
	}
	for _, history := range []int{40, 200} {
		b.Run(fmt.Sprint("days=", history), func(b *testing.B) {
			url := storetest.URL(b)
			db := storetest.Connect(b, url)
			now := time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
			storetest.Fleet(b, storetest.Conn(b, url), now, 200, history, sources)
			took := map[string]float64{}
			for b.Loop() {
				for name, ms := range store.SurveyTimes(b, db, now, 35*days) {
					took[name] += ms
				}
			}
			for name, ms := range took {
				bench.Report(b, ms/float64(b.N), "ms-"+name+"/op")
			}
		})
	}
}
