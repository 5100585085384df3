package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// The record began at ten.
var ten = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

// A failure is noted for the version that was wanted, while it is wanted.
func TestFailureOfAnEarlierVersionIsNotNoted(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	d, conn := newDaemon(t, url), storetest.Conn(t, url)
	note := func(version int64) (attempts int) {
		t.Helper()
		err := d.db.NoteDetailsRetry(
			t.Context(),
			d.run,
			store.DetailsRetry{CallID: call, Version: version, At: noon, NextAt: noon.Add(time.Hour), Error: "x"},
		)
		if err != nil {
			t.Fatal(err)
		}
		return storetest.Query[int](t, conn, `SELECT coalesce(sum(attempts), 0) FROM ingest.details_retries`)
	}
	for _, step := range []struct {
		name string
		do   func() error
		note int64
		want int
	}{
		{"named", func() error { return d.announce(t.Context(), recordBatch(t, listed(1))) }, 1, 1},
		{"again", func() error { return nil }, 1, 2},
		{"a higher version named", func() error { return d.announce(t.Context(), recordBatch(t, listed(2))) }, 1, 0},
		{"the higher version failed", func() error { return nil }, 2, 1},
		{"stored whole", func() error { return d.store(t.Context(), recordBatch(t, record(2))) }, 2, 0},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if got := note(step.note); got != step.want {
			t.Errorf("%s: %d attempts noted, want %d", step.name, got, step.want)
		}
	}
}

// A record is within reach, soon to leave it, lost, or from before anything was
// promised.
func TestBacklog(t *testing.T) {
	t.Parallel()
	d := newDaemon(t, storetest.URL(t))
	if err := d.announce(t.Context(), recordBatch(t, listed(1))); err != nil {
		t.Fatal(err)
	}
	const hour = time.Hour
	for _, tt := range []struct {
		name                 string
		since, horizon, edge time.Time
		want                 store.Backlog
		lost                 int
	}{
		{"within reach", ten.Add(-hour), ten.Add(-hour), ten, store.Backlog{Pending: 1, Due: 1, Oldest: &ten}, 0},
		{
			"leaves reach soon", ten.Add(-hour), ten.Add(-hour), ten.Add(hour),
			store.Backlog{Pending: 1, Due: 1, Soon: 1, Oldest: &ten}, 0,
		},
		{"lost", ten.Add(-hour), ten.Add(hour), ten.Add(hour), store.Backlog{Oldest: &ten}, 1},
		{"not promised", ten.Add(hour), ten.Add(-hour), ten, store.Backlog{Pending: 1, Due: 1}, 0},
		{"not promised, and gone", ten.Add(hour), ten.Add(2 * hour), ten, store.Backlog{}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, err := d.db.Backlog(t.Context(), tenant, noon, tt.since, tt.horizon, tt.edge)
			if diff := cmp.Diff(tt.want, b); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			lost, err := d.db.LostRecords(t.Context(), tenant, tt.since, tt.horizon, false, 10)
			if err != nil || len(lost) != tt.lost {
				t.Errorf("lost: %v, %v", lost, err)
			}
		})
	}
}

// A record whose start Graph does not say is within reach as long as one that
// began when it was first seen.
func TestBacklogWithoutAStart(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	d := newDaemon(t, url)
	if err := d.announce(t.Context(), recordBatch(t, fmt.Sprintf(`{"id": %q, "version": 1}`, call))); err != nil {
		t.Fatal(err)
	}
	_, err := storetest.Conn(t, url).Exec(t.Context(), `UPDATE teams.call_records SET ingested_at = $1`, ten)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name          string
		horizon, edge time.Time
		want          store.Backlog
		due, lost     int
	}{
		{"within reach", ten, ten, store.Backlog{Pending: 1, Due: 1, Oldest: &ten}, 1, 0},
		{"leaves reach soon", ten, noon, store.Backlog{Pending: 1, Due: 1, Soon: 1, Oldest: &ten}, 1, 0},
		{"lost", noon, noon, store.Backlog{Oldest: &ten}, 0, 1},
	} {
		b, err := d.db.Backlog(t.Context(), tenant, noon, ten, tt.horizon, tt.edge)
		if diff := cmp.Diff(tt.want, b); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", tt.name, err, diff)
		}
		due, err := d.db.DueRecords(t.Context(), tenant, noon, noon, tt.horizon, tt.edge, 10)
		if err != nil || len(due) != tt.due {
			t.Errorf("%s: due are %v, %v", tt.name, due, err)
		}
		lost, err := d.db.LostRecords(t.Context(), tenant, ten, tt.horizon, false, 10)
		if err != nil || len(lost) != tt.lost {
			t.Errorf("%s: lost are %v, %v", tt.name, lost, err)
		}
	}
}

// A record that fails again and again is parked, and tried when its time comes.
func TestParkedRecords(t *testing.T) {
	t.Parallel()
	d := newDaemon(t, storetest.URL(t))
	if err := d.announce(t.Context(), recordBatch(t, listed(1))); err != nil {
		t.Fatal(err)
	}
	err := d.db.NoteDetailsRetry(
		t.Context(),
		d.run,
		store.DetailsRetry{CallID: call, Version: 1, At: noon, NextAt: noon.Add(time.Hour), Parked: true, Error: "x"},
	)
	if err != nil {
		t.Fatal(err)
	}
	b, err := d.db.Backlog(t.Context(), tenant, noon, ten, ten, ten)
	if diff := cmp.Diff(store.Backlog{Pending: 1, Parked: 1, Oldest: &ten}, b); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for horizon, want := range map[time.Time]int{ten: 1, noon: 0} {
		if parked, err := d.db.ParkedRecords(t.Context(), tenant, horizon, 10); err != nil || len(parked) != want {
			t.Errorf("parked within %v: %v, %v", horizon, parked, err)
		}
	}
}

// A loss that someone took note of holds nothing back, by its id or by its span.
func TestAcknowledgedRecords(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]store.Acknowledgement{
		"the record": {From: ten, To: ten, CallID: &call},
		"its span":   {From: ten.Add(-time.Hour), To: ten.Add(time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDaemon(t, storetest.URL(t))
			if err := d.announce(t.Context(), recordBatch(t, listed(1))); err != nil {
				t.Fatal(err)
			}
			a.Tenant, a.Endpoint, a.ByWhom, a.Reason = tenant, "call_records", "me", "the proxy was down"
			if err := d.db.Acknowledge(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			b, err := d.db.Backlog(t.Context(), tenant, noon, ten, noon, noon)
			if diff := cmp.Diff(store.Backlog{}, b); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			for also, want := range map[bool]int{false: 0, true: 1} {
				lost, err := d.db.LostRecords(t.Context(), tenant, ten, noon, also, 10)
				if err != nil || len(lost) != want {
					t.Errorf("lost, acknowledged ones %v: %v, %v", also, lost, err)
				}
			}
		})
	}
}

// What a run asks for costs the same with 40,000 lost records as with none.
func TestLostRecordsCostNothing(t *testing.T) {
	t.Parallel()
	m := newMeter(t)
	ask := func() {
		for range 7 { // from the sixth on a statement may have a generic plan
			if _, err := m.db.Backlog(t.Context(), tenant, noon, ten, noon.Add(-time.Hour), noon); err != nil {
				t.Fatal(err)
			}
			due, err := m.db.DueRecords(t.Context(), tenant, noon, noon, noon.Add(-time.Hour), noon, 100)
			if err != nil || len(due) != 2 {
				t.Fatalf("due: %v, %v", due, err)
			}
		}
	}
	insert := `
		INSERT INTO teams.call_records (tenant_id, id, version, start_at, updated_at, run_id, row_hash)
		SELECT $1, gen_random_uuid(), 1, $2::timestamptz + n * interval '1 second', now(), 1, 1
		FROM generate_series(1, $3::int) n`
	m.exec(insert, tenant, noon.Add(-time.Minute), 1)
	m.exec(insert, tenant, noon.Add(time.Minute), 1)
	empty := m.blocks(ask)
	m.exec(insert, tenant, ten.Add(-90*24*time.Hour), 20_000) // from before the watermark
	m.exec(insert, tenant, ten.Add(-time.Minute), 100)        // and after it
	m.exec(insert, tenant, ten.Add(-30*24*time.Hour), 20_000)
	lost := m.blocks(ask)
	m.exec(`ANALYZE`)
	analyzed := m.blocks(ask)
	t.Logf("blocks: %d without lost records, %d with them, %d once analyzed", empty, lost, analyzed)
	if limit := empty + 7*40; lost > limit || analyzed > limit {
		t.Errorf("blocks: %d without lost records, %d with them, %d once analyzed", empty, lost, analyzed)
	}
}
