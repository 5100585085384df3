package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"ingestd/internal/health"
	"ingestd/internal/store"
)

func newMigrateGrant() *cobra.Command {
	var role string
	var show bool
	cmd := &cobra.Command{
		Use:   "grant",
		Short: "Give a role the rights that a daemon needs",
		Long: `grant gives a role what a daemon needs that owns nothing: to connect and to make
temporary tables, to use the schemas ingest and teams, and to read and write their
tables, those of later migrations too. It is run as their owner, gives only what
is missing, and may be run again. What it may not give it prints as SQL for
someone who may.`,
		Example: `  ingestd migrate grant --role ingestd
  ingestd migrate grant --role ingestd --print | psql -U postgres teams`,
		Args: cobra.NoArgs,
	}
	exitTable(cmd, nil)
	cmd.Flags().StringVar(&role, "role", "", "the role, which must exist")
	cmd.Flags().BoolVar(&show, "print", false, "print the SQL and change nothing")
	cmd.RunE = withDatabase(func(cmd *cobra.Command, a *app) error {
		if role == "" {
			return usageOf(cmd, "--role is missing")
		}
		// Who may not read the schema's version may still print what is missing.
		if err := a.db.CheckSchema(cmd.Context()); err != nil && store.CodeOf(err) != string(health.RightsMissing) {
			return err
		}
		if show {
			lacking, err := a.db.Lacking(cmd.Context(), role)
			printGrants(cmd, lacking)
			return err
		}
		return grant(cmd, a, role)
	})
	return cmd
}

func grant(cmd *cobra.Command, a *app, role string) error {
	given, still, err := a.db.Grant(cmd.Context(), role)
	if err != nil {
		return err
	}
	if printGrants(cmd, still); len(still) > 0 {
		return fmt.Errorf("%d rights were given, %d are not this role's to give; let the owner run the SQL above",
			given, len(still))
	}
	const done = "role %s has all rights that a daemon needs, %d of them since now\n"
	_, err = fmt.Fprintf(cmd.ErrOrStderr(), done, role, given)
	return err
}

func printGrants(cmd *cobra.Command, rights []store.Right) {
	for _, r := range rights {
		fmt.Fprintln(cmd.OutOrStdout(), r.Statement+";")
	}
}
