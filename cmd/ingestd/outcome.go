package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"ingestd/internal/fetch"
	"ingestd/internal/health"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

// An outcome is what came of the work on one endpoint.
type outcome struct {
	job    *schedule.Job
	report schedule.Report
	stands health.Endpoint // now; zero: not known
	err    error
	daemon bool // a daemon did it, or was asked to
}

// standing adds to outcomes how their endpoints stand now. What cannot be known is
// left out.
func (a *app) standing(ctx context.Context, outcomes []outcome) []outcome {
	now, _ := a.snapshot(context.WithoutCancel(ctx), &selection{})
	for i, o := range outcomes {
		outcomes[i].stands = endpointOf(now, o.job.Name, o.job.Endpoint.Name)
	}
	return outcomes
}

// writeOutcomes prints a line for each endpoint: what came of the work, and how
// it stands now.
func writeOutcomes(s screen, outcomes []outcome) error {
	t := table{columns: []column{
		{name: "tenant"}, {name: "endpoint"}, {name: "result"}, {name: "found", cut: true},
		{name: "complete until", narrow: 1}, {name: "safe for", right: true},
	}}
	for _, o := range outcomes {
		t.rows = append(t.rows, []string{
			o.job.Name, o.job.Endpoint.Name, o.word(), o.found(),
			s.at(o.stands.CompleteUntil), safeFor(o.stands.SafeUntil, s.now),
		})
	}
	return t.write(s, s.columns)
}

// found is what the work found. Of call records the list's changes go without
// saying where their details were stored.
func (o outcome) found() string {
	r := o.report
	if o.daemon {
		return health.Count(r.Rows.Seen, "row", "rows") + ", by the daemon"
	}
	return counts(r.Rows.New, r.Rows.Changed, r.Rows.Unchanged, r.Rows.Rejected, r.Details)
}

// word is the outcome in a word or two.
func (o outcome) word() string {
	switch {
	case isLocked(o):
		return "locked"
	case o.partly():
		return "failed in part"
	case o.err != nil:
		return resultOf(o.err)
	case o.lost() != "":
		return "lost " + o.lost()
	case o.report.DetailsFailed > 0:
		return fmt.Sprintf("%d without details", o.report.DetailsFailed)
	case o.stands.OpenRejects > 0:
		return fmt.Sprintf("%d rejected", o.stands.OpenRejects)
	case o.parked() > 0:
		return fmt.Sprintf("%d parked", o.parked())
	}
	return "ok"
}

// resultOf is what ingest.runs calls the result of an error.
func resultOf(err error) string {
	switch {
	case exitCode(err) == exitInterrupted:
		return "stopped"
	case fetch.KindOf(err) == fetch.Denied, fetch.KindOf(err) == fetch.Throttled:
		return fetch.KindOf(err).String()
	}
	return "failed"
}

func (o outcome) parked() int { return o.stands.ParkedSlots + o.stands.ParkedRecords }

// partly reports whether some windows were read and others were not.
func (o outcome) partly() bool {
	r := o.report
	return o.err != nil && r.Failed > 0 && r.Failed < r.Windows && fetch.KindOf(o.err) == fetch.Transient
}

// lost is how much an endpoint has lost; empty if nothing.
func (o outcome) lost() string {
	if o.stands.Lost == 0 && o.stands.LostRecords == 0 {
		return ""
	}
	return amount(o.stands.Lost, o.stands.LostRecords)
}

// amiss is what a person has to know of an outcome; nil if all is well.
func (o outcome) amiss() error {
	r := o.report
	switch {
	case o.partly():
		return errDegraded(fmt.Sprintf("%d of %d windows failed: %v", r.Failed, r.Windows, o.err))
	case o.err != nil:
		return o.err
	case o.lost() != "":
		return errDegraded(o.lost() + " left Microsoft's retention unread; see: ingestd gaps")
	case r.DetailsFailed > 0:
		return errDegraded(
			fmt.Sprintf("%d of %d call records have no details yet, the first because: %s; see: ingestd gaps",
				r.DetailsFailed, r.DetailsFailed+r.Details, r.FirstError),
		)
	case o.stands.OpenRejects > 0:
		return errDegraded(health.Count(o.stands.OpenRejects, "element", "elements") +
			" could only be kept raw; see: ingestd rejects")
	case o.parked() > 0:
		return errDegraded("part of it cannot be read; see: ingestd gaps")
	case r.Due > 0:
		return errDegraded(health.Count(r.Due, "window or record is", "windows or records are") + " still due")
	}
	return nil
}

// worst is the error a command ends with: what is amiss in all outcomes, each
// cause once, with the most serious exit code.
func worst(outcomes []outcome) error {
	var causes []string
	first, others := map[string]outcome{}, map[string][]string{}
	for _, o := range outcomes {
		if o.amiss() == nil {
			continue
		}
		cause := o.job.Name + "\n" + causeOf(o.amiss())
		if _, known := first[cause]; known {
			others[cause] = append(others[cause], o.job.Endpoint.Name)
			continue
		}
		causes, first[cause] = append(causes, cause), o
	}
	var errs []error
	for _, cause := range causes {
		errs = append(errs, told(first[cause], others[cause]))
	}
	return errors.Join(errs...)
}

// causeOf is what two errors of a tenant share that have one cause.
func causeOf(err error) string {
	if e, ok := errors.AsType[*fetch.Error](err); ok {
		return fmt.Sprint(e.Kind, e.Status, e.Code, e.Hint)
	}
	if errors.Is(err, store.ErrLocked) || errors.Is(err, context.Canceled) {
		return "once for the tenant"
	}
	return err.Error()
}

// told is an error of some endpoints, with where it was met and what to do.
func told(o outcome, others []string) error {
	if exitCode(o.amiss()) == exitInterrupted {
		return o.amiss()
	}
	where := o.job.Name
	switch _, ofGraph := errors.AsType[*fetch.Error](o.amiss()); {
	case ofGraph && len(others) > 0: // its text names the first endpoint
		where += fmt.Sprintf(" (%d endpoints)", 1+len(others))
	case ofGraph, isLocked(o):
	default:
		where += " " + strings.Join(append([]string{o.job.Endpoint.Name}, others...), ", ")
	}
	next := ""
	switch {
	case isLocked(o):
		next = "; what is due is left to that one; see: ingestd status"
	case fetch.KindOf(o.err) == fetch.Denied:
		next = "; see: ingestd doctor --tenant " + health.ShellWord(o.job.Name)
	}
	return fmt.Errorf("%s: %w%s", where, o.amiss(), next)
}
