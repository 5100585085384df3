package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

// A handover is a span that the daemon which works on the tenant is asked to
// read.
type handover struct {
	app    *app
	job    *schedule.Job
	span   fetch.Window
	latest atomic.Pointer[store.Backfill] // as last looked at; nil: not yet
}

// follow waits until the span is read and notes what came of it.
func (h *handover) follow(ctx context.Context, say io.Writer, o *outcome, fresh time.Duration) {
	o.report, o.daemon, o.err = h.read(ctx, say, fresh)
}

// read waits until the daemon has read the span. If the daemon goes away, the
// span is read here, and byDaemon is false. A cancelled command cancels the
// request.
func (h *handover) read(
	ctx context.Context, say io.Writer, fresh time.Duration,
) (report schedule.Report, byDaemon bool, err error) {
	j, db := h.job, h.app.db
	now, err := j.Client.Now(ctx)
	if err != nil {
		return report, true, err
	}
	finish, cancel := schedule.WithGrace(ctx) // a request whose number is not learned cannot be taken back
	defer cancel()
	id, err := db.RequestBackfill(finish, store.Backfill{
		Tenant: j.Tenant, Endpoint: j.Endpoint.Name, From: h.span.From, To: h.span.To, Since: now.Add(-fresh),
	})
	if err != nil {
		return report, true, err
	}
	for {
		b, err := db.Backfill(ctx, id)
		switch {
		case ctx.Err() != nil:
			return report, true, errors.Join(ctx.Err(), db.CancelBackfill(finish, id))
		case err != nil:
			return report, true, err
		case b.FinishedAt != nil:
			return reportOf(b), true, errorOf(b)
		}
		h.latest.Store(&b)
		if j.Lock.Keep(ctx) == nil { // the daemon has gone
			switch err := db.CancelBackfill(finish, id); {
			case errors.Is(err, store.ErrBackfillEnded):
				continue // it was the last that the daemon did
			case err != nil:
				return report, true, err
			}
			fmt.Fprintf(say, "%s %s: the daemon has gone; going on without it\n", j.Name, j.Endpoint.Name)
			report, err = readSpan(ctx, j, h.span, fresh)
			return report, false, err
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// progress is how far the daemon has come.
func (h *handover) progress() (schedule.Progress, bool) {
	b := h.latest.Load()
	if b == nil || b.StartedAt == nil {
		return h.job.Progress() // the daemon may have gone
	}
	return schedule.Progress{
		Slots: b.Slots, SlotsRead: b.SlotsRead, Rows: b.Rows, Requests: int(b.Requests), Took: time.Since(*b.StartedAt),
	}, true
}

// reportOf is what a daemon did for a backfill.
func reportOf(b store.Backfill) schedule.Report {
	var r schedule.Report
	r.Rows.Seen, r.Usage.Requests = b.Rows, int(b.Requests)
	return r
}

// errorOf is what a backfill failed with.
func errorOf(b store.Backfill) error {
	if b.Result != nil && *b.Result == "ok" {
		return nil
	}
	return fmt.Errorf("backfill %d ended as %s: %s", b.ID, orDash(b.Result), orDash(b.Error))
}
