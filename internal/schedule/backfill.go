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

// Backfill reads the slots of a span, due or not, but for those that were read
// since a time: so one that was interrupted goes on when it is repeated. What
// lies outside Graph's reach is left out. It begins no more windows once stop
// reports true, and returns how many slots are left then.
func (j *Job) Backfill(
	ctx context.Context,
	span fetch.Window,
	since time.Time,
	stop func() bool,
) (report Report, left int, err error) {
	plan := func(p Policy, now, _ time.Time, ledger []store.Slot) []Window {
		return p.PlanSpan(now, ledger, span, since)
	}
	report, err = j.execute(ctx, "backfill", plan, stop)
	left, counting := j.leftToBackfill(ctx, span, since)
	return report, left, mostSevere(err, counting)
}

// leftToBackfill counts the slots of a span that Graph can still answer for and
// that were not read since a time.
func (j *Job) leftToBackfill(ctx context.Context, span fetch.Window, since time.Time) (int, error) {
	now := j.Client.Clock()
	slots, err := j.DB.Slots(ctx, j.Tenant, j.Endpoint.Name, j.Policy.horizon(now))
	return slotsOf(j.Policy.PlanSpan(now, slots, span, since)), err
}

// A BackfillPlan is what a backfill would ask for.
type BackfillPlan struct {
	Span     fetch.Window // what of the span Graph can still answer for
	Windows  int
	Requests int // at least: pages, as many as there were when the slots were last read
}

// PlanBackfill says what Backfill would ask for, and asks Graph nothing.
func (j *Job) PlanBackfill(ctx context.Context, span fetch.Window, since time.Time) (plan BackfillPlan, err error) {
	now := j.Client.Clock()
	slots, err := j.DB.Slots(ctx, j.Tenant, j.Endpoint.Name, j.Policy.horizon(now))
	rows := map[time.Time]int{}
	for _, s := range slots {
		rows[s.From.UTC()] = s.Rows
	}
	windows := j.Policy.PlanSpan(now, slots, span, since)
	plan.Windows = len(windows)
	for _, w := range windows {
		n := 0
		for _, s := range w.slots {
			n += rows[s.from]
		}
		plan.Requests += 1 + n/pageRows(j.Endpoint)
	}
	if len(windows) > 0 {
		plan.Span = spanOf(windows, now)
	}
	return plan, err
}

// progressEvery is how often the progress of a backfill is noted for whoever
// asked for it.
const progressEvery = time.Second

// lookForBackfills asks for the spans that were requested beside the daemon, of
// all tenants at once.
func (d *Daemon) lookForBackfills(ctx context.Context) (work func() error, note func()) {
	resting := map[*worker]int{} // those that work may be at the end of one that is still found open
	var tenants []uuid.UUID
	for w := range d.workers() {
		if !w.atWork {
			resting[w] = w.rounds
		}
		if n := len(tenants); n == 0 || tenants[n-1] != w.job.Tenant {
			tenants = append(tenants, w.job.Tenant)
		}
	}
	if len(resting) == 0 {
		return nil, nil
	}
	var open []store.Backfill
	work = func() (err error) {
		short, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		open, err = d.db.OpenBackfills(short, tenants)
		return err
	}
	return work, func() {
		for w, rounds := range resting {
			if w.rounds == rounds {
				w.backfills = w.of(open)
			}
		}
	}
}

// of are the backfills of the worker's endpoint.
func (w *worker) of(all []store.Backfill) (own []store.Backfill) {
	for _, b := range all {
		if b.Tenant == w.job.Tenant && b.Endpoint == w.job.Endpoint.Name {
			own = append(own, b)
		}
	}
	return own
}

// backfill reads what it can of a span until the next run is due. The next look
// finds what is left.
func (d *Daemon) backfill(ctx context.Context, w *worker) {
	b := w.backfills[0]
	w.backfills = w.backfills[1:]
	due := w.due
	var reading, err error
	d.work(ctx, w, func() {
		err = safely(func() (err error) {
			w.job.retryIn = 0
			reading, err = w.job.serve(ctx, b, due.passed)
			return err
		})
	}, func() {
		d.settle(w, reading)
		d.derived.add(w.job)
		if err != nil && !errors.Is(err, store.ErrBackfillEnded) {
			w.log().Warn("backfill", zap.Int64("backfill_id", b.ID), zap.Error(err))
		}
	})
}

// serve reads what it can of one span and notes how far it has come. It returns
// what the reading failed with, and what else did.
func (j *Job) serve(ctx context.Context, b store.Backfill, stop func() bool) (reading, err error) {
	span := fetch.Window{From: b.From, To: b.To}
	if _, err := j.Client.Now(ctx); err != nil {
		return nil, err
	}
	if b.StartedAt == nil {
		now := j.Client.Clock()
		slots, err := j.leftToBackfill(ctx, span, b.Since)
		if err != nil {
			return nil, err
		}
		b.StartedAt, b.Slots = &now, slots
	}
	wanted, cancel := context.WithCancel(ctx)
	watching, rest := context.WithCancel(ctx)
	defer rest()
	defer cancel()
	go j.noteProgress(watching, b, cancel)
	report, left, reading := j.Backfill(wanted, span, b.Since, stop)
	rest()
	if wanted.Err() != nil {
		return nil, nil // whoever asked for it has cancelled it, or it goes on after a restart
	}
	b = progressOf(b, report.Rows.Seen, report.Usage.Requests, b.Slots-left)
	if reading != nil {
		text := reading.Error()
		b.Error = &text
	}
	goesOn := isEnded(reading) ||
		stop() && (reading == nil && left > 0 || reading != nil && judge(reading, true) != abort)
	if !goesOn {
		now, word := j.Client.Clock(), result(reading)
		b.FinishedAt, b.Result = &now, &word
	}
	short, done := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer done()
	return reading, j.DB.NoteBackfill(short, b) // if it is not noted, the next look finds it done
}

// noteProgress notes how far a backfill has come, until ctx ends. It cancels one
// that nobody wants any more.
func (j *Job) noteProgress(ctx context.Context, b store.Backfill, cancel context.CancelFunc) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(progressEvery):
		}
		if p, ok := j.Progress(); ok {
			short, done := context.WithTimeout(ctx, patience)
			err := j.DB.NoteBackfill(short, progressOf(b, p.Rows, p.Requests, b.SlotsRead+p.SlotsRead))
			done()
			if errors.Is(err, store.ErrBackfillEnded) {
				cancel()
				return
			}
		}
	}
}

// progressOf adds what a run did to a backfill.
func progressOf(b store.Backfill, rows int64, requests, slotsRead int) store.Backfill {
	b.Rows += rows
	b.Requests += int64(requests)
	b.SlotsRead = slotsRead
	return b
}
