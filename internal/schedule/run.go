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
	// parkedFor is how long a slot that cannot be read is left alone.
	parkedFor = 24 * time.Hour
)

// An execution is one run at work.
type execution struct {
	*Job
	run   *store.Run
	now   time.Time
	usage fetch.Usage

	succeeded atomic.Int64 // windows read
	inARow    atomic.Int64 // windows failed since
}

// A failure is a window that was not read, and why.
type failure struct {
	window Window
	err    error
}

// run executes a plan as one run. Its error is one of the database; errors of
// windows are in the report.
func (j *Job) run(ctx context.Context, now time.Time, trigger string, windows []Window, report *Report) error {
	from, to := windows[0].From, windows[0].To
	for _, w := range windows {
		if w.From.Before(from) {
			from = w.From
		}
		to = later(to, w.To)
	}
	x := &execution{Job: j, now: now, run: &store.Run{Tenant: j.Tenant, Endpoint: j.Endpoint.Name, Model: j.Endpoint.Rows, EventTime: j.Endpoint.EventTime}}
	if err := j.DB.StartRun(ctx, x.run, trigger, from, to); err != nil {
		return err
	}
	report.err = x.readAll(ctx, windows, report)
	report.Usage = x.usage.Counts()

	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
	defer cancel()
	outcome := store.Outcome{Result: result(report.err), Requests: int64(report.Usage.Requests), Throttle: report.Usage.ThrottleWait, RequestIDs: report.Usage.FailedRequestIDs}
	if report.err != nil {
		outcome.Error = report.err.Error()
	}
	counts, err := j.DB.FinishRun(ctx, x.run, outcome)
	report.Rows = counts
	j.wideEvent(x.run, trigger, outcome, report)
	return err
}

// readAll reads windows in order. One that cannot be served is read again in
// halves, down to a slot; what fails even so is parked, if others could be
// read. After an error that every window would meet, the rest is left for a
// later run.
func (x *execution) readAll(ctx context.Context, windows []Window, report *Report) error {
	var errs []error
	var dead []failure
	for len(windows) > 0 {
		failures, err := x.readRound(ctx, windows)
		report.Failed += len(failures)
		if err != nil {
			return err
		}
		windows = nil
		for _, f := range failures {
			switch halves := f.window.halves(x.now, x.Policy.Reach); {
			case !unservable(f.err):
				errs = append(errs, f.err)
			case len(halves) > 0:
				windows = append(windows, halves...)
				report.Failed--
			default:
				dead = append(dead, f)
			}
		}
	}
	for _, f := range dead {
		errs = append(errs, f.err)
		if err := x.park(ctx, f); err != nil {
			return err
		}
	}
	return worst(errs)
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
func hopeless(err error) bool {
	switch fetch.KindOf(err) {
	case fetch.Denied, fetch.Throttled:
		return true
	}
	var broken *store.Error
	return errors.Is(err, fetch.ErrClockJump) || errors.As(err, &broken)
}

// unservable tells whether an answer of Graph was the problem, so that a
// smaller window may do better: an error or garbage in place of a page, rows
// that keep moving, a window said to be too long. A network without answers
// is not.
func unservable(err error) bool {
	var graph *fetch.Error
	if !errors.As(err, &graph) {
		return false
	}
	return graph.Kind == fetch.Transient && graph.Status != 0 || graph.Status == http.StatusNotAcceptable || errors.Is(err, fetch.ErrShifted)
}

// park leaves a slot alone for a day, so that it is not in the way of others.
// While nothing at all can be read, that is an outage and no slot's fault.
func (x *execution) park(ctx context.Context, f failure) error {
	var graph *fetch.Error
	if x.succeeded.Load() == 0 || errors.Is(f.err, fetch.ErrShifted) || !errors.As(f.err, &graph) {
		return nil
	}
	s := f.window.slots[0]
	return x.DB.Park(ctx, x.run, store.Parked{From: s.from, To: s.to, Until: x.now.Add(parkedFor), RequestID: graph.RequestID, Error: f.err.Error(), Body: graph.Body})
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
