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
			release, err := a.lock(cmd.Context(), jobs, false)
			if err != nil {
				return err
			}
			defer release()
			stop := follow(cmd, jobs)
			outcomes := once(cmd.Context(), jobs, "once")
			stop()
			printOutcomes(cmd.OutOrStdout(), outcomes)
			return worst(outcomes)
		},
	}
}

// ready checks that the database answers and has this program's schema.
func (a *app) ready(ctx context.Context) error {
	if err := a.db.Ping(ctx); err != nil {
		return err
	}
	return a.db.CheckSchema(ctx)
}

type outcome struct {
	job    *schedule.Job
	report schedule.Report
	err    error
}

// once runs all enabled jobs side by side.
func once(ctx context.Context, jobs []*schedule.Job, trigger string) []outcome {
	enabled := slices.DeleteFunc(slices.Clone(jobs), func(j *schedule.Job) bool { return !j.Enabled })
	return sideBySide(enabled, func(j *schedule.Job) (schedule.Report, error) { return schedule.Once(ctx, j, trigger) })
}

// sideBySide does the work of all jobs at once and waits for the last.
func sideBySide(jobs []*schedule.Job, work func(*schedule.Job) (schedule.Report, error)) []outcome {
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

func printOutcomes(out io.Writer, outcomes []outcome) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TENANT\tENDPOINT\tWINDOWS\tPAGES\tNEW\tCHANGED\tUNCHANGED\tREJECTED\tWHOLE\tCOMPLETE UNTIL (UTC)\tRESULT")
	for _, o := range outcomes {
		r := o.report
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t%s\n", o.job.Name, o.job.Endpoint.Name,
			r.Windows, r.Rows.Pages, r.Rows.New, r.Rows.Changed, r.Rows.Unchanged, r.Rows.Rejected, o.whole(), minute(r.Watermark), o.word())
	}
	w.Flush()
}

// whole is how many call records were stored with all they hold; the columns
// before it count what the list names.
func (o outcome) whole() string {
	if !o.job.Endpoint.Versioned {
		return "-"
	}
	return fmt.Sprint(o.report.Details)
}

func (o outcome) word() string {
	switch {
	case o.err != nil:
		return "failed"
	case len(o.report.Lost)+len(o.report.Gone) > 0:
		return "lost " + strings.Join(lost(o), ", ")
	case o.report.Parked > 0:
		return fmt.Sprintf("%d parked", o.report.Parked)
	}
	return "ok"
}

// lost is what an endpoint has lost, in words.
func lost(o outcome) []string {
	var list []string
	for _, w := range o.report.Lost {
		list = append(list, w.String())
	}
	if n := len(o.report.Gone); n > 0 {
		list = append(list, fmt.Sprintf("%d of the call records", n))
	}
	return list
}

// worst is the error the command ends with: what every line of the table says,
// with the most serious exit code.
func worst(outcomes []outcome) error {
	var errs []error
	for _, o := range outcomes {
		if o.err != nil && o.report.Failed > 0 && o.report.Failed < o.report.Windows && fetch.KindOf(o.err) == fetch.Transient {
			errs = append(errs, errDegraded(fmt.Sprintf("%d of %d windows failed: %v", o.report.Failed, o.report.Windows, o.err)))
		} else if o.err != nil {
			errs = append(errs, o.err)
		} else if what := lost(o); len(what) > 0 {
			errs = append(errs, errDegraded(fmt.Sprintf("%s left Microsoft's retention unread: %s", o.job.Endpoint.Name, strings.Join(what, ", "))))
		} else if o.report.Parked > 0 {
			errs = append(errs, errDegraded(fmt.Sprintf("%s cannot be read in part; see: ingestd gaps", o.job.Endpoint.Name)))
		} else if o.report.Due > 0 {
			errs = append(errs, errDegraded(fmt.Sprintf("%s: %d windows or records are still due", o.job.Endpoint.Name, o.report.Due)))
		}
	}
	return errors.Join(errs...)
}
