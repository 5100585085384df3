package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ingestd/internal/health"
	"ingestd/internal/store"
)

// accesses are what --access takes.
var accesses = []string{string(store.Write), string(store.Personal), string(store.Aggregates)}

// grantFlags are what grant was told.
type grantFlags struct {
	role, access string
	tenant       selection
	show         bool
}

func newMigrateGrant() *cobra.Command {
	f := &grantFlags{access: string(store.Write)}
	cmd := &cobra.Command{
		Use:   "grant",
		Short: "Give a role the rights of a daemon or of a reader",
		Long: `grant gives a role what it needs, and makes the role where there is none. It gives
only what is missing, and may be run again. What you may not give it prints as SQL for
someone who may.

--access says what the role is for:
  write       a daemon, which owns nothing: reads and writes the tables of all schemas
  personal    readers of analytics, ref and teams
  aggregates  readers of the views of analytics, and the lists of ref, without personal
              data: no name, number, address or id of a person or call
--tenant, in place of it, is for readers of one tenant: a schema analytics_NAME with all
views of analytics, limited to its rows, and a role of the same name (or that of --role).
In that schema compare days with dates: a comparison with a time reads all days.

A role that grant makes cannot log in. Make people and tools members of it (GRANT
analysts TO anna), or let it log in itself (ALTER ROLE analysts LOGIN PASSWORD '...').
migrate up gives all these roles what a later version adds. A reader of aggregates or of
one tenant must have no other rights on the data, also by roles that it is a member of,
and no CREATEROLE, REPLICATION or pg_monitor; a role that has is refused. Look at what
you grant to PUBLIC, and at views and functions of your own: they are not looked into.
To take everything back: DROP OWNED BY NAME; DROP ROLE NAME; and of a tenant
DROP SCHEMA NAME CASCADE. The schema of a tenant that is no longer read stays, as its
rows do.`,
		Example: `  ingestd migrate grant --role ingestd
  ingestd migrate grant --role analysts --access personal
  ingestd migrate grant --role dashboards --access aggregates
  ingestd migrate grant --tenant contoso
  ingestd migrate grant --role ingestd --print | psql -U postgres teams`,
		Args: cobra.NoArgs,
	}
	exitTable(cmd, nil)
	cmd.Flags().Var((*choice)(&f.role), "role", "the role; made if there is none (default of --tenant: analytics_NAME)")
	cmd.Flags().Var((*choice)(&f.access), "access", "what it is for: write, personal or aggregates")
	cmd.Flags().Var((*choice)(&f.tenant.tenant), "tenant", "readers of this tenant alone, by name or id")
	cmd.Flags().BoolVar(&f.show, "print", false, "print the SQL and change nothing")
	complete(cmd, "access", func(*cobra.Command) []string { return accesses })
	complete(cmd, "tenant", tenantNames)
	cmd.RunE = withDatabase(func(cmd *cobra.Command, a *app) error {
		to, err := f.grantee(cmd, a)
		if err != nil {
			return err
		}
		// Who may not read the schema's version may still print what is missing.
		if err := a.db.CheckSchema(cmd.Context()); err != nil && store.CodeOf(err) != string(health.RightsMissing) {
			return err
		}
		return grant(cmd, a, to, f.show)
	})
	return cmd
}

// grantee is whom the flags name.
func (f *grantFlags) grantee(cmd *cobra.Command, a *app) (store.Grantee, error) {
	to := store.Grantee{Role: f.role, Access: store.Access(f.access)}
	if f.tenant.tenant != "" {
		of, err := f.tenant.of(a.config)
		if err != nil {
			return to, err
		}
		if cmd.Flags().Changed("access") {
			return to, usageOf(cmd, "--tenant and --access exclude each other")
		}
		to.Access, to.Tenant = store.OneTenant, of.Tenant
		to.Role = cmp.Or(f.role, store.ReaderOf(a.tenantName(*of.Tenant)))
	}
	switch {
	case to.Tenant == nil && !slices.Contains(accesses, f.access):
		return to, errUsage("--access takes one of: " + strings.Join(accesses, ", "))
	case to.Role == "":
		return to, usageOf(cmd, "--role is missing")
	case !store.IsRoleName(to.Role):
		return to, errUsage(fmt.Sprintf("%s cannot be a role's name: it is longer than 63 bytes, or PostgreSQL's own; "+
			"choose another one with --role", to.Role))
	}
	return to, nil
}

// grant gives a role what it lacks, or only prints it.
func grant(cmd *cobra.Command, a *app, to store.Grantee, show bool) error {
	if err := a.db.CheckGrantee(cmd.Context(), to); err != nil {
		return err
	}
	if show {
		lacking, err := a.db.Lacking(cmd.Context(), to)
		printGrants(cmd, lacking)
		return err
	}
	given, still, err := a.db.Grant(cmd.Context(), to)
	if err != nil {
		return err
	}
	if err := notGiven(cmd, given, still); err != nil {
		return err
	}
	const done = "role %s has all rights that %s needs, %d of them new\n"
	_, err = fmt.Fprintf(cmd.ErrOrStderr(), done, to.Role, needs[to.Access], given)
	return err
}

// needs names who needs an access.
var needs = map[store.Access]string{
	store.Write: "a daemon", store.Personal: "a reader", store.Aggregates: "a reader of aggregates",
	store.OneTenant: "a reader of one tenant",
}

// notGiven prints as SQL what could not be given.
func notGiven(cmd *cobra.Command, given int, still []store.Right) error {
	if printGrants(cmd, still); len(still) == 0 {
		return nil
	}
	return fmt.Errorf("%d rights were given, %d are not this role's to give; let someone who may run the SQL above",
		given, len(still))
}

func printGrants(cmd *cobra.Command, rights []store.Right) {
	for _, r := range rights {
		fmt.Fprintln(cmd.OutOrStdout(), r.Statement+";")
	}
}
