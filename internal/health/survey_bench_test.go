package health_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

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
	exec := func(sql string, args ...any) {
		b.Helper()
		if _, err := conn.Exec(b.Context(), sql, args...); err != nil {
			b.Fatal(err)
		}
	}
	exec(`
		INSERT INTO ingest.daemons (daemon_id, host, version)
		VALUES ('00000000-0000-4000-8000-000000000001', 'ingest-1', '1')`)
	exec(`
		INSERT INTO ingest.tenants
		SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'tenant-' || n, 'global', 'client_secret',
			NULL, 0, '00000000-0000-4000-8000-000000000001'
		FROM generate_series(0, $1 - 1) n`, tenants)
	for _, e := range fetch.Endpoints {
		settled := noon.Add(-e.Settle).Truncate(e.Slot)
		origin := noon.Add(-time.Duration(days) * 24 * time.Hour).Truncate(24 * time.Hour)
		exec(`
			INSERT INTO ingest.endpoints (tenant_id, endpoint, enabled, schedule, interval_s, reach, settle, origin,
				settled_until, watermark, clock_at, next_due_at, last_result, last_finished_at, last_success_at,
				caught_up_at)
			SELECT tenant_id, $1, true, '*/5 * * * *', 300, $2, $3, $4, $5, $5, $6, $6, 'ok', $6, $6, $6
			FROM ingest.tenants`, e.Name, e.Reach, e.Settle, origin, settled, noon)
		exec(`
			INSERT INTO ingest.slots
			SELECT tenant_id, $1, at, at + $2::interval, least(at + $3::interval + interval '1 day', $7), at < $4, 0, 1
			FROM ingest.tenants, generate_series($5::timestamptz, $6::timestamptz, $2::interval) at`,
			e.Name, e.Slot, e.Settle, settled, origin, noon.Truncate(e.Slot), noon)
		exec(`
			INSERT INTO ingest.runs (tenant_id, endpoint, window_from, window_to, trigger, finished_at, result)
			SELECT tenant_id, $1, $2, $2, 'schedule', now(), 'ok'
			FROM ingest.tenants, generate_series(1, 20)`, e.Name, noon)
	}
	exec(`ANALYZE`)
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
			b.ReportMetric(asking.Seconds()*1e3/float64(b.N), "ms-asking/op")
		})
	}
}
