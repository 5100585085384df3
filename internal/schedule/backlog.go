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

// stuck returns the records that left reach and those that are parked.
func (j *Job) stuck(ctx context.Context, p Policy, now time.Time, b store.Backlog) (gone, parked []store.Record, err error) {
	const all = 1 << 30
	if b.Oldest != nil && b.Oldest.Before(p.horizon(now)) {
		gone, err = j.DB.LostRecords(ctx, j.Tenant, p.Origin, p.horizon(now), false, all)
	}
	if err == nil && b.Parked > 0 {
		parked, err = j.DB.ParkedRecords(ctx, j.Tenant, p.horizon(now), all)
	}
	return gone, parked, err
}
