package health

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// verdictOf is the one sentence to read. What can be saved stands above what is
// gone.
func verdictOf(groups []*group, tenants []*tenant, safeUntil *time.Time, now time.Time) Verdict {
	worst := slices.Clone(groups)
	slices.SortStableFunc(worst, func(a, b *group) int {
		if a.level != b.level {
			return a.level.rank() - b.level.rank()
		}
		return compareGroups(a, b)
	})
	all := wantedOf(tenants)
	switch {
	case len(worst) > 0 && worst[0].level.rank() < Wait.rank():
		return worst[0].verdict(worst[1:], all)
	case slices.ContainsFunc(all, (*endpoint).catchesUp):
		return catchingUp(worst, all, now)
	case len(worst) > 0 && worst[0].level == Wait:
		return worst[0].verdict(worst[1:], all)
	case slices.ContainsFunc(all, (*endpoint).firstReading):
		return firstReading(all)
	}
	return safe(worst, all, safeUntil, now)
}

// wantedOf are all endpoints that are to be read.
func wantedOf(tenants []*tenant) (all []*endpoint) {
	for _, t := range tenants {
		for _, e := range t.endpoints {
			if e.wanted() {
				all = append(all, e)
			}
		}
	}
	return all
}

func (e *endpoint) catchesUp() bool { return e.state == CatchingUp && !e.firstReading() }

// verdict is the verdict that a group's problem gives.
func (g *group) verdict(others []*group, all []*endpoint) Verdict {
	v := Verdict{Level: g.level, Heading: g.heading(), Why: g.why(), Steps: g.steps(), FirstLossAt: g.firstLoss()}
	if g.tenant != nil {
		v.Tenant = &g.tenant.Name
	}
	if e := g.first(); e != nil {
		v.Tenant = &e.tenant.Name
		if len(g.endpoints) == 1 || g.level == ActNow {
			v.Endpoint = &e.Endpoint.Name
		}
		v.Heading = g.warning(e)
	}
	if v.Why == sentence(g.says())+"." && strings.HasSuffix(strings.ToLower(v.Heading), strings.ToLower(g.says())) {
		v.Why = "" // the heading says it
	}
	v.Also = also(others, all, g.now)
	return v
}

// warning is the heading with when something is lost.
func (g *group) warning(e *endpoint) string {
	loss := g.firstLoss()
	switch {
	case g.level == ActNow && loss.After(g.now):
		return fmt.Sprintf("%s's %s begin to expire in %s",
			e.tenant.Name, Things(e.Endpoint.Name), Deadline(loss.Sub(g.now)))
	case g.level == ActNow:
		return fmt.Sprintf("%s's %s expire now", e.tenant.Name, Things(e.Endpoint.Name))
	case loss != nil:
		return fmt.Sprintf("%s; first loss in %s", g.heading(), Deadline(loss.Sub(g.now)))
	}
	return g.heading()
}

// why is what the problem is, since when, and what is not read because of it.
func (g *group) why() string {
	var text string
	switch why := causes[g.code].why; {
	case why != nil:
		text = why(g)
	case g.since != nil:
		text = g.says() + " since " + Moment(*g.since, g.now)
	default:
		text = g.says()
	}
	unread := g.unread()
	if unread < time.Hour || causes[g.code].aside {
		return sentence(text) + "."
	}
	return Remaining(unread) + " are unread: " + text + "."
}

// also tells of the next two problems, and how safe the rest is.
func also(others []*group, all []*endpoint, now time.Time) string {
	var parts []string
	for _, g := range others[:min(2, len(others))] {
		parts = append(parts, g.heading())
	}
	var until *time.Time
	rest := 0
	for _, e := range all {
		if e.state == OnTime && e.safeUntil() != nil {
			until = Earliest(until, e.safeUntil())
			rest++
		}
	}
	if rest > 0 {
		parts = append(parts, Count(rest, "endpoint is", "endpoints are")+" safe until "+dateOf(*until, now))
	}
	return strings.Join(parts, "; ")
}

// catchingUp is the verdict while what was missed is read.
func catchingUp(groups []*group, all []*endpoint, now time.Time) Verdict {
	var off time.Duration
	var behind []*endpoint
	for _, e := range all {
		if e.catchesUp() {
			behind, off = append(behind, e), max(off, now.Sub(*e.behind))
		}
	}
	v := Verdict{Level: Wait, Heading: "Catching up after " + Deadline(off) + " off", Steps: []Step{}}
	if left := longestLeft(behind); left != nil {
		v.Heading += ": " + Remaining(*left) + " left"
	}
	v.Why = fmt.Sprintf("%s of %s read what was missed; nothing is to be done.",
		Count(len(behind), "endpoint", "endpoints"), Count(tenantsOf(behind), "tenant", "tenants"))
	for _, e := range behind {
		if loss := utc(e.firstLoss()); v.FirstLossAt == nil || loss != nil && loss.Before(*v.FirstLossAt) {
			v.FirstLossAt, v.Tenant, v.Endpoint = loss, &e.tenant.Name, &e.Endpoint.Name
		}
	}
	v.Also = also(groups, all, now)
	return v
}

// firstReading is the verdict until everything was read once.
func firstReading(all []*endpoint) Verdict {
	var reading []*endpoint
	for _, e := range all {
		if e.firstReading() {
			reading = append(reading, e)
		}
	}
	v := Verdict{Level: FirstReading, Heading: "The first reading has begun", Steps: []Step{}}
	if left := longestLeft(reading); left != nil {
		v.Heading = Remaining(*left) + " left of the first reading"
	}
	v.Why = fmt.Sprintf("%s of %s read all that Microsoft still has.",
		Count(len(reading), "endpoint", "endpoints"), Count(tenantsOf(reading), "tenant", "tenants"))
	return v
}

// safe is the verdict while nothing is wrong. It says what was checked, and what
// was wrong last.
func safe(groups []*group, all []*endpoint, until *time.Time, now time.Time) Verdict {
	v := Verdict{Level: Safe, Heading: "Nothing is to be read: all endpoints are switched off", Steps: []Step{}}
	if len(all) == 0 || until == nil {
		return v
	}
	v.Heading, v.FirstLossAt = "Everything is safe until "+dateOf(*until, now), until
	v.Why = checked(all, now)
	var also []string
	if trouble := lastTrouble(all, now); trouble != "" {
		also = append(also, trouble)
	}
	for _, g := range groups {
		also = append(also, g.heading())
	}
	v.Also = strings.Join(also, "; ")
	return v
}

// checked is what was found well.
func checked(all []*endpoint, now time.Time) string {
	var read, next *time.Time
	nothing := "nothing is lost, parked or rejected"
	for _, e := range all {
		s := e.Standing
		read = Latest(read, s.LastSuccessAt)
		if s.NextDueAt != nil && s.NextDueAt.After(now) {
			next = Earliest(next, s.NextDueAt)
		}
		if s.Known > 0 || s.Records.Acknowledged > 0 {
			nothing = "nothing is parked or rejected, and each loss is acknowledged"
		}
	}
	text := fmt.Sprintf("%s of %s",
		Count(len(all), "endpoint", "endpoints"), Count(tenantsOf(all), "tenant", "tenants"))
	if read != nil {
		text += ", last read " + Moment(*read, now)
	}
	if next != nil {
		text += ", next run " + Moment(*next, now)
	}
	return text + "; " + nothing + "."
}

// lastTrouble is what failed last and when it healed; empty if nothing did.
func lastTrouble(all []*endpoint, now time.Time) string {
	var last *endpoint
	for _, e := range all {
		if healed := e.Standing.HealedAt; healed != nil && (last == nil || healed.After(*last.Standing.HealedAt)) {
			last = e
		}
	}
	if last == nil {
		return ""
	}
	g := &group{code: last.failure(), tenant: last.tenant, endpoints: []*endpoint{last}, now: now}
	return fmt.Sprintf("The last trouble was %s's: %s; healed %s",
		last.tenant.Name, g.says(), Moment(*last.Standing.HealedAt, now))
}

// longestLeft is how long the slowest will take; nil while that is not known.
func longestLeft(all []*endpoint) (longest *time.Duration) {
	for _, e := range all {
		if e.Standing == nil || e.running() == nil {
			continue
		}
		if left := e.left(); left != nil && (longest == nil || *left > *longest) {
			longest = left
		}
	}
	return longest
}

func tenantsOf(all []*endpoint) int {
	found := map[*tenant]bool{}
	for _, e := range all {
		found[e.tenant] = true
	}
	return len(found)
}
