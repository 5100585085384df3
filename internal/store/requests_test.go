package store_test

import (
	"github.com/google/uuid"

	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ingestd/internal/store"
)

// A backfill is asked for, taken up, followed and ended.
func TestBackfill(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	ask := store.Backfill{Tenant: tenant, Endpoint: calls.Name, From: noon.Add(-48 * time.Hour), To: noon}
	id, err := f.db.RequestBackfill(ctx, ask)
	if err != nil {
		t.Fatal(err)
	}
	open, err := f.db.OpenBackfills(ctx, []uuid.UUID{tenant})
	if err != nil || len(open) != 1 || open[0].ID != id || !open[0].From.Equal(ask.From) || open[0].StartedAt != nil {
		t.Fatalf("open = %+v, %v", open, err)
	}
	at := open[0]
	at.Slots, at.SlotsRead, at.Rows, at.Requests = 2, 1, 10, 3
	if err := f.db.NoteBackfill(ctx, at); err != nil {
		t.Fatal(err)
	}
	got, err := f.db.Backfill(ctx, id)
	if err != nil || got.StartedAt == nil || got.FinishedAt != nil || got.SlotsRead != 1 || got.Rows != 10 ||
		got.Requests != 3 {
		t.Errorf("at work: %+v, %v", got, err)
	}
	ok := "ok"
	at.Result = &ok
	if err := f.db.NoteBackfill(ctx, at); err != nil {
		t.Fatal(err)
	}
	if got, err := f.db.Backfill(ctx, id); err != nil || got.FinishedAt == nil || *got.Result != "ok" {
		t.Errorf("at its end: %+v, %v", got, err)
	}
	if open, err := f.db.OpenBackfills(ctx, []uuid.UUID{tenant}); err != nil || len(open) != 0 {
		t.Errorf("open = %+v, %v", open, err)
	}
	if _, err := f.db.Backfill(ctx, 99); !errors.Is(err, store.ErrUnknown) {
		t.Errorf("a number never given: %v", err)
	}
}

// Who works on a backfill learns that it was cancelled.
func TestCancelBackfill(t *testing.T) {
	f := newFixture(t)
	id, err := f.db.RequestBackfill(
		t.Context(),
		store.Backfill{Tenant: tenant, Endpoint: calls.Name, From: noon, To: noon.Add(time.Hour)},
	)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.db.CancelBackfill(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if err := f.db.NoteBackfill(t.Context(), store.Backfill{ID: id, SlotsRead: 1}); !errors.Is(
		err,
		store.ErrBackfillEnded,
	) {
		t.Errorf("NoteBackfill: %v", err)
	}
	if err := f.db.CancelBackfill(t.Context(), id); !errors.Is(err, store.ErrBackfillEnded) {
		t.Errorf("cancelled again: %v", err)
	}
	if got, err := f.db.Backfill(t.Context(), id); err != nil || *got.Result != "cancelled" {
		t.Errorf("%+v, %v", got, err)
	}
}

// The first acknowledgement of a loss stays.
func TestAcknowledge(t *testing.T) {
	f := newFixture(t)
	a := store.Acknowledgement{
		Tenant:   tenant,
		Endpoint: calls.Name,
		From:     noon.Add(-time.Hour),
		To:       noon,
		ByWhom:   "me",
		Reason:   "the proxy was down",
	}
	later := a
	later.Reason = "another"
	if err := f.db.Acknowledge(t.Context(), a, later); err != nil {
		t.Fatal(err)
	}
	for from, want := range map[time.Time]int{noon: 1, noon.Add(time.Second): 0} {
		got, err := f.db.Acknowledgements(t.Context(), tenant, calls.Name, from)
		if err != nil || len(got) != want {
			t.Fatalf("from %v: %+v, %v", from, got, err)
		}
		if want == 1 {
			got[0].At = time.Time{}
			if diff := cmp.Diff(a, got[0]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
	}
}

// Rejects are handed out raw, in pages of bounded size, until they are closed.
func TestRejectsToRetry(t *testing.T) {
	f := newFixture(t)
	for i := range 5 {
		raw := make([]byte, 100)
		raw[0] = byte(i)
		f.exec(`
			INSERT INTO ingest.rejects (tenant_id, endpoint, sha256, reason, stored, raw, run_id, served_at)
			VALUES ($1, $2, sha256($3), 'x', $4, $3, 1, now())`, tenant, calls.Name, raw, i == 4)
	}
	page := func(named [][]byte, after []byte, bytes int64) []store.RawReject {
		t.Helper()
		rejects, err := f.db.RejectsToRetry(t.Context(), tenant, calls.Name, named, after, bytes)
		if err != nil {
			t.Fatal(err)
		}
		return rejects
	}
	var sums [][]byte
	for pages := [][]store.RawReject{page(nil, nil, 250)}; ; {
		last := pages[len(pages)-1]
		if len(last) == 0 {
			if len(pages) != 3 || len(sums) != 4 {
				t.Fatalf("%d rejects in %d pages", len(sums), len(pages)-1)
			}
			break
		}
		for _, r := range last {
			if sum := sha256.Sum256(r.Raw); string(sum[:]) != string(r.SHA256) {
				t.Error("the bytes are not those that were kept")
			}
			sums = append(sums, r.SHA256)
		}
		pages = append(pages, page(nil, sums[len(sums)-1], 250))
	}
	if got := page(sums[:2], nil, 1); len(got) != 1 {
		t.Errorf("%d rejects in a page that is too small for one", len(got))
	}
	err := errors.Join(
		f.db.DropReject(t.Context(), tenant, calls.Name, sums[0]),
		f.db.ResolveReject(t.Context(), f.run, sums[1]))
	if err != nil {
		t.Fatal(err)
	}
	if got := page(sums[:3], nil, 1000); len(got) != 1 || string(got[0].SHA256) != string(sums[2]) {
		t.Errorf("open rejects: %v", got)
	}
	const resolutions = `SELECT string_agg(resolution, ' ' ORDER BY sha256) FROM ingest.rejects
		WHERE resolved_at IS NOT NULL`
	if got := f.query(resolutions); got != "dropped stored" {
		t.Errorf("resolutions = %s", got)
	}
	if err := f.db.DropReject(t.Context(), tenant, calls.Name, []byte("x")); !errors.Is(err, store.ErrUnknown) {
		t.Errorf("a reject that is not there: %v", err)
	}
}

// What someone dropped stays dropped when Graph serves it again; what was
// stored since is open again.
func TestRejectServedAgain(t *testing.T) {
	f := newFixture(t)
	bad := []string{`{"id": ["a"]}`, `{"id": ["b"]}`}
	f.save(noon, bad...)
	f.exec(`
		UPDATE ingest.rejects SET resolved_at = now(),
			resolution = CASE WHEN convert_from(raw, 'UTF8') LIKE '%a%' THEN 'dropped' ELSE 'stored' END`)
	f.save(noon, bad...)
	const open = `SELECT string_agg(convert_from(raw, 'UTF8'), ' ') FROM ingest.rejects WHERE resolved_at IS NULL`
	if got := f.query(open); got != bad[1] {
		t.Errorf("open = %s", got)
	}
}
