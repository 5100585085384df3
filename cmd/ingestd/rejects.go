package main

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

func newRejects() *cobra.Command {
	cmd := newRejectsList("rejects")
	cmd.AddCommand(newRejectsList("list"), newRejectsRetry(), newRejectsDrop())
	return cmd
}

func newRejectsList(use string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   use,
		Short: "List elements that are kept raw because they could not be stored as served",
		Long: `rejects lists what could not be stored as Graph served it, newest first, without
the elements themselves: they hold personal data, and stand in ingest.rejects,
column raw. "stored" says that the rows are there too, with what PostgreSQL cannot
hold replaced. A reject is resolved when its key is served again and stored. While
one that is not stored is open, its slot is read again every hour, and status and
once exit 3.`,
		Args: cobra.NoArgs,
	}
	output, endpoint := outputFlag(cmd), endpointFlag(cmd)
	all := cmd.Flags().Bool("all", false, "with those that are resolved")
	limit := cmd.Flags().Uint("limit", 50, "how many at most")
	cmd.RunE = withSchema(func(cmd *cobra.Command, a *app) error {
		name, err := endpoint()
		if err != nil {
			return err
		}
		rejects, err := a.db.Rejects(cmd.Context(), name, *all, int(*limit))
		if err != nil {
			return err
		}
		columns := []string{
			"tenant", "endpoint", "seen (utc)", "key", "stored", "bytes", "run", "resolved (utc)", "sha256", "reason",
		}
		return emit(cmd, *output, rejects, columns, func(r store.KeptReject) []string {
			resolved := "-"
			if r.ResolvedAt != nil {
				resolved = minute(*r.ResolvedAt)
			}
			return []string{
				a.tenantName(r.Tenant.String()), r.Endpoint, minute(r.SeenAt), orDash(r.Key), fmt.Sprint(r.Stored),
				fmt.Sprint(r.Bytes), fmt.Sprint(r.RunID), resolved, r.SHA256[:12], r.Reason,
			}
		})
	})
	return cmd
}

// tenantName is what the configuration calls a tenant; its id if it is not in it.
func (a *app) tenantName(id string) string {
	for _, t := range a.config.Tenants {
		if strings.EqualFold(t.ID, id) {
			return cmp.Or(t.Name, id)
		}
	}
	return id
}

func newRejectsRetry() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "retry SHA256... | --all",
		Short: "Store rejects from their raw bytes, also those that Graph serves no more",
		Long: `retry tries to store rejects from the bytes that are kept, without asking Graph:
once the database takes them, or after an upgrade that knows what to do with them.
A reject goes by its SHA-256, of which six digits do if they are no other's. It
prints how many are stored now and how many are rejects still, and exits 3 if some
are. It works beside a daemon, too.`,
		Example: `  ingestd rejects retry 2d711642b726
  ingestd rejects retry --all --endpoint pstn_calls`,
	}
	endpoint := endpointFlag(cmd)
	all := cmd.Flags().Bool("all", false, "all that are open")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *all == (len(args) > 0) {
			return usageOf(cmd, "the SHA-256 of some rejects is wanted, or --all")
		}
		return withApp(func(cmd *cobra.Command, a *app, jobs []*schedule.Job) error {
			name, err := endpoint()
			if err != nil {
				return err
			}
			jobs = slices.DeleteFunc(jobs, func(j *schedule.Job) bool { return name != "" && name != j.Endpoint.Name })
			named, err := a.named(cmd, args, name)
			if err != nil {
				return err
			}
			return a.retryRejects(cmd, jobs, named)
		})(cmd, args)
	}
	return cmd
}

// named are the open rejects that go by some SHA-256 or the first digits of it,
// of one endpoint or of all ("").
func (a *app) named(cmd *cobra.Command, digits []string, endpoint string) ([]store.KeptReject, error) {
	var named []store.KeptReject
	for _, d := range digits {
		d = strings.ToLower(d)
		if _, err := hex.DecodeString(d + strings.Repeat("0", len(d)%2)); err != nil || len(d) < 6 || len(d) > 64 {
			return nil, errUsage("a reject goes by at least 6 hex digits of its SHA-256; see: ingestd rejects list")
		}
		found, err := a.db.OpenRejectsBySHA(cmd.Context(), endpoint, d)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, errUsage(fmt.Sprintf("no open reject begins with %s; see: ingestd rejects list --all", d))
		}
		if slices.ContainsFunc(found, func(r store.KeptReject) bool { return r.SHA256 != found[0].SHA256 }) {
			return nil, errUsage(fmt.Sprintf("several rejects begin with %s; give more digits; "+
				"see: ingestd rejects list --output json", d))
		}
		named = append(named, found...)
	}
	return named, nil
}

// retryRejects tries to store those rejects of the jobs' endpoints that are named,
// or all if none is. Nobody else works on a tenant meanwhile if its lock is free;
// if it is not, no harm is done: what is stored twice is stored once.
func (a *app) retryRejects(cmd *cobra.Command, jobs []*schedule.Job, named []store.KeptReject) error {
	_, others, release := a.lock(cmd.Context(), jobs)
	defer release()
	for _, o := range others {
		if !isLocked(o) {
			return o.err
		}
	}
	remain := 0
	for _, j := range jobs {
		shas := hashesOf(j, named)
		if named != nil && len(shas) == 0 {
			continue
		}
		kept, err := retryRejects(cmd, j, shas)
		if err != nil {
			return fmt.Errorf("%s %s: %w", j.Name, j.Endpoint.Name, err)
		}
		remain += kept
	}
	if remain > 0 {
		return errDegraded(fmt.Sprintf("%d are rejects still; see: ingestd rejects list", remain))
	}
	return nil
}

// hashesOf are the hashes of those rejects that are of one job's endpoint.
func hashesOf(j *schedule.Job, rejects []store.KeptReject) (hashes [][]byte) {
	for _, r := range rejects {
		if r.Tenant == j.Tenant && r.Endpoint == j.Endpoint.Name {
			sum, _ := hex.DecodeString(r.SHA256) // the database made it
			hashes = append(hashes, sum)
		}
	}
	return hashes
}

// retryRejects tries to store rejects of one endpoint, those with some hashes or
// all if there is none, and prints what came of it.
func retryRejects(cmd *cobra.Command, j *schedule.Job, hashes [][]byte) (kept int, err error) {
	open, err := j.DB.OpenRejects(cmd.Context(), j.Tenant, j.Endpoint.Name)
	if err != nil || open == 0 {
		return 0, err
	}
	stored, kept, err := j.RetryRejects(cmd.Context(), hashes)
	if errors.Is(err, schedule.ErrSums) {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s %s: %v\n", j.Name, j.Endpoint.Name, err)
		if kept, err = open, nil; hashes != nil {
			kept = len(hashes)
		}
	}
	if err == nil {
		fmt.Fprintf(cmd.OutOrStdout(), "%s %s: %d stored, %d remain\n", j.Name, j.Endpoint.Name, stored, kept)
	}
	return kept, err
}

func newRejectsDrop() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "drop SHA256...",
		Short: "Close rejects that nobody wants stored",
		Long: `drop closes rejects for good: their bytes stay in ingest.rejects, but they count
no longer as amiss, nor do they when Graph serves them again. It prints what was
dropped, with the reason, for your notes.`,
		Example: `  ingestd rejects drop 2d711642b726 --reason "test call of the carrier, ticket 4711"`,
	}
	endpoint := endpointFlag(cmd)
	reason := cmd.Flags().String("reason", "", "why nobody wants them")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return usageOf(cmd, "the SHA-256 of a reject is wanted")
		case strings.TrimSpace(*reason) == "":
			return errUsage(`drop needs --reason "…"`)
		}
		return withSchema(func(cmd *cobra.Command, a *app) error {
			name, err := endpoint()
			if err != nil {
				return err
			}
			named, err := a.named(cmd, args, name)
			if err != nil {
				return err
			}
			for _, r := range named {
				sum, _ := hex.DecodeString(r.SHA256) // the database made it
				if err := a.db.DropReject(cmd.Context(), r.Tenant, r.Endpoint, sum); err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s %s: %s dropped by %s: %s\n",
					a.tenantName(r.Tenant.String()), r.Endpoint, r.SHA256, whoami(), *reason)
			}
			return nil
		})(cmd, args)
	}
	return cmd
}
