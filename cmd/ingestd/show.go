package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"ingestd/internal/store"

	"ingestd/internal/fetch"
)

func newShow() *cobra.Command {
	var tenant string
	cmd := &cobra.Command{
		Use:   "show CALL_ID",
		Short: "Print a call record as Graph served it, rebuilt from the database",
		Long: `show prints the JSON document of one call record, with its sessions, segments,
media, streams and participants, put together again from its rows. It equals what
Graph served but for the few things that the README lists. The document holds
personal data.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageOf(cmd, "one CALL_ID is wanted")
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "only this tenant, by name or id (default all)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		id, err := uuid.Parse(args[0])
		if err != nil {
			return errUsage("CALL_ID is a GUID, as in teams.call_records.id")
		}
		return withSchema(func(cmd *cobra.Command, a *app) error { return a.show(cmd, tenant, id) })(cmd, args)
	}
	return cmd
}

// show prints the record of the first tenant that has it: one call is in two
// tenants only if both took part in it.
func (a *app) show(cmd *cobra.Command, tenant string, id uuid.UUID) error {
	known := tenant == ""
	for _, t := range a.config.Tenants {
		if tenant != "" && tenant != t.Name && tenant != t.ID {
			continue
		}
		known = true
		whole, err := a.showOf(cmd, t.ID, id)
		if errors.Is(err, store.ErrUnknown) {
			continue
		}
		if err == nil && !whole {
			fmt.Fprintln(
				cmd.ErrOrStderr(),
				"ingestd: the details of its newest version are not stored yet; see: ingestd status, ingestd gaps",
			)
		}
		return err
	}
	if !known {
		return errUsage("--tenant names none in the configuration")
	}
	return fmt.Errorf("no call record %s is stored; the ids are in teams.call_records", id)
}

func (a *app) showOf(cmd *cobra.Command, tenant string, id uuid.UUID) (whole bool, err error) {
	tenantID, err := uuid.Parse(tenant)
	if err != nil {
		return false, err
	}
	document, err := a.db.Rebuild(cmd.Context(), fetch.CallRecords.Rows, tenantID, id.String())
	if err != nil {
		return false, err
	}
	whole, err = a.db.HasDetails(cmd.Context(), tenantID, id)
	if err != nil {
		return false, err
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, document, "", "  "); err != nil {
		return false, err
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), pretty.String())
	return whole, err
}
