package schedule

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

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
	Log       *zap.Logger
}

// A Report is what a run did.
type Report struct {
	Windows   int          // planned
	Failed    int          // windows and parts of them that were not read
	Parked    int          // slots that failed again and again and are tried daily
	Rows      store.Counts // pages and elements
	Usage     fetch.Counts // requests and waits
	Watermark time.Time    // after the run
	Lost      []fetch.Window
	Took      time.Duration

	err error // of the worst window
}

// Run reads all that is due now, two windows at a time, and notes what came of
// it. A window fails alone; the error is the worst of the windows'.
func (j *Job) Run(ctx context.Context, trigger string) (Report, error) {
	start := time.Now()
	now, err := j.Client.Now(ctx)
	if err != nil {
		return Report{}, err
	}
	state, err := j.prepare(ctx, now)
	if err != nil {
		return Report{}, err
	}
	ledger, err := j.DB.Slots(ctx, j.Tenant, j.Endpoint.Name, state.Origin)
	if err != nil {
		return Report{}, err
	}
	windows := j.Policy.Plan(now, ledger)
	report := Report{Windows: len(windows)}
	if len(windows) > 0 {
		if err := j.run(ctx, now, trigger, windows, &report); err != nil {
			return report, err
		}
	}
	report.Took = time.Since(start)
	// The end is noted even when the daemon was told to stop.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
	defer cancel()
	return report, errors.Join(report.err, j.note(ctx, now, state, &report))
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
func (j *Job) note(ctx context.Context, now time.Time, state store.Endpoint, report *Report) error {
	ledger, err := j.DB.Slots(ctx, j.Tenant, j.Endpoint.Name, state.Origin)
	if err != nil {
		return err
	}
	report.Watermark = j.Policy.Watermark(now, ledger)
	report.Lost = j.Policy.Lost(now, ledger)
	report.Parked = parked(ledger)
	next := j.Next(now)
	state.Watermark, state.NextDueAt = report.Watermark, &next
	switch {
	case errors.Is(report.err, context.Canceled):
		// The daemon was told to stop; that says nothing of the endpoint.
	case report.err != nil:
		text := report.err.Error()
		state.Failures, state.LastError = state.Failures+1, &text
		state.State = failing(result(report.err), state.Failures)
	case len(j.Policy.Plan(now, ledger)) > 0:
		state.Failures, state.LastError, state.State = 0, nil, "catching_up"
	default:
		state.Failures, state.LastError, state.State = 0, nil, "on_time"
	}
	return j.DB.PutEndpoint(ctx, state)
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
