package schedule

import (
	"context"
	"time"

	"ingestd/internal/store"
)

// backlog is what the list has named and is not stored whole; nothing where
// elements are served whole by the list itself.
func (j *Job) backlog(ctx context.Context, p Policy, now time.Time) (store.Backlog, error) {
	if !j.Endpoint.Versioned {
		return store.Backlog{}, nil
	}
	return j.DB.Backlog(ctx, j.Tenant, now, p.Origin, p.horizon(now), p.edge(now))
}

// heldBack is the watermark of a ledger of lists: a list without what it names
// covers nothing, so it is not later than the start of the oldest record that
// is not stored whole.
func heldBack(mark time.Time, b store.Backlog) time.Time {
	if b.Oldest != nil && b.Oldest.Before(mark) {
		return *b.Oldest
	}
	return mark
}

// stuck sorts records into those that left reach and those that are parked.
func (p Policy) stuck(now time.Time, records []store.Record) (gone, parked []store.Record) {
	for _, r := range records {
		switch {
		case r.StartAt != nil && r.StartAt.Before(p.horizon(now)):
			gone = append(gone, r)
		case r.Parked:
			parked = append(parked, r)
		}
	}
	return gone, parked
}
