package schedule

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// A decade is a tenant's endpoint over ten years, which has outages of any length.
type decade struct {
	*testing.T
	*history
	rng  *rand.Rand
	now  time.Time
	sums decadeSums
}

// decadeSums are what happened.
type decadeSums struct {
	Outages, Losses, Announced int
	Down, Lost                 time.Duration
}

// TestDecade has ten tenants read for ten years, or weeks, with outages of six hours to two hundred days. What is lost
// is what left reach during an outage and nothing else; each loss was announced 48 hours before, by the ledger as it
// stood, unless the outage was younger than that; safe until was never later than it. In the end the ledger is stored,
// and comes back.
func TestDecade(t *testing.T) {
	t.Parallel()
	const tenants, seed = 10, 20260615
	length := time.Duration(storetest.Times(10*7, 3650)) * day
	db := storetest.Open(t)
	var all decadeSums
	for n := range tenants {
		e := fetch.Endpoints[n%len(fetch.Endpoints)]
		d := &decade{T: t, history: newHistory(PolicyOf(e)), rng: rand.New(rand.NewPCG(seed, uint64(n))), now: noon}
		d.job.Next = func(t time.Time) time.Time { return t.Truncate(6 * time.Hour).Add(6 * time.Hour) }
		once := n == 0 // call records are not read for forty days
		for d.now.Before(noon.Add(length)) {
			d.run(clock{d.now, true})
			if d.now = d.now.Add(6 * time.Hour); d.rng.IntN(160) == 0 {
				d.fail(time.Duration(6*math.Pow(800, d.rng.Float64())) * time.Hour)
			}
			if once && d.now.After(noon.Add(10*day)) {
				once = false
				d.fail(40 * day)
			}
		}
		d.run(clock{d.now, true})
		d.wantNothingElseLost()
		d.wantStored(db, e)
		t.Logf("%s: %+v", e.Name, d.sums)
		all.add(d.sums)
	}
	t.Logf("seed %d, %d tenants, %d days each: %+v", seed, tenants, length/day, all)
	if all.Announced == 0 {
		t.Error("nothing was lost: the test shows little")
	}
}

func (s *decadeSums) add(more decadeSums) {
	s.Outages += more.Outages
	s.Losses += more.Losses
	s.Announced += more.Announced
	s.Down += more.Down
	s.Lost += more.Lost
}

// fail is an outage: nobody reads, and the ledger stays as it is. A day after it, what it has cost is told, and
// acknowledged.
func (d *decade) fail(length time.Duration) {
	began, before := d.now, newHistory(d.job.Policy)
	before.state, before.slots, before.taken = d.state, slices.Clone(d.slots), slices.Clone(d.taken)
	d.sums.Outages++
	d.sums.Down += length
	d.now = d.now.Add(length)
	for range 5 { // of a slot that is partly out of reach, the rest leaves it by then
		d.run(clock{d.now, true})
		d.now = d.now.Add(6 * time.Hour)
	}
	p, since := d.policy(clock{d.now, true}), d.state.SettledUntil
	for _, lost := range p.Lost(since, d.now, d.slots.since(since), d.taken) {
		d.sums.Losses++
		d.sums.Lost += lost.To.Sub(lost.From)
		d.wantAnnounced(before, began, lost)
		d.taken = append(d.taken, lost)
	}
}

// wantAnnounced fails unless the ledger as it stood during an outage told of a loss, to whoever looked.
func (d *decade) wantAnnounced(before *history, began time.Time, lost fetch.Window) {
	gone := lost.From.Add(d.job.Policy.Reach) // the first of it
	warned := gone.Add(-edge)
	if safe := before.stand(began).Expires; gone.Before(safe) {
		d.Errorf("%v was lost at %v, before %v, until when all was safe", lost, gone, safe)
	}
	switch first := before.stand(warned).ExpiresFirst; {
	case warned.Before(began):
		d.Logf("%v is lost: the outage from %v on was too young to announce it", lost, began)
	case first == nil || first.After(gone):
		d.Errorf("%v was lost at %v and not announced at %v", lost, gone, warned)
	default:
		d.sums.Announced++
		d.Logf("%v is lost, by an outage from %v on; announced at %v", lost, began, warned)
	}
}

// stand is how the endpoint stands at a time.
func (h *history) stand(now time.Time) Stand {
	s := store.Standing{Cut: h.state.SettledUntil, Slots: h.slots.since(h.state.SettledUntil)}
	s.Origin, s.SettledUntil = h.state.Origin, h.state.SettledUntil
	for _, w := range h.taken {
		s.Losses = append(s.Losses, store.Span{From: w.From, To: w.To})
	}
	return h.policy(clock{now, true}).Stand(s, now)
}

// wantNothingElseLost fails if anything left reach unsettled that no outage has cost.
func (d *decade) wantNothingElseLost() {
	d.Helper()
	p := d.policy(clock{d.now, true})
	for _, lost := range p.Lost(p.Origin, d.now, d.slots, d.taken) {
		d.Errorf("%v is lost, by no outage", lost)
	}
}

// wantStored stores the ledger and fails unless it comes back.
func (d *decade) wantStored(db *store.DB, e fetch.Endpoint) {
	d.Helper()
	tenant := uuid.New()
	target, err := store.NewTarget(tenant, e.Name, e.Rows, e.EventTime)
	if err != nil {
		d.Fatal(err)
	}
	run, err := db.StartRun(d.Context(), tenant, e.Name, "once", d.now, d.now)
	if err != nil {
		d.Fatal(err)
	}
	reading := store.Reading{Read: d.slots}
	if e.Versioned {
		_, err = db.Announce(d.Context(), run, target, e.Rows.NewBatch(), reading)
	} else {
		_, err = db.SaveRows(d.Context(), run, target, e.Rows.NewBatch(), reading)
	}
	if err != nil {
		d.Fatal(err)
	}
	stored, err := db.Slots(d.Context(), tenant, e.Name, d.state.Origin)
	if err != nil {
		d.Fatal(err)
	}
	p := d.policy(clock{d.now, true})
	got := p.Advance(p.Origin, d.now, stored, d.taken)
	if want := p.Advance(p.Origin, d.now, d.slots, d.taken); len(stored) != len(d.slots) || !got.Equal(want) {
		d.Errorf("%d slots, settled until %v; %d and %v are stored", len(d.slots), want, len(stored), got)
	}
}
