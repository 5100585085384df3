package health

import "time"

// staleLong is how long rollups may lag behind the rows before it asks for a person.
const staleLong = 2 * time.Hour

// staleRollups is the problem that nobody brings the rollups up to date; nil if
// somebody does. Notes are by the database's clock.
func staleRollups(f Facts, now time.Time) *group {
	if f.StaleSince == nil || f.At.Sub(*f.StaleSince) < staleLong {
		return nil
	}
	return &group{code: RollupsStale, now: now, since: f.StaleSince}
}
