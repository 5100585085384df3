package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

func newRejectsRetry() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "retry SHA256... | --all",
		Short: "Store rejects from their raw bytes, also those that Graph serves no more",
		Long: `retry tries to store rejects from the bytes that are kept, without asking Graph:
once the database takes them, or after an upgrade that knows what to do with them.
A reject goes by its SHA-256, of which six digits do if they are no other's. It
prints how many are stored now and how many are rejects still. It works beside a
daemon, too.`,
		Example: `  ingestd rejects retry 2d711642b726
  ingestd rejects retry --all --endpoint pstn_calls`,
		ValidArgsFunction: completing(rejectIDs),
	}
	chosen := selectFlags(cmd)
	all := cmd.Flags().Bool("all", false, "all that are open")
	exitTable(cmd, exitCodes{exitOK: "all of them are stored now", exitDegraded: "some are rejects still"})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *all == (len(args) > 0) {
			return usageOf(cmd, "the SHA-256 of some rejects is wanted, or --all, and not both")
		}
		return withSchema(func(cmd *cobra.Command, a *app) error {
			jobs, err := chosen.jobs(a)
			if err != nil {
				return err
			}
			named, err := a.named(cmd, args, chosen, false)
			if err != nil {
				return err
			}
			return a.retryRejects(cmd, jobs, named)
		})(cmd, args)
	}
	return cmd
}

// retryRejects tries to store those rejects of the jobs' endpoints that are named,
// or all if none is. Nobody else works on a tenant meanwhile if its lock is free;
// if it is not, no harm is done: what is stored twice is stored once.
func (a *app) retryRejects(cmd *cobra.Command, jobs []*schedule.Job, named []store.KeptReject) error {
	_, others, release := a.lock(cmd.Context(), jobs)
	defer release()
	for _, o := range others {
		if !isLocked(o) {
			return fmt.Errorf("%s: %w", o.job.Name, o.err)
		}
	}
	tried, remain := 0, 0
	for _, j := range jobs {
		shas := hashesOf(j, named)
		if named != nil && len(shas) == 0 {
			continue
		}
		stored, kept, err := retryRejects(cmd, j, shas)
		if err != nil {
			return fmt.Errorf("%s %s: %w", j.Name, j.Endpoint.Name, err)
		}
		tried, remain = tried+stored+kept, remain+kept
	}
	if tried == 0 {
		fmt.Fprintln(cmd.ErrOrStderr(), "No such reject is open.")
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
			hashes = append(hashes, shaOf(r))
		}
	}
	return hashes
}

// retryRejects tries to store rejects of one endpoint, those with some hashes or
// all if there is none, and prints what came of it.
func retryRejects(cmd *cobra.Command, j *schedule.Job, hashes [][]byte) (stored, kept int, err error) {
	open, err := j.DB.OpenRejects(cmd.Context(), j.Tenant, j.Endpoint.Name)
	if err != nil || open == 0 {
		return 0, 0, err
	}
	stored, kept, err = j.RetryRejects(cmd.Context(), hashes)
	if errors.Is(err, schedule.ErrSums) {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s %s: %v\n", j.Name, j.Endpoint.Name, err)
		if kept, err = open, nil; hashes != nil {
			kept = len(hashes)
		}
	}
	if err == nil {
		fmt.Fprintf(cmd.OutOrStdout(), "%s %s: %d stored, %d remain\n", j.Name, j.Endpoint.Name, stored, kept)
	}
	return stored, kept, err
}

func newRejectsDrop() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "drop SHA256...",
		Short: "Close rejects that nobody wants stored",
		Long: `drop closes rejects for good: their bytes stay in ingest.rejects, but they count
no longer as amiss, nor do they when Graph serves them again. It prints what was
dropped, with the reason, for your notes.`,
		Example:           `  ingestd rejects drop 2d711642b726 --reason "test call of the carrier, ticket 4711"`,
		ValidArgsFunction: completing(rejectIDs),
	}
	chosen := selectFlags(cmd)
	reason := cmd.Flags().String("reason", "", "why nobody wants them")
	exitTable(cmd, nil)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return usageOf(cmd, "the SHA-256 of a reject is wanted")
		case strings.TrimSpace(*reason) == "":
			return errUsage(`drop needs --reason "…"`)
		}
		return withSchema(func(cmd *cobra.Command, a *app) error {
			named, err := a.named(cmd, args, chosen, false)
			if err != nil {
				return err
			}
			return a.drop(cmd, named, *reason)
		})(cmd, args)
	}
	return cmd
}

// drop closes rejects and prints which.
func (a *app) drop(cmd *cobra.Command, rejects []store.KeptReject, reason string) error {
	for _, r := range rejects {
		if err := a.db.DropReject(cmd.Context(), r.Tenant, r.Endpoint, shaOf(r)); err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s %s: %s dropped by %s: %s\n",
			a.tenantName(r.Tenant), r.Endpoint, r.SHA256, whoami(), reason)
	}
	return nil
}
