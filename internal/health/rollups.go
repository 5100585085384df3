package health

import (
	"slices"
	"time"
)

// staleLong is how long rollups may lag behind the rows before it asks for a person.
const staleLong = 2 * time.Hour

// staleRollups is the problem that nobody brings the rollups up to date; nil if
// somebody does, or if nobody is at work at all. Notes are by the database's clock.
func staleRollups(tenants []*tenant, f Facts, now time.Time) *group {
	attended := slices.ContainsFunc(tenants, func(t *tenant) bool { return t.attended })
	if f.StaleSince == nil || f.At.Sub(*f.StaleSince) < staleLong || !attended {
		return nil
	}
	return &group{code: RollupsStale, now: now, since: f.StaleSince}
}
