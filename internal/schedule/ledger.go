package schedule

import (
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
)

// slot is one slot of the ledger and what is known about it.
type slot struct {
	from, to time.Time
	owed     time.Time // from, or origin where that is later: what must not be missing
	read     time.Time // zero: never
	settled  bool      // read when its rows were final, while Graph still had all of it
	parked   bool      // failed again and again, the last time less than a day ago
	rejects  bool      // has elements that could only be kept raw
}

const (
	// tolerance is how far in the future a reading may lie: the time of a request
	// and the time of the plan that follows are told by answers a second apart.
	tolerance = time.Minute
	// maxAhead is how far in the future a reading may lie and count all the same.
	// The store keeps it against an older one: if it did not count, its slot would
	// be unread whatever is read. It is read again at each tick until then.
	maxAhead = time.Hour
)

// slots lists the endpoint's slots from the one that holds a time up to the
// one that holds now. A reading of the future does not count: it was made by a
// clock that was ahead, and the next reading corrects it. The future begins where
// all clocks say so: under one that is behind, what was read counts.
func (p Policy) slots(from, now time.Time, ledger []store.Slot) []slot {
	latest := later(now, p.Known).Add(maxAhead)
	known := make(map[int64]store.Slot, len(ledger))
	for _, s := range ledger {
		known[s.From.Unix()] = s
	}
	var slots []slot
	for at := from.UTC().Truncate(p.Slot); at.Before(now); at = at.Add(p.Slot) {
		s := slot{from: at, to: at.Add(p.Slot), owed: later(at, p.Origin)}
		if k, ok := known[at.Unix()]; ok && k.To.Equal(s.to) {
			s.parked = k.Failures >= parkAfter && !k.FailedAt.After(now) && now.Before(k.FailedAt.Add(parkedFor))
			s.rejects = k.Rejects > 0
			if !k.ReadAt.IsZero() && !k.ReadAt.After(latest) {
				s.read, s.settled = k.ReadAt, k.Settled
			}
		}
		slots = append(slots, s)
	}
	return slots
}

// earns reports whether a reading settles the slot: whether its first request
// was made when the rows were final, and its last while Graph had all of it.
func (p Policy) earns(s slot, first, last time.Time) bool {
	return !first.Before(s.to.Add(p.Settle)) && !s.owed.Before(p.horizon(last))
}

// Advance moves a watermark on over slots that are settled, or whose loss is
// acknowledged, and returns where it stops: what lies before is stored for
// good.
func (p Policy) Advance(watermark, now time.Time, ledger []store.Slot, acknowledged []fetch.Window) time.Time {
	for _, s := range p.slots(watermark, now, ledger) {
		if !s.settled && len(without(fetch.Window{From: s.owed, To: s.to}, acknowledged)) > 0 {
			break
		}
		watermark = s.to
	}
	return watermark
}

// Lost lists what has left Graph's reach since a time without ever being
// settled, but for what is acknowledged.
func (p Policy) Lost(since, now time.Time, ledger []store.Slot, acknowledged []fetch.Window) []fetch.Window {
	var lost []fetch.Window
	horizon := p.horizon(now)
	for _, s := range p.slots(later(since, p.Origin), now, ledger) {
		if s.settled || !s.owed.Before(horizon) {
			continue
		}
		for _, gap := range without(fetch.Window{From: s.owed, To: earlier(s.to, horizon)}, acknowledged) {
			if n := len(lost); n > 0 && lost[n-1].To.Equal(gap.From) {
				lost[n-1].To = gap.To
			} else {
				lost = append(lost, gap)
			}
		}
	}
	return lost
}

// without is what is left of a window once others are taken out of it.
func without(w fetch.Window, others []fetch.Window) []fetch.Window {
	left := []fetch.Window{w}
	for _, o := range others {
		var rest []fetch.Window
		for _, l := range left {
			if before := (fetch.Window{From: l.From, To: earlier(l.To, o.From)}); before.From.Before(before.To) {
				rest = append(rest, before)
			}
			if after := (fetch.Window{From: later(l.From, o.To), To: l.To}); after.From.Before(after.To) {
				rest = append(rest, after)
			}
		}
		left = rest
	}
	return left
}
