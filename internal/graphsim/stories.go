package graphsim

import "time"

// stories are what happened to the company not long before the day of Start,
// for an analyst to find. Everything else is chance.
//
//   - An outage: five days before Start, or on the Friday before if that is a
//     weekend, every call over the first trunk of New York fails from 08:00 to
//     23:00 UTC, with 503/560503 or 504/569009. Some of those going out are
//     tried again on the second trunk, under the same correlationId.
//   - A forwarder: in the nights from nine to four days before Start, between
//     one and four o'clock of their own time, somebody has six calls each
//     forwarded to South Africa. Three days before Start the service blocks
//     them for it, and the day after they are unblocked.
//   - An overdraft: two people in Amsterdam with the domestic licence MCOPSTN1,
//     good for 1,200 minutes each, speak for 3,000 minutes on the first four
//     days of the month: the current one, or the one before as long as today
//     is its fifth day or earlier.
//   - A town hall: on the last working day that ended a day before Start or
//     earlier, a thousand people meet at 15:00 UTC, most of them guests; two
//     hundred lose their connection and come again. Companies with few calls
//     hold none.
//   - A bad floor: since ten days before Start the network of the busiest floor
//     is ten times worse than it was.
//   - An overloaded queue: on the working days of these ten days the service
//     desk of London has many calls more between ten and twelve o'clock, and
//     three of four find no agent.
//   - Somebody nobody can reach: on the same days calls to a user in London,
//     from colleagues and from outside, are not answered.
//   - A bad headset, as long as there are calls: see badHeadset.
//   - Unused numbers: some in Berlin are in no log; see Lists.
type stories struct {
	outage      int64 // day
	lastNight   int64 // day
	forwarder   *user
	campaign    int64 // first day
	campaigners []*user
	townHall    int64 // day
	recent      int64 // first day of what began ten days before Start
	badFloor    string
	unreachable *user
}

// The sizes of the stories.
const (
	outageFrom, outageTo    = 8 * 3600 * second, 23 * 3600 * second
	nights, callsANight     = 6, 6
	campaignDays, callsEach = 4, 5
	campaignCall            = 75 * 60 // seconds

	townHallStart    = 15 * 3600 * second
	townHallPeople   = 1000
	townHallSessions = 1200
	townHallTraffic  = 100 // call records a day of a company that holds one

	strained      = 9   // times the usual that comes on top, on the bad floor
	perQueued     = 10  // call records of a day for one call to the overloaded queue
	perUnanswered = 30  // call records of a day for one to whom nobody can reach
	perMissed     = 100 // PSTN calls of a day for one from outside
)

// amsterdam has no people but those of its story.
var amsterdam = &site{netherlands, euro, 1, 0, 108, "Microsoft", "+31020500999", "amsterdam", "EUWE",
	"Sanne/sanne Daan/daan Joëlle/joelle", "Jansen/jansen Bakker/bakker Visser/visser"}

func newStories(c *company) stories {
	s := stories{outage: c.today - 5, lastNight: c.today - 4, forwarder: c.tickets[0]}
	s.campaign = s.outage - int64(time.Unix(s.outage*86_400, 0).UTC().Day()-1)
	s.townHall = c.today - 2
	for weekend(s.townHall) {
		s.townHall--
	}
	for weekend(s.outage) {
		s.outage--
	}
	s.recent, s.badFloor = c.today-10, busiestFloor(c.tickets)
	for _, u := range c.tickets {
		if !u.licence.international {
			s.forwarder = u // pays for every call
			break
		}
	}
	w := newDraw(c.randomness("people of the stories", 0), 0, nil)
	for i := range 2 {
		u := newUser(w.rng, 9000+i, amsterdam)
		u.licence = licences[0]
		s.campaigners = append(s.campaigners, u)
	}
	s.unreachable = newUser(w.rng, 9100, london)
	return s
}

// outOfOrder reports whether the trunk of the outage fails at a time.
func (s *stories) outOfOrder(u *user, spare bool, start int64) bool {
	d, sinceMidnight := floorDiv(start, day)
	return u.site == sites[0] && !spare && d == s.outage && outageFrom <= sinceMidnight && sinceMidnight < outageTo
}

// planted returns the PSTN calls of the stories.
func (p pstnCalls) planted(d int64) (calls []pstnCall) {
	s := &p.stories
	night := s.lastNight-nights < d && d <= s.lastNight
	campaign := s.campaign <= d && d < s.campaign+campaignDays
	if !night && !campaign || d < p.first || p.perDay == 0 {
		return nil
	}
	t := newTraffic(p.randomness("stories", d), d, nil)
	if night {
		for range callsANight {
			calls = append(calls, t.forwarded(s.forwarder)...)
		}
	}
	if campaign {
		for _, u := range s.campaigners {
			calls = append(calls, t.campaign(u)...)
		}
	}
	return calls
}

// forwarded is a call from home and the leg of it that goes abroad.
func (t *traffic) forwarded(u *user) []pstnCall {
	start := t.at(u.site, 3600+t.rng.Int64N(3*3600)) + t.fraction()
	seconds := 900 + t.rng.Int32N(2400)
	in := t.call("user_in", u, start, seconds, u.site.country)
	out := t.call("user_out_forwarding", u, start, seconds, southAfrica)
	out.chain = in.chain
	return []pstnCall{in, out}
}

// campaign is a day on the phone, with a pause after each call.
func (t *traffic) campaign(u *user) (calls []pstnCall) {
	for i := range int64(callsEach) {
		start := t.at(u.site, 9*3600+i*(campaignCall+900)) + t.fraction()
		calls = append(calls, t.call("user_out", u, start, campaignCall, u.site.country))
	}
	return calls
}

func (t *traffic) call(kind string, u *user, start int64, seconds int32, with *country) pstnCall {
	c := pstnCall{kind: kindNamed(kind), event: event{id: newGUID(t.rng), start: start}, chain: t.rng.Uint64(),
		user: u, duration: seconds, other: number{country: with}}
	c.other.stem = uint8(t.rng.IntN(len(with.stems)))
	c.other.line = uint32(t.rng.IntN(pow10(with.digits)))
	t.finish(&c)
	return c
}

func kindNamed(name string) *kind {
	for i := range kinds {
		if kinds[i].name == name {
			return &kinds[i]
		}
	}
	panic("graphsim: no call type " + name)
}
