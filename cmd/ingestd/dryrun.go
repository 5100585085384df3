package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"ingestd/internal/config"
	"ingestd/internal/fetch"
	"ingestd/internal/health"
	"ingestd/internal/schedule"
)

// planBackfill prints what a backfill would ask for. It asks Graph nothing.
func (a *app) planBackfill(cmd *cobra.Command, jobs []*schedule.Job, span fetch.Window, fresh time.Duration) error {
	s := screenOf(cmd.OutOrStdout(), false, time.Now())
	t := table{columns: []column{
		{name: "tenant"}, {name: "endpoint"}, {name: "from"}, {name: "to"}, {name: "windows", right: true},
		{name: "requests", right: true}, {name: "takes", right: true},
	}}
	for _, j := range jobs {
		plan, err := j.PlanBackfill(cmd.Context(), span, s.now.Add(-fresh))
		if err != nil {
			return err
		}
		t.rows = append(t.rows, []string{
			j.Name, j.Endpoint.Name, s.at(&plan.Span.From), s.at(&plan.Span.To), health.Number(plan.Windows),
			health.Number(plan.Requests), health.ShortUp(a.limitOf(j).takes(plan.Requests)),
		})
	}
	if err := t.write(s, s.columns); err != nil {
		return err
	}
	fmt.Fprintln(cmd.ErrOrStderr(), "Nothing was read. Without --dry-run it takes at least so many requests.")
	return nil
}

// A pace is a configured limit.
type pace config.Rate

// takes is how long some requests take at the pace.
func (p pace) takes(requests int) time.Duration {
	return time.Duration(requests) * p.Per / time.Duration(p.Requests)
}

// limitOf is the limit that the requests of a job's list meet first.
func (a *app) limitOf(j *schedule.Job) pace {
	for _, t := range a.config.Tenants {
		if t.Name == j.Name && j.Endpoint.Versioned {
			return pace(t.Limits.List)
		} else if t.Name == j.Name {
			return pace(t.Limits.LogFunction)
		}
	}
	return pace{Requests: 1}
}
