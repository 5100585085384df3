package health

import (
	"time"

	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

const (
	// AliveFor is how long after its last sign a run, or a daemon, counts as alive.
	AliveFor = 5 * time.Minute
	// soon is how far ahead a loss is urgent.
	soon = 48 * time.Hour
	// leastGrace is how late a run may be at least before it is overdue.
	leastGrace = 5 * time.Minute
	// longWait is how long a run may wait for Graph before its endpoint is throttled.
	longWait = time.Minute
	// manyRecords are more call records without details than runs that keep up leave.
	manyRecords = 5_000
)

// An endpoint is one endpoint while a snapshot is made.
type endpoint struct {
	EndpointFacts
	tenant *tenant
	now    time.Time
	at     time.Time // by the database's clock
	stand  schedule.Stand
	state  State
	since  *time.Time
	behind *time.Time // since when something could be read, if for longer than runs may take
}

func newEndpoint(t *tenant, facts EndpointFacts, now, at time.Time) *endpoint {
	e := &endpoint{EndpointFacts: facts, tenant: t, now: now, at: at}
	if s := e.Standing; s != nil {
		e.stand = e.Policy.Stand(*s, now)
		grace := max(2*e.Interval, time.Hour)
		for _, since := range []*time.Time{e.stand.Behind, s.Records.NamedAt, e.backlog()} {
			if since != nil && now.After(since.Add(grace)) {
				e.behind = Earliest(e.behind, since)
			}
		}
	}
	e.state, e.since = e.judge()
	return e
}

// backlog is since when call records lack their details, if so many do that their
// list was read lately and not as they came.
func (e *endpoint) backlog() *time.Time {
	if e.records().Due < manyRecords {
		return nil
	}
	for _, lacking := range e.Standing.Lacking {
		if !lacking.Parked {
			return &lacking.From
		}
	}
	return nil
}

// wanted reports whether anything is to be read.
func (e *endpoint) wanted() bool { return e.Configured && e.Enabled }

// running is the run that gives signs of life; nil if none does.
func (e *endpoint) running() *store.Running {
	if e.Standing == nil || e.Standing.Running == nil || e.at.Sub(e.Standing.Running.HeartbeatAt) >= AliveFor {
		return nil
	}
	return e.Standing.Running
}

// overdue reports whether the next run should have begun longer ago than a
// grace, and none is at work.
func (e *endpoint) overdue(grace time.Duration) bool {
	due := e.Standing.NextDueAt
	return due != nil && e.now.After(due.Add(max(grace, leastGrace))) && e.running() == nil
}

// failed reports whether the last run that ended had a result.
func (e *endpoint) failed(result string) bool {
	return e.Standing.LastResult != nil && *e.Standing.LastResult == result
}

// waits reports whether the run at work waits for Graph for long.
func (e *endpoint) waits() bool {
	run := e.running()
	return run != nil && run.WaitingUntil != nil && run.WaitingUntil.Sub(e.at) > longWait
}

// judge returns the first state that holds, and since when it does.
func (e *endpoint) judge() (State, *time.Time) {
	s := e.Standing
	switch {
	case !e.Configured:
		return Removed, s.RemovedAt
	case s == nil && !e.Enabled:
		return Paused, nil
	case !e.Enabled:
		return Paused, s.LastFinishedAt // nothing was read since
	case s == nil:
		return Never, nil
	case e.failed("denied"):
		return Denied, s.FailingSince
	case s.Failures >= 3:
		return Down, s.FailingSince
	case e.overdue(3 * e.Interval):
		return Down, s.NextDueAt
	case e.failed("throttled"):
		return Throttled, s.FailingSince
	case e.waits():
		return Throttled, &s.Running.StartedAt
	case e.failed("failed"):
		return Late, s.FailingSince
	case e.overdue(e.Interval):
		return Late, s.NextDueAt
	case e.stand.NeverRead && s.LastSuccessAt == nil:
		return Never, nil
	case e.behind != nil:
		return CatchingUp, e.behind
	}
	return OnTime, Latest(s.HealedAt, s.CaughtUpAt)
}

// isRead reports whether what is due is read as it should be.
func (e *endpoint) isRead() bool {
	return e.state == OnTime || e.state == CatchingUp || e.state == Never
}

// safeUntil is when the first thing that is not stored for good leaves Graph's
// reach if reading stops now.
func (e *endpoint) safeUntil() *time.Time {
	if e.Standing == nil {
		return nil
	}
	until := &e.stand.Expires
	if oldest := e.Standing.Records.Oldest; oldest != nil {
		at := oldest.Add(e.Policy.Reach)
		until = Earliest(until, &at)
	}
	return until
}

// firstLoss is when the first thing is lost if all goes on as it does; nil if
// nothing is known to be in danger.
func (e *endpoint) firstLoss() *time.Time {
	switch {
	case e.Standing == nil || !e.wanted():
		return nil
	case !e.isRead():
		return e.safeUntil()
	}
	r := e.Standing.Records
	oldest := r.OldestFailed
	if e.behind != nil {
		oldest = r.Oldest
	}
	if oldest == nil {
		return e.stand.ExpiresFirst
	}
	at := oldest.Add(e.Policy.Reach)
	return Earliest(e.stand.ExpiresFirst, &at)
}

// expiring reports whether something will be lost within 48 hours if all goes on
// as it does.
func (e *endpoint) expiring() bool {
	loss := e.firstLoss()
	return loss != nil && loss.Sub(e.now) < soon
}

// firstReading reports whether the first pass is not done yet.
func (e *endpoint) firstReading() bool {
	return e.wanted() && (e.Standing == nil || e.Standing.CaughtUpAt == nil)
}

// length is how long all pieces of a kind are.
func (e *endpoint) length(kind schedule.Kind) (d time.Duration) {
	for _, p := range e.stand.Pieces {
		if p.Kind == kind {
			d += p.To.Sub(p.From)
		}
	}
	return d
}

// isLost reports whether something is lost and nobody has taken note.
func (e *endpoint) isLost() bool {
	return e.Configured && e.Standing != nil && (e.length(schedule.Lost) > 0 || e.Standing.Records.Lost > 0)
}

func (e *endpoint) isParked() bool { return e.stand.ParkedSlots > 0 || e.records().Parked > 0 }

// records counts what is not stored whole.
func (e *endpoint) records() store.Records {
	if e.Standing == nil {
		return store.Records{}
	}
	return e.Standing.Records
}

// flags are the facts that no state hides.
func (e *endpoint) flags() []Flag {
	flags := []Flag{}
	for _, f := range []struct {
		holds bool
		flag  Flag
	}{
		{e.isLost(), FlagLost},
		{e.isParked(), FlagParked},
		{e.expiring(), FlagExpiring},
		{e.Standing != nil && e.Standing.Rejects.Open > 0, FlagRejects},
	} {
		if f.holds {
			flags = append(flags, f.flag)
		}
	}
	return flags
}

// completeUntil is the time before which nothing is missing and nothing changes
// any more.
func (e *endpoint) completeUntil() *time.Time {
	if e.Standing == nil {
		return nil
	}
	until := Earliest(e.records().Oldest, e.records().FirstLost)
	return Earliest(until, &e.stand.Watermark)
}

// snapshot is how the endpoint stands.
func (e *endpoint) snapshot() Endpoint {
	out := Endpoint{Name: e.Endpoint.Name, State: e.state, Since: utc(e.since), Flags: e.flags()}
	out.Horizon = e.now.Add(-e.Policy.Reach).UTC()
	s := e.Standing
	if s == nil {
		return out
	}
	r := s.Records
	out.Origin, out.CompleteUntil, out.SafeUntil = utc(&s.Origin), utc(e.completeUntil()), utc(e.safeUntil())
	out.LastSuccessAt, out.NextDueAt, out.Failures = utc(s.LastSuccessAt), utc(s.NextDueAt), s.Failures
	out.Unread, out.PendingRecords = seconds(e.stand.Unread), r.Pending
	out.ParkedSlots, out.ParkedRecords = e.stand.ParkedSlots, r.Parked
	out.Lost, out.LostRecords = seconds(e.length(schedule.Lost)), r.Lost
	out.Acknowledged, out.AcknowledgedRecords = seconds(s.Known), r.Acknowledged
	out.OpenRejects, out.StoredRejects = s.Rejects.Open, s.Rejects.Stored
	out.Running, out.LastError, out.Strip = e.run(), e.lastError(), e.strip()
	return out
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// lastError is what the last run failed with; nil if it was good.
func (e *endpoint) lastError() *LastError {
	s := e.Standing
	if s.Failures == 0 || s.LastErrorAt == nil {
		return nil
	}
	return &LastError{
		Code: e.failure(), Text: *s.LastError, Status: s.LastStatus, RequestID: s.LastRequestID,
		At: *utc(s.LastErrorAt),
	}
}

// failure is the cause of the last failed run.
func (e *endpoint) failure() Code {
	if s := e.Standing; s.LastErrorCode != nil {
		if _, known := causes[Code(*s.LastErrorCode)]; known {
			return Code(*s.LastErrorCode)
		}
	}
	return InternalError
}
