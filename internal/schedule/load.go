package schedule

import (
	"context"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
)

// A loaded is what the planner needs of the ledger. Its size depends on the
// reach, not on how long the endpoint has been read.
type loaded struct {
	policy Policy // with its origin
	slots  []store.Slot
}

// load reads the ledger from 48 hours before the edge of reach on.
func (j *Job) load(ctx context.Context, state store.Endpoint, now time.Time) (l loaded, err error) {
	l.policy = j.Policy
	l.policy.Origin = state.Origin
	if state.ClockAt != nil && !j.Client.Witnessed() {
		l.policy.Known = *state.ClockAt
	}
	l.slots, err = j.DB.Slots(ctx, j.Tenant, j.Endpoint.Name, l.from(now))
	return l, err
}

// from is from when on slots are loaded.
func (l loaded) from(now time.Time) time.Time { return l.policy.horizon(now).Add(-edge) }

// hasDueRecords reports whether the details of any record can be read now.
func (j *Job) hasDueRecords(ctx context.Context, p Policy, now time.Time) (bool, error) {
	if !j.Endpoint.Versioned {
		return false, nil
	}
	due, err := j.DB.DueRecords(ctx, j.Tenant, now, now, p.horizon(now), p.edge(now), 1)
	return len(due) > 0, err
}

// A balance is what the ledger says beside its slots: what is stored for good,
// and what is not.
type balance struct {
	loaded
	acknowledged []fetch.Window
	settledUntil time.Time // end of the gapless run of settled slots since the origin
	backlog      store.Backlog
}

// behindChunk is how many slots are loaded at a time to move the watermark on
// through what has left reach.
const behindChunk = 1000

// balance loads the ledger and reads the balance. What lies behind the slots
// loaded is only walked over once, by the end of the gapless run.
func (j *Job) balance(ctx context.Context, state store.Endpoint, now time.Time) (b balance, err error) {
	if b.loaded, err = j.load(ctx, state, now); err != nil {
		return b, err
	}
	settled := later(state.Origin, earlier(state.SettledUntil, b.from(now)))
	if b.acknowledged, err = j.acknowledged(ctx, settled); err != nil {
		return b, err
	}
	if b.settledUntil, err = j.advance(ctx, b, settled, now); err != nil {
		return b, err
	}
	if j.Endpoint.Versioned {
		horizon, edge := b.policy.horizon(now), b.policy.edge(now)
		b.backlog, err = j.DB.Backlog(ctx, j.Tenant, now, b.policy.uncovered(state), horizon, edge)
	}
	return b, err
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
func (j *Job) advance(ctx context.Context, b balance, settled, now time.Time) (time.Time, error) {
	for from := b.from(now); settled.Before(from); {
		slots, err := j.DB.SlotsBehind(ctx, j.Tenant, j.Endpoint.Name, settled, from, behindChunk)
		if err != nil {
			return settled, err
		}
		end := from
		if n := len(slots); n == behindChunk {
			end = slots[n-1].To
		}
		next := b.policy.Advance(settled, end, slots, b.acknowledged)
		if next.Before(end) {
			return next, nil
		}
		settled = next
	}
	return b.policy.Advance(settled, now, b.slots, b.acknowledged), nil
}

// watermark is the end of the gapless run of what is stored for good: a list
// without the details it names covers nothing, so it is not later than the
// start of the oldest record whose details are not stored.
func (b balance) watermark() time.Time {
	if oldest := b.backlog.Oldest; oldest != nil {
		return earlier(*oldest, b.settledUntil)
	}
	return b.settledUntil
}

// spansOf are the spans of acknowledged losses.
func spansOf(list []store.Acknowledgement) []fetch.Window {
	var windows []fetch.Window
	for _, a := range list {
		if a.CallID == nil {
			windows = append(windows, fetch.Window{From: a.From, To: a.To})
		}
	}
	return windows
}
