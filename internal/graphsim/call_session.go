package graphsim

import "math/rand/v2"

// session is a connection of two ends within a call.
type session struct {
	*callVersion
	id             guid
	first          bool
	seed           uint64
	start, end     int64
	caller, callee side
	failure        *callFailure
	modalities     []string
}

// side is an end of a session.
type side struct {
	party  *party // nil: a service
	role   string // of a service
	seed   uint64
	known  int     // the telemetry that holds what the client measured
	strain float64 // of its network: how much worse than usual it is
}

// modalities of a call; its first session has them all.
func (v *callVersion) modalities() []string {
	n := v.seed >> 16 % 10
	switch {
	case v.kind == phoneCall || v.kind.queue() || v.kind == testCall || n < 6:
		return []string{"audio"}
	case n < 8:
		return []string{"audio", "video"}
	case n < 9:
		return []string{"audio", "videoBasedScreenSharing"}
	}
	return []string{"audio", "video", "videoBasedScreenSharing"}
}

const neverKnown = 1 << 30

// session draws the i-th of a call.
func (v *callVersion) session(i int) session {
	rng := v.randomness(partSessions + uint64(i))
	s := session{
		callVersion: v,
		id:          v.sessionID(i),
		first:       i == 0,
		seed:        rng.Uint64(),
		start:       v.start,
		end:         v.end,
		modalities:  v.modalities(),
	}
	if i > 0 && rng.IntN(2) == 0 {
		s.modalities = s.modalities[:1]
	}
	s.sides(i, rng)
	s.presence(i, rng)
	for _, side := range []*side{&s.caller, &s.callee} {
		side.seed, side.known = rng.Uint64(), v.known(rng)
		side.strain = v.stories.strain(side.party, v.start)
	}
	if i == 0 { // the last version tells more than those before
		s.caller.known = len(v.rises)
	}
	return s
}

// sessionID is the call's own where there is one session. A queue goes on with
// the session of the greeting, so that its id is there twice.
func (v *callVersion) sessionID(i int) guid {
	switch {
	case v.kind.direct():
		return v.call.id
	case v.kind.queue() && i == 1:
		i = 0
	}
	return newGUID(v.randomness(^uint64(i)))
}

// sides are two people, or a person and a service.
func (s *session) sides(i int, rng *rand.Rand) {
	people := s.parties()
	s.caller.party = &people[0]
	switch {
	case s.kind == testCall:
		s.callee.role = "customBot"
	case s.kind.direct():
		s.callee.party = &people[1]
	case s.kind.queue():
		s.queueSides(i)
	case i < len(people):
		s.caller.party, s.callee.role = &people[i], "mediaController"
	default:
		s.caller.party, s.callee.role = &people[rng.IntN(len(people))], "mediaController"
	}
}

// queueSides: a greeting, a queue, and the agents it rings one after the other.
// An agent joins as everybody does.
func (s *session) queueSides(i int) {
	people := s.parties()
	switch {
	case i == 0:
		s.callee.role = "skypeForBusinessAutoAttendant"
	case i == 1:
		s.callee.role = "skypeForBusinessCallQueues"
	case i < len(people):
		s.caller.party, s.callee.role = &people[i], "mediaController"
	default:
		s.caller, s.callee.role = side{role: "skypeForBusinessCallQueues"}, "voicemail"
	}
}

// presence is from when to when, and how it ended if not well.
func (s *session) presence(i int, rng *rand.Rand) {
	length := s.end - s.start
	switch {
	case s.kind.queue():
		s.start += length * int64(i) / int64(s.sessions)
		if i > 1 && i < s.sessions-1 {
			s.failure, s.end = &callFailure{callSetup, "The agent did not answer."}, s.start
		}
		return
	case s.wanted != nil:
		s.failure = &callFailures[0]
		return
	case i > 0:
		s.start += rng.Int64N(1 + length/4)
		s.end -= rng.Int64N(1 + length/8)
	}
	s.fail(i, rng)
}

// fail decides whether and why it ended badly.
func (s *session) fail(i int, rng *rand.Rand) {
	percent := 2
	if s.kind.direct() {
		percent = 6
	}
	if rng.IntN(100) >= percent {
		return
	}
	s.failure = &callFailures[rng.IntN(len(callFailures))]
	if s.failure.stage == callSetup && i > 0 {
		s.end = min(s.end, s.start+30*second)
	}
}

// known is when the telemetry of a client comes in: at once, late, or never.
func (v *callVersion) known(rng *rand.Rand) int {
	switch n := rng.IntN(100); {
	case n < 4:
		return neverKnown
	case n < 30:
		return 1 + rng.IntN(len(v.rises))
	}
	return 1
}

// callFailure is why a session failed, and when.
type callFailure struct{ stage, reason string }

const callSetup, midcall = "callSetup", "midcall"

var callFailures = []callFailure{
	{callSetup, "The callee did not answer."},
	{callSetup, "The callee declined the call."},
	{callSetup, "The address of the callee could not be resolved."},
	{callSetup, ""},
	{midcall, "The media path was lost."},
	{midcall, "The client stopped sending keep-alives."},
	{midcall, "CallEndReason: MediaConnectivityFailure"},
}
