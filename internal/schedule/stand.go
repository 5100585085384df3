package schedule

import (
	"slices"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
)

// A Kind is what is known of a stretch of an endpoint's time.
type Kind string

// Kinds.
const (
	Settled      Kind = "settled"      // stored for good
	Read         Kind = "read"         // stored, and may still change
	Unread       Kind = "unread"       // wanted, and Graph still has it
	Parked       Kind = "parked"       // the same, but it cannot be read, and is tried daily
	Lost         Kind = "lost"         // left Graph's reach before it was settled
	Acknowledged Kind = "acknowledged" // the same, and somebody has taken note
	NotWanted    Kind = "not_wanted"   // before the origin, or not to be read yet
)

// A Piece is a stretch of time in which all is of one kind.
type Piece struct {
	fetch.Window
	Kind Kind
}

// A Stand is how an endpoint stands at a time, by its ledger alone.
type Stand struct {
	Pieces       []Piece       // from the origin until now, gapless, oldest first
	Watermark    time.Time     // end of the gapless run, since the origin, of what is settled or acknowledged
	Expires      time.Time     // when the first wanted thing that is in reach and not settled leaves reach
	ExpiresFirst *time.Time    // the same of what should have been read before now; nil: nothing
	NeverRead    bool          // nothing was ever read
	ParkedSlots  int           // in reach
	ParkedSince  *time.Time    // when the first of them failed first
	ParkedCode   string        // why it did last, as a code of package health
	Behind       *time.Time    // since when something could have been read, and is not; nil: all is
	Unread       time.Duration // in reach and never read
	Urgent       time.Duration // of what should have been read before now, what leaves reach within 48 hours
}

// Stand is how an endpoint stands at a time. It is a pure function: a daemon
// that is dead changes nothing but what the time does to it.
func (p Policy) Stand(s store.Standing, now time.Time) Stand {
	p.Origin = s.Origin
	mark := later(s.Origin, s.SettledUntil)
	stand := Stand{Expires: now.Add(p.Reach), NeverRead: !mark.After(s.Origin)}
	losses := windowsOf(s.Losses)
	stand.settled(fetch.Window{From: s.Origin, To: mark}, losses)
	for _, gap := range windowsOf(s.Gaps) {
		stand.NeverRead = stand.NeverRead && gap.From.Equal(mark) && gap.To.Equal(s.Cut)
		stand.settled(fetch.Window{From: mark, To: gap.From}, losses)
		p.addGap(&stand, gap, losses, now)
		mark = gap.To
	}
	if mark.Before(s.Cut) {
		stand.settled(fetch.Window{From: mark, To: s.Cut}, losses)
		mark = s.Cut
	}
	failing := map[int64]store.Slot{}
	for _, slot := range s.Slots {
		if slot.Failures >= parkAfter {
			failing[slot.From.Unix()] = slot
		}
	}
	for _, slot := range p.slots(mark, now, s.Slots) {
		failed := failing[slot.from.Unix()]
		p.addSlot(&stand, slot, failed, losses, now)
	}
	stand.Watermark = watermarkOf(stand.Pieces, s.Origin)
	return stand
}

func windowsOf(spans []store.Span) (windows []fetch.Window) {
	for _, s := range spans {
		windows = append(windows, fetch.Window{From: s.From.UTC(), To: s.To.UTC()})
	}
	return windows
}

// add adds a piece, or makes the last one longer.
func (s *Stand) add(w fetch.Window, kind Kind) {
	if !w.From.Before(w.To) {
		return
	}
	if n := len(s.Pieces); n > 0 && s.Pieces[n-1].Kind == kind && s.Pieces[n-1].To.Equal(w.From) {
		s.Pieces[n-1].To = w.To
		return
	}
	s.Pieces = append(s.Pieces, Piece{w, kind})
}

// settled adds what is settled, or acknowledged, within a window.
func (s *Stand) settled(w fetch.Window, losses []fetch.Window) { s.addBut(w, losses, Settled) }

// addBut adds a window of one kind, but for losses that somebody has taken note
// of.
func (s *Stand) addBut(w fetch.Window, losses []fetch.Window, kind Kind) {
	at := w.From
	for _, rest := range without(w, losses) {
		s.add(fetch.Window{From: at, To: rest.From}, Acknowledged)
		s.add(rest, kind)
		at = rest.To
	}
	s.add(fetch.Window{From: at, To: w.To}, Acknowledged)
}

// addGap adds a gap behind what was loaded slot by slot: lost, unless reach has
// grown since.
func (p Policy) addGap(s *Stand, gap fetch.Window, losses []fetch.Window, now time.Time) {
	horizon := p.horizon(now)
	s.addBut(fetch.Window{From: gap.From, To: earlier(gap.To, horizon)}, losses, Lost)
	if inReach := (fetch.Window{From: later(gap.From, horizon), To: gap.To}); inReach.From.Before(inReach.To) {
		s.addBut(inReach, losses, Unread)
		s.Expires = earlier(s.Expires, inReach.From.Add(p.Reach))
		p.missing(s, inReach, now)
		s.behind(inReach.To)
		s.Unread += inReach.To.Sub(inReach.From)
	}
}

// addSlot adds one slot.
func (p Policy) addSlot(s *Stand, slot slot, failed store.Slot, losses []fetch.Window, now time.Time) {
	w, horizon := fetch.Window{From: slot.owed, To: earlier(slot.to, now)}, p.horizon(now)
	read := !slot.read.IsZero()
	s.NeverRead = s.NeverRead && !read
	switch {
	case slot.settled:
		s.add(w, Settled)
		return
	case len(losses) > 0 && len(without(fetch.Window{From: slot.owed, To: slot.to}, losses)) == 0:
		s.add(w, Acknowledged)
		return
	case slot.owed.Before(horizon):
		s.addBut(fetch.Window{From: w.From, To: earlier(w.To, horizon)}, losses, Lost)
		w.From = earlier(w.To, horizon)
	}
	if !w.From.Before(w.To) {
		return
	}
	whole := p.isWhole(slot, now)
	if whole || p.hasRest(slot) && p.readable(slot, now) {
		s.Expires = earlier(s.Expires, w.From.Add(p.Reach))
	}
	kind := p.kindOf(slot, now)
	if failed.Failures > 0 {
		kind = Parked
		s.ParkedSlots++
		if s.ParkedSince == nil || failed.Since.Before(*s.ParkedSince) {
			s.ParkedSince, s.ParkedCode = &failed.Since, failed.Code
		}
	}
	s.add(w, kind)
	final := kind == Read && whole && now.After(slot.to.Add(p.Settle+earliness))
	switch {
	case kind == Unread:
		s.behind(slot.to)
	case final:
		s.behind(slot.to.Add(p.Settle))
	}
	if kind == Unread || final || kind == Parked {
		p.missing(s, w, now)
	}
	if !read && kind != NotWanted {
		s.Unread += w.To.Sub(w.From)
	}
}

// missing notes what should have been read before now.
func (p Policy) missing(s *Stand, w fetch.Window, now time.Time) {
	if expires := w.From.Add(p.Reach); s.ExpiresFirst == nil || expires.Before(*s.ExpiresFirst) {
		s.ExpiresFirst = &expires
	}
	if urgent := earlier(w.To, p.edge(now)); urgent.After(w.From) {
		s.Urgent += urgent.Sub(w.From)
	}
}

// kindOf is what is known of a slot in reach that is not settled.
func (p Policy) kindOf(s slot, now time.Time) Kind {
	switch {
	case !s.read.IsZero():
		return Read
	case !p.readable(s, now):
		return NotWanted
	}
	return Unread
}

// behind notes since when something could have been read.
func (s *Stand) behind(since time.Time) {
	if s.Behind == nil || since.Before(*s.Behind) {
		s.Behind = &since
	}
}

// watermarkOf is the end of the pieces before the first that is neither settled
// nor acknowledged.
func watermarkOf(pieces []Piece, origin time.Time) time.Time {
	i := slices.IndexFunc(pieces, func(p Piece) bool { return p.Kind != Settled && p.Kind != Acknowledged })
	switch {
	case i < 0 && len(pieces) > 0:
		return pieces[len(pieces)-1].To
	case i < 1:
		return origin
	}
	return pieces[i-1].To
}
