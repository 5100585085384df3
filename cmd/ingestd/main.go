// Command ingestd copies the logs of Microsoft Teams calls from Microsoft
// Graph into PostgreSQL. This package knows the command line and wires the
// others together; it must not know SQL or URLs.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

func main() { os.Exit(run(os.Args[1:])) }

// endsWithin is how long after a signal the process ends even if the database,
// the network or the disk hang: what is cut off costs a repeated request.
const endsWithin = 19 * time.Second

// interrupted is the exit code of a command that was told to stop.
func interrupted(root *cobra.Command, args []string) int {
	if cmd, _, err := root.Find(args); err == nil && (cmd.Name() == "run" || cmd.Name() == "demo") {
		return exitOK
	}
	return exitInterrupted
}

// The size of the heap and the like from which on garbage is collected more
// often. Documents being read are bounded; garbage as large as they are is not
// worth its memory. GOMEMLIMIT goes before it.
const (
	memoryLimit  = 90 << 20
	memoryTenant = 400 << 10 // more for each tenant
)

func limitMemory(tenants int) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(int64(memoryLimit + tenants*memoryTenant))
	}
}

// run executes one command. The first SIGINT or SIGTERM cancels it; a second
// ends the process at once.
func run(args []string) int {
	limitMemory(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := newRoot()
	root.SetArgs(args)
	context.AfterFunc(ctx, func() {
		stop()
		time.AfterFunc(endsWithin, func() { os.Exit(interrupted(root, args)) })
	})
	cmd, err := root.ExecuteContextC(ctx)
	err = asUsage(cmd, err)
	code := exitCode(err)
	if code != exitOK && code != exitInterrupted && err.Error() != "" {
		fmt.Fprintln(os.Stderr, "ingestd: "+strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "\ningestd: "))
	}
	return code
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "ingestd",
		Short: "Keep Microsoft Teams call records in PostgreSQL",
		Long: `ingestd reads the call logs of Microsoft Teams from Microsoft Graph on a
schedule and keeps them in PostgreSQL, before Microsoft deletes them.`,
		Example: `  ingestd demo          see it work, without a tenant
  ingestd migrate up    set it up: first config.yaml (see config.example.yaml), then this,
  ingestd once          a first reading,
  ingestd run           and the daemon
  ingestd status        is the data safe, and if not, what to do`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          missingCommand,
	}
	root.PersistentFlags().String("config", "",
		"configuration file (default ./config.yaml, then /etc/ingestd/config.yaml)")
	exitTable(root, exitCodes{
		exitDegraded: "it works, but something is late, lost or failing",
		exitDenied:   "Entra or Graph denies access",
	})
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageOf(cmd, err.Error())
	})
	root.AddCommand(newRun(), newOnce(), newBackfill(), newStatus(), newGaps(), newRuns(), newRejects(), newShow(),
		newFetch(), newDoctor(), newMigrate(), newExport(), newRollup(), newPrune(), newPrivacy(), newErase(),
		newDemo(), newVersion())
	addCompletion(root)
	helpWell(root)
	return root
}

// addCompletion adds cobra's own command to a root, which without a shell, or with one
// it does not know, would print nothing and end well.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	completion, _, _ := root.Find([]string{"completion"})
	completion.RunE = missingCommand
	for _, cmd := range append(completion.Commands(), completion) {
		exitTable(cmd, exitCodes{exitFailed: "", exitConfig: "", exitInterrupted: ""})
	}
}

// missingCommand is what a command does that needs another one after it.
func missingCommand(cmd *cobra.Command, _ []string) error {
	return errors.Join(cmd.Help(), usageOf(cmd, "a command is missing"))
}
