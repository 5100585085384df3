package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"ingestd/internal/health"
)

// watchEvery is how often --watch looks again.
const watchEvery = 2 * time.Second

func newStatus() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show whether the data is safe, and what to do if it is not",
		Long: `status says, from the database alone, whether anything is lost or about to be, why,
and what to do about it; then how every endpoint stands. It asks neither Graph nor
the daemon, so it tells of a daemon that is dead, too, and of a database that is.

States: on_time; catching_up (what could be read for a while is not); never (no
slot was read yet); late (the last run failed, or the next is overdue); throttled
(Graph lets it wait); down (three failures in a row, or overdue by three
intervals); denied (Entra or Graph refuses access); paused (enabled: false);
removed (no longer in the configuration).

Flags: lost (left Microsoft's retention unread, and nobody has acknowledged it),
parked (cannot be read, tried daily), expiring (unread, and leaves the retention
within 48 hours), rejects (could only be kept raw).

COMPLETE UNTIL: nothing before it is missing, and nothing before it changes any more.
SAFE FOR: how long until Microsoft deletes the first thing that is not stored for
good, if reading stopped now.

A narrow terminal shows no NEXT, and then no COMPLETE UNTIL. --wide shows all there
is. The JSON is described by docs/status.schema.json; GET /api/status serves it too.`,
		Example: `  ingestd status
  ingestd status --tenant contoso --wide
  ingestd status --watch
  ingestd status -o json | jq -r '.tenants[].endpoints[] | select(.state != "on_time").endpoint'`,
		Args: cobra.NoArgs,
	}
	output, chosen := outputFlag(cmd), selectFlags(cmd)
	wide := cmd.Flags().Bool("wide", false, "every column, however wide the table becomes")
	watch := cmd.Flags().Bool("watch", false, "look again every 2 seconds until Ctrl-C")
	exitTable(cmd, exitCodes{
		exitOK:       "everything is safe, or the first reading or a catch-up goes well",
		exitFailed:   "it failed, as when its output cannot be written",
		exitDegraded: "something is lost, about to be, late or failing; the database too",
		exitDenied:   "the same, because Entra or Graph denies access",
	})
	cmd.RunE = withConfig(func(cmd *cobra.Command, a *app) error {
		s := screenOf(cmd.OutOrStdout(), *wide, time.Now())
		switch {
		case *watch && (!s.terminal || output.json()):
			return usageOf(cmd, "--watch shows a table on a terminal")
		case *watch:
			return a.watchStatus(cmd.Context(), s, chosen, *wide)
		}
		return a.printStatus(cmd.Context(), s, chosen, output.json(), *wide)
	})
	return cmd
}

// printStatus takes a snapshot and shows it.
func (a *app) printStatus(ctx context.Context, s screen, chosen *selection, json, wide bool) error {
	snapshot, err := a.snapshot(ctx, chosen)
	if err != nil {
		return err
	}
	return showStatus(s, snapshot, json, wide)
}

// showStatus prints a snapshot and ends as its verdict says.
func showStatus(s screen, snapshot health.Snapshot, json, wide bool) (err error) {
	s.now = snapshot.AsOf
	if json {
		err = printJSON(s, snapshot)
	} else {
		err = writeStatus(s, snapshot, wide)
	}
	if err != nil {
		return err
	}
	return exitWith(snapshot.ExitCode())
}

// watchStatus prints one snapshot after the other in the same place, until ctx
// ends.
func (a *app) watchStatus(ctx context.Context, s screen, chosen *selection, wide bool) error {
	for out := s.Writer; ; {
		var page bytes.Buffer
		s.Writer = &page
		err := a.printStatus(ctx, s, chosen, false, wide)
		switch _, said := errors.AsType[errSaid](err); {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !said:
			return err
		}
		fmt.Fprint(out, clearScreen+page.String())
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(watchEvery):
		}
	}
}

// clearScreen makes a terminal empty.
const clearScreen = "\x1b[H\x1b[2J"
