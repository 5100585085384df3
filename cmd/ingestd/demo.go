package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"ingestd/internal/demo"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

func newDemo() *cobra.Command {
	var o demo.Options
	var exit bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the daemon at work on a simulated tenant",
		Long: `demo starts a private PostgreSQL and a simulated Microsoft 365 tenant on this
machine, lets the daemon read 30 days of call records and 90 days of the other
logs, prints what came of it, and keeps reading until Ctrl-C. It needs the
PostgreSQL server programs and no network; all it makes is removed when it ends.`,
		Example: `  ingestd demo
  ingestd demo --once --users 1000 --calls 2000`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("config") {
				return errUsage("demo brings its own configuration; leave --config out")
			}
			if o.Users < 1 || o.CallsPerDay < 1 || o.RecordsPerDay < 1 {
				return errUsage("--users, --calls and --records take 1 or more")
			}
			return stopped(showDemo(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), o, exit))
		},
	}
	exitTable(cmd, exitCodes{exitConfig: "", exitInterrupted: ""})
	cmd.Flags().BoolVar(&exit, "once", false, "exit after the first full pass")
	cmd.Flags().Int64Var(&o.Seed, "seed", 1, "which company: the same seed gives the same calls on the same days")
	cmd.Flags().IntVar(&o.Users, "users", 300, "people in the company")
	cmd.Flags().IntVar(&o.CallsPerDay, "calls", 600, "telephone calls on a working day")
	cmd.Flags().IntVar(&o.RecordsPerDay, "records", 230, "call records of a working day, some 5,000 in 30 days")
	return cmd
}

func showDemo(ctx context.Context, out, hints io.Writer, o demo.Options, exit bool) (err error) {
	start := time.Now()
	fmt.Fprintln(hints, "Starting a private PostgreSQL and a simulated tenant …")
	stage, err := demo.Open(ctx, o)
	if err != nil {
		return err
	}
	defer func() {
		if closing := stage.Close(); err == nil {
			err = closing
		}
	}()
	// The environment may speak of a real database and a real tenant.
	a, err := openFile(stage.Config, func(string) string { return "" })
	if err != nil {
		return err
	}
	defer a.db.Close()
	if err := a.db.MigrateUp(ctx); err != nil {
		return err
	}
	jobs, err := a.jobs()
	if err != nil {
		return err
	}
	fmt.Fprintf(
		hints,
		"Reading its calls. The simulated tenant allows %d times Microsoft's published limits.\n",
		stage.LimitFactor,
	)
	mine, others, release := a.lock(ctx, jobs)
	outcomes := append(once(ctx, mine, "demo"), others...)
	release()
	if err := worst(outcomes); err != nil {
		return err
	}
	if err := a.summary(ctx, out, jobs, outcomes); err != nil {
		return err
	}
	if err := a.answers(ctx, out); err != nil {
		return err
	}
	fmt.Fprintf(hints, "Done in %.1f s.\n", time.Since(start).Seconds())
	if exit {
		return nil
	}
	fmt.Fprintf(
		hints,
		"\nThe daemon goes on reading until Ctrl-C. To look around meanwhile:\n\n  psql '%s'\n\n",
		stage.DatabaseURL(),
	)
	return a.run(ctx, jobs, false, nil)
}

// summary prints what is stored and how far it is complete.
func (a *app) summary(ctx context.Context, out io.Writer, jobs []*schedule.Job, outcomes []outcome) error {
	byTenant := map[uuid.UUID][]string{}
	for _, j := range jobs {
		byTenant[j.Tenant] = append(byTenant[j.Tenant], j.Endpoint.Name)
	}
	table := store.Answer{
		Columns: []string{"table", "rows", "pages", "slots", "rejects", "complete until (UTC)"},
	}
	for tenant, endpoints := range byTenant {
		holdings, err := a.db.Holdings(ctx, tenant, endpoints...)
		if err != nil {
			return err
		}
		for _, h := range holdings {
			table.Rows = append(
				table.Rows,
				[]string{
					"teams." + h.Endpoint,
					fmt.Sprint(h.Rows),
					fmt.Sprint(h.Pages),
					fmt.Sprint(h.Slots),
					fmt.Sprint(h.OpenRejects),
					minute(h.Watermark),
				},
			)
		}
	}
	fmt.Fprintln(out)
	return printTable(out, table)
}

// answers prints an analyst's questions with their SQL and what the database
// says.
func (a *app) answers(ctx context.Context, out io.Writer) error {
	for _, q := range demo.Questions() {
		answer, err := a.db.Ask(ctx, q.SQL)
		if err != nil {
			return fmt.Errorf("%s: %w", q.Text, err)
		}
		fmt.Fprintf(out, "\n%s\n\n%s\n\n", q.Text, indent(q.SQL))
		if err := printTable(out, answer); err != nil {
			return err
		}
	}
	return nil
}
