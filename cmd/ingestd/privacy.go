package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"ingestd/internal/config"
	"ingestd/internal/health"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

func newPrivacy() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "privacy",
		Short: "Rewrite what is stored by the modes for personal data",
		Long: `privacy prints which modes for personal data the configuration has (privacy), and how
many rows are stored. With --yes it rewrites them as if they had been read with these
modes, and with them rejects, users and figures of days. There is no way back: what is
dropped, shortened or a pseudonym stays so, also where a class is kept again. Backups,
exports and replicas are not rewritten.

First restart the daemon, so that nothing is read by other modes any more. The rewrite
may run beside it. Interrupted, what was rewritten stays so, and the next call goes on.
Those who follow changes hear of each row that changes. Where its key is made of
personal data they hear that the old one was deleted.`,
		Example: `  ingestd privacy
  ingestd privacy --tenant contoso --yes`,
		Args: cobra.NoArgs,
	}
	chosen := &selection{}
	chosen.tenantFlag(cmd)
	yes := cmd.Flags().Bool("yes", false, "rewrite, and do not only print")
	exitTable(cmd, nil)
	cmd.RunE = withRows(func(cmd *cobra.Command, a *app) error {
		if !*yes {
			return a.planPrivacy(cmd, chosen)
		}
		return a.eachTenant(chosen, func(t config.Tenant, id uuid.UUID) error { return a.rewrite(cmd, t, id) })
	})
	return cmd
}

// eachTenant does something for the chosen tenants, one after the other.
func (a *app) eachTenant(chosen *selection, do func(t config.Tenant, id uuid.UUID) error) error {
	tenants, err := chosen.tenants(a.config)
	if err != nil {
		return err
	}
	for _, t := range tenants {
		if err := do(t, tenantID(t)); err != nil {
			return fmt.Errorf("tenant %s: %w", t.Name, err)
		}
	}
	return nil
}

// planPrivacy prints what would be rewritten.
func (a *app) planPrivacy(cmd *cobra.Command, chosen *selection) error {
	t := table{columns: []column{{name: "tenant"}, {name: "endpoint"}, {name: "rows", right: true}, {name: "modes"}}}
	err := a.eachTenant(chosen, func(of config.Tenant, id uuid.UUID) error {
		modes := modesOf(of)
		if modes == "" {
			modes = "all is kept"
		}
		holdings, err := a.db.Holdings(cmd.Context(), id, endpointNames()...)
		for _, h := range holdings {
			t.rows = append(t.rows, []string{of.Name, h.Endpoint, health.Number(h.Rows), modes})
		}
		return err
	})
	if err != nil {
		return err
	}
	s := screenOf(cmd.OutOrStdout(), false, time.Now())
	if err := t.write(s, s.columns); err != nil {
		return err
	}
	fmt.Fprintln(cmd.ErrOrStderr(), "Nothing was rewritten. To do it, and there is no way back: ingestd privacy --yes")
	return nil
}

// modesOf are the modes of a tenant that are not keep; empty if there are none.
func modesOf(t config.Tenant) string { return strings.Join(t.Privacy.InForce(), ", ") }

// rewrite rewrites what is stored of a tenant by its modes, and has the figures of days follow.
func (a *app) rewrite(cmd *cobra.Command, t config.Tenant, id uuid.UUID) error {
	policy, err := policyOf(t)
	if err != nil {
		return err
	}
	if policy == nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: nothing is to be rewritten, as all is kept.\n", t.Name)
		return nil
	}
	all, err := schedule.Rewrites(id, modesOf(t), policy.NewBatch)
	if err != nil {
		return err
	}
	isDue := seldom()
	err = a.db.Rewrite(cmd.Context(), all, func(r *store.Rewrite) {
		if isDue() {
			fmt.Fprintf(cmd.ErrOrStderr(), "So far: %s\n", rewrittenText(t, r))
		}
	})
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(cmd.ErrOrStderr(),
			"ingestd: stopped; what was rewritten stays so, and ingestd privacy --yes goes on")
	}
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.Rows == 0 {
			continue
		}
		fmt.Fprintln(cmd.OutOrStdout(), rewrittenText(t, r))
	}
	a.followRows(cmd)
	return nil
}

func rewrittenText(t config.Tenant, r *store.Rewrite) string {
	return fmt.Sprintf("%s %s: %s looked at, %s rewritten", t.Name, r.Target.Endpoint,
		health.Count(r.Rows, "row", "rows"), health.Number(r.Changed))
}
