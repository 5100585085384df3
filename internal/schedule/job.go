package schedule

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"
	"golang.org/x/sync/semaphore"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
)

// A Job reads one endpoint of one tenant.
type Job struct {
	Tenant    uuid.UUID
	Name      string // of the tenant, for people
	Endpoint  fetch.Endpoint
	Policy    Policy    // its Origin comes from the ledger
	StartFrom time.Time // zero: as far back as Graph reaches
	API       string
	Enabled   bool
	Schedule  string                          // as configured
	Next      func(after time.Time) time.Time // when the schedule comes round
	Client    *fetch.Client
	DB        *store.DB
	Lock      *store.Lock // of the tenant; nil: none is kept
	Log       *zap.Logger
	Room      *semaphore.Weighted // for records in flight; of a versioned endpoint

	current atomic.Pointer[execution] // the run at work
	failing atomic.Int64              // records in a row, over all runs, that could not be stored whole
}

// A Report is what a run did.
type Report struct {
	Windows   int          // planned
	Failed    int          // windows and parts of them that were not read
	Parked    int          // slots and records that cannot be read and are tried daily
	Details   int64        // records stored whole
	Rows      store.Counts // pages and elements
	Usage     fetch.Counts // requests and waits
	Watermark time.Time    // after the run
	Lost      []fetch.Window
	Gone      []store.Record // left Graph's reach before they were stored whole
	Due       int            // windows and records still due after the run

	err error // of the worst window
}

// Run reads all that is due now, two windows at a time, and notes what came of
// it. A window fails alone; the error is the worst of the windows'.
func (j *Job) Run(ctx context.Context, trigger string) (Report, error) {
	return j.execute(ctx, trigger, Policy.Plan)
}

// Backfill reads the slots of a span, due or not, but for those that were read
// less than fresh ago: so one that was interrupted goes on when it is repeated.
// What lies outside Graph's reach is left out.
func (j *Job) Backfill(ctx context.Context, span fetch.Window, fresh time.Duration) (Report, error) {
	return j.execute(ctx, "backfill", func(p Policy, now time.Time, ledger []store.Slot) []Window {
		return p.PlanSpan(now, ledger, span, fresh)
	})
}

// execute reads what a planner says and notes what came of it.
func (j *Job) execute(ctx context.Context, trigger string, plan func(Policy, time.Time, []store.Slot) []Window) (Report, error) {
	now, err := j.Client.Now(ctx)
	if err != nil {
		return Report{}, errors.Join(err, j.noteUnreachable(ctx, err))
	}
	state, err := j.prepare(ctx, now)
	if err != nil {
		return Report{}, err
	}
	ledger, err := j.DB.Slots(ctx, j.Tenant, j.Endpoint.Name, state.Origin)
	if err != nil {
		return Report{}, err
	}
	if err := j.DB.EndKilledRuns(ctx, j.Tenant, j.Endpoint.Name); err != nil {
		return Report{}, err
	}
	windows := plan(j.Policy, now, ledger)
	backlog, err := j.backlog(ctx, j.Policy, now)
	if err != nil {
		return Report{}, err
	}
	report := Report{Windows: len(windows)}
	if len(windows) > 0 || backlog.Due > 0 {
		if err := j.run(ctx, now, trigger, windows, &report); err != nil {
			return report, err
		}
	}
	ctx, cancel := ending(ctx)
	defer cancel()
	return report, errors.Join(report.err, j.note(ctx, state, &report))
}

// noteUnreachable notes a run that could not even begin. What Graph drops from
// now on counts as lost, so the origin is written at the first start even so,
// by the local clock; Graph's may move it back later.
func (j *Job) noteUnreachable(ctx context.Context, why error) error {
	if ctx.Err() != nil {
		return nil
	}
	state, err := j.prepare(ctx, time.Now())
	if err != nil {
		return err
	}
	return j.note(ctx, state, &Report{err: why})
}

// prepare notes the endpoint as it is configured, with its origin.
func (j *Job) prepare(ctx context.Context, now time.Time) (store.Endpoint, error) {
	state, known, err := j.DB.Endpoint(ctx, j.Tenant, j.Endpoint.Name)
	if err != nil {
		return state, err
	}
	origin := j.Policy.FirstOrigin(now, j.StartFrom)
	if !known {
		state = store.Endpoint{Tenant: j.Tenant, Name: j.Endpoint.Name, Origin: origin, Watermark: origin, State: "never"}
	} else if origin.Before(state.Origin) {
		state.Origin = origin // start_from was set earlier, or reach mended: the past opens up again
	}
	state.Enabled, state.Schedule, state.Reach, state.Settle = j.Enabled, j.Schedule, j.Policy.Reach, j.Policy.Settle
	j.Policy.Origin = state.Origin
	return state, j.DB.PutEndpoint(ctx, state)
}

// note brings the endpoint's row up to date after a run.
func (j *Job) note(ctx context.Context, state store.Endpoint, report *Report) error {
	now := j.Client.Clock()
	s, err := j.survey(ctx, state, now)
	if err != nil {
		return err
	}
	report.Watermark, report.Lost, report.Gone, report.Due = s.Watermark, s.Lost, s.RecordsGone, s.Due
	report.Parked = len(s.Parked) + len(s.RecordsParked)
	next := j.Next(now)
	state.Watermark, state.NextDueAt = report.Watermark, &next
	switch {
	case errors.Is(report.err, context.Canceled):
		// The daemon was told to stop; that says nothing of the endpoint.
	case report.err != nil:
		fail(&state, report.err)
	default:
		state.Failures, state.LastError, state.State = 0, nil, "on_time"
		if report.Due > 0 {
			state.State = "catching_up"
		}
		if report.Parked > 0 || len(report.Lost)+len(report.Gone) > 0 {
			state.State = "late"
		}
	}
	if report.Parked > 0 || len(report.Lost)+len(report.Gone) > 0 {
		j.Log.Warn("something is missing; see: ingestd gaps", zap.String("tenant", j.Name), zap.String("endpoint", j.Endpoint.Name),
			zap.Stringers("lost", report.Lost), zap.Int("records_lost", len(report.Gone)), zap.Int("parked", report.Parked))
	}
	return j.DB.PutEndpoint(ctx, state)
}

// Pause notes that the endpoint is switched off.
func (j *Job) Pause(ctx context.Context) error {
	state, known, err := j.DB.Endpoint(ctx, j.Tenant, j.Endpoint.Name)
	if err != nil || !known {
		return err
	}
	state.Enabled, state.State, state.NextDueAt = false, "paused", nil
	return j.DB.PutEndpoint(ctx, state)
}

// fail notes one more failed run.
func fail(state *store.Endpoint, err error) {
	text := err.Error()
	state.Failures, state.LastError = state.Failures+1, &text
	state.State = failing(result(err), state.Failures)
}

// failing is the state of an endpoint after failed runs in a row.
func failing(result string, failures int) string {
	switch {
	case result == "throttled" || result == "denied":
		return result
	case failures < 3:
		return "late"
	}
	return "down"
}

// A Survey is how an endpoint stands, by the ledger alone.
type Survey struct {
	State     store.Endpoint
	Known     bool // it was started before
	Watermark time.Time
	Lost      []fetch.Window
	Parked    []store.Slot
	Expiring  []fetch.Window // not settled, and out of Graph's reach within 48 hours
	Due       int            // windows and records to be read now

	// Of records that are not stored whole:
	Pending       int            // within reach
	RecordsGone   []store.Record // left reach
	RecordsParked []store.Record // within it, but cannot be read or stored
	RecordsSoon   int            // leave it within 48 hours
}

// Survey asks the ledger how the endpoint stands at a time, and Graph nothing.
func (j *Job) Survey(ctx context.Context, now time.Time) (Survey, error) {
	state, known, err := j.DB.Endpoint(ctx, j.Tenant, j.Endpoint.Name)
	if err != nil || !known {
		return Survey{}, err
	}
	return j.survey(ctx, state, now)
}

func (j *Job) survey(ctx context.Context, state store.Endpoint, now time.Time) (Survey, error) {
	ledger, err := j.DB.Slots(ctx, j.Tenant, j.Endpoint.Name, state.Origin)
	if err != nil {
		return Survey{}, err
	}
	policy := j.Policy
	policy.Origin = state.Origin
	backlog, err := j.backlog(ctx, policy, now)
	if err != nil {
		return Survey{}, err
	}
	s := Survey{
		State: state, Known: true, Watermark: heldBack(policy.Watermark(now, ledger), backlog), Lost: policy.Lost(now, ledger),
		Parked: policy.Parked(now, ledger), Due: len(policy.Plan(now, ledger)) + backlog.Due, Pending: backlog.Pending,
	}
	s.RecordsSoon = backlog.Soon
	if s.RecordsGone, s.RecordsParked, err = j.stuck(ctx, policy, now, backlog); err != nil {
		return Survey{}, err
	}
	for _, w := range policy.Expiring(now, ledger) {
		s.Expiring = append(s.Expiring, w.Window)
	}
	return s, nil
}
