package schedule

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
)

// note brings the endpoint's row up to date after a run, or where there was nothing to read.
func (j *Job) note(ctx context.Context, state store.Endpoint, run *store.Run, report *Report) error {
	now, before := j.Client.Clock(), state
	b, err := j.balance(ctx, state, now)
	if err != nil {
		return err
	}
	if report.Rejects, err = j.DB.OpenRejects(ctx, j.Tenant, j.Endpoint.Name); err != nil {
		return err
	}
	j.warn(b, now)
	report.Watermark, report.Due = b.watermark(), len(b.policy.Unread(now, b.slots))+b.backlog.Due
	state.SettledUntil, state.Watermark = b.settledUntil, report.Watermark
	if j.Client.Witnessed() {
		state.ClockAt = &now
	} else if !j.skewed {
		j.skewed = true
		j.Log.Warn("Graph's clock and this machine's are far apart; "+
			"times are Graph's; check this machine's clock (NTP)",
			zap.String("tenant", j.Name), zap.Duration("skew", j.Client.Skew().Round(time.Second)))
	}
	switch {
	case errors.Is(report.err, context.Canceled):
		// The daemon was told to stop; that says nothing of the endpoint.
	case report.unlisted && report.err == nil:
		// What was wrong with the list may still be.
	case report.err != nil:
		j.fail(&state, now, report.err)
	default:
		j.succeed(&state, now, report)
	}
	return errors.Join(j.DB.PutEndpointAfter(ctx, run, before, state), j.noteTenant(ctx))
}

// noteTenant notes how the tenant is configured and what is known of its access.
func (j *Job) noteTenant(ctx context.Context) error {
	skew := j.Client.Skew().Round(100 * time.Millisecond).Seconds()
	t := store.Tenant{ID: j.Tenant, Name: j.Name, Cloud: j.Cloud, ClockSkew: &skew}
	kind, endsAt := j.Client.Credential()
	if t.CredentialKind = kind; !endsAt.IsZero() {
		t.CredentialEndsAt = &endsAt
	}
	if j.Self != nil {
		t.Daemon = &j.Self.ID
	}
	return j.DB.PutTenant(ctx, t)
}

// succeed notes a run without an error.
func (j *Job) succeed(state *store.Endpoint, now time.Time, report *Report) {
	next, ok := j.nextDue(now), "ok"
	if state.Failures > 0 {
		state.HealedAt = &now
	}
	if report.Due == 0 && state.CaughtUpAt == nil {
		state.CaughtUpAt = &now
	}
	state.Failures, state.FailingSince = 0, nil
	state.LastResult, state.LastFinishedAt, state.LastSuccessAt, state.NextDueAt = &ok, &now, &now, &next
}

// nextDue is when the schedule comes round next, after a run that ends now. Graph's
// clock tells whole seconds, so by it a run may end before the tick it began at.
func (j *Job) nextDue(now time.Time) time.Time { return j.Next(now.Add(2 * time.Second)) }

// fail notes one more failed run.
func (j *Job) fail(state *store.Endpoint, now time.Time, err error) {
	word, next := result(err), j.nextTry(now, err, state.Failures+1)
	if state.Failures++; state.FailingSince == nil {
		state.FailingSince = &now
	}
	j.retryIn = next.Sub(now)
	state.LastResult, state.LastFinishedAt, state.NextDueAt, state.HealedAt = &word, &now, &next, nil
	noteError(state, now, err)
}

// noteError notes what a run failed with.
func noteError(state *store.Endpoint, now time.Time, err error) {
	text, code := err.Error(), codeOf(err)
	state.LastError, state.LastErrorCode, state.LastErrorAt = &text, &code, &now
	state.LastStatus, state.LastRequestID = nil, nil
	if graph, ok := errors.AsType[*fetch.Error](err); ok {
		if graph.Status != 0 {
			state.LastStatus = &graph.Status
		}
		if graph.RequestID != "" {
			state.LastRequestID = &graph.RequestID
		}
	}
}

// deniedFor is the longest time until an endpoint is tried again that Graph denies.
const deniedFor = 10 * time.Minute

// nextTry is when an endpoint is tried again after failures in a row. One that
// Graph denies is tried after a minute, then after twice as long each time, up
// to some minutes: only an administrator can change that, and wants to see it.
// One that Graph throttles is left alone as long as Graph says. All others
// follow their schedule.
func (j *Job) nextTry(now time.Time, err error, failures int) time.Time {
	next := j.nextDue(now)
	switch fateOf(err).run {
	case abortedLonger:
		return now.Add(min(deniedFor, time.Minute<<min(failures-1, 6)))
	case abortedUntil:
		return later(next, now.Add(j.Client.Throttled(j.Endpoint)))
	}
	return next
}

// warn says once of each slot that has left Graph's reach unread that it is lost,
// when all of it has left.
func (j *Job) warn(b balance, now time.Time) {
	horizon := b.policy.horizon(now).UTC().Truncate(b.policy.Slot)
	lost := b.policy.Lost(later(j.warned, horizon.Add(-edge)), horizon.Add(b.policy.Reach), b.slots, b.acknowledged)
	if len(lost) > 0 {
		j.Log.Warn("lost: it left Microsoft's retention before it was read to its end; see: ingestd gaps",
			zap.String("tenant", j.Name), zap.String("endpoint", j.Endpoint.Name), zap.Stringers("spans", lost))
	}
	j.warned = horizon
}
