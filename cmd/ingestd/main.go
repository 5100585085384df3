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
	"syscall"

	"github.com/spf13/cobra"
)

func main() { os.Exit(run(os.Args[1:])) }

// run executes one command. The first SIGINT or SIGTERM cancels it; a second
// ends the process at once.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	code := exitCode(err)
	if code != exitOK && code != exitInterrupted {
		fmt.Fprintln(os.Stderr, "ingestd: "+err.Error())
	}
	return code
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "ingestd",
		Short: "Keep Microsoft Teams call records in PostgreSQL",
		Long: `ingestd reads the call logs of Microsoft Teams from Microsoft Graph on a
schedule and keeps them in PostgreSQL, before Microsoft deletes them.

To see it work without a tenant:   ingestd demo
To set it up:                      config.example.yaml, then: ingestd migrate up, ingestd once, ingestd run`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return errors.Join(cmd.Help(), errUsage("a command is missing"))
		},
	}
	root.PersistentFlags().String("config", "", "configuration file (default ./config.yaml, then /etc/ingestd/config.yaml)")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return errUsage(err.Error() + "; see: " + cmd.CommandPath() + " --help")
	})
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newRun(), newOnce(), newMigrate(), newDemo(), newVersion())
	return root
}
