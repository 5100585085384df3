package schedule

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"ingestd/internal/fetch"
)

// lockEvery is how often a tenant's lock is asked for while another process
// holds it.
const lockEvery = 5 * time.Second

// Daemon runs every enabled job at once and then whenever its schedule comes
// round, until ctx ends. A tenant's jobs begin when the tenant's lock is there;
// no tenant waits for another's. Daemon returns when the last run has ended.
func Daemon(ctx context.Context, jobs []*Job) {
	var running sync.WaitGroup
	deriving := make(chan struct{}, 1)
	running.Go(func() {
		noteRemoved(ctx, jobs)
		giveSigns(ctx, jobs)
	})
	for _, tenant := range byTenant(jobs) {
		running.Go(func() { runTenant(ctx, tenant, deriving) })
	}
	running.Wait()
}

// byTenant groups jobs, in their order.
func byTenant(jobs []*Job) [][]*Job {
	var groups [][]*Job
	place := map[uuid.UUID]int{}
	for _, j := range jobs {
		i, ok := place[j.Tenant]
		if !ok {
			i = len(groups)
			place[j.Tenant], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], j)
	}
	return groups
}

// runTenant runs the jobs of one tenant once its lock is held and its rows are
// fit for readers of changes.
func runTenant(ctx context.Context, jobs []*Job, deriving chan struct{}) {
	first := jobs[0]
	if first.Lock != nil {
		defer first.Lock.Release(context.WithoutCancel(ctx))
	}
	ready := func() error {
		if err := first.keepLock(ctx); err != nil {
			return err
		}
		return Prepare(ctx, first)
	}
	for waiting := false; ; waiting = true {
		err := ready()
		if err == nil {
			break
		}
		if ctx.Err() == nil && !waiting {
			first.Log.Warn("waiting; it is tried every few seconds", zap.String("tenant", first.Name), zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(lockEvery):
		}
	}
	first.Log.Info("started", zap.String("tenant", first.Name), zap.Int("endpoints", len(jobs)))
	var running sync.WaitGroup
	derived := newDeriver(jobs, deriving)
	running.Go(func() { derived.loop(ctx) })
	for _, j := range jobs {
		if j.Enabled {
			running.Go(func() { (&worker{job: j, derived: derived}).loop(ctx) })
			continue
		}
		running.Go(func() {
			if err := j.Pause(ctx); err != nil && ctx.Err() == nil {
				j.Log.Warn(
					"not noted as paused",
					zap.String("tenant", j.Name),
					zap.String("endpoint", j.Endpoint.Name),
					zap.Error(err),
				)
			}
		})
	}
	running.Wait()
}

// Prepare brings the rows of a tenant in order that were restored into another
// cluster, whose transaction numbers begin anew. It comes before all other work,
// under the tenant's lock.
func Prepare(ctx context.Context, j *Job) error {
	return j.DB.RenewTransactionIDs(ctx, j.Tenant, func(table string, rows int64) {
		j.Log.Info("this database was restored from another cluster: rows get new transaction numbers",
			zap.String("tenant", j.Name), zap.String("table", table), zap.Int64("rows", rows))
	})
}

// keepLock makes sure that no other process works on the tenant.
func (j *Job) keepLock(ctx context.Context) error {
	if j.Lock == nil {
		return nil
	}
	return j.Lock.Keep(ctx)
}

// A worker runs one job, never twice at once.
type worker struct {
	job       *Job
	notBefore time.Time // Graph said so, or denies the endpoint
	failures  int       // runs in a row that were denied
	derived   *deriver
}

// loop runs the job now and at each tick, until ctx ends. A run ends when its
// tick has passed, whatever is left to do, and the next follows at once. Between
// the runs there is time for backfills, and beside them for derived work.
func (w *worker) loop(ctx context.Context) {
	for trigger := "start"; ctx.Err() == nil; trigger = "schedule" {
		t := nextTick(w.job.Next)
		w.run(ctx, trigger, t.passed)
		w.derived.wake()
		for {
			w.backfills(ctx, t.passed)
			if t.passed() || !t.sleep(ctx) {
				break
			}
		}
	}
}

// run does one run, unless the job is to be left alone.
func (w *worker) run(ctx context.Context, trigger string, stop func() bool) {
	if ctx.Err() != nil || time.Now().Before(w.notBefore) {
		return
	}
	if err := w.job.keepLock(ctx); err != nil {
		w.log().Warn("skipped", zap.Error(err))
		return
	}
	var report Report
	err := safely(func() (err error) {
		report, err = w.job.Run(ctx, trigger, stop)
		return err
	})
	w.pause(err)
	if err != nil && report.err == nil && ctx.Err() == nil { // a run would have logged it
		w.log().Error("no run", zap.Timep("not_before", notZero(w.notBefore)), zap.Error(err))
	}
}

func (w *worker) log() *zap.Logger {
	return w.job.Log.With(zap.String("tenant", w.job.Name), zap.String("endpoint", w.job.Endpoint.Name))
}

// pause sets how long the job is left alone after an error.
func (w *worker) pause(err error) {
	var graph *fetch.Error
	if !errors.As(err, &graph) || graph.Kind != fetch.Denied {
		w.failures = 0
	}
	w.notBefore = time.Time{}
	if graph == nil || graph.Kind != fetch.Denied && graph.Kind != fetch.Throttled {
		return
	}
	if graph.Kind == fetch.Denied {
		w.failures++
	}
	now := time.Now()
	w.notBefore = now.Add(w.job.nextTry(now.Round(0), err, w.failures).Sub(now.Round(0)))
}

func notZero(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
