package schedule

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
	"ingestd/internal/warn"
)

const (
	// pollEvery bounds each wait: a wall clock that is set ahead, or a machine that
	// slept, is noticed that much later at most, and so is a request for a backfill.
	pollEvery = 10 * time.Second
	// lockEvery is how often the locks are asked for that other processes hold.
	lockEvery = 5 * time.Second
	// apart is by how much the ticks of one tenant come after those of the one
	// before: hundreds that ask at one moment would wait for each other.
	apart = 100 * time.Millisecond
)

// A Daemon runs every enabled job at once and then whenever its schedule comes
// round. A tenant's jobs begin when the tenant's lock is there; no tenant waits
// for another's.
//
// One loop decides what begins when, for all tenants. It waits for nothing but
// the time of what comes next and for work that has ended, which goes on beside
// it. All fields of Daemon, tenant, worker and chore belong to the loop.
type Daemon struct {
	Retention Retention // what is kept how long; zero: all for ever
	ByMonth   bool      // the details are divided into months

	Alive func() // called every few seconds while the loop and all runs make progress; nil: nobody asks

	clock   fetch.Clock
	db      *store.DB
	log     *zap.Logger
	locks   *store.Locks
	tenants []*tenant
	ids     []uuid.UUID // theirs
	chores  []*chore
	derived deriver
	rollups *chore
	rest    tick          // until when the rollups are left alone
	notes   chan func()   // what the loop is to take note of
	again   chan struct{} // TryAgain was called
	running sync.WaitGroup
	fed     time.Time // when Alive was called last
}

// NewDaemon returns a Daemon that goes by a clock. Without locks none are kept.
func NewDaemon(jobs []*Job, locks *store.Locks, clock fetch.Clock) *Daemon {
	d := &Daemon{
		clock: clock, locks: locks, notes: make(chan func()), again: make(chan struct{}, 1),
		rest: tickIn(clock, 0),
	}
	for i, group := range byTenant(jobs) {
		d.db, d.log, d.ids = group[0].DB, group[0].Log, append(d.ids, group[0].Tenant)
		d.tenants = append(d.tenants, newTenant(group, time.Duration(i)*apart))
	}
	d.rollups = &chore{
		do: d.refreshRollups, every: rollupsEvery,
		failed: "the rollups are not up to date; reading goes on, and it is tried again",
	}
	d.chores = []*chore{
		d.rollups,
		{do: d.takeLocks, every: lockEvery},
		{do: d.lookForBackfills, every: pollEvery, failed: "no look for backfills"},
		{do: d.endKilledRuns, every: killedEvery, failed: "killed runs are not noted; it is tried again"},
		{do: d.giveSign, every: signEvery, failed: "the daemon is not noted as alive; it goes on"},
		{do: d.noteRemoved, every: removedEvery, failed: "tenants that are no longer configured are not noted"},
		{do: d.pruneRuns, every: runsEvery, failed: "old runs are not deleted; it is tried again"},
		{
			do: d.prune, every: pruneEvery,
			failed: "not all that is past its term (retention) is deleted; reading goes on, and it is tried again",
		},
		{do: d.forgetErased, every: runsEvery, failed: "hashes of persons who were erased are not dropped"},
		{do: d.keepMonths, every: monthsEvery, failed: NoMonths + "; it is tried again"},
		{do: d.summarize, every: summaryEvery, late: true},
	}
	if slices.ContainsFunc(jobs, (*Job).listens) {
		d.chores = append(d.chores,
			&chore{do: d.keepSubscriptions, every: lockEvery},
			&chore{do: d.lookForTold, every: pollEvery, failed: "no look for what notifications told"})
	}
	return d
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

// Run works until ctx ends and the last run has ended.
func (d *Daemon) Run(ctx context.Context) {
	for _, c := range d.chores {
		c.due = tickIn(d.clock, 0)
		if c.late {
			c.due = tickIn(d.clock, c.every)
		}
	}
	for ctx.Err() == nil {
		d.begin(ctx)
		d.feed()
		select {
		case <-ctx.Done():
		case note := <-d.notes:
			if ctx.Err() == nil {
				note()
			}
		case <-d.again:
			d.tryAgain()
		case <-d.clock.After(d.wait()):
		}
	}
	d.running.Wait()
	if d.locks != nil {
		_ = d.locks.Release(ctx) // the server frees the locks of a lost connection itself
	}
}

// begin starts all that is due.
func (d *Daemon) begin(ctx context.Context) {
	for _, c := range d.chores {
		if !c.atWork && c.due.passed() {
			d.doChore(ctx, c)
		}
	}
	for w := range d.workers() {
		switch {
		case w.atWork:
		case w.due.passed():
			d.read(ctx, w, w.trigger, w.job.Run, nextTick(d.clock, w.next))
		case w.told && !w.denied && !w.throttled:
			d.read(ctx, w, "notification", w.job.RunTold, w.due)
		case len(w.backfills) > 0 && !w.denied && !w.throttled:
			d.backfill(ctx, w)
		}
	}
	d.derive(ctx)
}

// wait is how long nothing is due.
func (d *Daemon) wait() time.Duration {
	wait := pollEvery
	for _, c := range d.chores {
		if !c.atWork {
			wait = min(wait, c.due.left())
		}
	}
	for w := range d.workers() {
		if !w.atWork {
			wait = min(wait, w.due.left())
		}
	}
	return max(wait, 0)
}

// workers ranges over those of the tenants that can be read.
func (d *Daemon) workers() func(yield func(*worker) bool) {
	return func(yield func(*worker) bool) {
		for _, t := range d.tenants {
			for _, w := range t.workers {
				if t.phase == ready && !yield(w) {
					return
				}
			}
		}
	}
}

// beside does work beside the loop, which takes note of what came of it then.
func (d *Daemon) beside(ctx context.Context, work func(), note func()) {
	d.running.Go(func() {
		work()
		select {
		case d.notes <- note:
		case <-ctx.Done():
		}
	})
}

// A chore is what is done every so often for all tenants at once, never twice at
// a time. No reading waits for it.
type chore struct {
	do     func(context.Context) (work func() error, note func()) // work is nil if there is nothing to do
	every  time.Duration
	late   bool   // not at the start
	failed string // what the log says then

	due    tick
	atWork bool
	warned warn.Once // that it failed
}

// choreAgain is when a chore is tried again that failed.
const choreAgain = time.Minute

func (d *Daemon) doChore(ctx context.Context, c *chore) {
	c.due = tickIn(d.clock, c.every)
	work, note := c.do(ctx)
	if work == nil {
		return
	}
	var err error
	c.atWork = true
	d.beside(ctx, func() { err = safely(work) }, func() {
		c.atWork = false
		if err != nil {
			c.due = tickIn(d.clock, min(c.every, choreAgain))
		}
		if c.warned.IsNew(err) {
			d.log.Warn(c.failed, zap.Error(err))
		}
		note()
	})
}

// TryAgain has the endpoints run at once that Graph denies: something has
// changed. It may be called at any time.
func (d *Daemon) TryAgain() { signal(d.again) }

func (d *Daemon) tryAgain() {
	for _, t := range d.tenants {
		for _, w := range t.workers {
			w.again = w.atWork // what it is at may have begun before the change
			if w.denied && !w.atWork {
				w.due = tickIn(d.clock, 0)
			}
		}
	}
}
