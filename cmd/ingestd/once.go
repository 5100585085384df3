package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"ingestd/internal/schedule"
)

func newOnce() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "once",
		Short: "Read all that is due now, then exit",
		Long: `once reads every enabled endpoint until nothing is due and exits. It prints what came
of each, until when it is complete, and for how long it would be safe if nothing were
read any more. A tenant that another ingestd works on is left to that one.`,
		Example: `  ingestd once
  ingestd once --tenant contoso --endpoint call_records`,
		Args: cobra.NoArgs,
	}
	chosen := selectFlags(cmd)
	exitTable(cmd, exitCodes{
		exitFailed:   "something failed, or another ingestd works on a tenant",
		exitDegraded: "something is late, lost, parked or rejected",
		exitDenied:   "Entra or Graph denies access",
	})
	cmd.RunE = withRows(func(cmd *cobra.Command, a *app) error {
		a.hush(cmd)
		jobs, err := chosen.jobs(a)
		if err != nil {
			return err
		}
		if jobs = enabled(jobs); len(jobs) == 0 {
			return errSwitchedOff
		}
		a.keepMonths(cmd)
		outcomes := a.once(cmd, jobs)
		a.followRows(cmd)
		tooEarly(cmd.ErrOrStderr(), outcomes)
		return tell(cmd, outcomes)
	})
	return cmd
}

// tooEarly says where start_from has no effect, as Microsoft kept less when reading
// began.
func tooEarly(hints io.Writer, outcomes []outcome) {
	for _, o := range outcomes {
		from, origin := o.job.StartFrom, o.stands.Origin
		if origin == nil || !o.job.BeginsLate(*origin) {
			continue
		}
		fmt.Fprintf(hints, "%s %s: start_from %s has no effect: Microsoft had nothing before %s when reading began.\n",
			o.job.Name, o.job.Endpoint.Name, from.Format(time.DateOnly), minute(*origin))
	}
}

// tell prints what came of the work and ends as the worst of it says.
func tell(cmd *cobra.Command, outcomes []outcome) error {
	if err := writeOutcomes(screenOf(cmd.OutOrStdout(), false, time.Now()), outcomes); err != nil {
		return err
	}
	return worst(outcomes)
}

// errSwitchedOff refuses work where there is none.
const errSwitchedOff = errUsage("every endpoint that is chosen is switched off (enabled: false)")

func enabled(jobs []*schedule.Job) []*schedule.Job {
	return slices.DeleteFunc(slices.Clone(jobs), func(j *schedule.Job) bool { return !j.Enabled })
}

// once reads all that is due for the tenants that no other process works on.
func (a *app) once(cmd *cobra.Command, jobs []*schedule.Job) []outcome {
	mine, others, release := a.lock(cmd.Context(), enabled(jobs))
	defer release()
	before, _ := a.snapshot(cmd.Context(), &selection{}) // it makes the estimates better
	_, stop := follow(cmd, worksOf(mine, before))
	defer stop()
	return a.standing(cmd.Context(), append(once(cmd.Context(), mine, "once"), others...))
}

// once runs jobs side by side until nothing is due, and then does what is
// derived from their rows.
func once(ctx context.Context, jobs []*schedule.Job, trigger string) []outcome {
	outcomes := sideBySide(jobs, func(j *schedule.Job) (schedule.Report, error) {
		return schedule.Once(ctx, j, trigger)
	})
	schedule.Derive(ctx, jobs)
	return outcomes
}

// sideBySide does the work of all jobs at once and waits for the last.
func sideBySide(jobs []*schedule.Job, work func(*schedule.Job) (schedule.Report, error)) []outcome {
	forgetStart()
	outcomes := make([]outcome, len(jobs))
	var running sync.WaitGroup
	for i, j := range jobs {
		o := &outcomes[i]
		o.job = j
		running.Go(func() { o.report, o.err = work(j) })
	}
	running.Wait()
	return outcomes
}
