package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// What goes with rows of two tenants, of which one is pruned: all that is kept of a call, what was kept raw of its
// time, also of rows that have no time, and, by their own term, figures and users. What is newer stays.
func TestWhatGoesWithRows(t *testing.T) {
	f := newFixtureOf(t, fetch.CallRecords)
	storetest.Exec(t, f.conn, `
		CREATE TEMP TABLE given AS
		SELECT tenant, n, noon - n * interval '20 days' AS at, md5(n::text)::uuid AS id, gen_random_uuid() AS alone
		FROM unnest('{11111111-2222-3333-4444-555555555555, 99999999-2222-3333-4444-555555555555}'::uuid[]) tenant
		CROSS JOIN generate_series(1, 2) n -- the second is old
		CROSS JOIN (VALUES ('2026-03-02 12:00Z'::timestamptz)) t (noon);
		INSERT INTO ingest.endpoints (tenant_id, endpoint, enabled, schedule, reach, settle, origin, settled_until,
			watermark)
		SELECT tenant, 'call_records', true, '', interval '30 d', interval '1 d', min(at), min(at), min(at)
		FROM given
		GROUP BY tenant;
		INSERT INTO teams.call_records (tenant_id, id, version, start_at, ingested_at, updated_at, run_id, row_hash)
		SELECT tenant, id, 1, at, at, at, 1, 1 FROM given
		UNION ALL
		SELECT tenant, alone, 1, NULL, at, at, 1, 1 FROM given; -- it has no time
		INSERT INTO teams.call_record_versions (tenant_id, call_id, version, seen_at)
		SELECT tenant, id, 1, at FROM given;
		INSERT INTO ingest.details_retries (tenant_id, call_id, attempts, since, failed_at, next_at, state, code, error,
			run_id)
		SELECT tenant, id, 1, at, at, at, 'parked', 'x', 'x', 1 FROM given;
		INSERT INTO ingest.acknowledgements (tenant_id, endpoint, span_from, span_to, call_id, by_whom, reason)
		SELECT tenant, 'call_records', at, at, id, 'x', 'x' FROM given
		UNION ALL
		SELECT tenant, 'call_records', at, at + interval '1 hour', NULL, 'x', 'x' FROM given; -- a loss stays known
		INSERT INTO ingest.parked (tenant_id, endpoint, slot_from, slot_to, failures, since, failed_at, code, error,
			body, run_id)
		SELECT tenant, 'call_records', at - interval '1 hour', at, 3, at, at, 'x', 'x', 'x', 1 FROM given;
		INSERT INTO teams.users (tenant_id, user_id, first_seen_on, last_seen_on, source)
		SELECT tenant, id, at, at, 'pstn_calls' FROM given;
		INSERT INTO rollup.sms_usage_daily (tenant_id, day) SELECT tenant, at FROM given`)
	before := noon.AddDate(0, 0, -30)
	p := &store.Pruning{Target: f.target, Tenants: []uuid.UUID{tenant}, Before: before}
	rows, more, err := f.db.Prune(t.Context(), p)
	if err != nil || more || rows != 2 {
		t.Fatalf("%d rows, more: %v, %v", rows, more, err)
	}
	kept, err := f.db.PruneRollups(t.Context(), p.Tenants, before, []string{"sms_messages"})
	if err != nil || kept != 0 {
		t.Errorf("%d figures of messages that are kept: %v", kept, err)
	}
	figures, err := f.db.PruneRollups(t.Context(), p.Tenants, before, nil)
	users, failed := f.db.PruneUsers(t.Context(), p.Tenants, before)
	if err != nil || failed != nil || figures != 1 || users != 1 {
		t.Errorf("%d figures, %v; %d users, %v", figures, err, users, failed)
	}
	got := map[string]string{}
	for what, query := range map[string]string{
		"call_records":    `SELECT tenant_id FROM teams.call_records`,
		"versions":        `SELECT tenant_id FROM teams.call_record_versions`,
		"retries":         `SELECT tenant_id FROM ingest.details_retries`,
		"acknowledged":    `SELECT tenant_id FROM ingest.acknowledgements WHERE call_id IS NOT NULL`,
		"spans":           `SELECT tenant_id FROM ingest.acknowledgements WHERE call_id IS NULL`,
		"bodies":          `SELECT tenant_id FROM ingest.parked WHERE body IS NOT NULL`,
		"failed slots":    `SELECT tenant_id FROM ingest.parked`,
		"users":           `SELECT tenant_id FROM teams.users`,
		"figures":         `SELECT tenant_id FROM rollup.sms_usage_daily`,
		"frozen":          `SELECT DISTINCT tenant_id FROM rollup.frozen`,
		"not kept before": `SELECT tenant_id FROM ingest.endpoints WHERE kept_from = '2026-01-31 12:00Z'`,
	} {
		got[what] = storetest.Query[string](t, f.conn, `
			SELECT concat_ws(' of ', count(*) FILTER (WHERE tenant_id = $1), count(*)) FROM (`+query+`) x`, tenant)
	}
	want := map[string]string{
		"call_records": "2 of 6", "versions": "1 of 3", "retries": "1 of 3", "acknowledged": "1 of 3",
		"spans": "2 of 4", "bodies": "1 of 3",
		"failed slots": "2 of 4", "users": "1 of 3", "figures": "1 of 3", "frozen": "1 of 1",
		"not kept before": "1 of 1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("left of the tenant that is pruned (-want +got):\n%s", diff)
	}
}

// The rows are pruned of tenants that are configured or that nobody reads any more, by the earlier of Graph's time and
// the database's; none while Graph's time is not known.
func TestPrunable(t *testing.T) {
	f := newFixture(t)
	others := uuid.MustParse("99999999-2222-3333-4444-555555555555")
	storetest.Exec(t, f.conn, `
		INSERT INTO ingest.endpoints (tenant_id, endpoint, enabled, schedule, reach, settle, origin, settled_until,
			watermark, removed_at)
		SELECT tenant, endpoint, true, '', interval '1 d', interval '1 d', now(), now(), now(), removed_at
		FROM (VALUES
			('11111111-2222-3333-4444-555555555555'::uuid, 'pstn_calls', NULL::timestamptz),
			('99999999-2222-3333-4444-555555555555', 'pstn_calls', NULL),
			('99999999-2222-3333-4444-555555555555', 'sms_messages', now())
		) e (tenant, endpoint, removed_at)`)
	for _, step := range []struct {
		change string
		want   []uuid.UUID
		known  bool
	}{
		{`SELECT`, []uuid.UUID{tenant}, false},
		{`UPDATE ingest.endpoints SET clock_at = now() + interval '1 year'`, []uuid.UUID{tenant}, true},
		{`UPDATE ingest.endpoints SET removed_at = now() - interval '6 days'`, []uuid.UUID{tenant}, true},
		{`UPDATE ingest.endpoints SET removed_at = now() - interval '8 days'`, []uuid.UUID{tenant, others}, true},
	} {
		storetest.Exec(t, f.conn, step.change)
		got, now, err := f.db.Prunable(t.Context(), []uuid.UUID{tenant})
		if err != nil || !cmp.Equal(got, step.want) || (now != nil) != step.known {
			t.Errorf("%s: %v at %v, %v", step.change, got, now, err)
		}
		if now != nil && now.After(time.Now().Add(time.Hour)) {
			t.Errorf("rows are old by %v", now)
		}
	}
}
