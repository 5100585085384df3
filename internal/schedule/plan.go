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
	slots []slot
}

// urgency orders due slots.
type urgency int

const (
	notDue   urgency = iota
	expiring         // leaves reach soon and is not settled
	first            // never read, or not yet since it settled
	reread           // read, and due to be read again
)

// Plan returns the windows that are due, or would be before the next tick, in
// the order to be read: where there is more to do than keeping up, the hours in
// which rows still appear; then what leaves Graph's reach within 48 hours, oldest
// first; then what was never read or not since it settled, newest first; then
// re-reads, newest first.
//
// Nothing else decides what is read. Whatever went wrong before, an outage, a
// wrong clock, a reach mistyped and mended, the next plan follows from the
// ledger and the clock alone.
func (p Policy) Plan(now, next time.Time, ledger []store.Slot) []Window {
	now = now.UTC().Truncate(time.Second) // Graph is asked in whole seconds
	due := p.due(now, next, ledger)
	size := p.windowSlots(ledger)
	windows := p.windows(p.takeRecent(due, now, ledger, size), now, size)
	windows = append(windows, p.windows(due[expiring], now, size)...)
	for _, u := range []urgency{first, reread} {
		newest := p.windows(due[u], now, size)
		slices.Reverse(newest)
		windows = append(windows, newest...)
	}
	return windows
}

// takeRecent takes from what is due the newest slots in which rows still appear,
// if more urgent work would keep them waiting: as many as a window has, or two.
// An endpoint that is read for the first time has none.
func (p Policy) takeRecent(due map[urgency][]slot, now time.Time, ledger []store.Slot, size int) (recent []slot) {
	if len(ledger) == 0 || len(due[expiring]) == 0 && len(due[first]) < 2 {
		return nil
	}
	newest := slices.Concat(due[first], due[reread])
	slices.SortFunc(newest, func(a, b slot) int { return b.from.Compare(a.from) })
	for _, s := range newest[:min(len(newest), max(2, size))] {
		if now.Sub(s.to) < max(p.Slot, appearsWithin) {
			recent = append(recent, s)
		}
	}
	for _, u := range []urgency{first, reread} {
		due[u] = slices.DeleteFunc(due[u], func(s slot) bool { return slices.Contains(recent, s) })
	}
	slices.Reverse(recent)
	return recent
}

// Unread returns the windows of a plan that were never read, or not since they
// settled: what is due for more than keeping up.
func (p Policy) Unread(now time.Time, ledger []store.Slot) []Window {
	now = now.UTC().Truncate(time.Second)
	due := p.due(now, now, ledger)
	return append(p.windows(due[expiring], now, 0), p.windows(due[first], now, 0)...)
}

// due sorts the slots within reach by how much they matter.
func (p Policy) due(now, next time.Time, ledger []store.Slot) map[urgency][]slot {
	due := map[urgency][]slot{}
	for _, s := range p.slots(later(p.Origin, p.horizon(now)), now, ledger) {
		u := p.urgency(s, now, next)
		due[u] = append(due[u], s)
	}
	return due
}

// PlanSpan returns the windows of a span that Graph can still answer for,
// before the origin too, newest first, but for slots read at or after since. One
// that is partly out of reach is read once, and does not count after that.
func (p Policy) PlanSpan(now time.Time, ledger []store.Slot, span fetch.Window, since time.Time) []Window {
	now = now.UTC().Truncate(time.Second)
	var wanted []slot
	for _, s := range p.slots(p.horizon(now), now, ledger) {
		inSpan := s.from.Before(span.To) && s.to.After(span.From)
		partly := s.from.Before(p.horizon(now))
		if inSpan && s.read.Before(since) && p.readable(s, now) && !(partly && !s.read.IsZero()) {
			wanted = append(wanted, s)
		}
	}
	windows := p.windows(wanted, now, p.windowSlots(ledger))
	slices.Reverse(windows)
	return windows
}

// readable reports whether a slot can be asked for at all: those of an
// aggregate only once they have ended, and while Graph has all of them.
func (p Policy) readable(s slot, now time.Time) bool {
	return !p.WholeSlots || !s.to.After(now) && !s.from.Before(p.horizon(now))
}

func (p Policy) urgency(s slot, now, next time.Time) urgency {
	inReach := p.isWhole(s, now)
	final := !now.Before(s.to.Add(p.Settle + earliness))
	unread := s.read.IsZero() || !s.settled && final && (inReach || p.hasRest(s))
	switch {
	case !p.readable(s, now):
		return notDue
	case unread && s.owed.Before(p.edge(now)):
		return expiring // parked or not: it has few chances left
	case s.parked:
		return notDue
	case unread:
		return first
	case inReach && p.isRereadDue(s, now, later(now, next)):
		return reread
	}
	return notDue
}

// isWhole reports whether all of a slot can be asked for: what is about to leave
// reach is not.
func (p Policy) isWhole(s slot, now time.Time) bool {
	return !s.owed.Before(p.horizon(now.Add(earliness)))
}

// hasRest reports whether a slot that is partly out of reach is to be read for
// what is left of it: it is, once since its rows were final.
func (p Policy) hasRest(s slot) bool { return !s.settled && s.read.Before(s.to.Add(p.Settle)) }

// isRereadDue reports whether a slot is to be read again before a time: one that
// waited for the tick after would be read at twice its interval. Where ticks are
// further apart than readings, each one is due, but not another run between two.
func (p Policy) isRereadDue(s slot, now, by time.Time) bool {
	every := p.every(now.Sub(s.to))
	if s.rejects {
		every = min(every, rejectsEvery)
	}
	if ahead := s.read.Sub(now); ahead > tolerance && ahead <= maxAhead {
		return true // by a clock that was ahead
	}
	return by.Sub(s.read) >= every+earliness && now.Sub(s.read) >= every/2
}

// earliness is by how much a reading's time may precede the moment it was
// planned: Graph's clock tells whole seconds, and the time is that of the first
// request. A reading in the very second in which a slot settles would not count.
const earliness = 2 * time.Second

// unknownShare is the part of the longest window that is asked for at once
// while nobody knows how many rows a slot has.
const unknownShare = 4

// windowSlots is how many slots a window may have, by the rows of the slots
// read so far: a window that takes longer than a tick would hold up newer ones.
func (p Policy) windowSlots(ledger []store.Slot) int {
	longest := int(p.Span / p.Slot)
	if p.WindowRows == 0 {
		return longest
	}
	rows, read := 0, 0
	for _, s := range ledger {
		if !s.ReadAt.IsZero() {
			rows += s.Rows
			read++
		}
	}
	switch {
	case read == 0:
		return max(1, longest/unknownShare)
	case rows == 0:
		return longest
	}
	return max(1, min(longest, p.WindowRows*read/rows))
}

// windows joins adjacent slots, up to so many (0: any number) and up to the
// longest window, the newest windows full.
func (p Policy) windows(slots []slot, now time.Time, most int) []Window {
	if longest := int(p.Span / p.Slot); most == 0 || most > longest {
		most = longest
	}
	var windows []Window
	for _, s := range slices.Backward(slots) {
		if n := len(windows); n > 0 {
			w := &windows[n-1]
			if w.slots[0].from.Equal(s.to) && len(w.slots) < most {
				w.slots = slices.Insert(w.slots, 0, s)
				continue
			}
		}
		windows = append(windows, Window{slots: []slot{s}})
	}
	slices.Reverse(windows)
	for i := range windows {
		windows[i].bound(now)
	}
	return windows
}

// bound sets what is asked of Graph: whole slots, but not the future. now is a
// whole second.
func (w *Window) bound(now time.Time) {
	w.From, w.To = w.slots[0].from, earlier(w.slots[len(w.slots)-1].to, now)
}

// within cuts off what lies beyond a horizon, rounded up to the second: Graph
// may refuse a window as a whole that begins before it.
func (w Window) within(horizon time.Time) Window {
	if from := horizon.Truncate(time.Second); w.From.Before(horizon) {
		if from.Before(horizon) {
			from = from.Add(time.Second)
		}
		w.From = earlier(from, w.To)
	}
	return w
}

// halves are the window's two halves by slots; none if it has one slot.
func (w Window) halves(now time.Time) []Window {
	middle := len(w.slots) / 2
	if middle == 0 {
		return nil
	}
	halves := []Window{{slots: w.slots[:middle]}, {slots: w.slots[middle:]}}
	for i := range halves {
		halves[i].bound(now)
	}
	return halves
}
