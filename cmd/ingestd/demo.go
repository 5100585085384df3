package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"ingestd/internal/demo"
)

// demoFlags are what demo can be told.
type demoFlags struct {
	demo.Options
	once, questions bool
}

func newDemo() *cobra.Command {
	var f demoFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the daemon at work on a simulated tenant",
		Long: `demo starts a private PostgreSQL and a simulated Microsoft 365 tenant on this
machine, lets the daemon read 30 days of call records and 90 days of the other
logs, prints what came of it with questions an analyst may ask, and keeps reading
until Ctrl-C. It then tells the path of a configuration that every other command
can be tried with. It needs the PostgreSQL server programs and no network; all it
makes is removed when it ends.

With --trouble it plays two tenants that a bad month lies behind: one was denied
its call records for 27 days, the other has lost some hours, cannot read one, and
catches up after five days.`,
		Example: `  ingestd demo
  ingestd demo --tenants 2 --trouble
  ingestd demo --once --questions`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(cmd); err != nil {
				return err
			}
			return stopped(showDemo(cmd, f))
		},
	}
	exitTable(cmd, exitCodes{exitConfig: "", exitInterrupted: ""})
	flags := cmd.Flags()
	flags.BoolVar(&f.once, "once", false, "exit after the first full pass; with --trouble, once the past is played")
	flags.BoolVar(&f.questions, "questions", false, "ask all questions, not three")
	flags.IntVar(&f.Tenants, "tenants", 1, "how many companies there are")
	flags.BoolVar(&f.Trouble, "trouble", false, "begin in the middle of a bad month; takes two tenants")
	flags.Int64Var(&f.Seed, "seed", 1, "which company: the same seed gives the same calls on the same days")
	flags.IntVar(&f.Users, "users", 300, "people in a company")
	flags.IntVar(&f.CallsPerDay, "calls", 600, "telephone calls on a working day; in trouble 200")
	flags.IntVar(&f.RecordsPerDay, "records", 230, "call records on a working day; in trouble 60")
	return cmd
}

// check refuses what contradicts itself, and completes what goes without saying.
func (f *demoFlags) check(cmd *cobra.Command) error {
	given := cmd.Flags().Changed
	switch {
	case given("config"):
		return errUsage("demo brings its own configuration; leave --config out")
	case f.Users < 1 || f.CallsPerDay < 1 || f.RecordsPerDay < 1:
		return errUsage("--users, --calls and --records take 1 or more")
	case f.Tenants < 1 || f.Tenants > demo.MaxTenants:
		return errUsage(fmt.Sprintf("--tenants takes 1 to %d", demo.MaxTenants))
	case f.Trouble && given("tenants") && f.Tenants != 2:
		return errUsage("--trouble takes two tenants; leave --tenants out")
	}
	if f.Trouble {
		f.Tenants = 2
		f.CallsPerDay = unless(given("calls"), f.CallsPerDay, 200)
		f.RecordsPerDay = unless(given("records"), f.RecordsPerDay, 60)
	}
	return nil
}

func unless(given bool, value, otherwise int) int {
	if given {
		return value
	}
	return otherwise
}

func showDemo(cmd *cobra.Command, f demoFlags) (err error) {
	fmt.Fprintln(cmd.ErrOrStderr(), "Starting a private PostgreSQL and a simulation of Microsoft Graph …")
	stage, err := demo.Open(cmd.Context(), f.Options)
	if err != nil {
		return err
	}
	defer func() {
		if closing := stage.Close(); err == nil {
			err = closing
		}
	}()
	a, err := openFile(stage.Config(), noEnvironment)
	if err != nil {
		return err
	}
	defer a.db.Close()
	if err := a.present(cmd, stage, f); err != nil || f.once {
		return err
	}
	file, closeLog, err := zap.Open(stage.LogPath()) // where it is out of the way
	if err != nil {
		return err
	}
	defer closeLog()
	if a.log, a.level, err = newLog(a.config.Log, file); err != nil {
		return err
	}
	jobs, err := a.jobs()
	if err != nil {
		return err
	}
	a.invite(cmd.ErrOrStderr(), stage)
	return a.run(cmd.Context(), jobs, false, nil)
}

// present reads all there is, or what was read before there was trouble, and prints
// what came of it.
func (a *app) present(cmd *cobra.Command, stage *demo.Stage, f demoFlags) error {
	start := time.Now()
	err := a.db.MigrateUp(cmd.Context())
	if err == nil {
		err = stage.FillLists(cmd.Context())
	}
	switch {
	case err != nil:
	case f.Trouble:
		err = playPast(cmd, stage)
	default:
		err = a.readAll(cmd)
	}
	if err != nil {
		return err
	}
	a.followRows(cmd)
	if err := a.summary(cmd.Context(), cmd.OutOrStdout()); err != nil {
		return err
	}
	if err := a.answers(cmd.Context(), cmd.OutOrStdout(), f.questions); err != nil {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "Done in %.1f s.\n", time.Since(start).Seconds())
	return nil
}

// noEnvironment is what the demo sees of the environment, which may speak of a
// real database and a real tenant.
func noEnvironment(string) string { return "" }

// readAll reads all there is.
func (a *app) readAll(cmd *cobra.Command) error {
	fmt.Fprintf(cmd.ErrOrStderr(),
		"Reading its calls. A simulated tenant allows %d times Microsoft's published limits.\n", demo.LimitFactor)
	jobs, err := a.jobs()
	if err != nil {
		return err
	}
	return worst(a.once(cmd, jobs))
}

// invite tells where to look while the demo goes on.
func (a *app) invite(hints io.Writer, stage *demo.Stage) {
	fmt.Fprintf(hints, `
The daemon goes on reading until Ctrl-C. Meanwhile look at its page, try any command, ask in SQL, see its log:

  %s
  %s status --config %s
  psql '%s'
  tail -f %s

`, stage.PageURL(), os.Args[0], stage.Config(), stage.DatabaseURL(), stage.LogPath())
}

// answers prints an analyst's questions with their SQL and what the database
// says: three, or all.
func (a *app) answers(ctx context.Context, out io.Writer, all bool) error {
	questions := demo.Questions()
	if !all {
		questions = questions[:3]
	}
	for _, q := range questions {
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
