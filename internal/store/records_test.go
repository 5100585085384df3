package store_test

import (
	"testing"
	"time"

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
		err := d.db.NoteDetailsRetry(t.Context(), d.run, store.DetailsRetry{CallID: call, Version: version, At: noon, NextAt: noon.Add(time.Hour), Error: "x"})
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

// What began before the origin may be read, and is not missed.
func TestBacklogBeforeTheOrigin(t *testing.T) {
	t.Parallel()
	d := newDaemon(t, storetest.URL(t))
	if err := d.announce(t.Context(), recordBatch(t, listed(1))); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		origin, horizon    time.Time
		pending, due, owed int
	}{
		"within reach":                {ten.Add(-time.Hour), ten.Add(-time.Hour), 1, 1, 1},
		"out of reach":                {ten.Add(-time.Hour), ten.Add(time.Hour), 0, 0, 1},
		"before the origin":           {ten.Add(time.Hour), ten.Add(-time.Hour), 1, 1, 0},
		"before it, and out of reach": {ten.Add(time.Hour), ten.Add(2 * time.Hour), 0, 0, 0},
	} {
		b, err := d.db.Backlog(t.Context(), tenant, noon, test.origin, test.horizon, test.horizon.Add(48*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if b.Pending != test.pending || b.Due != test.due || len(b.Stuck) != test.owed || (b.Oldest != nil) != (test.owed == 1) {
			t.Errorf("%s: %+v, want %+v", name, b, test)
		}
	}
}
