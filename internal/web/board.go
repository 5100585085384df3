package web

import (
	"fmt"
	"slices"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/health"
)

const (
	// unfoldedTenants is how many tenants are shown with all their endpoints,
	// healthy or not.
	unfoldedTenants = 3
	// manyTenants is from how many on no more than maxUnfolded are unfolded.
	manyTenants = 50
	maxUnfolded = 20
)

// A board has a row for each endpoint, or one for all of a tenant.
type board struct {
	Axis    axis
	Tenants []tenantRows
	Removed []string
}

// tenantRows are the rows of one tenant.
type tenantRows struct {
	Name, Note string
	Folded     *row // in place of the rows, where they are folded
	Rows       []row
}

// A row is an endpoint, or the worst of a tenant's.
type row struct {
	Name   string
	Tenant bool // Name is a tenant's
	State  look
	Since  string
	Flags  []badge
	Strip  strip
	Until  string
	Safe   string
	Urgent string // class of Safe: hot, warm or none
	Next   string
}

type badge struct{ Class, Word string }

// boardOf makes the board of tenants, which come the most severe first.
func boardOf(tenants []health.Tenant, now time.Time) board {
	b := board{}
	unfolded := 0
	for _, t := range tenants {
		if isRemoved(t) {
			b.Removed = append(b.Removed, removedText(t, now))
			continue
		}
		fold := len(tenants) > unfoldedTenants && isHealthy(t) || len(tenants) > manyTenants && unfolded == maxUnfolded
		rows := tenantRows{Name: t.Name, Note: noteOf(t)}
		if fold {
			rows.Folded = foldedRow(t, now)
		} else {
			unfolded++
			for _, e := range t.Endpoints {
				rows.Rows = append(rows.Rows, rowOf(e, now))
			}
		}
		b.Tenants = append(b.Tenants, rows)
	}
	b.Axis = axisOf(now, edgeOf(tenants, now))
	return b
}

// edgeOf is the time before which Microsoft has deleted call records, by the
// first tenant that reads them.
func edgeOf(tenants []health.Tenant, now time.Time) time.Time {
	for _, t := range tenants {
		for _, e := range t.Endpoints {
			if e.Name == fetch.CallRecords.Name && !e.Horizon.IsZero() {
				return e.Horizon
			}
		}
	}
	return now.Add(-fetch.CallRecords.Reach)
}

func isRemoved(t health.Tenant) bool {
	return len(t.Endpoints) > 0 && !slices.ContainsFunc(t.Endpoints, func(e health.Endpoint) bool {
		return e.State != health.Removed
	})
}

func removedText(t health.Tenant, now time.Time) string {
	text := t.Name + ": removed from the configuration"
	if since := t.Endpoints[0].Since; since != nil {
		text += " on " + since.UTC().Format("2 Jan")
	}
	return text + ". Nothing is read; its rows are kept."
}

// isHealthy reports whether nothing of a tenant asks for a look.
func isHealthy(t health.Tenant) bool {
	return !slices.ContainsFunc(t.Endpoints, func(e health.Endpoint) bool {
		calm := e.State == health.OnTime || e.State == health.Paused || e.State == health.Removed
		return !calm || len(e.Flags) > 0
	})
}

// clouds are the names of Microsoft's clouds.
var clouds = map[string]string{
	"global": "Global", "usgov-l4": "GCC High", "usgov-l5": "DoD", "custom": "Own cloud",
}

// noteOf says of a tenant what stands beside its name: its cloud, and how many of
// its endpoints are in which state.
func noteOf(t health.Tenant) string {
	note := clouds[t.Cloud]
	if note == "" {
		note = t.Cloud
	}
	counts := map[health.State]int{}
	for _, e := range t.Endpoints {
		counts[e.State]++
	}
	for _, s := range slices.Backward(bySeverity) {
		switch n := counts[s]; {
		case n == len(t.Endpoints) && n > 0:
			note += fmt.Sprintf(" · all %d %s", n, spaced(s))
		case n > 0:
			note += fmt.Sprintf(" · %d %s", n, spaced(s))
		}
	}
	if s := t.Subscription; s != nil && s.Error != nil {
		note += " · not notified"
	}
	return note
}

// foldedRow says of a tenant what its first loss would be, by the endpoint that
// it would hit.
func foldedRow(t health.Tenant, now time.Time) *row {
	first := t.Endpoints[0]
	worst := first
	for _, e := range t.Endpoints {
		if e.SafeUntil != nil && (first.SafeUntil == nil || e.SafeUntil.Before(*first.SafeUntil)) {
			first = e
		}
		if severity(e.State) > severity(worst.State) {
			worst = e
		}
	}
	r := rowOf(first, now)
	r.Name, r.Tenant, r.State = t.Name, true, stateOf(worst.State)
	r.Since = health.Count(len(t.Endpoints), "endpoint", "endpoints")
	r.Flags = nil
	for _, e := range t.Endpoints {
		for _, f := range flagsOf(e) {
			if !slices.Contains(r.Flags, f) {
				r.Flags = append(r.Flags, f)
			}
		}
		if e.NextDueAt != nil && (first.NextDueAt == nil || e.NextDueAt.Before(*first.NextDueAt)) {
			r.Next = nextOf(e, now)
		}
	}
	return &r
}

// bySeverity are the states by how much they ask for a look.
var bySeverity = []health.State{
	health.Removed, health.Paused, health.OnTime, health.Never, health.CatchingUp,
	health.Late, health.Throttled, health.Down, health.Denied,
}

func severity(s health.State) int { return slices.Index(bySeverity, s) }

func rowOf(e health.Endpoint, now time.Time) row {
	r := row{
		Name: e.Name, State: stateOf(e.State), Since: sinceOf(e, now), Flags: flagsOf(e), Strip: stripOf(e, now),
		Until: or(e.CompleteUntil, func(t time.Time) string { return t.UTC().Format("2 Jan 15:04") }),
		Safe:  or(e.SafeUntil, func(t time.Time) string { return health.Short(t.Sub(now)) }), Next: nextOf(e, now),
	}
	if len(r.Flags) > 1 {
		r.Since = "" // there is no room
	}
	if e.SafeUntil != nil {
		r.Urgent = urgency(e.SafeUntil.Sub(now), e.Running != nil && e.Running.InHand)
	}
	return r
}

// urgency is the class of a time that is left.
func urgency(d time.Duration, inHand bool) string {
	switch {
	case inHand || d >= 7*day:
		return ""
	case d < 2*day:
		return "hot"
	}
	return "warm"
}

func flagsOf(e health.Endpoint) []badge {
	var list []badge
	for _, f := range e.Flags {
		class := flags[f]
		if class == "" {
			class = "is-warn"
		}
		if f == health.FlagExpiring && e.Running != nil && e.Running.InHand {
			class = "calm"
		}
		list = append(list, badge{class, spaced(f)})
	}
	return list
}

// sinceOf is what stands beside a state: since when it holds, or until when.
func sinceOf(e health.Endpoint, now time.Time) string {
	switch running := e.Running; {
	case e.State == health.CatchingUp && running != nil && running.Slots > 0:
		return fmt.Sprintf("%d %%", 100*running.SlotsDone/running.Slots)
	case e.State == health.Never && running != nil:
		return "being read"
	case e.State == health.Throttled && e.NextDueAt != nil && e.NextDueAt.After(now):
		return "until " + moment(*e.NextDueAt, now)
	case e.State == health.Late && e.Failures > 0:
		return "failed " + times(e.Failures)
	case e.State == health.OnTime && unreadBefore(e, now) > 0:
		return health.Short(unreadBefore(e, now)) + " unread before"
	case e.State == health.OnTime || e.State == health.Never || e.Since == nil:
		return ""
	}
	return "since " + date(*e.Since, now)
}

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

// unreadBefore is how much is unread that lies before the strip.
func unreadBefore(e health.Endpoint, now time.Time) time.Duration {
	unread := time.Duration(e.Unread) * time.Second
	for _, g := range e.Strip {
		switch g.Kind {
		case health.KindUnread, health.KindReading, health.KindParked:
			unread -= g.To.Sub(g.From)
		}
	}
	if unread < day {
		return 0
	}
	return unread
}

func nextOf(e health.Endpoint, now time.Time) string {
	switch {
	case e.State == health.Paused || e.State == health.Removed || e.NextDueAt == nil && e.Running == nil:
		return dash
	case e.Running != nil || !e.NextDueAt.After(now):
		return "now"
	}
	return moment(*e.NextDueAt, now)
}
