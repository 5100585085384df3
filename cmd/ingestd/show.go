package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"ingestd/internal/config"
	"ingestd/internal/fetch"
	"ingestd/internal/store"
)

func newShow() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show CALL_ID",
		Short: "Print a call record as Graph served it, rebuilt from the database",
		Long: `show prints the JSON document of one call record, with its sessions, segments,
media, streams and participants, put together again from its rows. It equals what
Graph served but for the few things that the README lists. The document holds
personal data. A call that several tenants took part in is shown as the first of them
was served it.

Of a tenant whose configuration has modes for personal data (privacy) it shows what
was stored: pseudonyms and shortened values are not turned back, and what was left
out, members without a column too, is missing. It says so on standard error.`,
		Example: `  ingestd show 0f8e7d6c-5b4a-4392-8170-1f2e3d4c5b6a
  ingestd show 0f8e7d6c-5b4a-4392-8170-1f2e3d4c5b6a | jq '.sessions[].failureInfo'`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageOf(cmd, "one CALL_ID is wanted")
			}
			return nil
		},
	}
	chosen := &selection{}
	chosen.tenantFlag(cmd)
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	exitTable(cmd, exitCodes{exitFailed: "no such call record is stored, or the database does not answer"})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		id, err := uuid.Parse(args[0])
		if err != nil {
			return errUsage("CALL_ID is a GUID, as in teams.call_records.id")
		}
		return withSchema(func(cmd *cobra.Command, a *app) error { return a.show(cmd, chosen, id) })(cmd, args)
	}
	return cmd
}

// show prints the record of the first tenant that has it: one call is in two
// tenants only if both took part in it.
func (a *app) show(cmd *cobra.Command, chosen *selection, id uuid.UUID) error {
	of, err := chosen.of(a.config)
	if err != nil {
		return err
	}
	for _, t := range a.config.Tenants {
		tenant := tenantID(t)
		if !of.Has(tenant, of.Endpoint) {
			continue
		}
		lacks, err := a.showOf(cmd, tenant, id)
		if errors.Is(err, store.ErrUnknown) {
			continue
		}
		if lacks != "" {
			fmt.Fprintln(cmd.ErrOrStderr(), "ingestd: "+lacks)
		}
		if err == nil {
			hintAtModes(cmd.ErrOrStderr(), t)
		}
		return err
	}
	return fmt.Errorf("no call record %s is stored; the ids are in teams.call_records", id)
}

// hintAtModes says by which modes a tenant's documents are stored, if by any.
func hintAtModes(hints io.Writer, t config.Tenant) {
	if modes := t.Privacy.InForce(); len(modes) > 0 {
		fmt.Fprintf(hints, "ingestd: not all as Graph served it (%s; docs/privacy.md)\n", strings.Join(modes, ", "))
	}
}

// showOf prints a tenant's record, and says what the document lacks.
func (a *app) showOf(cmd *cobra.Command, tenant, id uuid.UUID) (lacks string, err error) {
	document, err := a.db.Rebuild(cmd.Context(), fetch.CallRecords.Rows, tenant, id.String())
	if err != nil {
		return "", err
	}
	stored, keptFrom, err := a.db.HasDetails(cmd.Context(), tenant, id)
	if err != nil {
		return "", err
	}
	switch {
	case keptFrom != nil:
		lacks = "retention has deleted the details of calls before " + minute(*keptFrom)
	case !stored:
		lacks = "the details of its newest version are not stored yet; see: ingestd status, ingestd gaps"
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, document, "", "  "); err != nil {
		return "", err
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), pretty.String())
	return lacks, err
}
