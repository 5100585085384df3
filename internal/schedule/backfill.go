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
func (j *Job) Backfill(ctx context.Context, span fetch.Window, since time.Time, stop func() bool) (report Report, left int, err error) {
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
	watching, rest := context.WithCancel(ctx)
	defer rest()
	go w.noteProgress(watching, b)
	report, left, err := j.Backfill(ctx, span, b.Since, stop)
	rest()
	w.pause(err)
	b = progressOf(b, report.Rows.Seen, report.Usage.Requests, b.Slots-left)
	if err != nil {
		if ctx.Err() != nil {
			return nil // it goes on after a restart
		}
		text := err.Error()
		b.Error = &text
	}
	if left == 0 || err != nil {
		now, word := j.Client.Clock(), result(err)
		b.FinishedAt, b.Result = &now, &word
	}
	short, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	return j.DB.NoteBackfill(short, b) // if it is not noted, the next look finds it done
}

// noteProgress notes how far a backfill has come, until ctx ends.
func (w *worker) noteProgress(ctx context.Context, b store.Backfill) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(progressEvery):
		}
		if p, ok := w.job.Progress(); ok {
			short, cancel := context.WithTimeout(ctx, patience)
			err := w.job.DB.NoteBackfill(short, progressOf(b, p.Rows, p.Requests, b.SlotsRead+p.SlotsRead))
			cancel()
			if err != nil {
				return // the end is noted in any case
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
