package schedule

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"ingestd/internal/warn"
)

// A phase is how far a tenant is from being read.
type phase int

const (
	waiting   phase = iota // for its lock, or for another try to prepare it
	preparing              // its rows are brought in order
	ready                  // its workers run
)

// A tenant is what the daemon knows of one.
type tenant struct {
	id      uuid.UUID
	name    string
	log     *zap.Logger
	jobs    []*Job
	workers []*worker // of the enabled jobs
	delay   time.Duration
	phase   phase
	noted   bool      // that endpoints are switched off
	waits   warn.Once // why it does
	summary summary

	subscribed   tick      // when its subscription is looked at next
	unsubscribed warn.Once // why there is none
}

func newTenant(jobs []*Job, delay time.Duration) *tenant {
	first := jobs[0]
	t := &tenant{id: first.Tenant, name: first.Name, jobs: jobs, delay: delay}
	t.log = first.Log.With(zap.String("tenant", t.name))
	for _, j := range jobs {
		if j.Enabled {
			t.workers = append(t.workers, &worker{job: j, tenant: t, trigger: "start"})
		}
	}
	return t
}

// wait has a tenant wait because of an error.
func (t *tenant) wait(err error) {
	t.phase = waiting
	if t.waits.IsNew(err) {
		t.log.Warn("waiting; it is tried every few seconds", zap.Error(err))
	}
}

// takeLocks asks for the locks of all tenants that wait.
func (d *Daemon) takeLocks(ctx context.Context) (work func() error, note func()) {
	var wanting []*tenant
	var ids []uuid.UUID
	for _, t := range d.tenants {
		if t.phase == waiting {
			wanting, ids = append(wanting, t), append(ids, t.id)
		}
	}
	if len(wanting) == 0 {
		return nil, nil
	}
	var failed map[uuid.UUID]error
	work = func() error {
		if d.locks != nil {
			failed = d.locks.Keep(ctx, ids...)
		}
		return nil
	}
	return work, func() {
		for _, t := range wanting {
			if err := failed[t.id]; err != nil {
				t.wait(err)
			} else {
				d.prepare(ctx, t)
			}
		}
	}
}

// prepare makes a tenant ready whose lock is held.
func (d *Daemon) prepare(ctx context.Context, t *tenant) {
	t.phase = preparing
	var err error
	d.beside(ctx, func() { err = safely(func() error { return Prepare(ctx, t.jobs[0]) }) }, func() {
		if err != nil {
			t.wait(err)
			return
		}
		t.phase = ready
		t.waits.IsNew(nil)
		t.log.Info("started", zap.Int("endpoints", len(t.workers)))
		for _, w := range t.workers {
			if w.due.clock.Now == nil { // it has never run
				w.due = tickIn(d.clock, t.delay)
			}
		}
		d.noteDisabled(ctx, t)
	})
}

// noteDisabled notes once which endpoints are switched off.
func (d *Daemon) noteDisabled(ctx context.Context, t *tenant) {
	if t.noted {
		return
	}
	t.noted = true
	d.beside(ctx, func() {
		for _, j := range t.jobs {
			if j.Enabled {
				continue
			}
			if err := j.Pause(ctx); err != nil && ctx.Err() == nil {
				t.log.Warn("not noted as paused", zap.String("endpoint", j.Endpoint.Name), zap.Error(err))
			}
		}
	}, func() {})
}

// Prepare brings the rows of a tenant in order that were restored into another
// cluster, whose transaction numbers begin anew. It comes before all other work,
// under the tenant's lock. What follows changes depends on it, and reading does
// not: where it fails, reading goes on without, and the next start tries again.
func Prepare(ctx context.Context, j *Job) error {
	err := errors.Join(
		j.DB.RenewMarks(ctx, j.Tenant),
		j.DB.RenewTransactionIDs(ctx, j.Tenant, func(table string, rows int64) {
			j.Log.Info("this database was restored from another cluster: rows get new transaction numbers",
				zap.String("tenant", j.Name), zap.String("table", table), zap.Int64("rows", rows))
		}))
	if err != nil && ctx.Err() == nil {
		j.Log.Warn("it is not known whether this database was restored from another cluster; "+
			"reading goes on, and the next start looks again; what follows changes may miss some meanwhile",
			zap.String("tenant", j.Name), zap.Error(err))
	}
	return ctx.Err()
}

// keepLock makes sure that no other process works on the tenant.
func (j *Job) keepLock(ctx context.Context) error {
	if j.Lock == nil {
		return nil
	}
	return j.Lock.Keep(ctx)
}

// summaryEvery is how often the log says what was done for a tenant. A run that
// went well is said at level debug only.
const summaryEvery = time.Hour

// A summary is what was done for a tenant since the last one.
type summary struct {
	runs, failed    int
	requests        int
	throttled       int
	rowsNew         int64
	rowsChanged     int64
	details         int64
	due, rejectsNow map[string]int // by endpoint, after its last run
}

func (s *summary) add(endpoint string, r Report, err error) {
	if s.due == nil {
		s.due, s.rejectsNow = map[string]int{}, map[string]int{}
	}
	s.runs++
	if err != nil {
		s.failed++
	}
	s.requests += r.Usage.Requests
	s.throttled += r.Usage.Throttled
	s.rowsNew += r.Rows.New
	s.rowsChanged += r.Rows.Changed
	s.details += r.Details
	s.due[endpoint], s.rejectsNow[endpoint] = r.Due, r.Rejects
}

// summarize says what was done for each tenant since it was last said.
func (d *Daemon) summarize(context.Context) (work func() error, note func()) {
	for _, t := range d.tenants {
		s, due, rejects := t.summary, 0, 0
		for endpoint := range s.due {
			due += s.due[endpoint]
			rejects += s.rejectsNow[endpoint]
		}
		t.summary = summary{}
		t.log.Info("the last hour", zap.Int("runs", s.runs), zap.Int("runs_failed", s.failed),
			zap.Int64("rows_new", s.rowsNew), zap.Int64("rows_changed", s.rowsChanged), zap.Int64("details", s.details),
			zap.Int("requests", s.requests), zap.Int("throttled", s.throttled), zap.Int("due", due),
			zap.Int("rejects", rejects))
	}
	return nil, nil
}
