package store_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"ingestd/internal/store"
)

// Of many runs those are shown that found something, failed or go on, the newest
// first.
func TestRunsWithNews(t *testing.T) {
	f := newFixture(t)
	other := uuid.New()
	f.exec(`TRUNCATE ingest.runs RESTART IDENTITY`)
	f.exec(`
		INSERT INTO ingest.runs (tenant_id, endpoint, trigger, window_from, window_to, result, rows_new, error)
		SELECT tenant, 'pstn_calls', 'schedule', now(), now(), result, rows_new, error
		FROM (VALUES
			(1, $1::uuid, 'ok', 0, NULL), (2, $1, 'ok', 3, NULL), (3, $1, 'failed', 0, 'why'), (4, $1, 'ok', 0, NULL),
			(5, $2::uuid, 'ok', 1, NULL), (6, $1, NULL, 0, NULL), (7, $1, 'ok', 0, 'a record failed')
		) past (n, tenant, result, rows_new, error)
		ORDER BY n`, tenant, other)
	for _, tt := range []struct {
		tenant uuid.UUID
		limit  int
		want   string
	}{
		{uuid.Nil, 10, "[7 6 5 3 2]"}, {tenant, 10, "[7 6 3 2]"}, {other, 10, "[5]"}, {uuid.Nil, 2, "[7 6]"},
	} {
		runs, err := f.db.RunsWithNews(t.Context(), tt.tenant, tt.limit)
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for _, r := range runs {
			got = append(got, r.RunID)
		}
		if fmt.Sprint(got) != tt.want {
			t.Errorf("of %s, %d at most: %v, want %s", tt.tenant, tt.limit, got, tt.want)
		}
	}
}

func TestRejectReasons(t *testing.T) {
	f := newFixture(t)
	f.exec(`
		INSERT INTO ingest.rejects (tenant_id, endpoint, sha256, reason, stored, raw, run_id, served_at, resolved_at)
		SELECT $1, 'pstn_calls', sha256(n::text::bytea), reason, stored, 'x', 1, now(), resolved_at
		FROM (VALUES
			(1, 'key collision', false, NULL), (2, 'key collision', false, NULL), (3, 'key collision', true, NULL),
			(4, 'not a JSON object', false, NULL), (5, 'key collision', false, now())
		) kept (n, reason, stored, resolved_at)`, tenant)
	got, err := f.db.RejectReasons(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		got[i].Newest = noon
	}
	want := []store.RejectReason{
		{"pstn_calls", "key collision", false, 2, noon}, {"pstn_calls", "key collision", true, 1, noon},
		{"pstn_calls", "not a JSON object", false, 1, noon},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
