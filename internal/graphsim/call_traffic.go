package graphsim

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// callKind is a form that calls take.
type callKind struct {
	name      string
	weight    int // of a thousand
	few, most int // participants
	typical   int
}

// The forms of calls. Documents differ by them.
var (
	peerToPeer = &callKind{"peerToPeer", 472, 2, 2, 2}
	phoneCall  = &callKind{"phone", 90, 2, 2, 2}
	testCall   = &callKind{"test", 15, 1, 1, 1}
	groupCall  = &callKind{"group", 85, 3, 10, 5}
	meeting    = &callKind{"meeting", 265, 3, 30, 9}
	conference = &callKind{"conference", 3, 60, 200, 90}
	queueCall  = &callKind{"queue", 70, 2, 4, 6}
	lostCall   = &callKind{"lost", 0, 2, 2, 2} // no agent is free
)

var callKinds = []*callKind{peerToPeer, phoneCall, testCall, groupCall, meeting, conference, queueCall}

// direct calls have two ends and one session.
func (k *callKind) direct() bool { return k == peerToPeer || k == phoneCall || k == testCall }

// queue calls wait for an agent.
func (k *callKind) queue() bool { return k == queueCall || k == lostCall }

// call is what is drawn of a call in advance. All else follows from its seed
// when a document is written.
type call struct {
	id           guid
	seed         uint64
	kind         *callKind
	start, end   int64
	organizer    *user
	wanted       *user // who is called and does not answer; nil: somebody else
	participants int
	sessions     int
	rises        []rise
}

// callTraffic makes up the calls of a company.
type callTraffic struct {
	*company
	perDay int
}

func newCallTraffic(c *company, perDay int) callTraffic { return callTraffic{c, max(perDay, 0)} }

// generate makes up the calls of one UTC day, in the order of their starts.
func (t callTraffic) generate(d int64) []call {
	w := newDraw(t.randomness("call records", d), d, t.tickets)
	calls := make([]call, 0, t.volume(d, t.perDay)+1)
	for range t.volume(d, t.perDay) {
		calls = append(calls, w.call(w.callKind()))
	}
	calls = append(calls, t.planted(d)...)
	if d == t.stories.townHall && t.perDay >= townHallTraffic && d >= t.first {
		calls = append(calls, w.townHall())
	}
	slices.SortFunc(calls, func(a, b call) int {
		return cmp.Or(cmp.Compare(a.start, b.start), slices.Compare(a.id[:], b.id[:]))
	})
	return calls
}

func (w *draw) callKind() *callKind {
	n := w.rng.IntN(1000)
	for _, k := range callKinds {
		if n -= k.weight; n < 0 {
			return k
		}
	}
	panic("unreachable: the weights make up 1000")
}

func (w *draw) call(k *callKind) call {
	c := call{id: newGUID(w.rng), seed: w.rng.Uint64(), kind: k}
	c.organizer, c.start = w.someone()
	c.participants = min(k.few+int(w.rng.ExpFloat64()*float64(k.typical-k.few)), k.most)
	c.sessions = k.sessionsOf(c.participants, w.rng)
	if k == meeting || k == conference { // by the calendar
		_, late := floorDiv(c.start, 1800*second)
		c.start += w.rng.Int64N(300*second) + w.fraction() - late
	}
	c.end = c.start + w.length(k)
	c.rises = w.rises(c.end)
	return c
}

// sessionsOf counts them: of some people who come again, of a queue at least
// the greeting, the queue and who takes the call, be it voicemail.
func (k *callKind) sessionsOf(participants int, rng *rand.Rand) int {
	switch {
	case k.direct():
		return 1
	case k.queue():
		return max(participants, 3)
	}
	return participants + rng.IntN(1+participants/4)
}

// townHall is the meeting of the stories.
func (w *draw) townHall() call {
	c := w.call(conference)
	c.participants, c.sessions = townHallPeople, townHallSessions
	c.start = w.day*day + townHallStart + w.rng.Int64N(120*second)
	c.end = c.start + 65*60*second
	c.rises = w.rises(c.end)
	return c
}

// length of a call in ticks.
func (w *draw) length(k *callKind) int64 {
	seconds := math.Exp(5.2 + 1.3*w.rng.NormFloat64())
	if !k.direct() && !k.queue() {
		seconds = math.Exp(7.4 + 0.6*w.rng.NormFloat64())
	}
	return int64(min(max(seconds, 4), 36_000))*second + w.fraction()
}

// randomness of a call, one for each of its parts.
func (c *call) randomness(part uint64) *rand.Rand { return rand.New(rand.NewPCG(c.seed, part)) }
