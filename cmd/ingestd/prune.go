package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"ingestd/internal/config"
	"ingestd/internal/health"
	"ingestd/internal/mapping"
	"ingestd/internal/schedule"
)

func newPrune() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Delete what has been kept as long as wanted",
		Long: `prune deletes rows, details and figures of days that are past their term (retention),
the oldest first, a little at a time, so that it may run beside a daemon and all who
read. Personal data that is past its term (retention.personal) is taken out of rows
and figures, which stay. A daemon does the same by itself, every hour. With --dry-run it
deletes nothing and prints what it would. Rows that went do not come back, their slots
stay settled, and days keep their figures; those who follow changes hear of each row
(expire). Details that are kept by month (database.partition) go with their month, once
none of it is kept. Interrupted, what was deleted stays so, and the next prune goes on.

A tenant whose figures of old days are still to be computed is left until they are.`,
		Example: `  ingestd prune --dry-run
  ingestd prune --tenant contoso --endpoint call_records`,
		Args: cobra.NoArgs,
	}
	chosen := selectFlags(cmd)
	dry := cmd.Flags().Bool("dry-run", false, "print what would be deleted, and delete nothing")
	exitTable(cmd, nil)
	cmd.RunE = withRows(func(cmd *cobra.Command, a *app) error {
		p, err := a.pruner(chosen)
		switch {
		case err != nil:
			return err
		case p.Retention.IsZero():
			fmt.Fprintln(cmd.ErrOrStderr(), "Nothing is past its term: the configuration has no retention.")
			return nil
		case *dry:
			return a.planPrune(cmd, p)
		}
		return prune(cmd, p)
	})
	return cmd
}

// retention is how long what is stored is kept.
func (a *app) retention() (schedule.Retention, error) {
	terms := a.config.Retention
	r := schedule.Retention{
		Endpoints: terms, Details: terms[config.Details], Rollups: terms[config.Rollups],
		Personal: terms[config.Personal], Aged: map[uuid.UUID]func(*mapping.Model) *mapping.Batch{},
	}
	for _, t := range a.config.Tenants {
		policy, err := agedOf(t)
		if err != nil {
			return r, err
		}
		r.Aged[tenantID(t)] = policy.NewBatch
	}
	return r, nil
}

func (a *app) pruner(chosen *selection) (*schedule.Pruner, error) {
	terms, err := a.retention()
	if err != nil {
		return nil, err
	}
	p := &schedule.Pruner{DB: a.db, Retention: terms}
	for _, t := range a.config.Tenants {
		p.Tenants = append(p.Tenants, tenantID(t))
	}
	p.Only, err = chosen.of(a.config)
	return p, err
}

// prune deletes, says every ten seconds how it gets on, and prints what went.
func prune(cmd *cobra.Command, p *schedule.Pruner) error {
	isDue := seldom()
	p.Progress = func(done schedule.Pruned) {
		if isDue() {
			fmt.Fprintln(cmd.ErrOrStderr(), "So far:", prunedText(done))
		}
	}
	all, err := p.Prune(cmd.Context())
	waiting := 0
	for _, done := range all {
		waiting = max(waiting, done.Waiting)
		fmt.Fprintln(cmd.OutOrStdout(), prunedText(done))
	}
	if waiting > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s left as figures of old days are to be computed first; "+
			"a daemon does it by itself, or run: ingestd rollup refresh\n",
			health.Count(waiting, "tenant is", "tenants are"))
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(cmd.ErrOrStderr(), "ingestd: stopped; what was deleted stays so, and ingestd prune goes on")
	}
	return err
}

func prunedText(done schedule.Pruned) string {
	one, many, how := "row", "rows", "deleted"
	switch done.What {
	case config.Details:
		one, many = "call", "calls"
	case schedule.Months:
		one, many, how = "month", "months", "dropped"
	case config.Personal:
		how = "rewritten"
	}
	count := health.Count(done.Rows, one, many)
	return fmt.Sprintf("%s: %s %s of before %s", done.What, count, how, minute(done.Before))
}

// planPrune prints what prune would delete.
func (a *app) planPrune(cmd *cobra.Command, p *schedule.Pruner) error {
	old, err := p.Plan(cmd.Context())
	if err != nil {
		return err
	}
	s := screenOf(cmd.OutOrStdout(), false, time.Now())
	t := table{columns: []column{
		{name: "tenant"}, {name: "what"}, {name: "rows", right: true}, {name: "from"}, {name: "to"},
	}}
	for _, o := range old {
		tenant := a.tenantName(o.Tenant)
		if o.What == schedule.Months {
			tenant = "all"
		}
		t.rows = append(t.rows, []string{tenant, o.What, health.Number(o.Rows), s.at(o.First), s.at(o.Last)})
	}
	if err := t.write(s, s.columns); err != nil {
		return err
	}
	fmt.Fprintln(cmd.ErrOrStderr(), "Nothing was deleted.")
	return nil
}
