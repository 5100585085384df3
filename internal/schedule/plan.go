package schedule

import (
	"slices"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
)

// A Window is a run of adjacent slots to be read in one chain of requests.
type Window struct {
	fetch.Window
	// AtEdge says that rows of it may leave Graph's reach while it is read.
	AtEdge bool
	slots  []slot
}

// urgency orders due slots.
type urgency int

const (
	notDue   urgency = iota
	expiring         // leaves reach soon and is not settled
	first            // never read, or not yet since it settled
	again            // read, and due to be read again
)

// Plan returns the windows that are due, in the order to be read: what leaves
// Graph's reach within 48 hours, oldest first; then what was never read or not
// since it settled, newest first; then re-reads, newest first.
//
// Nothing else decides what is read. Whatever went wrong before, an outage, a
// wrong clock, a reach mistyped and mended, the next plan follows from the
// ledger and the clock alone.
func (p Policy) Plan(now time.Time, ledger []store.Slot) []Window {
	now = now.UTC().Truncate(time.Second) // Graph is asked in whole seconds
	due := p.due(now, ledger)
	windows := p.windows(due[expiring], now)
	for _, u := range []urgency{first, again} {
		newest := p.windows(due[u], now)
		slices.Reverse(newest)
		windows = append(windows, newest...)
	}
	return windows
}

// Expiring returns the windows that are not settled and leave Graph's reach
// within 48 hours.
func (p Policy) Expiring(now time.Time, ledger []store.Slot) []Window {
	now = now.UTC().Truncate(time.Second)
	return p.windows(p.due(now, ledger)[expiring], now)
}

// due sorts the slots within reach by how much they matter.
func (p Policy) due(now time.Time, ledger []store.Slot) map[urgency][]slot {
	due := map[urgency][]slot{}
	for _, s := range p.slots(later(p.Origin, p.horizon(now)), now, ledger) {
		u := p.urgency(s, now)
		due[u] = append(due[u], s)
	}
	return due
}

// PlanSpan returns the windows of a span that Graph can still answer for,
// before the origin too, newest first, but for slots read less than fresh ago.
func (p Policy) PlanSpan(now time.Time, ledger []store.Slot, span fetch.Window, fresh time.Duration) []Window {
	now = now.UTC().Truncate(time.Second)
	var wanted []slot
	for _, s := range p.slots(p.horizon(now), now, ledger) {
		inSpan := s.from.Before(span.To) && s.to.After(span.From)
		if inSpan && now.Sub(s.read) >= fresh && p.mayRead(s, now) {
			wanted = append(wanted, s)
		}
	}
	windows := p.windows(wanted, now)
	slices.Reverse(windows)
	return windows
}

// mayRead tells whether a slot can be asked for at all: those of an aggregate
// only once they have ended, and while Graph has all of them.
func (p Policy) mayRead(s slot, now time.Time) bool {
	return !p.Whole || !s.to.After(now) && !s.from.Before(p.horizon(now))
}

func (p Policy) urgency(s slot, now time.Time) urgency {
	// A slot that is partly out of reach is read once, for what is left of it.
	inReach := !s.owed.Before(p.horizon(now))
	final := !now.Before(s.to.Add(p.Settle + earliness))
	unread := s.read.IsZero() || !s.settled && final && inReach
	switch {
	case !p.mayRead(s, now):
		return notDue
	case unread && s.owed.Before(p.edge(now)):
		return expiring // parked or not: it has few chances left
	case s.parked:
		return notDue
	case unread:
		return first
	case inReach && now.Sub(s.read) >= p.every(now.Sub(s.to)):
		return again
	}
	return notDue
}

// earliness is by how much a reading's time may precede the moment it was
// planned: Graph's clock tells whole seconds, and the time is that of the first
// request. A reading in the very second in which a slot settles would not count.
const earliness = 2 * time.Second

// windows joins adjacent slots, the newest windows full.
func (p Policy) windows(slots []slot, now time.Time) []Window {
	var windows []Window
	for _, s := range slices.Backward(slots) {
		n := len(windows)
		if n > 0 && windows[n-1].slots[0].from.Equal(s.to) && windows[n-1].slots[len(windows[n-1].slots)-1].to.Sub(s.from) <= p.Span {
			windows[n-1].slots = slices.Insert(windows[n-1].slots, 0, s)
			continue
		}
		windows = append(windows, Window{slots: []slot{s}})
	}
	slices.Reverse(windows)
	for i := range windows {
		windows[i].bound(now, p.Reach)
	}
	return windows
}

// bound sets what is asked of Graph: whole slots, but not the future. now is a
// whole second.
func (w *Window) bound(now time.Time, reach time.Duration) {
	w.From, w.To = w.slots[0].from, w.slots[len(w.slots)-1].to
	if w.To.After(now) {
		w.To = now
	}
	w.AtEdge = w.From.Before(now.Add(margin - reach))
}

// halves are the window's two halves by slots; none if it has one slot.
func (w Window) halves(now time.Time, reach time.Duration) []Window {
	middle := len(w.slots) / 2
	if middle == 0 {
		return nil
	}
	halves := []Window{{slots: w.slots[:middle]}, {slots: w.slots[middle:]}}
	for i := range halves {
		halves[i].bound(now, reach)
	}
	return halves
}
