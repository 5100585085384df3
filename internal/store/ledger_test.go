package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ingestd/internal/store"
)

// noteSlots notes readings as a Save without rows does.
func (f *fixture) noteSlots(slots ...store.Slot) {
	f.t.Helper()
	if _, err := f.saveRows(f.t.Context(), batch(f.t, noon), slots...); err != nil {
		f.t.Fatal(err)
	}
}

// slotAt is the slot of an hour of a day, read at a time.
func slotAt(hour int, readAt time.Time, settled bool) store.Slot {
	from := noon.Add(time.Duration(hour) * time.Hour)
	return store.Slot{From: from, To: from.Add(time.Hour), ReadAt: readAt, Settled: settled, Rows: 7}
}

// The newer of two readings stands, whichever commits later, and what either
// settled is settled. Only a clock that was ahead gives way to an older one.
func TestReadingsOfASlot(t *testing.T) {
	f := newFixture(t)
	const minute = time.Minute
	for i, tt := range []struct {
		name                    string
		stored, settled         time.Duration // read at, after noon; settled: 0 or 1
		then                    time.Duration
		thenSettled             bool
		wantReadAt              time.Duration
		wantSettled, wantOfThen bool
	}{
		{"a newer reading", 0, 0, 5 * minute, true, 5 * minute, true, true},
		{"a newer reading of what is settled", 0, 1, 5 * minute, false, 5 * minute, true, true},
		{"an older reading", 5 * minute, 0, 0, false, 5 * minute, false, false},
		{"an older reading of what is settled", 5 * minute, 1, 0, false, 5 * minute, true, false},
		{"an older reading that settled", 5 * minute, 0, 0, true, 5 * minute, true, false},
		{"one that took hours", 61 * minute, 1, 0, false, 61 * minute, true, false},
		{"a clock that was ahead", 61 * minute, 1, 0, false, 0, false, true},
		{"a clock that was ahead, and what is settled", 61 * minute, 0, 0, true, 0, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			first := slotAt(i, noon.Add(tt.stored), tt.settled == 1)
			second := slotAt(i, noon.Add(tt.then), tt.thenSettled)
			if second.Rows = 8; tt.name == "one that took hours" {
				second.ServedAt = noon.Add(2 * time.Hour)
			}
			f.noteSlots(first)
			f.noteSlots(second)
			want := slotAt(i, noon.Add(tt.wantReadAt), tt.wantSettled)
			if tt.wantOfThen {
				want.Rows = 8
			}
			got, err := f.db.SlotsBehind(t.Context(), tenant, calls.Name, first.From, first.To, 2)
			if diff := cmp.Diff([]store.Slot{want}, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// Rejects that are open and not stored count for the slots whose reading met
// them.
func TestRejectsOfSlots(t *testing.T) {
	f := newFixture(t)
	f.noteSlots(slotAt(0, noon, false), slotAt(1, noon, false), slotAt(2, noon, false))
	for i, r := range []struct {
		from, to         int // hours after noon
		stored, resolved bool
	}{
		{0, 1, false, false}, {0, 2, false, false}, {2, 3, true, false}, {2, 3, false, true}, {-5, -4, false, false},
	} {
		f.exec(
			`
			INSERT INTO ingest.rejects
				(tenant_id, endpoint, sha256, reason, stored, raw, run_id, served_at, slot_from, slot_to, resolved_at)
			VALUES ($1, $2, sha256($3), 'x', $4, $3, 1, now(), $5, $6, CASE WHEN $7 THEN now() END)`,
			tenant,
			calls.Name,
			fmt.Appendf(nil, "%d", i),
			r.stored,
			noon.Add(time.Duration(r.from)*time.Hour),
			noon.Add(time.Duration(r.to)*time.Hour),
			r.resolved,
		)
	}
	slots, err := f.db.Slots(t.Context(), tenant, calls.Name, noon)
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, s := range slots {
		got = append(got, s.Rejects)
	}
	if diff := cmp.Diff([]int{2, 1, 0}, got); diff != "" {
		t.Errorf("rejects (-want +got):\n%s", diff)
	}
	if n, err := f.db.OpenRejects(t.Context(), tenant, calls.Name); err != nil || n != 3 {
		t.Errorf("%d open rejects, %v", n, err)
	}
}

// A run reads the ledger from the watermark on, and a chunk behind it; ten
// years before that cost nothing.
func TestLedgerOfTenYears(t *testing.T) {
	t.Parallel()
	m := newMeter(t)
	insert := func(to time.Time, hours int) {
		m.exec(`
			INSERT INTO ingest.slots (tenant_id, endpoint, slot_from, slot_to, read_at, settled, rows, run_id)
			SELECT $1, 'call_records', at - interval '1 hour', at, now(), true, 0, 1
			FROM generate_series(0, $3::int - 1) n,
				LATERAL (SELECT $2::timestamptz - n * interval '1 hour' AS at) a`, tenant, to, hours)
	}
	read := func() {
		slots, err := m.db.Slots(t.Context(), tenant, "call_records", noon.Add(-100*time.Hour))
		behind, err2 := m.db.SlotsBehind(t.Context(), tenant, "call_records", noon.Add(-200*time.Hour), noon, 50)
		if err != nil || err2 != nil || len(slots) != 100 || len(behind) != 50 {
			t.Fatal(len(slots), len(behind), err, err2)
		}
	}
	insert(noon, 200)
	short := m.blocks(read)
	insert(noon.Add(-200*time.Hour), 87_600)
	m.exec(`ANALYZE`)
	long := m.blocks(read)
	t.Logf("blocks: %d of a week, %d of ten years", short, long)
	if long > short+200 {
		t.Errorf("blocks: %d of a week, %d of ten years", short, long)
	}
}
