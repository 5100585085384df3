package graphsim

import (
	"math"
	"math/rand/v2"
)

// kind is a call type of the documented vocabulary.
type kind struct {
	name     string
	weight   int
	outbound bool
	personal bool // a user's own line, not the meeting bridge or a bot
	meeting  bool // the user is the organizer
	later    bool // a leg of the call before it
}

var kinds = []kind{
	{name: "user_in", weight: 33, personal: true},
	{name: "user_out", weight: 37, personal: true, outbound: true},
	{name: "user_out_forwarding", weight: 3, personal: true, outbound: true, later: true},
	{name: "user_out_transfer", weight: 2, personal: true, outbound: true, later: true},
	{name: "user_out_conf", weight: 2, personal: true, outbound: true, later: true},
	{name: "conf_in", weight: 11, meeting: true},
	{name: "conf_out", weight: 5, meeting: true, outbound: true},
	{name: "ucap_in", weight: 5},
	{name: "ucap_out", weight: 1, outbound: true},
	{name: "unassigned_in", weight: 1},
}

// hours is how much is called in each hour of the local day; people have
// lunch.
var hours = [24]int{0, 0, 0, 0, 0, 0, 1, 4, 14, 26, 29, 26, 13, 17, 27, 26, 22, 13, 5, 3, 2, 1, 1, 0}

// traffic makes up the calls of one UTC day, one after the other.
type traffic struct {
	rng     *rand.Rand
	day     int64
	tickets []*user
	kinds   *[100]uint8 // index into kinds, as often as its weight
	hours   []int64
	last    pstnCall
	meeting pstnCall // the last of a meeting
}

func newTraffic(seed uint64, d int64, tickets []*user) *traffic {
	t := &traffic{rng: rand.New(rand.NewPCG(seed, uint64(d))), day: d, tickets: tickets, kinds: new([100]uint8)}
	at := 0
	for i, k := range kinds {
		for range k.weight {
			t.kinds[at] = uint8(i)
			at++
		}
	}
	for h, weight := range hours {
		for range weight {
			t.hours = append(t.hours, int64(h))
		}
	}
	return t
}

func (t *traffic) next() pstnCall {
	c := pstnCall{kind: &kinds[t.kinds[t.rng.IntN(len(t.kinds))]], id: newGUID(t.rng), chain: t.rng.Uint64()}
	switch {
	case c.kind.later && t.last.user != nil:
		c.user, c.chain, c.start = t.last.user, t.last.chain, t.soonAfter(t.last.start)
	case c.kind.meeting && t.meeting.user != nil && t.rng.IntN(3) > 0:
		c.user, c.meeting, c.start = t.meeting.user, t.meeting.meeting, t.soonAfter(t.meeting.start)
	default:
		c.user, c.start = t.someone()
		c.meeting = 100_000_000 + t.rng.Uint32N(900_000_000)
	}
	c.detail = uint8(t.rng.Uint32())
	c.duration = t.duration(c.kind.meeting)
	c.other = t.otherParty(c.user.site.country, c.kind.outbound)
	c.charge, c.connection = c.price()
	c.ready, c.final = t.life(c.duration)
	if t.last = c; c.kind.meeting {
		t.meeting = c
	}
	return c
}

// someone calls at a working hour of their own clock, and hardly ever where
// the weekend has come already or is not over yet.
func (t *traffic) someone() (*user, int64) {
	for {
		u := t.tickets[t.rng.IntN(len(t.tickets))]
		local := t.hours[t.rng.IntN(len(t.hours))]*3600 + t.rng.Int64N(3600)
		_, utc := floorDiv(local-u.site.clock*3600, 86_400)
		start := t.day*day + utc*second
		localDay, _ := floorDiv(start+u.site.clock*3600*second, day)
		if weekend(localDay) == weekend(t.day) {
			return u, start + t.fraction()
		}
	}
}

// soonAfter stays inside the day.
func (t *traffic) soonAfter(start int64) int64 {
	return min(start+t.rng.Int64N(120*second), (t.day+1)*day-1)
}

// fraction of a second, of up to seven digits.
func (t *traffic) fraction() int64 {
	unit := int64(1)
	if t.rng.IntN(5) < 2 {
		unit = int64(pow10(t.rng.IntN(8)))
	}
	return t.rng.Int64N(second/unit) * unit
}

// duration in seconds: some calls are never answered, most last minutes, a few
// go on for hours.
func (t *traffic) duration(meeting bool) int32 {
	switch {
	case meeting:
		return int32(min(math.Exp(7+t.rng.NormFloat64()), 36_000))
	case t.rng.IntN(8) == 0:
		return 0
	}
	return int32(min(math.Exp(4.5+1.3*t.rng.NormFloat64()), 36_000))
}

func (t *traffic) otherParty(home *country, outbound bool) number {
	n := number{country: home}
	if t.rng.IntN(5) == 0 {
		n.country = destinations[t.rng.IntN(len(destinations))]
	}
	if !outbound && t.rng.IntN(40) == 0 {
		n.label = uint8(1 + t.rng.IntN(len(labels)-1))
	}
	n.stem = uint8(t.rng.IntN(len(n.country.stems)))
	n.line = uint32(t.rng.IntN(pow10(n.country.digits)))
	return n
}

// life returns when a call is first served and when it has its price, in
// seconds after its start. The logs are documented to lag 24 to 48 hours.
func (t *traffic) life(duration int32) (ready, final int32) {
	const hour, last = 3600, int32(settled / second)
	switch n := t.rng.IntN(100); {
	case n == 0: // the price comes later
		ready = duration + hour + t.rng.Int32N(23*hour)
		return ready, ready + 1 + t.rng.Int32N(last-ready)
	case n < 8:
		ready = duration + t.rng.Int32N(hour)
	case n < 10:
		ready = duration + 48*hour + t.rng.Int32N(22*hour)
	default:
		ready = duration + 24*hour + t.rng.Int32N(24*hour)
	}
	ready = min(ready, last)
	return ready, ready
}

// weekend by day since 1970, which began on a Thursday.
func weekend(d int64) bool {
	_, weekday := floorDiv(d+4, 7)
	return weekday == 0 || weekday == 6
}
