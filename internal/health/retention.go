package health

import (
	"fmt"
	"strings"
	"time"

	"ingestd/internal/config"
	"ingestd/internal/fetch"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

// A Kept is how long something is kept, and how far retention has deleted it.
type Kept struct {
	What     string     `json:"what"`      // an endpoint, details or personal (data)
	Term     int64      `json:"term_s"`    // how long it is kept
	KeptFrom *time.Time `json:"kept_from"` // all tenants' from before is deleted; null: not yet
	DueFrom  time.Time  `json:"due_from"`  // what is before is past its term, and deleted within the hour
}

// retention is what is not kept for ever.
func retention(f Facts, now time.Time) []Kept {
	all := []Kept{}
	// add adds what is kept of an endpoint, or of each.
	add := func(what string, of *fetch.Endpoint, due func(time.Duration) time.Time, keptFrom keptFrom) {
		term := f.Terms[what]
		if term == 0 {
			return
		}
		k := Kept{What: what, Term: int64(term / time.Second), DueFrom: due(term)}
		begun := true
		for _, t := range f.Tenants {
			for _, e := range t.Endpoints {
				if of != nil && of.Name != e.Endpoint.Name || e.Standing == nil {
					continue
				}
				at := utc(keptFrom(e.Standing))
				begun = begun && at != nil
				k.KeptFrom = Earliest(k.KeptFrom, at)
			}
		}
		if !begun {
			k.KeptFrom = nil
		}
		all = append(all, k)
	}
	for _, e := range fetch.Endpoints {
		due := func(term time.Duration) time.Time { return schedule.PastTerm(e, term, now) }
		if e.Versioned {
			add(config.Details, &e, due, func(s *store.Standing) *time.Time { return s.DetailsKeptFrom })
		}
		add(e.Name, &e, due, func(s *store.Standing) *time.Time { return s.KeptFrom })
	}
	due := func(term time.Duration) time.Time { return schedule.AgedBefore(now, term) }
	add(config.Personal, nil, due, func(s *store.Standing) *time.Time { return s.PersonalFrom })
	return all
}

// A keptFrom tells from when on something is kept; nil: all is.
type keptFrom func(*store.Standing) *time.Time

// RetentionText says what retention has deleted, and what it deletes next; empty if all is
// kept for ever.
func (s Snapshot) RetentionText() string {
	var parts []string
	for _, k := range s.Retention {
		const minute, late = "2006-01-02 15:04", 2 * time.Hour
		due, what := k.DueFrom.Format(minute), k.What
		if what == config.Personal {
			what = "personal data"
		}
		switch {
		case k.KeptFrom == nil:
			parts = append(parts, fmt.Sprintf("%s before %s to be deleted", what, due))
		case k.DueFrom.Sub(*k.KeptFrom) > late:
			parts = append(parts, fmt.Sprintf("%s deleted before %s, next before %s",
				what, k.KeptFrom.Format(minute), due))
		default:
			parts = append(parts, fmt.Sprintf("%s deleted before %s", what, k.KeptFrom.Format(minute)))
		}
	}
	if parts == nil {
		return ""
	}
	return "Retention: " + strings.Join(parts, "; ") + "."
}
