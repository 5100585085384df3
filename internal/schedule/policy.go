// Package schedule decides when what is read: the planner (a pure function of
// ledger, clock and policy), one run, and the cron. It is the only place that
// sees fetch and store together. It must not know SQL or URLs.
package schedule

import (
	"fmt"
	"slices"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
)

// A Policy says how far back and how often an endpoint's slots are read.
type Policy struct {
	Slot, Span    time.Duration // unit of the ledger; longest window
	Smallest      time.Duration // shortest window worth asking for; zero: a slot
	Reach, Settle time.Duration // how far back Graph answers; how long rows may come late
	Origin        time.Time     // from when on nothing may be missing
	Rereads       []Reread      // by growing age
	Whole         bool          // only slots that have ended and lie in reach as a whole are read
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

// PolicyOf is the policy that an endpoint's facts ask for.
func PolicyOf(e fetch.Endpoint) Policy {
	p := Policy{Slot: e.Slot, Span: e.Span, Smallest: e.Smallest, Reach: e.Reach, Settle: e.Settle, Rereads: LogRereads, Whole: e.Aggregate}
	if e.Versioned {
		p.Rereads = RecordRereads
	}
	return p
}

// edge is the time before a slot leaves Graph's reach in which it goes before
// all other work, and margin what a first run gets to read the oldest slot in.
const (
	edge   = 48 * time.Hour
	margin = time.Hour
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
		return fmt.Errorf("settle %s is not below reach %s by more than a slot of %s: rows would leave Graph before they are final", days(p.Settle), days(p.Reach), days(p.Slot))
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
// slot. A from that is later moves it there.
func (p Policy) FirstOrigin(now, from time.Time) time.Time {
	origin := now.Add(margin - p.Reach).Truncate(time.Second)
	if from.After(origin) {
		origin = from
	}
	if start := origin.UTC().Truncate(p.Slot); p.Whole && start.Before(origin) {
		return start.Add(p.Slot)
	}
	return origin
}

// slot is one slot of the ledger and what is known about it.
type slot struct {
	from, to time.Time
	owed     time.Time // from, or origin where that is later: what must not be missing
	read     time.Time // zero: never
	settled  bool

	parked bool // failed again and again, the last time less than a day ago
}

// slots lists the endpoint's slots from the one that holds a time up to the
// one that holds now. A reading of the future does not count: the clock was
// wrong then.
func (p Policy) slots(from, now time.Time, ledger []store.Slot) []slot {
	known := make(map[int64]store.Slot, len(ledger))
	for _, s := range ledger {
		known[s.From.Unix()] = s
	}
	var slots []slot
	for at := from.UTC().Truncate(p.Slot); at.Before(now); at = at.Add(p.Slot) {
		s := slot{from: at, to: at.Add(p.Slot), owed: later(at, p.Origin)}
		if k, ok := known[at.Unix()]; ok && k.To.Equal(s.to) {
			s.parked = k.Failures >= parkAfter && !k.FailedAt.After(now) && now.Before(k.FailedAt.Add(parkedFor))
			if !k.ReadAt.IsZero() && !k.ReadAt.After(now) {
				s.read = k.ReadAt
				s.settled = !s.read.Before(s.to.Add(p.Settle)) && !s.owed.Before(s.read.Add(-p.Reach))
			}
		}
		slots = append(slots, s)
	}
	return slots
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Watermark is the end of the gapless run of settled slots since the origin:
// what lies before it is stored for good.
func (p Policy) Watermark(now time.Time, ledger []store.Slot) time.Time {
	mark := p.Origin
	for _, s := range p.slots(p.Origin, now, ledger) {
		if !s.settled {
			break
		}
		mark = s.to
	}
	return mark
}

// Lost lists what has left Graph's reach without ever being settled.
func (p Policy) Lost(now time.Time, ledger []store.Slot) []fetch.Window {
	var lost []fetch.Window
	horizon := p.horizon(now)
	for _, s := range p.slots(p.Origin, now, ledger) {
		if s.settled || !s.owed.Before(horizon) {
			continue
		}
		gap := fetch.Window{From: s.owed, To: s.to}
		if gap.To.After(horizon) {
			gap.To = horizon
		}
		if n := len(lost); n > 0 && lost[n-1].To.Equal(gap.From) {
			lost[n-1].To = gap.To
		} else {
			lost = append(lost, gap)
		}
	}
	return lost
}

// every is how often a slot of an age is read again.
func (p Policy) every(age time.Duration) time.Duration {
	i := slices.IndexFunc(p.Rereads, func(r Reread) bool { return age < r.Below })
	if i < 0 {
		i = len(p.Rereads) - 1
	}
	return p.Rereads[i].Every
}

// Parked lists the slots in reach that failed again and again, and are tried
// once a day until they can be read.
func (p Policy) Parked(now time.Time, ledger []store.Slot) []store.Slot {
	return slices.DeleteFunc(slices.Clone(ledger), func(s store.Slot) bool {
		return s.Failures < parkAfter || !s.To.After(p.horizon(now))
	})
}

// horizon is how far back Graph answers at a time.
func (p Policy) horizon(now time.Time) time.Time { return now.Add(-p.Reach) }

// edge is the time before which everything leaves Graph's reach within 48 hours.
func (p Policy) edge(now time.Time) time.Time { return p.horizon(now).Add(edge) }
