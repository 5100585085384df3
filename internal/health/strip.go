package health

import (
	"slices"
	"time"

	"ingestd/internal/schedule"
)

// A Segment is a stretch of an endpoint's time in which all is of one kind.
type Segment struct {
	From, To time.Time // To excluded; a segment ends where the next begins
	Kind     Kind
}

// A Kind is what is known of a stretch of time.
type Kind = schedule.Kind

// Kinds of segments.
const (
	KindSettled      = schedule.Settled      // stored for good
	KindRead         = schedule.Read         // stored, may still change, or lacks details
	KindUnread       = schedule.Unread       // wanted, and Microsoft still has it
	KindNotWanted    = schedule.NotWanted    // before the origin, or not due yet
	KindReading      = Kind("reading")       // unread, and the run at work reads it
	KindParked       = schedule.Parked       // cannot be read, and is tried daily
	KindLost         = schedule.Lost         // left Microsoft's retention unread
	KindAcknowledged = schedule.Acknowledged // the same, and somebody has taken note
)

// StripFor is how much time a strip shows: it begins that long before
// Snapshot.AsOf, in every row.
const StripFor = 35 * 24 * time.Hour

// strip is the endpoint's time until now.
func (e *endpoint) strip() []Segment {
	from := e.now.Add(-StripFor).UTC()
	strip := []Segment{{from, e.now.UTC(), KindNotWanted}}
	for _, p := range e.stand.Pieces {
		strip = paint(strip, p.From, p.To, func(Kind) Kind { return p.Kind })
	}
	for _, s := range e.Standing.Rejected {
		strip = paint(strip, s.From, s.To, only(KindSettled, KindRead))
	}
	for _, r := range e.Standing.Lacking {
		kind := KindRead
		switch {
		case r.From.Before(e.now.Add(-e.Policy.Reach)):
			kind = KindLost
		case r.Parked:
			kind = KindParked
		}
		hour := r.From.UTC().Truncate(time.Hour)
		strip = paint(strip, hour, hour.Add(time.Hour), only(KindSettled, kind))
	}
	if run := e.running(); run != nil {
		strip = paint(strip, run.From, run.To, only(KindUnread, KindReading))
	}
	return strip
}

// only changes one kind to another and leaves all others.
func only(from, to Kind) func(Kind) Kind {
	return func(k Kind) Kind {
		if k == from {
			return to
		}
		return k
	}
}

// paint changes the kinds between two times, and joins what is alike then.
func paint(strip []Segment, from, to time.Time, change func(Kind) Kind) []Segment {
	from, to = from.UTC(), to.UTC()
	first := slices.IndexFunc(strip, func(s Segment) bool { return s.To.After(from) })
	if first < 0 || !from.Before(to) {
		return strip
	}
	painted := slices.Clone(strip[:first])
	add := func(from, to time.Time, kind Kind) {
		if !from.Before(to) {
			return
		}
		if n := len(painted); n > 0 && painted[n-1].Kind == kind {
			painted[n-1].To = to
			return
		}
		painted = append(painted, Segment{from, to, kind})
	}
	for _, s := range strip[first:] {
		begin, end := clamp(from, s), clamp(to, s)
		add(s.From, begin, s.Kind)
		add(begin, end, change(s.Kind))
		add(end, s.To, s.Kind)
	}
	return painted
}

// clamp is a time, or the end of the segment that is nearest to it.
func clamp(t time.Time, s Segment) time.Time {
	switch {
	case t.Before(s.From):
		return s.From
	case t.After(s.To):
		return s.To
	}
	return t
}
