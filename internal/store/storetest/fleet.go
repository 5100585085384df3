package storetest

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// A Source is an endpoint that a Fleet reads.
type Source struct {
	Name                string
	Slot, Reach, Settle time.Duration
}

// Fleet fills a database with so many tenants, each read in full until a time. Their ledger goes back for so many
// days.
func Fleet(b testing.TB, conn *pgx.Conn, now time.Time, tenants, days int, sources []Source) {
	b.Helper()
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
	for _, e := range sources {
		settled := now.Add(-e.Settle).Truncate(e.Slot)
		origin := now.Add(-time.Duration(days) * 24 * time.Hour).Truncate(24 * time.Hour)
		exec(`
			INSERT INTO ingest.endpoints (tenant_id, endpoint, enabled, schedule, interval_s, reach, settle, origin,
				settled_until, watermark, clock_at, next_due_at, last_result, last_finished_at, last_success_at,
				caught_up_at)
			SELECT tenant_id, $1, true, '*/5 * * * *', 300, $2, $3, $4, $5, $5, $6, $6, 'ok', $6, $6, $6
			FROM ingest.tenants`, e.Name, e.Reach, e.Settle, origin, settled, now)
		exec(`
			INSERT INTO ingest.slots
			SELECT tenant_id, $1, at, at + $2::interval, least(at + $3::interval + interval '1 day', $7), at < $4, 0, 1
			FROM ingest.tenants, generate_series($5::timestamptz, $6::timestamptz, $2::interval) at`,
			e.Name, e.Slot, e.Settle, settled, origin, now.Truncate(e.Slot), now)
		exec(`
			INSERT INTO ingest.runs (tenant_id, endpoint, window_from, window_to, trigger, finished_at, result)
			SELECT tenant_id, $1, $2, $2, 'schedule', now(), 'ok'
			FROM ingest.tenants, generate_series(1, 20)`, e.Name, now)
	}
	exec(`ANALYZE`)
}
