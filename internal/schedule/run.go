package schedule

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
)

const (
	// concurrency is how many windows of one endpoint are read at once.
	concurrency = 2
	// outage is how many windows in a row may fail before a run gives up:
	// halving a window around one bad page never fails so often in a row.
	outage = 6
)

// An execution is one run at work.
type execution struct {
	*Job
	run    *store.Run
	target *store.Target
	now    time.Time
	usage  fetch.Usage

	succeeded atomic.Int64 // windows read
	inARow    atomic.Int64 // windows failed since

	started    time.Time
	slots      int          // planned
	slotsRead  atomic.Int64 // committed
	rowsServed atomic.Int64 // committed
	misfits    atomic.Int64 // values without room in their column
	unknown    atomic.Int64 // members without a column

	named         chan struct{} // holds a token when the list has named records since it was last taken
	details       atomic.Int64  // records stored whole
	detailsFailed atomic.Int64  // records that were not
}

// A failure is a window that was not read, and why.
type failure struct {
	window Window
	err    error
}

// run executes a plan as one run. The error says that it could not begin; all
// others are in the report.
func (j *Job) run(ctx context.Context, now time.Time, trigger string, windows []Window, report *Report) error {
	span := spanOf(windows, now)
	x := &execution{Job: j, now: now, started: time.Now(), slots: slotsOf(windows), named: make(chan struct{}, 1)}
	var err error
	if x.target, err = store.NewTarget(j.Tenant, j.Endpoint.Name, j.Endpoint.Rows, j.Endpoint.EventTime); err != nil {
		return err
	}
	if x.run, err = j.DB.StartRun(ctx, j.Tenant, j.Endpoint.Name, trigger, span.From, span.To); err != nil {
		return err
	}
	j.current.Store(x)
	defer j.current.Store(nil)
	report.err = x.work(ctx, windows, report)
	report.Usage, report.Details = x.usage.Counts(), x.details.Load()

	ctx, cancel := ending(ctx)
	defer cancel()
	outcome := store.Outcome{Result: result(report.err), Requests: int64(report.Usage.Requests), Throttle: report.Usage.ThrottleWait, Details: report.Details, RequestIDs: report.Usage.FailedRequestIDs}
	if report.err != nil {
		outcome.Error = report.err.Error()
	}
	counts, err := j.DB.EndRun(ctx, x.run, outcome)
	report.Rows = counts
	if err != nil {
		report.err = errors.Join(report.err, err)
		outcome.Result, outcome.Error = "failed", report.err.Error()
	}
	for more := true; more && err == nil; {
		if more, err = j.DB.RefreshUsers(ctx, x.target, 10_000); err != nil {
			j.Log.Warn("teams.users not refreshed", zap.String("endpoint", j.Endpoint.Name), zap.Error(err))
		}
	}
	x.wideEvent(trigger, outcome, report)
	return nil
}

// spanOf is the span that windows lie in; an empty one at now if there are none.
func spanOf(windows []Window, now time.Time) fetch.Window {
	span := fetch.Window{From: now, To: now}
	if len(windows) > 0 {
		span = windows[0].Window
	}
	for _, w := range windows {
		if w.From.Before(span.From) {
			span.From = w.From
		}
		span.To = later(span.To, w.To)
	}
	return span
}

// work reads the windows, and beside that stores whole what they name.
func (x *execution) work(ctx context.Context, windows []Window, report *Report) error {
	if !x.Endpoint.Versioned {
		return x.readAll(ctx, windows, report)
	}
	var listing error
	listed := make(chan struct{})
	go func() {
		defer close(listed)
		listing = safely(func() error { return x.readAll(ctx, windows, report) })
	}()
	expanding := x.fetchDetails(ctx, listed)
	<-listed
	return worst([]error{listing, expanding})
}

// readAll reads windows in order. One that cannot be served is read again in
// halves, down to a slot; what fails even so is parked, if others could be
// read. After an error that every window would meet, the rest is left for a
// later run.
func (x *execution) readAll(ctx context.Context, windows []Window, report *Report) error {
	var errs []error
	var dead []failure
	for len(windows) > 0 {
		failures, stop := x.readRound(ctx, windows)
		report.Failed += len(failures)
		windows = nil
		for _, f := range failures {
			switch halves := f.window.halves(x.now, x.Policy.Reach); {
			case !x.unservable(f.err):
				errs = append(errs, f.err)
			case len(halves) > 0:
				windows = append(windows, halves...)
				report.Failed--
			default:
				dead = append(dead, f)
			}
		}
		if stop != nil {
			return errors.Join(stop, x.noteFailures(ctx, dead))
		}
	}
	for _, f := range dead {
		errs = append(errs, f.err)
	}
	return errors.Join(worst(errs), x.noteFailures(ctx, dead))
}

// readRound reads windows, a few at a time, and returns those that failed. The
// error ends the run.
func (x *execution) readRound(ctx context.Context, windows []Window) ([]failure, error) {
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(concurrency)
	errs := make([]error, len(windows))
	for i, w := range windows {
		group.Go(func() error {
			if gctx.Err() != nil {
				return nil
			}
			errs[i] = safely(func() error { return x.readWindow(gctx, w) })
			return x.verdict(errs[i])
		})
	}
	stop := group.Wait()
	var failures []failure
	for i, err := range errs {
		if err != nil {
			failures = append(failures, failure{windows[i], err})
		}
	}
	if ctx.Err() != nil {
		stop = ctx.Err()
	}
	return failures, stop
}

// verdict returns a window's error if the run should end with it.
func (x *execution) verdict(err error) error {
	if err == nil {
		x.succeeded.Add(1)
		x.inARow.Store(0)
		return nil
	}
	if hopeless(err) || x.inARow.Add(1) >= outage {
		return err
	}
	return nil
}

// hopeless tells whether the other windows of a run would fail alike.
func hopeless(err error) bool { return keptOut(err) || stranded(err) }

// keptOut tells whether Graph does not want to be asked.
func keptOut(err error) bool {
	kind := fetch.KindOf(err)
	return kind == fetch.Denied || kind == fetch.Throttled
}

// stranded tells whether the clock or the database is not there to go on with.
func stranded(err error) bool {
	var database *store.Error
	return errors.Is(err, fetch.ErrClockJump) || errors.As(err, &database) && database.Kind == store.Transient
}

// unservable tells whether the window was the problem, so that a smaller one
// may do better: an error or garbage in place of a page, rows that keep moving,
// a window said to be too long, or no answer in time where others came. A
// network without any answer is no window's fault.
func (x *execution) unservable(err error) bool {
	var graph *fetch.Error
	if !errors.As(err, &graph) {
		return false
	}
	served := graph.Status != 0 || x.succeeded.Load() > 0
	return graph.Kind == fetch.Transient && served || graph.Status == http.StatusNotAcceptable || errors.Is(err, fetch.ErrLinkExpired)
}

// noteFailures notes the slots that cannot be read, so that they are not in
// the way of others for long. While nothing at all can be read, that is an
// outage and no slot's fault.
func (x *execution) noteFailures(ctx context.Context, dead []failure) error {
	if x.succeeded.Load() == 0 {
		return nil
	}
	ctx, cancel := ending(ctx)
	defer cancel()
	for _, f := range dead {
		var graph *fetch.Error
		if !errors.As(f.err, &graph) {
			continue
		}
		s := f.window.slots[0]
		if err := x.DB.NoteFailure(ctx, x.run, store.Failure{From: s.from, To: s.to, At: x.now, RequestID: graph.RequestID, Error: f.err.Error(), Body: graph.Body}); err != nil {
			return err
		}
	}
	return nil
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

// wideEvent is the one line that a run leaves in the log.
func (x *execution) wideEvent(trigger string, o store.Outcome, report *Report) {
	j := x.Job
	c := report.Rows
	fields := []zap.Field{
		zap.String("tenant", j.Name), zap.String("endpoint", j.Endpoint.Name), zap.Int64("run_id", x.run.ID), zap.String("trigger", trigger),
		zap.String("result", o.Result), zap.Int("windows", report.Windows), zap.Int("windows_failed", report.Failed),
		zap.Int64("pages", c.Pages), zap.Int64("rows_seen", c.Seen), zap.Int64("rows_new", c.New), zap.Int64("rows_changed", c.Changed),
		zap.Int64("rows_unchanged", c.Unchanged), zap.Int64("rows_rejected", c.Rejected), zap.Int64("details", report.Details), zap.Int64("details_failed", x.detailsFailed.Load()),
		zap.Int64("misfits", x.misfits.Load()), zap.Int64("unknown_members", x.unknown.Load()),
		zap.Int64("requests", o.Requests), zap.Int("throttled", report.Usage.Throttled), zap.Float64("throttle_s", o.Throttle.Seconds()),
		zap.Duration("skew", j.Client.Skew().Round(time.Second)),
	}
	if report.err == nil || o.Result == "stopped" {
		j.Log.Info("run", fields...)
		return
	}
	var p *panicError
	if errors.As(report.err, &p) {
		fields = append(fields, zap.String("stack", p.stack))
	}
	j.Log.Error("run", append(fields, zap.Strings("request_ids", o.RequestIDs), zap.String("error", o.Error))...)
}
