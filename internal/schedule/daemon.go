package schedule

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/robfig/cron/v3"
	"go.uber.org/zap"

	"ingestd/internal/fetch"
)

// deniedPause is how long an endpoint that Graph denies is left alone: only an
// administrator can change that, and each try counts against the limits.
const deniedPause = time.Hour

// Daemon runs every enabled job at once and then whenever its schedule comes
// round, until ctx ends. It returns when the last run has ended.
func Daemon(ctx context.Context, jobs []*Job) error {
	ticker := cron.New(cron.WithLocation(time.UTC))
	var running sync.WaitGroup
	for _, j := range jobs {
		if !j.Enabled {
			if err := j.Pause(ctx); err != nil {
				return err
			}
			continue
		}
		w := &worker{job: j, free: make(chan struct{}, 1)}
		w.free <- struct{}{}
		ticker.Schedule(tick(j.Next), cron.FuncJob(func() { w.tick(ctx, "schedule") }))
		running.Go(func() { w.tick(ctx, "start") })
	}
	ticker.Start()
	<-ctx.Done()
	<-ticker.Stop().Done()
	running.Wait()
	return nil
}

// tick makes a cron.Schedule of a function.
type tick func(after time.Time) time.Time

// Next is when the schedule comes round after a time.
func (t tick) Next(after time.Time) time.Time { return t(after) }

// A worker runs one job, never twice at once. cron's own wrappers would skip
// the job for ever after one panic.
type worker struct {
	job       *Job
	free      chan struct{} // holds one token while no run is on
	notBefore time.Time     // Graph said so
}

func (w *worker) tick(ctx context.Context, trigger string) {
	select {
	case <-w.free:
		defer func() { w.free <- struct{}{} }()
	default:
		w.job.Log.Info("skipped: the run before is still on", zap.String("tenant", w.job.Name), zap.String("endpoint", w.job.Endpoint.Name))
		return
	}
	if ctx.Err() != nil || time.Now().Before(w.notBefore) {
		return
	}
	if err := w.job.keepLock(ctx); err != nil {
		w.job.Log.Warn("skipped", zap.String("tenant", w.job.Name), zap.String("endpoint", w.job.Endpoint.Name), zap.Error(err))
		return
	}
	var report Report
	err := safely(func() (err error) {
		report, err = w.job.Run(ctx, trigger)
		return err
	})
	w.pause(err)
	if err != nil && report.err == nil && ctx.Err() == nil { // a run would have logged it
		w.job.Log.Error("no run", zap.String("tenant", w.job.Name), zap.String("endpoint", w.job.Endpoint.Name),
			zap.Timep("not_before", notZero(w.notBefore)), zap.Error(err))
	}
}

// keepLock makes sure that no other process works on the tenant.
func (j *Job) keepLock(ctx context.Context) error {
	if j.Lock == nil {
		return nil
	}
	return j.Lock.Keep(ctx)
}

// pause sets how long the job is left alone after an error.
func (w *worker) pause(err error) {
	var graph *fetch.Error
	switch {
	case errors.As(err, &graph) && graph.Kind == fetch.Throttled:
		w.notBefore = graph.Until
	case errors.As(err, &graph) && graph.Kind == fetch.Denied:
		w.notBefore = time.Now().Add(deniedPause)
	}
}

func notZero(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// passes bounds Once: the first reads all that is due, the others what became
// due meanwhile.
const passes = 10

// Once runs a job until nothing is due, or a run fails.
func Once(ctx context.Context, j *Job, trigger string) (Report, error) {
	var total Report
	for range passes {
		report, err := j.Run(ctx, trigger)
		total.add(report)
		if err != nil || report.Due == 0 {
			return total, err
		}
	}
	return total, nil
}

func (r *Report) add(more Report) {
	r.Windows += more.Windows
	r.Failed += more.Failed
	r.Rows.Add(more.Rows)
	r.Details += more.Details
	r.Watermark, r.Lost, r.Gone, r.Parked, r.Due = more.Watermark, more.Lost, more.Gone, more.Parked, more.Due
	r.Usage.Requests += more.Usage.Requests
	r.Usage.Throttled += more.Usage.Throttled
	r.Usage.ThrottleWait += more.Usage.ThrottleWait
}
