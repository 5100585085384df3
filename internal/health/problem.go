package health

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

const (
	// EndsSoon is how far ahead the end of a credential is a problem.
	EndsSoon = 14 * day
	// MaxSkew is how far the clocks may be apart.
	MaxSkew = 2 * time.Minute
	// parkedLong is how long something may be parked before it asks for a person.
	parkedLong = day
)

// A group is one cause and the endpoints of one tenant that it holds back, or,
// without a tenant, of all.
type group struct {
	code      Code
	tenant    *tenant
	endpoints []*endpoint
	now       time.Time
	since     *time.Time
	level     Level
	evidence  string // empty: what failed last
}

// groupsOf finds all that is wrong, by first loss. What follows from something
// that is listed is not: a daemon that is absent explains what is late.
func groupsOf(tenants []*tenant, unknown []UnknownMember, f Facts, now time.Time) []*group {
	var groups []*group
	for _, t := range tenants {
		found := map[Code]*group{}
		for _, e := range t.endpoints {
			for code, since := range e.causes() {
				g := found[code]
				if g == nil {
					g = &group{code: code, tenant: t, now: now}
					found[code], groups = g, append(groups, g)
				}
				g.endpoints, g.since = append(g.endpoints, e), Earliest(g.since, since)
			}
		}
		for code, since := range t.causes(now) {
			if found[code] == nil {
				groups = append(groups, &group{code: code, tenant: t, now: now, since: since})
			}
		}
	}
	groups = joinAbsent(groups, tenants)
	if g := drift(tenants, unknown, now); len(g.endpoints) > 0 {
		groups = append(groups, g)
	}
	if g := staleRollups(f, now); g != nil {
		groups = append(groups, g)
	}
	for _, g := range groups {
		g.level = g.judge()
	}
	slices.SortStableFunc(groups, compareGroups)
	return groups
}

func compareGroups(a, b *group) int {
	return cmp.Or(compareTimes(a.firstLoss(), b.firstLoss()), a.level.rank()-b.level.rank(),
		strings.Compare(a.name(), b.name()), strings.Compare(string(a.code), string(b.code)))
}

// compareTimes orders times, those that are missing last.
func compareTimes(a, b *time.Time) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return a.Compare(*b)
}

// joinAbsent makes one problem of the daemon that no tenant has.
func joinAbsent(groups []*group, tenants []*tenant) []*group {
	var absent []*group
	for _, g := range groups {
		if g.code == DaemonAbsent {
			absent = append(absent, g)
		}
	}
	wanted := 0
	for _, t := range tenants {
		if slices.ContainsFunc(t.endpoints, (*endpoint).wanted) {
			wanted++
		}
	}
	if len(absent) < 2 || len(absent) < wanted {
		return groups
	}
	all := &group{code: DaemonAbsent, now: absent[0].now}
	for _, g := range absent {
		all.endpoints, all.since = append(all.endpoints, g.endpoints...), Earliest(all.since, g.since)
	}
	groups = slices.DeleteFunc(groups, func(g *group) bool { return g.code == DaemonAbsent })
	return append(groups, all)
}

// causes are what is wrong with an endpoint, each with since when.
func (e *endpoint) causes() map[Code]*time.Time {
	found := map[Code]*time.Time{}
	s := e.Standing
	if !e.wanted() {
		return found
	}
	if s == nil {
		if !e.tenant.attended {
			found[DaemonAbsent] = nil
		}
		return found
	}
	late := e.overdue(e.Interval) || s.NextDueAt == nil && !e.tenant.attended
	absent := late && !e.tenant.attended
	switch {
	case absent:
		found[DaemonAbsent] = s.NextDueAt
		if e.state == Denied {
			found[e.failure()] = s.FailingSince
		}
	case s.Failures > 0:
		found[e.failure()] = s.FailingSince
	case e.waits():
		found[GraphThrottles] = e.since
	case late:
		found[RunHangs] = s.NextDueAt
	}
	if e.stand.ParkedSlots > 0 {
		found[SlotsParked] = e.stand.ParkedSince
	}
	if s.Records.Parked > 0 {
		found[RecordsParked] = s.Records.ParkedSince
	}
	begins := e.firstReading() && e.tenant.attended // it reads what expires within the hour
	if e.expiring() && len(found) == 0 && !begins {
		found[ExpiresSoon] = e.behind
	}
	if e.isLost() {
		found[DataLost] = nil
	}
	if s.Rejects.Open > 0 {
		found[RejectsOpen] = s.Rejects.Since
	}
	return found
}

// causes are what is wrong with a tenant, whatever its endpoints do.
func (t *tenant) causes(now time.Time) map[Code]*time.Time {
	found := map[Code]*time.Time{}
	if !slices.ContainsFunc(t.endpoints, (*endpoint).wanted) {
		return found
	}
	if ends := t.Credential.EndsAt; ends != nil && ends.Sub(now) < EndsSoon {
		found[CredentialEnds] = nil
	}
	if skew := t.ClockSkew; skew != nil && (*skew > MaxSkew.Seconds() || *skew < -MaxSkew.Seconds()) {
		found[ClockSkewed] = nil
	}
	if t.Subscription.fails(now) {
		found[NotNotified] = nil
	}
	if len(t.Exposed) > 0 {
		found[SecretReadable] = nil
	}
	return found
}

// missedLately is how long after notifications were missing a fault is taken for
// what keeps them away: the daemon looks every few minutes.
const missedLately = 15 * time.Minute

// fails reports whether a subscription brings nothing now.
func (s *Subscription) fails(now time.Time) bool {
	return s != nil && s.Error != nil &&
		(s.ExpiresAt == nil || s.ExpiresAt.Before(now) || s.MissedAt != nil && now.Sub(*s.MissedAt) < missedLately)
}

// firstLoss is when the first thing is lost that the group's endpoints should
// read, if nobody does anything; nil if nothing is in danger.
func (g *group) firstLoss() *time.Time {
	e := g.first()
	if e == nil || causes[g.code].aside && !g.isParked() {
		return nil
	}
	return utc(e.firstLoss())
}

// first is the endpoint whose first loss comes first; nil if the group has none.
func (g *group) first() *endpoint {
	if len(g.endpoints) == 0 {
		return nil
	}
	return slices.MinFunc(g.endpoints, func(a, b *endpoint) int { return compareTimes(a.firstLoss(), b.firstLoss()) })
}

// isParked reports whether something cannot be read although the rest can.
func (g *group) isParked() bool { return g.code == SlotsParked || g.code == RecordsParked }

// judge is how urgent the group is.
func (g *group) judge() Level {
	endangered := func(e *endpoint) bool { return e.expiring() && (g.isParked() || !e.inHand()) }
	if g.firstLoss() != nil && slices.ContainsFunc(g.endpoints, endangered) {
		return ActNow
	}
	switch g.code {
	case DataLost:
		return Lost
	case SecretReadable, SchemaDrift:
		return Safe // nothing is lost by it
	case ExpiresSoon, GraphThrottles:
		return Wait
	case SlotsParked, RecordsParked:
		if g.since != nil && g.now.Sub(*g.since) < parkedLong {
			return Wait
		}
		return ActSoon
	case DaemonAbsent, CredentialEnds, ClockSkewed, RejectsOpen, RollupsStale, NotNotified:
		return ActSoon
	}
	isDown := func(e *endpoint) bool { return e.state == Denied || e.state == Down }
	if slices.ContainsFunc(g.endpoints, isDown) {
		return ActSoon
	}
	return Wait
}

// name is the tenant's; empty if all are meant.
func (g *group) name() string {
	if g.tenant == nil {
		return ""
	}
	return g.tenant.Name
}

// says is what is wrong, after the name of the tenant.
func (g *group) says() string { return causes[g.code].says(g) }

func (g *group) steps() []Step {
	list := causes[g.code].steps(g)
	return list[:min(len(list), 3)]
}

// heading says whose problem it is.
func (g *group) heading() string {
	if g.tenant == nil || g.code == DataLost {
		return sentence(g.says())
	}
	return g.tenant.Name + ": " + g.says()
}

// sentence is text with a capital at its start.
func sentence(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

func (g *group) problem() Problem {
	p := Problem{
		Code: g.code, Level: g.level, Endpoints: []string{}, Since: utc(g.since), FirstLossAt: g.firstLoss(),
		Heading: g.heading(), Detail: g.detail(), Steps: g.steps(),
	}
	id := uuid.Nil
	if g.tenant != nil {
		p.Tenant, id = &g.tenant.Name, g.tenant.ID
	}
	for _, e := range g.endpoints {
		if !slices.Contains(p.Endpoints, e.Endpoint.Name) {
			p.Endpoints = append(p.Endpoints, e.Endpoint.Name)
		}
	}
	p.ID = ShortID(id.String(), string(g.code))
	return p
}

// detail is the evidence: what failed last, and what it holds back.
func (g *group) detail() string {
	if g.evidence != "" {
		return g.evidence
	}
	var parts []string
	if why, known := causes[g.parkedCode()]; known {
		parts = append(parts, why.says(g))
	}
	if e := g.first(); e != nil && e.Standing != nil && e.Standing.Failures > 0 && e.failure() == g.code {
		s := e.Standing
		if s.LastStatus != nil {
			parts = append(parts, fmt.Sprintf("%s: status %d", e.Endpoint.Name, *s.LastStatus))
		} else {
			parts = append(parts, e.Endpoint.Name+": no answer")
		}
		if s.LastRequestID != nil {
			parts = append(parts, "request-id "+*s.LastRequestID)
		}
		parts = append(parts, Count(s.Failures, "failure", "failures in a row"))
	}
	if unread := g.unread(); unread >= time.Hour {
		parts = append(parts, Remaining(unread)+" unread")
	}
	return strings.Join(parts, ", ")
}

// parkedCode is why the first thing failed last that is parked; empty if the
// group is of another kind.
func (g *group) parkedCode() Code {
	for _, e := range g.endpoints {
		switch {
		case g.code == SlotsParked:
			return Code(e.stand.ParkedCode)
		case g.code == RecordsParked && e.records().ParkedCode != nil:
			return Code(*e.records().ParkedCode)
		}
	}
	return ""
}

// unread is how much the endpoint that is in most need has not read.
func (g *group) unread() (most time.Duration) {
	for _, e := range g.endpoints {
		most = max(most, e.stand.Unread)
	}
	return most
}
