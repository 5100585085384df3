package main

import (
	"fmt"
	"os"
	"os/user"
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
		acks, err := acknowledgements(gaps, strings.ToLower(strings.TrimSpace(id)), reason)
		if err != nil {
			return err
		}
		list = append(list, acks...)
	}
	if err := a.db.Acknowledge(cmd.Context(), list...); err != nil {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%d acknowledged by %s\n", len(list), whoami())
	return nil
}

// acknowledgements are those of the losses with an id. Of many thousands two may have
// the same.
func acknowledgements(gaps []gap, id, reason string) (list []store.Acknowledgement, err error) {
	other := ""
	for _, g := range gaps {
		switch {
		case g.ID != id:
		case g.Kind != lost:
			other = g.Kind
		default:
			ack, err := g.acknowledgement(reason)
			if err != nil {
				return nil, err
			}
			list = append(list, ack)
		}
	}
	switch {
	case len(list) > 0:
		return list, nil
	case other != "":
		return nil, errUsage(fmt.Sprintf("%s is %s; only what is lost can be acknowledged", id, other))
	}
	return nil, errUsage(fmt.Sprintf("no loss has the id %q; see: ingestd gaps", id))
}

func (g gap) acknowledgement(reason string) (store.Acknowledgement, error) {
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
