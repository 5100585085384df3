package graphsim

import "math/rand/v2"

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

// traffic makes up the calls of one UTC day, one after the other.
type traffic struct {
	draw
	kinds   *[100]uint8 // index into kinds, as often as its weight
	last    pstnCall
	meeting pstnCall // the last of a meeting
}

func newTraffic(source rand.Source, d int64, tickets []*user) *traffic {
	t := &traffic{draw: newDraw(source, d, tickets), kinds: new([100]uint8)}
	at := 0
	for i, k := range kinds {
		for range k.weight {
			t.kinds[at] = uint8(i)
			at++
		}
	}
	return t
}

func (t *traffic) next() pstnCall {
	c := pstnCall{
		kind:  &kinds[t.kinds[t.rng.IntN(len(t.kinds))]],
		event: event{id: newGUID(t.rng)},
		chain: t.rng.Uint64(),
	}
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
	t.finish(&c)
	if t.last = c; c.kind.meeting {
		t.meeting = c
	}
	return c
}

func (t *traffic) finish(c *pstnCall) {
	c.charge, c.connection = c.price()
	c.ready, c.final = t.life(c.duration)
}
