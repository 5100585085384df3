package main

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ingestd/internal/health"
	"ingestd/internal/store"
)

func newRejects() *cobra.Command {
	cmd := newRejectsList("rejects")
	cmd.AddCommand(newRejectsList("list"), newRejectsShow(), newRejectsRetry(), newRejectsDrop())
	return cmd
}

func newRejectsList(use string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   use,
		Short: "List elements that are kept raw because they could not be stored as served",
		Long: `rejects lists what could not be stored as Graph served it, newest first, and below
the list the reasons. The elements themselves hold personal data: rejects show has
them. STORED says that the rows are there too, with what PostgreSQL cannot hold
replaced. A reject is resolved when its key is served again and stored. While one
that is not stored is open, its slot is read again every hour, and status tells.

What to do: read the reason. A constraint of your own on a table of teams is yours
to change; then: ingestd rejects retry --all. After an upgrade of ingestd the same
may help. What nobody wants is closed by: ingestd rejects drop.`,
		Example: `  ingestd rejects
  ingestd rejects --tenant contoso --endpoint pstn_calls --all -o json`,
		Args: cobra.NoArgs,
	}
	output, chosen := outputFlag(cmd), selectFlags(cmd)
	all := cmd.Flags().Bool("all", false, "with those that are resolved")
	limit := cmd.Flags().Uint("limit", 50, "how many at most")
	wide := cmd.Flags().Bool("wide", false, "every column, however wide the table becomes")
	exitTable(cmd, nil)
	cmd.RunE = withSchema(func(cmd *cobra.Command, a *app) error {
		of, err := chosen.of(a.config)
		if err != nil {
			return err
		}
		found, err := a.db.Rejects(cmd.Context(), of, *all, int(*limit))
		if err != nil {
			return err
		}
		rejects := a.withNames(found)
		if output.json() {
			return printJSON(cmd.OutOrStdout(), rejects)
		}
		if len(rejects) == 0 {
			fmt.Fprintln(cmd.ErrOrStderr(), "No such element is kept raw: all that Graph served is stored.")
			return nil
		}
		return writeRejects(screenOf(cmd.OutOrStdout(), *wide, time.Now()), rejects, *wide)
	})
	return cmd
}

// A namedReject is a reject with the name of its tenant.
type namedReject struct {
	TenantName string `json:"tenant"`
	store.KeptReject
}

func (a *app) withNames(rejects []store.KeptReject) []namedReject {
	list := make([]namedReject, len(rejects))
	for i, r := range rejects {
		list[i] = namedReject{a.tenantName(r.Tenant), r}
	}
	return list
}

// short is enough of the SHA-256 to name the reject.
func (r namedReject) short() string { return r.SHA256[:12] }

// writeRejects prints a table of rejects, and their reasons below it.
func writeRejects(s screen, rejects []namedReject, wide bool) error {
	t := table{columns: []column{
		{name: "sha256"}, {name: "tenant"}, {name: "endpoint"}, {name: "seen"}, {name: "stored"},
		{name: "bytes", right: true}, {name: "resolved", optional: true},
	}}
	if wide {
		t.columns = append(t.columns, column{name: "run", right: true}, column{name: "key"}, column{name: "reason"})
	}
	var reasons []string
	by := map[string][]string{}
	for _, r := range rejects {
		row := []string{
			r.short(), r.TenantName, r.Endpoint, s.at(&r.SeenAt), yesNo(r.Stored), health.Number(r.Bytes),
			s.at(r.ResolvedAt),
		}
		if wide {
			row = append(row, fmt.Sprint(r.RunID), orDash(r.Key), r.Reason)
		}
		t.rows = append(t.rows, row)
		if by[r.Reason] == nil {
			reasons = append(reasons, r.Reason)
		}
		by[r.Reason] = append(by[r.Reason], r.short())
	}
	if err := t.write(s, s.columns); err != nil || wide {
		return err
	}
	return writeNotes(s, reasons, func(reason string) string { return some(by[reason]) + ": " + reason })
}

// some are the first of many names.
func some(names []string) string {
	const most = 3
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// rejectIDs are the first digits of the open rejects, for the shell.
func rejectIDs(cmd *cobra.Command) []string {
	var ids []string
	_ = withSchema(func(cmd *cobra.Command, a *app) error { // where it fails, nothing is completed
		rejects, err := a.db.Rejects(cmd.Context(), store.Selection{}, false, 50)
		for _, r := range a.withNames(rejects) {
			ids = append(ids, r.short())
		}
		return err
	})(cmd, nil)
	return ids
}

// named are the chosen rejects that go by some SHA-256 or the first digits of it.
func (a *app) named(
	cmd *cobra.Command, digits []string, chosen *selection, resolved bool,
) ([]store.KeptReject, error) {
	of, err := chosen.of(a.config)
	if err != nil {
		return nil, err
	}
	var named []store.KeptReject
	for _, d := range digits {
		d = strings.ToLower(d)
		if _, err := hex.DecodeString(d + strings.Repeat("0", len(d)%2)); err != nil || len(d) < 6 || len(d) > 64 {
			return nil, errUsage("a reject goes by at least 6 hex digits of its SHA-256; see: ingestd rejects list")
		}
		found, err := a.db.RejectsBySHA(cmd.Context(), of, resolved, d)
		switch {
		case err != nil:
			return nil, err
		case len(found) == 0 && resolved:
			return nil, errUsage(fmt.Sprintf("no reject begins with %s; see: ingestd rejects list --all", d))
		case len(found) == 0:
			return nil, errUsage(fmt.Sprintf("no open reject begins with %s; see: ingestd rejects list --all", d))
		case slices.ContainsFunc(found, func(r store.KeptReject) bool { return r.SHA256 != found[0].SHA256 }):
			return nil, errUsage(fmt.Sprintf("several rejects begin with %s; give more digits; "+
				"see: ingestd rejects list --output json", d))
		}
		named = append(named, found...)
	}
	return named, nil
}

// shaOf is the hash that a reject goes by.
func shaOf(r store.KeptReject) []byte {
	sum, _ := hex.DecodeString(r.SHA256) // the database made it
	return sum
}

func newRejectsShow() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show SHA256",
		Short: "Print one reject: what is known of it, or its bytes",
		Long: `show prints what is known of one reject, open or resolved. With --raw it prints the
bytes that Graph served, unchanged and nothing else; they hold personal data.
A reject goes by its SHA-256, of which six digits do if they are no other's.`,
		Example: `  ingestd rejects show 2d711642b726
  ingestd rejects show 2d711642b726 --raw | jq .`,
		ValidArgsFunction: completing(rejectIDs),
	}
	output, chosen := outputFlag(cmd), selectFlags(cmd)
	raw := cmd.Flags().Bool("raw", false, "the bytes that Graph served: personal data")
	exitTable(cmd, nil)
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usageOf(cmd, "the SHA-256 of one reject is wanted")
		}
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return withSchema(func(cmd *cobra.Command, a *app) error {
			named, err := a.named(cmd, args, chosen, true)
			if err != nil {
				return err
			}
			switch rejects := a.withNames(named); {
			case *raw:
				return a.printRaw(cmd, named[0])
			case output.json():
				return printJSON(cmd.OutOrStdout(), rejects)
			default:
				return writeReject(screenOf(cmd.OutOrStdout(), false, time.Now()), rejects)
			}
		})(cmd, args)
	}
	return cmd
}

// printRaw prints the bytes of a reject.
func (a *app) printRaw(cmd *cobra.Command, r store.KeptReject) error {
	raw, err := a.db.RawOf(cmd.Context(), r.Tenant, r.Endpoint, shaOf(r))
	if err != nil {
		return err
	}
	_, err = cmd.OutOrStdout().Write(raw)
	return err
}

// writeReject prints what is known of rejects that share their bytes, a line for
// each thing.
func writeReject(s screen, rejects []namedReject) error {
	var lines []string
	for _, r := range rejects {
		lines = append(lines,
			"sha256    "+r.SHA256,
			"tenant    "+r.TenantName,
			"endpoint  "+r.Endpoint,
			"key       "+orDash(r.Key),
			"reason    "+wrap(r.Reason, "          ", s.width-10),
			"stored    "+yesNo(r.Stored),
			"bytes     "+health.Number(r.Bytes),
			"run       "+fmt.Sprint(r.RunID),
			"served    "+s.at(&r.ServedAt),
			"seen      "+s.at(&r.SeenAt),
			"resolved  "+s.at(r.ResolvedAt), "")
	}
	_, err := fmt.Fprintln(s, strings.Join(lines[:len(lines)-1], "\n"))
	return err
}
