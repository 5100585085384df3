package schedule

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
)

// concurrency is how many windows of one endpoint are read at once.
const concurrency = 2

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
	Failed    int          // of them
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
		if err := j.run(ctx, trigger, windows, &report); err != nil {
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

// run executes a plan as one run. Its error is one of the database; errors of
// windows are in the report.
func (j *Job) run(ctx context.Context, trigger string, windows []Window, report *Report) error {
	from, to := windows[0].From, windows[0].To
	for _, w := range windows {
		if w.From.Before(from) {
			from = w.From
		}
		to = later(to, w.To)
	}
	run := &store.Run{Tenant: j.Tenant, Endpoint: j.Endpoint.Name, Model: j.Endpoint.Rows, EventTime: j.Endpoint.EventTime}
	if err := j.DB.StartRun(ctx, run, trigger, from, to); err != nil {
		return err
	}
	usage := &fetch.Usage{}
	report.err = j.readAll(ctx, run, windows, usage, &report.Failed)
	report.Usage = usage.Counts()

	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
	defer cancel()
	outcome := store.Outcome{Result: result(report.err), Requests: int64(report.Usage.Requests), Throttle: report.Usage.ThrottleWait, RequestIDs: report.Usage.FailedRequestIDs}
	if report.err != nil {
		outcome.Error = report.err.Error()
	}
	counts, err := j.DB.FinishRun(ctx, run, outcome)
	report.Rows = counts
	j.wideEvent(run, trigger, outcome, report)
	return err
}

// readAll reads windows in order, a few at a time. After an error that every
// window would meet, the others are left for a later run.
func (j *Job) readAll(ctx context.Context, run *store.Run, windows []Window, usage *fetch.Usage, failed *int) error {
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(concurrency)
	errs := make([]error, len(windows))
	for i, w := range windows {
		group.Go(func() (stop error) {
			if gctx.Err() != nil {
				return nil
			}
			errs[i] = safely(func() error { return j.readWindow(gctx, run, w, usage) })
			if hopeless(errs[i]) {
				return errs[i]
			}
			return nil
		})
	}
	stopped := group.Wait()
	for _, err := range errs {
		if err != nil {
			*failed++
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if stopped != nil {
		return stopped
	}
	return worst(errs)
}

// hopeless tells whether the other windows of a run would fail alike.
func hopeless(err error) bool {
	switch fetch.KindOf(err) {
	case fetch.Denied, fetch.Throttled:
		return true
	}
	var broken *store.Error
	return errors.Is(err, fetch.ErrClockJump) || errors.As(err, &broken)
}

// worst returns the error that says most: refused before transient.
func worst(errs []error) error {
	var found error
	for _, err := range errs {
		if err != nil && (found == nil || fetch.KindOf(err) > fetch.KindOf(found)) {
			found = err
		}
	}
	return found
}

// result is the word for a run's end in ingest.runs.
func result(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, context.Canceled):
		return "stopped"
	}
	switch fetch.KindOf(err) {
	case fetch.Throttled:
		return "throttled"
	case fetch.Denied:
		return "denied"
	}
	return "failed"
}

// note brings the endpoint's row up to date after a run.
func (j *Job) note(ctx context.Context, now time.Time, state store.Endpoint, report *Report) error {
	ledger, err := j.DB.Slots(ctx, j.Tenant, j.Endpoint.Name, state.Origin)
	if err != nil {
		return err
	}
	report.Watermark = j.Policy.Watermark(now, ledger)
	report.Lost = j.Policy.Lost(now, ledger)
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

// wideEvent is the one line that a run leaves in the log.
func (j *Job) wideEvent(run *store.Run, trigger string, o store.Outcome, report *Report) {
	c := report.Rows
	fields := []zap.Field{
		zap.String("tenant", j.Name), zap.String("endpoint", j.Endpoint.Name), zap.Int64("run_id", run.ID), zap.String("trigger", trigger),
		zap.String("result", o.Result), zap.Int("windows", report.Windows), zap.Int("windows_failed", report.Failed),
		zap.Int64("pages", c.Pages), zap.Int64("rows_seen", c.Seen), zap.Int64("rows_new", c.New), zap.Int64("rows_changed", c.Changed),
		zap.Int64("rows_unchanged", c.Unchanged), zap.Int64("rows_rejected", c.Rejected),
		zap.Int64("requests", o.Requests), zap.Int("throttled", report.Usage.Throttled), zap.Float64("throttle_s", o.Throttle.Seconds()),
		zap.Duration("skew", j.Client.Skew().Round(time.Second)),
	}
	if report.err == nil {
		j.Log.Info("run", fields...)
		return
	}
	var p *panicError
	if errors.As(report.err, &p) {
		fields = append(fields, zap.String("stack", p.stack))
	}
	j.Log.Error("run", append(fields, zap.Strings("request_ids", o.RequestIDs), zap.String("error", o.Error))...)
}
