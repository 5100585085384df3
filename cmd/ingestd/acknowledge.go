package main

import (
	"fmt"
	"os"
	"os/user"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"ingestd/internal/store"
)

// acknowledge notes that losses are known.
func (a *app) acknowledge(cmd *cobra.Command, chosen *selection, ids []string, reason string) error {
	if strings.TrimSpace(reason) == "" {
		return errUsage(`--acknowledge needs --reason "…", for whoever reads of the loss later`)
	}
	gaps, _, err := a.gaps(cmd, chosen)
	if err != nil {
		return err
	}
	var list []store.Acknowledgement
	for _, id := range ids {
		ack, err := acknowledgement(gaps, id, reason)
		if err != nil {
			return err
		}
		list = append(list, ack)
	}
	if err := a.db.Acknowledge(cmd.Context(), list...); err != nil {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%d acknowledged by %s\n", len(list), whoami())
	return nil
}

// acknowledgement is that of the loss with an id.
func acknowledgement(gaps []gap, id, reason string) (store.Acknowledgement, error) {
	i := slices.IndexFunc(gaps, func(g gap) bool { return g.ID == id && g.Kind == lost })
	if i < 0 {
		return store.Acknowledgement{}, errUsage(fmt.Sprintf("no loss has the id %q; see: ingestd gaps", id))
	}
	g := gaps[i]
	ack := store.Acknowledgement{
		Tenant: g.TenantID, Endpoint: g.Endpoint, From: g.From, To: g.end(), ByWhom: whoami(), Reason: reason,
	}
	if g.CallID != "" {
		call, err := uuid.Parse(g.CallID)
		if err != nil {
			return ack, err
		}
		ack.CallID = &call
	}
	return ack, nil
}

// lossIDs are the ids of losses, for the shell.
func lossIDs(cmd *cobra.Command) []string {
	var ids []string
	_ = withSchema(func(cmd *cobra.Command, a *app) error { // where it fails, nothing is completed
		gaps, _, err := a.gaps(cmd, &selection{})
		for _, g := range gaps {
			if g.Kind == lost {
				ids = append(ids, g.ID)
			}
		}
		return err
	})(cmd, nil)
	return ids
}

// whoami is the account and machine that a command runs on.
func whoami() string {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, _ := os.Hostname()
	return name + "@" + host
}
