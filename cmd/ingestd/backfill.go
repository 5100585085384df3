package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"ingestd/internal/fetch"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

func newBackfill() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "backfill",
		Short: "Read a span again, due or not",
		Long: `backfill reads the slots between --from and --to, newest first, whether they are
due or not; what Graph no longer has is left out. Nothing has to be caught up by
hand: the daemon reads what it missed by itself. This is for reading again what
was read before.

Where a daemon works on the tenant, the span is handed to it and its progress
followed, so that both together stay within Microsoft's limits.

Interrupted, it goes on when it is repeated: slots read within --fresh are left
out. Rows that did not change are not written.`,
		Example: "  ingestd backfill --from 2026-01-01 --to 2026-02-01 --endpoint pstn_calls",
		Args:    cobra.NoArgs,
	}
	from := cmd.Flags().String(
		"from",
		"",
		"first day, in UTC, such as 2026-01-01 (default as far back as Graph reaches)",
	)
	to := cmd.Flags().String("to", "", "day after the last, in UTC (default now)")
	fresh := cmd.Flags().Duration("fresh", time.Hour, "leave out slots read less than this ago")
	endpoint := endpointFlag(cmd)
	cmd.RunE = withApp(func(cmd *cobra.Command, a *app, jobs []*schedule.Job) error {
		name, err := endpoint()
		if err != nil {
			return err
		}
		span, err := parseSpan(*from, *to)
		if err != nil {
			return err
		}
		var chosen []*schedule.Job
		for _, j := range jobs {
			if name == j.Endpoint.Name || name == "" && j.Enabled {
				chosen = append(chosen, j)
			}
		}
		if err := inReach(chosen, span); err != nil {
			return err
		}
		outcomes := a.backfill(cmd, chosen, span, *fresh)
		printOutcomes(cmd.OutOrStdout(), outcomes)
		return worst(outcomes)
	})
	return cmd
}

// inReach refuses a span of which Graph has nothing any more.
func inReach(jobs []*schedule.Job, span fetch.Window) error {
	for _, j := range jobs {
		horizon := time.Now().Add(-j.Policy.Reach)
		if !span.To.After(horizon) {
			return errUsage(fmt.Sprintf("Microsoft keeps %s for %.0f days: nothing before %s can be read",
				j.Endpoint.Name, j.Policy.Reach.Hours()/24, minute(horizon)))
		}
	}
	return nil
}

// backfill reads a span: itself where the tenant is free, and by the daemon that
// works on it where it is not, so that both share Graph's limits.
func (a *app) backfill(cmd *cobra.Command, jobs []*schedule.Job, span fetch.Window, fresh time.Duration) []outcome {
	mine, others, release := a.lock(cmd.Context(), jobs)
	defer release()
	stop := follow(cmd, mine)
	defer stop()
	done := make(chan []outcome)
	go func() { done <- a.handOver(cmd, others, span, fresh) }()
	outcomes := sideBySide(cmd.Context(), mine, func(j *schedule.Job) (schedule.Report, error) {
		return readSpan(cmd.Context(), j, span, fresh)
	})
	return append(outcomes, <-done...)
}

// readSpan reads a span but for what was read lately, by Graph's clock.
func readSpan(ctx context.Context, j *schedule.Job, span fetch.Window, fresh time.Duration) (schedule.Report, error) {
	now, err := j.Client.Now(ctx)
	if err != nil {
		return schedule.Report{}, err
	}
	report, _, err := j.Backfill(ctx, span, now.Add(-fresh), func() bool { return false })
	return report, err
}

// handOver asks the daemons that work on the tenants for the span, and follows
// them to the end.
func (a *app) handOver(cmd *cobra.Command, locked []outcome, span fetch.Window, fresh time.Duration) []outcome {
	var running sync.WaitGroup
	for i := range locked {
		o := &locked[i]
		if !isLocked(*o) {
			continue
		}
		running.Go(func() {
			o.report, o.daemon, o.err = a.followBackfill(cmd, o.job, span, fresh)
			if survey, err := o.job.Survey(cmd.Context(), time.Now()); err == nil {
				o.survey = survey
			}
		})
	}
	running.Wait()
	return locked
}

// followBackfill waits until a daemon has read a span. If the daemon goes away,
// the span is read here, and byDaemon is false. A cancelled command cancels the
// request.
func (a *app) followBackfill(
	cmd *cobra.Command, j *schedule.Job, span fetch.Window, fresh time.Duration,
) (report schedule.Report, byDaemon bool, err error) {
	ctx := cmd.Context()
	now, err := j.Client.Now(ctx)
	if err != nil {
		return report, true, err
	}
	id, err := a.db.RequestBackfill(ctx, store.Backfill{
		Tenant: j.Tenant, Endpoint: j.Endpoint.Name, From: span.From, To: span.To, Since: now.Add(-fresh),
	})
	if err != nil {
		return report, true, err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s %s: handed to the daemon that works on the tenant, as backfill %d\n",
		j.Name, j.Endpoint.Name, id)
	shown := 0
	for {
		b, err := a.db.Backfill(ctx, id)
		switch {
		case ctx.Err() != nil:
			late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			return report, true, errors.Join(ctx.Err(), a.db.CancelBackfill(late, id))
		case err != nil:
			return report, true, err
		case b.FinishedAt != nil:
			return reportOf(b), true, errorOf(b)
		}
		if b.SlotsRead > shown {
			shown = b.SlotsRead
			fmt.Fprintf(cmd.ErrOrStderr(), "%s %s: %d of %d slots, %d rows\n",
				j.Name, j.Endpoint.Name, b.SlotsRead, b.Slots, b.Rows)
		}
		if j.Lock.Keep(ctx) == nil { // the daemon has gone
			switch err := a.db.CancelBackfill(ctx, id); {
			case errors.Is(err, store.ErrBackfillEnded):
				continue // it was the last that the daemon did
			case err != nil:
				return report, true, err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%s %s: the daemon has gone; going on without it\n", j.Name, j.Endpoint.Name)
			report, err = readSpan(ctx, j, span, fresh)
			return report, false, err
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
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

// parseSpan reads two days; an empty one leaves that end open.
func parseSpan(from, to string) (fetch.Window, error) {
	span := fetch.Window{To: time.Now().Add(24 * time.Hour)}
	for _, end := range []struct {
		text string
		at   *time.Time
	}{{from, &span.From}, {to, &span.To}} {
		if end.text == "" {
			continue
		}
		day, err := time.Parse(time.DateOnly, end.text)
		if err != nil {
			return span, errUsage("--from and --to take a day such as 2026-01-31")
		}
		*end.at = day
	}
	if !span.From.Before(span.To) {
		return span, errUsage("--from must lie before --to")
	}
	return span, nil
}
