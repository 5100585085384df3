package health

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"ingestd/internal/store"
)

// Take makes a snapshot of facts, as they stand at a time. It asks nobody and
// keeps nothing: the same facts and time give the same snapshot.
func Take(f Facts, now time.Time) Snapshot {
	now = now.UTC()
	s := Snapshot{
		Version: Version, AsOf: now.Truncate(time.Second), Database: f.Database,
		Tenants: []Tenant{}, Problems: []Problem{}, UnknownMembers: []UnknownMember{},
		RollupsStaleSince: utc(f.StaleSince), Retention: retention(f, now),
	}
	if d := f.Daemon; d != nil {
		s.Daemon = &Daemon{
			Host: d.Host, Version: d.Version, StartedAt: *utc(&d.StartedAt), HeartbeatAt: *utc(&d.HeartbeatAt),
		}
	}
	for _, m := range f.Unknown {
		s.UnknownMembers = append(s.UnknownMembers, UnknownMember{m.Endpoint, m.Member, *utc(&m.FirstSeenAt)})
	}
	var tenants []*tenant
	for _, facts := range f.Tenants {
		tenants = append(tenants, newTenant(facts, f, now))
	}
	groups := groupsOf(tenants, s.UnknownMembers, f, now)
	for _, t := range tenants {
		s.Tenants = append(s.Tenants, t.snapshot())
		for _, e := range t.endpoints {
			if e.wanted() {
				s.SafeUntil = Earliest(s.SafeUntil, utc(e.safeUntil()))
			}
		}
	}
	for _, g := range groups {
		s.Problems = append(s.Problems, g.problem())
	}
	s.Verdict = verdictOf(groups, tenants, s.SafeUntil, now)
	sortTenants(s.Tenants, s.Problems)
	return s
}

// A tenant is one tenant while a snapshot is made.
type tenant struct {
	TenantFacts
	daemon    *store.Daemon // that gave the last sign of reading it; nil: none ever did
	endpoints []*endpoint
	attended  bool // a daemon, or another run, reads it
}

func newTenant(facts TenantFacts, f Facts, now time.Time) *tenant {
	t := &tenant{TenantFacts: facts, daemon: cmp.Or(facts.Daemon, f.Daemon)}
	t.attended = t.daemon != nil && f.At.Sub(t.daemon.HeartbeatAt) < AliveFor
	for _, e := range facts.Endpoints {
		made := newEndpoint(t, e, now, f.At)
		t.endpoints = append(t.endpoints, made)
		t.attended = t.attended || made.running() != nil
	}
	return t
}

func (t *tenant) snapshot() Tenant {
	out := t.Tenant
	out.Endpoints = []Endpoint{}
	for _, e := range t.endpoints {
		out.Endpoints = append(out.Endpoints, e.snapshot())
	}
	return out
}

// levels are in the order of urgency.
var levels = []Level{ActNow, Lost, ActSoon, Wait, FirstReading, Safe}

// rank is how urgent a level is: the lower the more.
func (l Level) rank() int { return slices.Index(levels, l) }

// sortTenants puts the tenants with the most urgent problems first.
func sortTenants(tenants []Tenant, problems []Problem) {
	rank := map[string]int{}
	for _, t := range tenants {
		rank[t.Name] = Safe.rank()
	}
	for _, p := range problems {
		for name, r := range rank {
			if p.Tenant == nil || *p.Tenant == name {
				rank[name] = min(r, p.Level.rank())
			}
		}
	}
	slices.SortStableFunc(tenants, func(a, b Tenant) int {
		return cmp.Or(rank[a.Name]-rank[b.Name], strings.Compare(a.Name, b.Name))
	})
}

// ExitCode is what a command ends with that shows the snapshot: 0 if nothing is
// amiss, 3 if something is, 4 if what is most urgent is an administrator's to
// grant.
func (s Snapshot) ExitCode() int {
	switch s.Verdict.Level {
	case Safe, FirstReading:
		return 0
	case Wait:
		if !slices.ContainsFunc(s.Problems, func(p Problem) bool { return p.Level == Wait }) {
			return 0 // it only catches up
		}
	}
	denied := func(p Problem) bool { return p.Level == s.Verdict.Level && p.Code.IsDenial() }
	if slices.ContainsFunc(s.Problems, denied) {
		return 4
	}
	return 3
}

// IsFresh reports whether all that should have been read was: whether nothing is
// missing, late or in danger. What cannot be read although the rest can, and what
// will end some day, leaves it fresh.
func (s Snapshot) IsFresh() bool {
	switch {
	case !s.Database.Up:
		return false
	case s.Verdict.Level == Safe:
		return true
	case s.Verdict.Level == ActNow, s.Verdict.Level == Lost, s.Verdict.Level == FirstReading:
		return false
	}
	holdsBack := func(p Problem) bool { return p.Level.rank() <= Wait.rank() && !causes[p.Code].aside }
	if slices.ContainsFunc(s.Problems, holdsBack) {
		return false
	}
	for _, t := range s.Tenants {
		for _, e := range t.Endpoints {
			if e.State == CatchingUp {
				return false
			}
		}
	}
	return true
}
