// Package schedule decides when what is read: the planner (a pure function of
// ledger, clock and policy), one run, and the daemon's ticks. It is the only
// place that sees fetch and store together. It must not know SQL or URLs.
package schedule

import (
	"fmt"
	"slices"
	"time"

	"ingestd/internal/fetch"
)

// A Policy says how far back and how often an endpoint's slots are read.
type Policy struct {
	Slot, Span    time.Duration // unit of the ledger; longest window
	Smallest      time.Duration // shortest window worth asking for; zero: a slot
	Reach, Settle time.Duration // how far back Graph answers; how long rows may come late
	Origin        time.Time     // from when on nothing may be missing
	Rereads       []Reread      // by growing age
	WholeSlots    bool          // only slots that have ended and lie in reach as a whole are read
	WindowRows    int           // how many rows a window should hold at most; zero: any number
	Known         time.Time     // a time that has certainly come: a clock that is behind it asks for nothing older
}

// A Reread says how often slots younger than Below are read again. The last
// one of a Policy counts for all ages.
type Reread struct{ Below, Every time.Duration }

// LogRereads is the cadence for the log functions: hourly while rows still
// arrive, daily for a week, and monthly after that, to notice what should not
// happen.
var LogRereads = []Reread{
	{Below: 72 * time.Hour, Every: time.Hour},
	{Below: 7 * 24 * time.Hour, Every: 24 * time.Hour},
	{Below: 0, Every: 30 * 24 * time.Hour},
}

// RecordRereads is the cadence for the list of call records: every few minutes
// while records appear, hourly until the longest call is over, then now and
// then for versions that rise late, and daily once more before Graph drops them.
var RecordRereads = []Reread{
	{Below: 3 * time.Hour, Every: 5 * time.Minute},
	{Below: 36 * time.Hour, Every: time.Hour},
	{Below: 7 * 24 * time.Hour, Every: 24 * time.Hour},
	{Below: 27 * 24 * time.Hour, Every: 7 * 24 * time.Hour},
	{Below: 0, Every: 24 * time.Hour},
}

// windowPages is how many pages a window should have at most: at the published
// limits (40 requests in 20 s to the list, 50 in 60 s to a function) they are
// read within a minute, so that new work waits no longer.
const windowPages = 50

// PolicyOf is the policy that an endpoint's facts ask for.
func PolicyOf(e fetch.Endpoint) Policy {
	p := Policy{
		Slot: e.Slot, Span: e.Span, Smallest: e.Smallest, Reach: e.Reach, Settle: e.Settle,
		Rereads: LogRereads, WholeSlots: e.Aggregate, WindowRows: windowPages * pageRows(e),
	}
	if e.Versioned {
		p.Rereads = RecordRereads
	}
	return p
}

// pageRows is how many rows a page of an endpoint holds at most.
func pageRows(e fetch.Endpoint) int {
	if e.Versioned {
		return 60
	}
	return 1000
}

const (
	// edge is the time before a slot leaves Graph's reach in which it goes
	// before all other work.
	edge = 48 * time.Hour
	// margin is what a first run gets to read the oldest slot in.
	margin = time.Hour
	// appearsWithin is how long after a slot has ended most of its rows appear:
	// a call record does 150 minutes after its call at the latest (Graph:
	// change-notifications-delivery-latency).
	appearsWithin = 3 * time.Hour
	// rejectsEvery is how often a slot is read again that has open rejects.
	rejectsEvery = time.Hour
)

// A slot that cannot be read although others can is tried at every run at
// first, and once a day after so many failures.
const (
	parkAfter = 3
	parkedFor = 24 * time.Hour
)

// maxWindow is Graph's longest window: above it, it answers 406.
const maxWindow = 90 * 24 * time.Hour

// Check refuses a policy that contradicts itself.
func (p Policy) Check() error {
	switch {
	case p.Slot <= 0 || p.Span < p.Slot:
		return fmt.Errorf("a window of %s does not hold a slot of %s", days(p.Span), days(p.Slot))
	case p.Span > maxWindow:
		return fmt.Errorf("a window of %s is longer than the %s that Graph answers", days(p.Span), days(maxWindow))
	case p.Settle+p.Slot+margin > p.Reach:
		return fmt.Errorf("settle %s is not below reach %s by more than a slot of %s: "+
			"rows would leave Graph before they are final", days(p.Settle), days(p.Reach), days(p.Slot))
	case len(p.Rereads) == 0:
		return fmt.Errorf("no interval for reading slots again")
	}
	return nil
}

// days writes a duration as the configuration does.
func days(d time.Duration) string {
	if day := 24 * time.Hour; d >= day && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	return d.String()
}

// FirstOrigin is the origin of an endpoint that was never read: as far back as
// Graph answers, but for the hour in which the first run reads its oldest
// slot. A startFrom that is later moves it there.
func (p Policy) FirstOrigin(now, startFrom time.Time) time.Time {
	return p.originAt(later(now.Add(margin-p.Reach).Truncate(time.Second), startFrom))
}

// originAt is a time as an origin: where only whole slots are read, the start of
// the next one.
func (p Policy) originAt(t time.Time) time.Time {
	if start := t.UTC().Truncate(p.Slot); p.WholeSlots && start.Before(t) {
		return start.Add(p.Slot)
	}
	return t
}

// MovedOrigin is the origin after the configuration has changed, where startFrom
// is the present one and moved reports whether that is what has changed. A later
// start_from gives up what lies before it, and nothing else. An earlier one, or a
// longer reach, opens up the past as far as Graph answers. A shorter reach changes
// nothing: what is stored stays so, and what left reach unread stays lost.
func (p Policy) MovedOrigin(origin, now, startFrom time.Time, moved bool) time.Time {
	if from := p.originAt(startFrom); moved && from.After(origin) {
		return from
	}
	return earlier(origin, p.FirstOrigin(now, startFrom))
}

// every is how often a slot of an age is read again.
func (p Policy) every(age time.Duration) time.Duration {
	i := slices.IndexFunc(p.Rereads, func(r Reread) bool { return age < r.Below })
	if i < 0 {
		i = len(p.Rereads) - 1
	}
	return p.Rereads[i].Every
}

// horizon is how far back Graph answers at a time.
func (p Policy) horizon(now time.Time) time.Time { return later(now, p.Known).Add(-p.Reach) }

// edge is the time before which everything leaves Graph's reach within 48 hours.
func (p Policy) edge(now time.Time) time.Time { return p.horizon(now).Add(edge) }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
