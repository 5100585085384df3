package schedule

import (
	"context"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
)

// A loaded is what a run knows of the ledger. Its size depends on the reach,
// not on how long the endpoint has been read.
type loaded struct {
	policy       Policy // with its origin
	slots        []store.Slot
	acknowledged []fetch.Window
	settledUntil time.Time // end of the gapless run of settled slots since the origin
	backlog      store.Backlog
}

// behindChunk is how many slots are loaded at a time to move the watermark on
// through what has left reach.
const behindChunk = 1000

// load reads the ledger from 48 hours before the edge of reach on. What lies
// further back is only walked over once, by the end of the gapless run.
func (j *Job) load(ctx context.Context, state store.Endpoint, now time.Time) (l loaded, err error) {
	l.policy = j.Policy
	l.policy.Origin = state.Origin
	if state.ClockAt != nil && !j.Client.Witnessed() {
		l.policy.Known = *state.ClockAt
	}
	from := l.policy.horizon(now).Add(-edge)
	if l.slots, err = j.DB.Slots(ctx, j.Tenant, j.Endpoint.Name, from); err != nil {
		return l, err
	}
	mark := later(state.Origin, earlier(state.SettledUntil, from))
	if l.acknowledged, err = j.acknowledged(ctx, mark); err != nil {
		return l, err
	}
	if l.settledUntil, err = j.advance(ctx, l, mark, from, now); err != nil {
		return l, err
	}
	if j.Endpoint.Versioned {
		horizon, edge := l.policy.horizon(now), l.policy.edge(now)
		l.backlog, err = j.DB.Backlog(ctx, j.Tenant, now, l.policy.uncovered(state), horizon, edge)
	}
	return l, err
}

// uncovered is the time before which the watermark covers all records: those
// that are stored, and those whose loss was acknowledged. Since it was noted
// Graph can only have named records that were within its reach then. So the
// acknowledged ones of many years are not walked over by every run.
func (p Policy) uncovered(state store.Endpoint) time.Time {
	if state.LastFinishedAt == nil {
		return state.Origin
	}
	reachable := p.horizon(*state.LastFinishedAt).Add(-edge)
	covered := earlier(state.Watermark, state.SettledUntil) // the second is behind after origin has moved back
	return later(state.Origin, earlier(covered, reachable))
}

// acknowledged are the spans, from a time on, whose loss somebody has
// acknowledged.
func (j *Job) acknowledged(ctx context.Context, from time.Time) ([]fetch.Window, error) {
	list, err := j.DB.Acknowledgements(ctx, j.Tenant, j.Endpoint.Name, from)
	return spansOf(list), err
}

// advance moves the end of the gapless run on: through the slots behind those
// loaded, a bounded number at a time, and then through those.
func (j *Job) advance(ctx context.Context, l loaded, mark, from, now time.Time) (time.Time, error) {
	for mark.Before(from) {
		slots, err := j.DB.SlotsBehind(ctx, j.Tenant, j.Endpoint.Name, mark, from, behindChunk)
		if err != nil {
			return mark, err
		}
		end := from
		if n := len(slots); n == behindChunk {
			end = slots[n-1].To
		}
		next := l.policy.Advance(mark, end, slots, l.acknowledged)
		if next.Before(end) {
			return next, nil
		}
		mark = next
	}
	return l.policy.Advance(mark, now, l.slots, l.acknowledged), nil
}

// watermark is the end of the gapless run of what is stored for good: a list
// without the details it names covers nothing, so it is not later than the
// start of the oldest record whose details are not stored.
func (l loaded) watermark() time.Time {
	if oldest := l.backlog.Oldest; oldest != nil {
		return earlier(*oldest, l.settledUntil)
	}
	return l.settledUntil
}
