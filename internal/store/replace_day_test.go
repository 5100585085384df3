package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"ingestd/internal/mapping"
	"ingestd/internal/store"
)

var dialout = endpoint("dialout_report")

// saveDay stores the whole answer for one day.
func (f *fixture) saveDay(day int, at time.Time, elements ...string) (store.Counts, error) {
	f.t.Helper()
	b := dialout.Rows.NewBatch()
	for _, e := range elements {
		var doc mapping.Document
		if err := doc.Parse([]byte(e)); err != nil {
			f.t.Fatal(err)
		}
		b.Append(doc.Root(), at)
	}
	from := time.Date(2026, 3, day, 0, 0, 0, 0, time.UTC)
	return f.db.ReplaceDay(
		f.t.Context(),
		f.run,
		f.target,
		b,
		store.Slot{From: from, To: from.Add(24 * time.Hour), ReadAt: at},
		1,
	)
}

func sums(user, calls int) string {
	return fmt.Sprintf(`{"userId": "00000000-0000-0000-0000-%012d", "usageLocation": "DE", "currency": "EUR",
		"destinationContext": "Domestic", "totalCalls": %d, "totalCallCharge": 1.50}`, user, calls)
}

// An answer replaces the one before for its day, and no other.
func TestDayIsReplaced(t *testing.T) {
	f := newFixtureOf(t, dialout)
	save := func(want store.Counts, day int, at time.Time, elements ...string) {
		t.Helper()
		got, err := f.saveDay(day, at, elements...)
		if err != nil {
			t.Fatal(err)
		}
		f.want(got, want)
	}
	save(counts(3, 0, 0, 0), 1, noon, sums(1, 10), sums(2, 20), sums(3, 30))
	save(counts(1, 0, 0, 0), 2, noon, sums(1, 11))
	const written = `SELECT string_agg(xmin || ctid::text, ' ' ORDER BY window_from, report_key)
		FROM teams.dialout_report`
	before := f.query(written)
	save(counts(0, 0, 3, 0), 1, noon.Add(time.Hour), sums(3, 30), sums(2, 20), sums(1, 10))
	if after := f.query(written); after != before {
		t.Error("the same answer again wrote something")
	}
	save(counts(0, 1, 1, 0), 1, noon.Add(2*time.Hour), sums(1, 10), sums(2, 25))
	const rows = `SELECT string_agg(
			extract(day FROM window_from) || ':' || right(user_id::text, 1) || ':' || total_calls, ' '
			ORDER BY window_from, user_id)
		FROM teams.dialout_report`
	if got := f.query(rows); got != "1:1:10 1:2:25 2:1:11" {
		t.Errorf("rows = %s", got)
	}
	const tombstones = `SELECT count(*) || ' ' || min(concat_ws(' ', table_name, op,
			(key->>'window_from')::date, length(key->>'report_key')))
		FROM ingest.tombstones`
	if got := f.query(tombstones); got != "1 dialout_report delete 2026-03-01 32" {
		t.Errorf("tombstones = %s", got)
	}
	if _, err := f.saveDay(1, noon.Add(3*time.Hour)); !errors.Is(err, store.ErrEmptied) {
		t.Errorf("an empty answer for a day that has rows: %v", err)
	}
	if _, err := f.saveDay(1, noon.Add(2*time.Hour-time.Minute), sums(2, 20)); err != nil { // an older answer, late
		t.Fatal(err)
	}
	if got := f.query(rows); got != "1:1:10 1:2:25 2:1:11" {
		t.Errorf("rows after an empty and an older answer = %s", got)
	}
	save(counts(0, 0, 0, 0), 3, noon) // nothing on a day that has nothing
	if got := f.query(`SELECT count(*) FROM ingest.slots WHERE endpoint = 'dialout_report'`); got != "3" {
		t.Errorf("%s slots read, want 3", got)
	}
	f.refreshUsers()
	if got := f.query(`SELECT count(*) FROM teams.users`); got != "2" {
		t.Errorf("%s users, want 2", got)
	}
}
