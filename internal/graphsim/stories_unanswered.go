package graphsim

import (
	"cmp"
	"maps"
	"slices"
)

// busiestFloor is the one from which most is called.
func busiestFloor(tickets []*user) string {
	calls := make(map[string]int)
	for _, u := range tickets {
		calls[u.floor]++
	}
	if len(calls) == 0 {
		return ""
	}
	floors := slices.Sorted(maps.Keys(calls))
	return slices.MaxFunc(floors, func(a, b string) int { return cmp.Compare(calls[a], calls[b]) })
}

// strain is how many times the usual comes on top of what the network of a
// party does in a call.
func (s *stories) strain(p *party, start int64) float64 {
	if p == nil || p.user == nil || p.user.floor != s.badFloor || start < s.recent*day {
		return 0
	}
	return strained
}

// recentDay reports whether a day is a working day of the last ten.
func (c *company) recentDay(d int64) bool {
	return c.stories.recent <= d && d < c.today && d >= c.first && !weekend(d)
}

// planted returns the calls of the stories, which have no town hall.
func (t callTraffic) planted(d int64) (calls []call) {
	if !t.recentDay(d) {
		return nil
	}
	w := newDraw(t.randomness("stories of call records", d), d, t.tickets)
	for i := range t.perDay / perQueued {
		calls = append(calls, w.queued(i%4 > 0, t.stories.unreachable))
	}
	for range t.perDay / perUnanswered {
		calls = append(calls, w.unanswered(t.stories.unreachable))
	}
	return calls
}

// queued is a call to the service desk of a user's site.
func (w *draw) queued(lost bool, u *user) call {
	k := queueCall
	if lost {
		k = lostCall
	}
	c := w.call(k)
	length := c.end - c.start
	c.organizer, c.start = u, w.at(u.site, 10*3600+w.rng.Int64N(2*3600))+w.fraction()
	c.end = c.start + length
	c.rises = w.rises(c.end)
	return c
}

// unanswered is a call by a colleague who lets it ring.
func (w *draw) unanswered(u *user) call {
	c := w.call(peerToPeer)
	c.wanted, c.end = u, c.start+20*second+w.rng.Int64N(20*second)
	c.rises = w.rises(c.end)
	return c
}

// planted returns the calls to whom nobody can reach.
func (l directRouting) planted(d int64) (calls []directCall) {
	if !l.recentDay(d) {
		return nil
	}
	t := directTraffic{draw: newDraw(l.randomness("stories of direct routing", d), d, l.tickets), stories: &l.stories}
	for range l.perDay / perMissed {
		calls = append(calls, t.unanswered(l.stories.unreachable))
	}
	return calls
}

// unanswered is a call from outside that finds nobody signed in.
func (t *directTraffic) unanswered(u *user) directCall {
	c := directCall{kind: &directKinds[0], event: event{id: newGUID(t.rng)}, correlation: newGUID(t.rng), user: u}
	c.detail = uint8(t.rng.Uint32())
	c.start = t.at(u.site, 9*3600+t.rng.Int64N(8*3600)) + t.fraction()
	c.other = t.otherParty(u.site.country, false)
	c.setup, c.ending = second+t.rng.Int64N(25*second), &failuresIn[0]
	c.ready, c.final = t.life(int32(c.setup / second))
	return c
}
