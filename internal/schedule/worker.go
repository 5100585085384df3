package schedule

import (
	"context"
	"time"

	"go.uber.org/zap"

	"ingestd/internal/store"
)

// A worker runs one job, never twice at once. Between its runs there is time for
// backfills.
type worker struct {
	job       *Job
	tenant    *tenant
	due       tick   // when the next run begins
	trigger   string // of that run
	atWork    bool
	rounds    int  // of work so far
	denied    bool // by Graph or Entra, at the last run
	throttled bool
	again     bool             // it is to be tried again at once if it is denied now
	backfills []store.Backfill // that were asked for and are open
	told      bool             // by notifications, what is due to be read
	progress  Progress         // as last seen
	seen      time.Time        // when it was last another
}

// next is when the schedule comes round, for this tenant.
func (w *worker) next(after time.Time) time.Time {
	return w.job.Next(after.Add(-w.tenant.delay)).Add(w.tenant.delay)
}

func (w *worker) log() *zap.Logger {
	return w.tenant.log.With(zap.String("endpoint", w.job.Endpoint.Name))
}

// work does something with the job, under the tenant's lock. Without the lock
// the tenant waits for it. done takes note of the rest.
func (d *Daemon) work(ctx context.Context, w *worker, work func(), done func()) {
	w.atWork, w.again, w.seen = true, false, d.clock.Now()
	w.rounds++
	if w.denied {
		w.job.Client.Renew() // what an app may do stands in its token
	}
	var lock error
	d.beside(ctx, func() {
		if lock = w.job.keepLock(ctx); lock == nil {
			work()
		}
	}, func() {
		w.atWork = false
		if lock == nil {
			done()
		} else if w.tenant.phase == ready {
			w.tenant.wait(lock)
		}
	})
}

// A runFunc is what a run does.
type runFunc func(ctx context.Context, trigger string, stop func() bool) (Report, error)

// read does one run. It ends when the tick of the next has passed, whatever is left
// to do, and the next follows at once.
func (d *Daemon) read(ctx context.Context, w *worker, trigger string, run runFunc, t tick) {
	var report Report
	var err error
	w.told = false
	d.work(ctx, w, func() {
		err = safely(func() (err error) {
			w.job.retryIn = 0
			report, err = run(ctx, trigger, t.passed)
			return err
		})
	}, func() {
		w.due, w.trigger = t, "schedule"
		d.settle(w, err)
		if err != nil && report.err == nil { // a run would have logged it
			w.log().Error("no run", zap.Duration("retry_in", w.due.left().Round(time.Second)), zap.Error(err))
		}
		w.tenant.summary.add(w.job.Endpoint.Name, report, err)
		if trigger == "start" || report.Windows > 0 || report.Details > 0 {
			d.derived.add(w.job)
			d.rollUp()
		}
	})
}

// settle sets when a job is run again that Graph denies or throttles: not before
// that is there time for anything else.
func (d *Daemon) settle(w *worker, err error) {
	fate := goesOn
	if err != nil {
		fate = fateOf(err).run
	}
	w.denied, w.throttled = fate == abortedLonger, fate == abortedUntil
	switch {
	case w.denied && w.again:
		w.due = tickIn(d.clock, 0)
	case (w.denied || w.throttled) && w.job.retryIn > 0:
		w.due = tickIn(d.clock, w.job.retryIn)
	}
}

const (
	// hangsAfter is how long a run may do nothing that counts. Each request and each
	// statement has a deadline of a few minutes.
	hangsAfter = 20 * time.Minute
	// feedEvery is how often at most it is said that everything makes progress.
	feedEvery = 5 * time.Second
)

// feed says that the loop and all runs make progress, if they do.
func (d *Daemon) feed() {
	now := d.clock.Now()
	if d.Alive == nil || now.Sub(d.fed) < feedEvery {
		return
	}
	for _, t := range d.tenants {
		for _, w := range t.workers {
			if w.hangs(now) {
				return
			}
		}
	}
	d.fed = now
	d.Alive()
}

// hangs reports whether the worker has made no progress for too long.
func (w *worker) hangs(now time.Time) bool {
	if !w.atWork {
		return false
	}
	p, _ := w.job.Progress()
	p.Took, p.Waiting = 0, 0
	if p != w.progress {
		w.progress, w.seen = p, now
	}
	if now.Sub(w.seen) <= hangsAfter {
		return false
	}
	w.log().Error("a run hangs: a bug; the daemon should be restarted", zap.Duration("since", now.Sub(w.seen)))
	return true
}
