package graphsim

import (
	"math"
	"math/rand/v2"
)

// hours is how much is called in each hour of the local day; people have
// lunch.
var hours = [24]int{0, 0, 0, 0, 0, 0, 1, 4, 14, 26, 29, 26, 13, 17, 27, 26, 22, 13, 5, 3, 2, 1, 1, 0}

// draw makes the random choices that all traffic of one UTC day has in common.
type draw struct {
	rng     *rand.Rand
	day     int64
	tickets []*user
	hours   []int64
}

func newDraw(source rand.Source, d int64, tickets []*user) draw {
	w := draw{rng: rand.New(source), day: d, tickets: tickets}
	for h, weight := range hours {
		for range weight {
			w.hours = append(w.hours, int64(h))
		}
	}
	return w
}

// someone calls at a working hour of their own clock, and hardly ever where
// the weekend has come already or is not over yet.
func (w *draw) someone() (*user, int64) {
	for {
		u := w.tickets[w.rng.IntN(len(w.tickets))]
		start := w.at(u.site, w.hours[w.rng.IntN(len(w.hours))]*3600+w.rng.Int64N(3600))
		localDay, _ := floorDiv(start+u.site.clock*3600*second, day)
		if weekend(localDay) == weekend(w.day) {
			return u, start + w.fraction()
		}
	}
}

// at is when the clock of a site shows the second of a day.
func (w *draw) at(s *site, local int64) int64 {
	_, utc := floorDiv(local-s.clock*3600, 86_400)
	return w.day*day + utc*second
}

// soonAfter stays inside the day.
func (w *draw) soonAfter(start int64) int64 {
	return min(start+w.rng.Int64N(120*second), (w.day+1)*day-1)
}

// fraction of a second, of up to seven digits.
func (w *draw) fraction() int64 {
	unit := int64(1)
	if w.rng.IntN(5) < 2 {
		unit = int64(pow10(w.rng.IntN(8)))
	}
	return w.rng.Int64N(second/unit) * unit
}

// duration in seconds: some calls are never answered, most last minutes, a few
// go on for hours.
func (w *draw) duration(meeting bool) int32 {
	switch {
	case meeting:
		return int32(min(math.Exp(7+w.rng.NormFloat64()), 36_000))
	case w.rng.IntN(8) == 0:
		return 0
	}
	return int32(min(math.Exp(4.5+1.3*w.rng.NormFloat64()), 36_000))
}

func (w *draw) otherParty(home *country, outbound bool) number {
	n := number{country: home}
	if w.rng.IntN(5) == 0 {
		n.country = destinations[w.rng.IntN(len(destinations))]
	}
	if !outbound && w.rng.IntN(40) == 0 {
		n.label = uint8(1 + w.rng.IntN(len(labels)-1))
	}
	n.stem = uint8(w.rng.IntN(len(n.country.stems)))
	n.line = uint32(w.rng.IntN(pow10(n.country.digits)))
	return n
}

// life returns when a call is first served and when it has its price, in
// seconds after its start. The logs are documented to lag 24 to 48 hours.
func (w *draw) life(duration int32) (ready, final int32) {
	const hour, last = 3600, int32(settled / second)
	switch n := w.rng.IntN(100); {
	case n == 0: // the price comes later
		ready = duration + hour + w.rng.Int32N(23*hour)
		return ready, ready + 1 + w.rng.Int32N(last-ready)
	case n < 8:
		ready = duration + w.rng.Int32N(hour)
	case n < 10:
		ready = duration + 48*hour + w.rng.Int32N(22*hour)
	default:
		ready = duration + 24*hour + w.rng.Int32N(24*hour)
	}
	ready = min(ready, last)
	return ready, ready
}

// weekend by day since 1970, which began on a Thursday.
func weekend(d int64) bool {
	_, weekday := floorDiv(d+4, 7)
	return weekday == 0 || weekday == 6
}
