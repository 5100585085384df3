package web

import (
	"fmt"
	"strings"
	"time"

	"ingestd/internal/health"
)

// A strip shows an endpoint's time as shapes side by side. Places are per cent
// of its width, the same for all rows: an outage is a band from top to bottom.
type strip struct {
	Label string // for those who do not see it
	Bars  []bar  // below the lines of the days
	Open  []bar  // unread, above them
	Marks []mark
	Edge  string // where Microsoft has deleted what is left of it; empty: not in the strip
}

// A bar is a run of hours or days of one kind.
type bar struct{ Class, X, Width string }

// A mark is a sign at a place that would be too narrow for a bar.
type mark struct{ Kind, X string }

// shapes are the classes of what is drawn as a bar. What is lost or parked has a
// mark on it as well.
var shapes = map[health.Kind]string{
	health.KindSettled:      "stored",
	health.KindRead:         "may-change",
	health.KindUnread:       "unread",
	health.KindReading:      "unread",
	health.KindParked:       "unread",
	health.KindLost:         "unwanted",
	health.KindAcknowledged: "unwanted",
	health.KindNotWanted:    "unwanted",
}

// signs are the kinds that have a mark.
var signs = map[health.Kind]string{
	health.KindParked: "parked", health.KindLost: "lost", health.KindReading: "reading",
}

// kindWords say a kind to those who do not see it.
var kindWords = map[health.Kind]string{
	health.KindSettled: "stored for good", health.KindRead: "stored and may still change", health.KindUnread: "unread",
	health.KindReading: "being read", health.KindParked: "parked", health.KindLost: "lost",
	health.KindAcknowledged: "lost and acknowledged", health.KindNotWanted: "not wanted",
}

// A scale places times on a strip.
type scale struct{ from, to time.Time }

func scaleOf(now time.Time) scale { return scale{now.Add(-health.StripFor), now} }

// at is a place in per cent.
func (s scale) at(t time.Time) string {
	return percent(float64(t.Sub(s.from)) / float64(s.to.Sub(s.from)))
}

func (s scale) width(from, to time.Time) string {
	return percent(float64(to.Sub(from)) / float64(s.to.Sub(s.from)))
}

func percent(part float64) string {
	text := strings.TrimRight(fmt.Sprintf("%.2f", 100*part), "0")
	return strings.TrimSuffix(text, ".") + "%"
}

func (s scale) holds(t time.Time) bool { return t.After(s.from) && t.Before(s.to) }

// stripOf draws an endpoint.
func stripOf(e health.Endpoint, now time.Time) strip {
	s := scaleOf(now)
	drawn := strip{Label: sentence(e, now)}
	var last health.Segment
	flush := func() {
		if last.Kind == "" {
			return
		}
		b := bar{shapes[last.Kind], s.at(last.From), s.width(last.From, last.To)}
		if b.Class == "unread" {
			drawn.Open = append(drawn.Open, b)
		} else {
			drawn.Bars = append(drawn.Bars, b)
		}
	}
	for _, g := range e.Strip {
		if sign := signs[g.Kind]; sign != "" {
			drawn.Marks = append(drawn.Marks, mark{sign, s.at(middle(g))})
		}
		if last.Kind != "" && shapes[last.Kind] == shapes[g.Kind] {
			last.To = g.To
			continue
		}
		flush()
		last = g
	}
	flush()
	if s.holds(e.Horizon) {
		drawn.Edge = s.at(e.Horizon)
	}
	return drawn
}

// middle is where the mark of a segment stands: what is being read is read from
// its end, the newest first.
func middle(g health.Segment) time.Time {
	if g.Kind == health.KindReading {
		return g.To
	}
	return g.From.Add(g.To.Sub(g.From) / 2)
}

// maxSaid is how many stretches of a strip are said one by one.
const maxSaid = 8

// sentence says a strip in words.
func sentence(e health.Endpoint, now time.Time) string {
	if len(e.Strip) == 0 {
		return e.Name + ": nothing is known yet"
	}
	var parts []string
	for _, g := range e.Strip[max(0, len(e.Strip)-maxSaid):] {
		parts = append(parts, fmt.Sprintf("%s until %s", kindWords[g.Kind], moment(g.To, now)))
	}
	return fmt.Sprintf("%s since %s: %s", e.Name, moment(e.Strip[0].From, now), strings.Join(parts, ", "))
}

// An axis is what stands above the strips.
type axis struct {
	Days  []string // the midnights
	Ticks []tick   // the Mondays
	Edge  string   // of call records
}

type tick struct {
	X, Text string
	Minor   bool // left out where there is little room
}

// axisOf is the axis of the strips; edge is how far back Microsoft answers.
func axisOf(now, edge time.Time) axis {
	s := scaleOf(now)
	var a axis
	if s.holds(edge) {
		a.Edge = s.at(edge)
	}
	n := 0
	for t := s.from.Truncate(day).Add(day); t.Before(s.to); t = t.Add(day) {
		a.Days = append(a.Days, s.at(t))
		// The words of the edge take a quarter, and "now" the end.
		if t.Weekday() == time.Monday && t.Sub(edge) > 9*day && s.to.Sub(t) > 5*day {
			a.Ticks = append(a.Ticks, tick{s.at(t), t.Format("2 Jan"), n%2 == 0})
			n++
		}
	}
	return a
}
