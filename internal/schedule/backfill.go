package schedule

import (
	"context"
	"errors"
	"time"

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
	left, counting := j.LeftToBackfill(ctx, span, since)
	return report, left, mostSevere(err, counting)
}

// LeftToBackfill counts the slots of a span that Graph can still answer for and
// that were not read since a time.
func (j *Job) LeftToBackfill(ctx context.Context, span fetch.Window, since time.Time) (int, error) {
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

// backfills reads the spans that were asked for beside the daemon, until stop
// reports true. What is left goes on after the next run.
func (w *worker) backfills(ctx context.Context, stop func() bool) {
	short, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	list, err := w.job.DB.OpenBackfills(short, w.job.Tenant, w.job.Endpoint.Name)
	if err != nil && ctx.Err() == nil {
		w.log().Warn("no look for backfills", zap.Error(err))
	}
	for _, b := range list {
		if stop() || ctx.Err() != nil || time.Now().Before(w.notBefore) {
			return
		}
		if err := w.job.keepLock(ctx); err != nil {
			return // the next run says so
		}
		err := safely(func() error { return w.backfill(ctx, b, stop) })
		if err != nil && ctx.Err() == nil && !errors.Is(err, store.ErrBackfillEnded) {
			w.log().Warn("backfill", zap.Int64("backfill_id", b.ID), zap.Error(err))
		}
	}
}

// backfill reads what it can of one span and notes how far it has come.
func (w *worker) backfill(ctx context.Context, b store.Backfill, stop func() bool) error {
	j, span := w.job, fetch.Window{From: b.From, To: b.To}
	if _, err := j.Client.Now(ctx); err != nil {
		return err
	}
	if b.StartedAt == nil {
		now := j.Client.Clock()
		slots, err := j.LeftToBackfill(ctx, span, b.Since)
		if err != nil {
			return err
		}
		b.StartedAt, b.Slots = &now, slots
	}
	reading, cancel := context.WithCancel(ctx)
	watching, rest := context.WithCancel(ctx)
	defer rest()
	defer cancel()
	go w.noteProgress(watching, b, cancel)
	report, left, err := j.Backfill(reading, span, b.Since, stop)
	rest()
	if reading.Err() != nil {
		return nil // whoever asked for it has cancelled it, or it goes on after a restart
	}
	w.pause(err)
	b = progressOf(b, report.Rows.Seen, report.Usage.Requests, b.Slots-left)
	if err != nil {
		text := err.Error()
		b.Error = &text
	}
	if goesOn := stop() && (err == nil && left > 0 || err != nil && judge(err, true) != abort); !goesOn {
		now, word := j.Client.Clock(), result(err)
		b.FinishedAt, b.Result = &now, &word
	}
	short, done := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer done()
	return j.DB.NoteBackfill(short, b) // if it is not noted, the next look finds it done
}

// noteProgress notes how far a backfill has come, until ctx ends. It cancels one
// that nobody wants any more.
func (w *worker) noteProgress(ctx context.Context, b store.Backfill, cancel context.CancelFunc) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(progressEvery):
		}
		if p, ok := w.job.Progress(); ok {
			short, done := context.WithTimeout(ctx, patience)
			err := w.job.DB.NoteBackfill(short, progressOf(b, p.Rows, p.Requests, b.SlotsRead+p.SlotsRead))
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
