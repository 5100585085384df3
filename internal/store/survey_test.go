package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"ingestd/internal/store"
)

const days = 24 * time.Hour

// A survey of a database in which nothing was ever started names the daemon.
func TestSurveyOfNothing(t *testing.T) {
	f := newFixture(t)
	f.exec(`DELETE FROM ingest.endpoints`)
	daemon := store.Daemon{ID: uuid.New(), Host: "ingest-1", Version: "0.5.0"}
	if err := f.db.NoteAlive(t.Context(), daemon); err != nil {
		t.Fatal(err)
	}
	s, err := f.db.Survey(t.Context(), noon, 35*days)
	if err != nil {
		t.Fatal(err)
	}
	if s.Daemon == nil || s.Daemon.Host != "ingest-1" || s.At.Sub(s.Daemon.HeartbeatAt) > time.Minute ||
		s.SchemaVersion == 0 || s.ServerVersion == "" || len(s.Standings) > 0 {
		t.Errorf("survey %+v", s)
	}
}

// A survey lists slots from where all is settled without a gap, and what lies
// behind Graph's reach as gaps.
func TestSurveySpans(t *testing.T) {
	f := newFixture(t)
	date := func(d int) time.Time { return time.Date(2026, 6, d, 0, 0, 0, 0, time.UTC) }
	e := store.Endpoint{
		Tenant: tenant, Name: "pstn_calls", Enabled: true, Schedule: "*/5 * * * *", Interval: 5 * time.Minute,
		Reach: 7 * days, Settle: days, Origin: date(1), SettledUntil: date(2), Watermark: date(2),
	}
	if err := f.db.PutEndpoint(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	f.exec(`
		INSERT INTO ingest.slots (tenant_id, endpoint, slot_from, slot_to, read_at, settled, rows, run_id)
		SELECT $1, 'pstn_calls', d, d + interval '1 day', d + interval '2 days', d <> $2, 0, 1
		FROM generate_series('2026-06-01Z', '2026-06-18Z', interval '1 day') d
		WHERE d NOT IN ('2026-06-02Z', '2026-06-14Z')`, tenant, date(17))
	failure := store.Failure{From: date(14), To: date(15), At: date(15), Error: "why"}
	for range 2 {
		if err := f.db.NoteFailure(t.Context(), f.run, failure); err != nil {
			t.Fatal(err)
		}
		failure.At = date(16)
	}
	lost := store.Acknowledgement{
		Tenant: tenant, Endpoint: "pstn_calls", From: date(2), To: date(3), ByWhom: "x", Reason: "y",
	}
	if err := f.db.Acknowledge(t.Context(), lost); err != nil {
		t.Fatal(err)
	}
	s, err := f.db.Survey(t.Context(), date(19), 35*days)
	if err != nil || len(s.Standings) != 1 {
		t.Fatalf("%v, %d standings", err, len(s.Standings))
	}
	got := s.Standings[0]
	want := store.Standing{
		Cut: date(10), Known: days, Gaps: []store.Span{{From: date(2), To: date(3)}},
		Losses: []store.Span{{From: date(2), To: date(3)}},
	}
	for d := 10; d <= 18; d++ {
		slot := store.Slot{From: date(d), To: date(d + 1), ReadAt: date(d + 2), Settled: d != 17}
		if d == 14 {
			slot = store.Slot{From: date(d), To: date(d + 1), Failures: 2, Since: date(15)}
		}
		want.Slots = append(want.Slots, slot)
	}
	got.Endpoint, got.Last, got.Running = store.Endpoint{}, nil, nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
