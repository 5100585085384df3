package schedule

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// noted are the slots of one endpoint, oldest first, kept by the rules of the store.
type noted []store.Slot

func (n *noted) at(from time.Time) *store.Slot {
	byTime := func(s store.Slot, from time.Time) int { return s.From.Compare(from) }
	i, found := slices.BinarySearchFunc(*n, from, byTime)
	if !found {
		*n = slices.Insert(*n, i, store.Slot{From: from})
	}
	return &(*n)[i]
}

// since are the slots that end after a time.
func (n noted) since(at time.Time) noted {
	i, _ := slices.BinarySearchFunc(n, at, func(s store.Slot, at time.Time) int {
		if s.To.After(at) {
			return 1
		}
		return -1
	})
	return n[i:]
}

// put notes a reading.
func (n *noted) put(s store.Slot) {
	before := n.at(s.From)
	if !before.ReadAt.After(later(s.ReadAt, s.ServedAt).Add(time.Hour)) {
		s.Settled = s.Settled || before.Settled
		if before.ReadAt.After(s.ReadAt) {
			s.ReadAt, s.Rows = before.ReadAt, before.Rows
		}
	}
	s.ServedAt = time.Time{}
	*before = s
}

// fail notes that a slot failed.
func (n *noted) fail(s slot, at time.Time, times int) {
	before := n.at(s.from)
	before.To, before.FailedAt = s.to, at
	before.Failures += times
}

// unsettle takes back that the slot was settled within which a time lies. It reports whether there is one.
func (n noted) unsettle(at time.Time) bool {
	i := slices.IndexFunc(n, func(s store.Slot) bool { return s.From.Before(at) && s.To.After(at) })
	if i >= 0 {
		n[i].Settled = false
	}
	return i >= 0
}

// key tells ledgers apart.
func (n noted) key(b []byte) []byte {
	for _, s := range n {
		b = binary.BigEndian.AppendUint32(b, uint32(s.From.Unix()))
		b = binary.BigEndian.AppendUint64(b, uint64(s.ReadAt.Unix()))
		b = binary.BigEndian.AppendUint32(b, uint32(s.FailedAt.Unix()))
		b = append(b, byte(s.Failures), map[bool]byte{true: 1}[s.Settled])
	}
	return b
}

// TestNotedAsTheStoreDoes holds noted to the store: readings and failures of many slots, in any order of their times,
// and moves of the origin leave the same.
func TestNotedAsTheStoreDoes(t *testing.T) {
	t.Parallel()
	const seed, slots = 20260615, 40
	db, rng, tenant := storetest.Open(t), rand.New(rand.NewPCG(seed, 1)), uuid.New()
	isCalls := func(e fetch.Endpoint) bool { return e.Name == "pstn_calls" }
	e := fetch.Endpoints[slices.IndexFunc(fetch.Endpoints, isCalls)]
	target, err := store.NewTarget(tenant, e.Name, e.Rows, e.EventTime)
	if err != nil {
		t.Fatal(err)
	}
	run, err := db.StartRun(t.Context(), tenant, e.Name, "once", noon, noon)
	if err != nil {
		t.Fatal(err)
	}
	minutes := func(most int) time.Time { return noon.Add(time.Duration(rng.IntN(most)) * time.Minute) }
	var want noted
	for range 12 {
		served := minutes(240)
		var read []store.Slot
		for n := range slots {
			s := slot{from: date(n), to: date(n - 1)}
			switch rng.IntN(4) {
			case 0, 1:
				read = append(read, store.Slot{
					From: s.from, To: s.to, ReadAt: earlier(served, minutes(240)), ServedAt: served,
					Rows: rng.IntN(9), Settled: rng.IntN(2) == 0,
				})
				want.put(read[len(read)-1])
			case 2:
				at := minutes(240)
				want.fail(s, at, 1)
				if err := db.NoteFailure(t.Context(), run, store.Failure{From: s.from, To: s.to, At: at}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := db.SaveRows(t.Context(), run, target, e.Rows.NewBatch(), store.Reading{Read: read}); err != nil {
			t.Fatal(err)
		}
		origin := date(rng.IntN(slots)).Add(time.Duration(rng.IntN(2)) * time.Hour)
		want.unsettle(origin)
		if err := db.Unsettle(t.Context(), tenant, e.Name, origin); err != nil {
			t.Fatal(err)
		}
		got, err := db.Slots(t.Context(), tenant, e.Name, date(slots))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]store.Slot(want), got); diff != "" {
			t.Fatalf("seed %d (-noted +stored):\n%s", seed, diff)
		}
	}
}
