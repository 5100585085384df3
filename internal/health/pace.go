package health

import (
	"time"

	"ingestd/internal/store"
)

const (
	// knownAfter is how long a run is at work before its pace tells anything.
	knownAfter = 5 * time.Second
	// trusted is how long a run that makes progress counts as able to save what
	// expires while nothing is known of its pace.
	trusted = time.Minute
	// followsWithin is how soon after a run the next one begins while there is more
	// to read.
	followsWithin = time.Minute
)

// pace is how fast the endpoint is read, by the run at work or, while that has
// just begun, by the one before it if that did well.
func (e *endpoint) pace() (p store.Pace, known bool) {
	run, last := e.running(), e.Standing.Last
	switch {
	case run != nil && run.Took >= knownAfter:
		return run.Pace, true
	case last != nil && last.Took >= knownAfter && e.at.Sub(last.At) < trusted && e.Standing.Failures == 0:
		return *last, true
	}
	return store.Pace{}, false
}

// perSecond is how many elements a second are stored: call records with their
// details, rows of all others.
func (e *endpoint) perSecond(p store.Pace) float64 {
	done := p.Rows
	if e.Endpoint.Versioned {
		done = p.Details
	}
	return float64(done) / max(p.Took.Seconds(), 1)
}

// left is how long all that is due will take; nil while that is not known.
func (e *endpoint) left() *time.Duration {
	p, known := e.pace()
	if !known {
		return nil
	}
	slots := int((e.stand.Unread + e.Policy.Slot - 1) / e.Policy.Slot)
	if run := e.running(); run != nil && run.Took >= knownAfter {
		slots = max(run.Slots-run.SlotsDone, 0)
	}
	var longest time.Duration
	for _, part := range []struct{ left, done float64 }{
		{float64(slots), float64(p.SlotsDone)},
		{float64(e.records().Due), float64(p.Details)},
	} {
		if part.left == 0 {
			continue
		}
		if part.done == 0 {
			return nil
		}
		longest = max(longest, time.Duration(float64(p.Took)*part.left/part.done))
	}
	return &longest
}

// inHand reports whether a run will save in time what expires first. It reads
// that first, so only a share of its time counts. A run that has done nothing yet
// saves nothing: the one before it may have been refused.
func (e *endpoint) inHand() bool {
	loss := e.firstLoss()
	run, last := e.running(), e.Standing.Last
	following := e.state == CatchingUp && last != nil && e.at.Sub(last.At) < followsWithin
	if loss == nil || run == nil && !following {
		return false
	}
	left := e.left()
	if left == nil {
		return run == nil || run.Took < trusted && run.SlotsDone+int(run.Details) > 0
	}
	urgent := *left
	if e.stand.Unread > 0 && e.stand.Urgent < e.stand.Unread {
		urgent = time.Duration(float64(*left) * float64(e.stand.Urgent) / float64(e.stand.Unread))
	}
	return urgent*3/2 < loss.Sub(e.now)
}

// run is the run at work.
func (e *endpoint) run() *Running {
	run := e.running()
	if run == nil {
		return nil
	}
	out := &Running{
		RunID: run.RunID, StartedAt: *utc(&run.StartedAt), HeartbeatAt: *utc(&run.HeartbeatAt),
		Slots: run.Slots, SlotsDone: run.SlotsDone, RecordsDone: run.Rows, InHand: e.inHand(),
	}
	if e.Endpoint.Versioned {
		out.RecordsDone = run.Details
	}
	if p, known := e.pace(); known {
		out.Rate = e.perSecond(p)
	}
	if left := e.left(); left != nil {
		whole := seconds(*left + time.Second - 1)
		out.Left = &whole
	}
	return out
}
