package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"ingestd/internal/fetch"
	"ingestd/internal/health"
	"ingestd/internal/schedule"
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
out. Rows that did not change are not written.

--dry-run reads nothing. It prints the windows that would be asked for, how many
requests that takes at least (pages are counted as they were when last read; call
records that changed cost two more each), and how long at the configured limits.`,
		Example: `  ingestd backfill --from 2026-01-01 --to 2026-02-01 --endpoint pstn_calls --dry-run
  ingestd backfill --from 2026-01-01 --to 2026-02-01 --endpoint pstn_calls
  ingestd backfill --tenant contoso --fresh 0s`,
		Args: cobra.NoArgs,
	}
	from := choiceFlag(cmd, "from", "first day, in UTC, as 2026-01-31 (default as far back as Graph reaches)")
	to := choiceFlag(cmd, "to", "day after the last, in UTC (default now)")
	fresh := cmd.Flags().Duration("fresh", time.Hour, "leave out slots read less than this ago")
	dry := cmd.Flags().Bool("dry-run", false, "print what would be read, and read nothing")
	chosen := selectFlags(cmd)
	exitTable(cmd, exitCodes{
		exitDegraded: "something is late, lost, parked or rejected",
		exitDenied:   "Entra or Graph denies access",
	})
	cmd.RunE = withRows(func(cmd *cobra.Command, a *app) error {
		if *fresh < 0 {
			return errUsage("--fresh takes a time such as 90m; 0s reads all again")
		}
		a.hush(cmd)
		span, err := parseSpan(*from, *to)
		if err != nil {
			return err
		}
		jobs, err := chosen.jobs(a)
		if err != nil {
			return err
		}
		if chosen.endpoint == "" {
			jobs = enabled(jobs)
		}
		if err := checkReach(cmd.ErrOrStderr(), jobs, span, time.Now()); err != nil {
			return err
		}
		if *dry {
			return a.planBackfill(cmd, jobs, span, *fresh)
		}
		outcomes := a.backfill(cmd, jobs, span, *fresh)
		idle(cmd.ErrOrStderr(), outcomes, *fresh)
		return tell(cmd, outcomes)
	})
	return cmd
}

// checkReach refuses a span of which Graph has nothing, and says which part of
// one it has not.
func checkReach(hints io.Writer, jobs []*schedule.Job, span fetch.Window, now time.Time) error {
	switch {
	case len(jobs) == 0:
		return errSwitchedOff
	case span.To.After(now.Add(day)):
		fmt.Fprintf(hints, "--to lies in the future; it is read until now, %s UTC.\n", minute(now))
	}
	for _, j := range jobs {
		horizon, kept := now.Add(-j.Policy.Reach), fmt.Sprintf("%.0f days", j.Policy.Reach.Hours()/24)
		switch {
		case !span.To.After(horizon):
			return errUsage(fmt.Sprintf("Microsoft keeps %s for %s: nothing before %s can be read",
				j.Endpoint.Name, kept, minute(horizon)))
		case !span.From.IsZero() && span.From.Before(horizon.Truncate(day)):
			fmt.Fprintf(hints, "%s %s: Microsoft keeps %s; what is before %s is left out.\n",
				j.Name, j.Endpoint.Name, kept, minute(horizon))
		}
	}
	return nil
}

// idle says where nothing was read because all was read lately.
func idle(hints io.Writer, outcomes []outcome, fresh time.Duration) {
	for _, o := range outcomes {
		if o.err == nil && !o.daemon && o.report.Windows == 0 {
			fmt.Fprintf(hints, "%s %s: nothing to read: all of the span was read less than %s ago (--fresh).\n",
				o.job.Name, o.job.Endpoint.Name, health.ShortUp(fresh))
		}
	}
}

// backfill reads a span: itself where the tenant is free, and by the daemon that
// works on it where it is not, so that both share Graph's limits.
func (a *app) backfill(cmd *cobra.Command, jobs []*schedule.Job, span fetch.Window, fresh time.Duration) []outcome {
	mine, others, release := a.lock(cmd.Context(), jobs)
	defer release()
	works, handed := worksOf(mine, health.Snapshot{}), make([]*handover, len(others))
	for i, o := range others {
		handed[i] = &handover{app: a, job: o.job, span: span}
		if isLocked(o) {
			works = append(works, work{o.job.Name, o.job.Endpoint.Name, o.job.Policy.Slot, 0, handed[i].progress})
		}
	}
	tellLocked(cmd.ErrOrStderr(), others)
	say, stop := follow(cmd, works)
	defer stop()
	var running sync.WaitGroup
	for i := range others {
		if o := &others[i]; isLocked(*o) {
			running.Go(func() { handed[i].follow(cmd.Context(), say, o, fresh) })
		}
	}
	outcomes := sideBySide(mine, func(j *schedule.Job) (schedule.Report, error) {
		return readSpan(cmd.Context(), j, span, fresh)
	})
	running.Wait()
	return a.standing(cmd.Context(), append(outcomes, others...))
}

// tellLocked says which endpoints a daemon reads.
func tellLocked(hints io.Writer, others []outcome) {
	var names []string
	for _, o := range others {
		if isLocked(o) {
			names = append(names, o.job.Name+" "+o.job.Endpoint.Name)
		}
	}
	if len(names) > 0 {
		fmt.Fprintln(hints, "Handed to the daemon that works on the tenant: "+strings.Join(names, ", ")+".")
	}
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

// parseSpan reads two days; an empty one leaves that end open.
func parseSpan(from, to string) (fetch.Window, error) {
	span := fetch.Window{To: time.Now().Add(day)}
	for _, end := range []struct {
		text string
		at   *time.Time
	}{{from, &span.From}, {to, &span.To}} {
		if end.text == "" {
			continue
		}
		at, err := time.Parse(time.DateOnly, end.text)
		if err != nil {
			return span, errUsage("--from and --to take a day such as 2026-01-31")
		}
		*end.at = at
	}
	if now := time.Now(); span.From.After(now) {
		return span, errUsage(fmt.Sprintf("--from lies in the future: it is %s UTC now", minute(now)))
	}
	if !span.From.Before(span.To) {
		return span, errUsage("--from must lie before --to")
	}
	return span, nil
}

const day = 24 * time.Hour
