package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"ingestd/internal/schedule"
)

func newMigrate() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Create or change the database schema",
		Long: `migrate brings the database to the schema that this program needs, or takes
steps of it back. The database user must own the schemas that it makes, or be allowed
to create them. Each step is one transaction; two that run at once wait for each
other.`,
		Example: `  ingestd migrate up
  ingestd migrate version`,
		Args: cobra.NoArgs,
		RunE: missingCommand,
	}
	exitTable(cmd, nil)
	cmd.AddCommand(newMigrateUp(), newMigrateDown(), newMigrateGrant(), newMigrateVersion())
	return cmd
}

func newMigrateUp() *cobra.Command {
	var distribute bool
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Bring the schema up to date",
		Long: `up brings the schema up to date, step by step. A daemon may run meanwhile. A schema
that is up to date stays as it is. Roles that were given rights by migrate grant are
given what has come since. In the end the views of days are filled, which takes some
minutes for a year of rows; interrupted, a daemon goes on with it.

On Citus, tables that are not distributed yet are then, each in a transaction of its
own: it is locked against writing meanwhile, and needs its disk twice, as a hidden copy
stays until truncate_local_data_after_distributing_table. Large ones are refused
without --distribute.`,
		Example: "  ingestd migrate up",
		Args:    cobra.NoArgs,
		RunE: withDatabase(func(cmd *cobra.Command, a *app) error {
			a.db.Distribution.Filled = distribute
			a.db.Distribution.Placing = func(table string, bytes int64) {
				fmt.Fprintf(cmd.ErrOrStderr(), "distributing %s (%d MB): locked against writing meanwhile\n",
					table, bytes>>20)
			}
			if err := a.db.MigrateUp(cmd.Context()); err != nil {
				return err
			}
			given, still, err := a.db.GrantAgain(cmd.Context())
			if err != nil {
				return err
			}
			a.keepMonths(cmd)
			a.followRows(cmd)
			return errors.Join(printVersion(cmd, a), notGiven(cmd, given, still))
		}),
	}
	exitTable(cmd, nil)
	cmd.Flags().BoolVar(&distribute, "distribute", false, "on Citus, distribute large tables too, locked meanwhile")
	return cmd
}

func newMigrateDown() *cobra.Command {
	var steps int
	var drop bool
	cmd := &cobra.Command{
		Use:   "down",
		Short: "Take back the last steps, with their tables and all rows in them",
		Long: `down takes back the last steps of the schema, with the tables that they made and all
rows in them. Microsoft may no longer have what those hold.`,
		Example: "  ingestd migrate down --steps 1 --drop-data",
		Args:    cobra.NoArgs,
		RunE: withDatabase(func(cmd *cobra.Command, a *app) error {
			if !drop {
				return errUsage("migrate down drops tables with all rows in them; " +
					"Microsoft may no longer have them. If that is meant, add --drop-data")
			}
			if steps < 1 {
				return errUsage("--steps must be 1 or more")
			}
			have, _, err := a.db.Version(cmd.Context())
			if err != nil {
				return err
			}
			if err := a.db.MigrateDown(cmd.Context(), min(steps, int(have))); err != nil {
				return err
			}
			return printVersion(cmd, a)
		}),
	}
	exitTable(cmd, nil)
	cmd.Flags().IntVar(&steps, "steps", 1, "how many; more than there are take back all")
	cmd.Flags().BoolVar(&drop, "drop-data", false, "yes, drop the tables and the rows in them")
	return cmd
}

func newMigrateVersion() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the schema's version and the one this program needs",
		Long: `version prints the schema's version and the one this program needs. Where they are
not the same, the other verbs say what to do.`,
		Example: "  ingestd migrate version",
		Args:    cobra.NoArgs,
		RunE:    withDatabase(printVersion),
	}
	exitTable(cmd, nil)
	return cmd
}

func printVersion(cmd *cobra.Command, a *app) error {
	have, want, err := a.db.Version(cmd.Context())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "schema version %d, this program needs %d\n", have, want)
	return err
}

// keepMonths makes the months of the details, where they are divided so. Reading
// does not depend on it, so a failure is only said.
func (a *app) keepMonths(cmd *cobra.Command) {
	if !a.config.Database.ByMonth() {
		return
	}
	if err := a.db.KeepMonths(cmd.Context()); err != nil && cmd.Context().Err() == nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "ingestd: %s: %v\n", schedule.NoMonths, err)
	}
}

// withConfig runs a verb with the configuration and a database that may be down.
func withConfig(verb func(*cobra.Command, *app) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		a, err := open(cmd)
		if err != nil {
			return err
		}
		defer a.db.Close()
		return verb(cmd, a)
	}
}

// withDatabase runs a verb with a database that answers.
func withDatabase(verb func(*cobra.Command, *app) error) func(*cobra.Command, []string) error {
	return withConfig(func(cmd *cobra.Command, a *app) error {
		if err := a.db.Ping(cmd.Context()); err != nil {
			return err
		}
		return verb(cmd, a)
	})
}

// withSchema runs a verb with a database of this program's schema.
func withSchema(verb func(*cobra.Command, *app) error) func(*cobra.Command, []string) error {
	return withConfig(func(cmd *cobra.Command, a *app) error {
		if err := a.ready(cmd.Context()); err != nil {
			return err
		}
		return verb(cmd, a)
	})
}

// withRows runs a verb that stores rows.
func withRows(verb func(*cobra.Command, *app) error) func(*cobra.Command, []string) error {
	return withSchema(func(cmd *cobra.Command, a *app) error {
		if err := a.db.CheckWritable(cmd.Context()); err != nil {
			return err
		}
		return verb(cmd, a)
	})
}
