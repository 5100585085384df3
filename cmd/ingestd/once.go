package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"ingestd/internal/fetch"
	"ingestd/internal/schedule"
)

func newOnce() *cobra.Command {
	return &cobra.Command{
		Use:   "once",
		Short: "Read all that is due now, then exit",
		Long: `once reads every enabled endpoint until nothing is due and exits: 0 if all went
well, 3 if something is late or lost, 4 if Graph or Entra denies access, 1 if
something else failed. It prints one line for each endpoint.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := open(cmd)
			if err != nil {
				return err
			}
			defer a.db.Close()
			jobs, err := a.jobs()
			if err != nil {
				return err
			}
			if err := a.ready(cmd.Context()); err != nil {
				return err
			}
			outcomes := a.once(cmd, jobs)
			printOutcomes(cmd.OutOrStdout(), outcomes)
			return worst(outcomes)
		},
	}
}

// once reads all that is due for the tenants that no other process works on.
func (a *app) once(cmd *cobra.Command, jobs []*schedule.Job) []outcome {
	enabled := slices.DeleteFunc(slices.Clone(jobs), func(j *schedule.Job) bool { return !j.Enabled })
	mine, others, release := a.lock(cmd.Context(), enabled)
	defer release()
	stop := follow(cmd, mine)
	defer stop()
	return append(once(cmd.Context(), mine, "once"), others...)
}

// ready checks that the database answers and has this program's schema.
func (a *app) ready(ctx context.Context) error {
	if err := a.db.Ping(ctx); err != nil {
		return err
	}
	return a.db.CheckSchema(ctx)
}

// An outcome is what came of the work on one endpoint.
type outcome struct {
	job    *schedule.Job
	report schedule.Report
	survey schedule.Survey // how the endpoint stands now
	err    error
	daemon bool // a daemon did it, or was asked to
}

// once runs jobs side by side until nothing is due, and then does what is
// derived from their rows.
func once(ctx context.Context, jobs []*schedule.Job, trigger string) []outcome {
	return sideBySide(ctx, jobs, func(j *schedule.Job) (schedule.Report, error) {
		report, err := schedule.Once(ctx, j, trigger)
		never := func() bool { return ctx.Err() != nil }
		if users := j.RefreshUsers(ctx, never); users != nil && ctx.Err() == nil {
			j.Log.Warn(
				"teams.users is not up to date; the next run tries again",
				zap.String("tenant", j.Name),
				zap.Error(users),
			)
		}
		return report, err
	})
}

// sideBySide does the work of all jobs at once and waits for the last.
func sideBySide(
	ctx context.Context,
	jobs []*schedule.Job,
	work func(*schedule.Job) (schedule.Report, error),
) []outcome {
	outcomes := make([]outcome, len(jobs))
	var running sync.WaitGroup
	for i, j := range jobs {
		o := &outcomes[i]
		o.job = j
		running.Go(func() {
			o.report, o.err = work(j)
			if survey, err := j.Survey(ctx, j.Client.Clock()); err == nil {
				o.survey = survey
			} else if o.err == nil {
				o.err = err
			}
		})
	}
	running.Wait()
	return outcomes
}

func printOutcomes(out io.Writer, outcomes []outcome) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(
		w,
		"TENANT\tENDPOINT\tWINDOWS\tPAGES\tNEW\tCHANGED\tUNCHANGED\tREJECTED\tDETAILS\tCOMPLETE UNTIL (UTC)\tRESULT",
	)
	for _, o := range outcomes {
		r := o.report
		fmt.Fprintf(
			w,
			"%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t%s\n",
			o.job.Name,
			o.job.Endpoint.Name,
			r.Windows,
			r.Rows.Pages,
			r.Rows.New,
			r.Rows.Changed,
			r.Rows.Unchanged,
			r.Rows.Rejected,
			o.details(),
			minute(o.survey.Watermark),
			o.word(),
		)
	}
	w.Flush()
}

// details is how many call records had their details stored; the columns before
// it count what the list names.
func (o outcome) details() string {
	if !o.job.Endpoint.Versioned {
		return "-"
	}
	return fmt.Sprint(o.report.Details)
}

func (o outcome) word() string {
	switch {
	case isLocked(o):
		return "locked"
	case o.err != nil:
		return "failed"
	case len(o.lost()) > 0:
		return "lost " + strings.Join(o.lost(), ", ")
	case o.report.DetailsFailed > 0:
		return fmt.Sprintf("%d without details", o.report.DetailsFailed)
	case o.survey.Rejects > 0:
		return fmt.Sprintf("%d rejected", o.survey.Rejects)
	case o.parked() > 0:
		return fmt.Sprintf("%d parked", o.parked())
	case o.daemon:
		return fmt.Sprintf("ok, %d rows read by the daemon", o.report.Rows.Seen)
	}
	return "ok"
}

func (o outcome) parked() int { return len(o.survey.Parked) + len(o.survey.RecordsParked) }

// lost is what an endpoint has lost, in words.
func (o outcome) lost() []string {
	var list []string
	for _, w := range o.survey.Lost {
		list = append(list, w.String())
	}
	if n := len(o.survey.RecordsLost); n > 0 {
		list = append(list, fmt.Sprintf("%d of the call records", n))
	}
	return list
}

// worst is the error the command ends with: what every line of the table says,
// with the most serious exit code.
func worst(outcomes []outcome) error {
	var errs []error
	for _, o := range outcomes {
		if err := o.amiss(); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// amiss is what a person has to know of an outcome; nil if all is well.
func (o outcome) amiss() error {
	name, r := o.job.Endpoint.Name, o.report
	switch {
	case o.err != nil && r.Failed > 0 && r.Failed < r.Windows && fetch.KindOf(o.err) == fetch.Transient:
		return errDegraded(fmt.Sprintf("%d of %d windows failed: %v", r.Failed, r.Windows, o.err))
	case o.err != nil:
		return o.err
	case len(o.lost()) > 0:
		return errDegraded(
			fmt.Sprintf(
				"%s left Microsoft's retention unread: %s; see: ingestd gaps",
				name,
				strings.Join(o.lost(), ", "),
			),
		)
	case r.DetailsFailed > 0:
		return errDegraded(
			fmt.Sprintf("%d of %d call records have no details yet, the first because: %s; see: ingestd gaps",
				r.DetailsFailed, r.DetailsFailed+r.Details, r.FirstError),
		)
	case o.survey.Rejects > 0:
		return errDegraded(
			fmt.Sprintf("%s: %d elements could only be kept raw; see: ingestd rejects", name, o.survey.Rejects),
		)
	case o.parked() > 0:
		return errDegraded(fmt.Sprintf("%s cannot be read in part; see: ingestd gaps", name))
	case r.Due > 0:
		return errDegraded(fmt.Sprintf("%s: %d windows or records are still due", name, r.Due))
	}
	return nil
}
