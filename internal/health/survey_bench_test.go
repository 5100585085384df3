package health_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/bench"
	"ingestd/internal/config"
	"ingestd/internal/fetch"
	"ingestd/internal/health"
	"ingestd/internal/store/storetest"
)

// fleet fills a database with so many tenants, each read in full until noon, and
// returns their configuration. The ledger goes back for so many days.
func fleet(b testing.TB, conn *pgx.Conn, tenants, days int) *config.Config {
	b.Helper()
	var every config.Schedule
	if err := every.UnmarshalText([]byte("*/5 * * * *")); err != nil {
		b.Fatal(err)
	}
	c := &config.Config{}
	for n := range tenants {
		t := config.Tenant{
			ID: fmt.Sprintf("00000000-0000-4000-8000-%012d", n), Name: fmt.Sprint("tenant-", n), Cloud: "global",
			Endpoints: map[string]config.Endpoint{},
		}
		for _, e := range fetch.Endpoints {
			t.Endpoints[e.Name] = config.Endpoint{Enabled: true, Schedule: every, Reach: e.Reach, Settle: e.Settle}
		}
		c.Tenants = append(c.Tenants, t)
	}
	var sources []storetest.Source
	for _, e := range fetch.Endpoints {
		sources = append(sources, storetest.Source{Name: e.Name, Slot: e.Slot, Reach: e.Reach, Settle: e.Settle})
	}
	storetest.Fleet(b, conn, noon, tenants, days, sources)
	return c
}

// BenchmarkLook is what a snapshot of 200 tenants costs: it must stay well below
// 50 ms, and must not grow with the time that a ledger goes back.
func BenchmarkLook(b *testing.B) {
	for _, days := range []int{40, 200} {
		b.Run(fmt.Sprint("days=", days), func(b *testing.B) {
			url := storetest.URL(b)
			conn, db := storetest.Conn(b, url), storetest.Connect(b, url)
			c := fleet(b, conn, 200, days)
			var asking time.Duration
			for b.Loop() {
				start := time.Now()
				survey, err := db.Survey(b.Context(), noon, health.StripFor)
				if err != nil {
					b.Fatal(err)
				}
				asking += time.Since(start)
				if s := health.Take(health.Gather(c, survey, noon), noon); s.Verdict.Level != health.Safe {
					b.Fatalf("verdict %+v", s.Verdict)
				}
			}
			bench.Report(b, asking.Seconds()*1e3/float64(b.N), "ms-asking/op")
		})
	}
}
