package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"ingestd/internal/health"
)

func newRollup() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rollup",
		Short: "Bring the figures of days up to date, or compute all anew",
		Long: `The views of schema analytics that tell of days, hours and months read rollups:
tables of schema rollup with figures that were computed beforehand. Whoever stores
rows notes which days they belong to, and the daemon computes these days anew after
each run, and every minute. ingestd status says since when it has not, if it cannot.`,
		Example: `  ingestd rollup refresh
  ingestd rollup rebuild`,
		Args: cobra.NoArgs,
		RunE: missingCommand,
	}
	exitTable(cmd, nil)
	cmd.AddCommand(newRollupRefresh(), newRollupRebuild())
	return cmd
}

func newRollupRefresh() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "refresh",
		Short: "Compute the days whose rows have changed",
		Long: `refresh computes the days whose rows have changed, or all days if a list of schema ref
has changed that their figures depend on. The daemon does so by itself; this is for
rows that were changed by SQL. First note their old and new times, with SELECT
rollup.note(TENANT_ID, 'pstn_calls', FIRST, LAST). It may run beside a daemon.
Interrupted, what was computed stays, and the next refresh goes on.`,
		Example: "  ingestd rollup refresh",
		Args:    cobra.NoArgs,
		RunE:    withRows(tellRefresh),
	}
	exitTable(cmd, nil)
	return cmd
}

func newRollupRebuild() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rebuild",
		Short: "Compute all days anew",
		Long: `rebuild notes all days as changed and computes them anew, the newest first. Use it
after a repair by SQL when nobody knows the times of its rows. Readers see the old
figures of a day until it is computed; what stays the same is not written. A year takes
some minutes. It may run beside a daemon, which then does a part of the work.
Interrupted, what was computed stays: go on with ingestd rollup refresh, or leave
the rest to the daemon. Days whose rows retention has deleted keep their figures.`,
		Example: "  ingestd rollup rebuild",
		Args:    cobra.NoArgs,
		RunE: withRows(func(cmd *cobra.Command, a *app) error {
			if err := a.db.NoteAllDays(cmd.Context()); err != nil {
				return err
			}
			return tellRefresh(cmd, a)
		}),
	}
	exitTable(cmd, nil)
	return cmd
}

// tellRefresh brings the rollups up to date and says how many days that took.
func tellRefresh(cmd *cobra.Command, a *app) error {
	days, err := a.refreshRollups(cmd)
	if err != nil {
		return err
	}
	const done = "%s computed, the rollups are up to date\n"
	_, err = fmt.Fprintf(cmd.OutOrStdout(), done, health.Count(days, "day", "days"))
	return err
}

// refreshRollups brings the rollups up to date. Where that takes long it tells how
// it gets on.
func (a *app) refreshRollups(cmd *cobra.Command) (days int, err error) {
	meter := dayMeter{out: cmd.ErrOrStderr(), begun: time.Now(), isDue: seldom()}
	err = a.db.RefreshRollups(cmd.Context(), func(done, left int) {
		days = done
		meter.tell(done, left)
	})
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(cmd.ErrOrStderr(), "ingestd: stopped; what was computed stays, and ingestd rollup refresh goes on")
	}
	return days, err
}

// followRows brings the rollups up to date with rows just stored. These are safe
// even where that fails, so it is only said.
func (a *app) followRows(cmd *cobra.Command) {
	if _, err := a.refreshRollups(cmd); err != nil && cmd.Context().Err() == nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "ingestd: the views of days are not up to date: %v\n"+
			"ingestd: a daemon tries it again by itself; without one, run: ingestd rollup refresh\n", err)
	}
}

// A dayMeter tells how many days are computed, every ten seconds.
type dayMeter struct {
	out   io.Writer
	begun time.Time
	isDue func() bool
}

func (m *dayMeter) tell(done, left int) {
	if left > 0 && m.isDue() {
		remains := time.Duration(float64(time.Since(m.begun)) * float64(left) / float64(done))
		fmt.Fprintf(m.out, "Computing the figures of days: %d of %d, %s left.\n",
			done, done+left, health.ShortUp(remains))
	}
}
