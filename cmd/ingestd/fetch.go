package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"ingestd/internal/config"
	"ingestd/internal/fetch"
	"ingestd/internal/schedule"
)

func newFetch() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "fetch --call ID | --participant OBJECT_ID",
		Short: "Read a call, or the calls of a person, now, and tell how they went",
		Long: `fetch is for the help desk. It asks Graph for a call, or for all calls of a person in a
span, without waiting for the daemon's turn, stores what is not stored yet, each call
whole, and prints them newest first, as they come:

  FAILED  that the person's part of the call was not set up, or was dropped
  HEARD   how the others heard the person, by the audio sent: good, or poor and why
  PEERS   who else took part, the organizer first

With --call it is about all who took part. The words are those of the views of analytics
(docs/data-dictionary.md). What is printed is stored; Ctrl-C ends it at any time, and the
same command again goes on. Where a tenant has modes for personal data (privacy), it
prints what is stored: pseudonyms stand for names.

It works beside a daemon, a few calls at a time. Both have the same limits at Microsoft
and wait as Graph says. Nothing is taken for complete because of it: what one person's
list shows is no list of all calls.`,
		Example: `  ingestd fetch --participant 6b1f0c52-8a41-4f0e-9c3d-2f7a51e0b9aa --from 2026-01-25
  ingestd fetch --call 0f8e7d6c-5b4a-4392-8170-1f2e3d4c5b6a
  ingestd fetch --call 0f8e7d6c-5b4a-4392-8170-1f2e3d4c5b6a --output json | jq .sessions`,
		Args: cobra.NoArgs,
	}
	output := outputFlag(cmd)
	call := choiceFlag(cmd, "call", "id of one call, as in teams.call_records.id")
	person := choiceFlag(cmd, "participant", "Entra object id of a person, as in analytics.users.user_id")
	from := choiceFlag(cmd, "from", "first day, in UTC, as 2026-01-31 (default 30 days ago)")
	to := choiceFlag(cmd, "to", "day after the last, in UTC (default now)")
	wide := cmd.Flags().Bool("wide", false, "with the ids of calls, however wide the table becomes")
	chosen := &selection{}
	chosen.oneTenantFlag(cmd)
	exitTable(cmd, exitCodes{
		exitOK:       "all that there is was printed, which may be nothing",
		exitFailed:   "there is no such call, or something failed",
		exitDegraded: "some calls cannot be read yet, or Graph throttles",
		exitDenied:   "Entra or Graph denies access",
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		wanted, err := parseWanted(cmd, *call, *person, *from, *to)
		if err != nil {
			return err
		}
		return withRows(func(cmd *cobra.Command, a *app) error {
			a.log = zap.NewNop() // what went wrong is said in one line, and runs lists it
			return a.fetch(cmd, chosen, wanted, *output, *wide)
		})(cmd, args)
	}
	return cmd
}

// parseWanted reads what is asked for.
func parseWanted(cmd *cobra.Command, call, person, from, to string) (wanted schedule.Wanted, err error) {
	switch {
	case (call == "") == (person == ""):
		return wanted, usageOf(cmd, "--call or --participant is wanted, and not both")
	case call != "" && from+to != "":
		return wanted, usageOf(cmd, "--from and --to go with --participant")
	case call != "":
		if wanted.Call, err = uuid.Parse(call); err != nil {
			return wanted, errUsage("--call takes a GUID, as in teams.call_records.id")
		}
		return wanted, nil
	}
	if wanted.Person, err = uuid.Parse(person); err != nil {
		return wanted, errUsage("--participant takes an Entra object id, a GUID; " + whyNoObject(person))
	}
	wanted.Span, err = parseSpan(from, to)
	if horizon := time.Now().Add(-fetch.CallRecords.Reach); err == nil && !wanted.Span.To.After(horizon) {
		err = errUsage(fmt.Sprintf("Microsoft keeps call records for 30 days: nothing before %s can be read; "+
			"what is stored is in analytics.calls", minute(horizon)))
	}
	return wanted, err
}

// whyNoObject says where to find what was given in place of an object id.
func whyNoObject(text string) string {
	switch {
	case strings.HasPrefix(text, "teamsvisitor:"):
		return "guests without an account have none; find their calls in analytics.participants, and fetch --call"
	case strings.Contains(text, "@"):
		return "see user_id in analytics.users, by principal_name, or the user's page in Entra"
	}
	return "see user_id in analytics.users, or the user's page in Entra"
}

// fetch reads what is wanted and prints it as it comes.
func (a *app) fetch(cmd *cobra.Command, chosen *selection, wanted schedule.Wanted, output form, wide bool) error {
	job, tenant, err := a.jobOf(chosen)
	if err != nil {
		return err
	}
	_, others, release := a.lock(cmd.Context(), []*schedule.Job{job}) // it brings the tenant's rows in order
	release()
	if len(others) > 0 && !isLocked(others[0]) {
		return worst(others)
	}
	finish, cancel := schedule.WithGrace(cmd.Context()) // what is stored is printed
	defer cancel()
	s := screenOf(cmd.OutOrStdout(), wide, time.Now())
	works := []work{{tenant: job.Name, endpoint: job.Endpoint.Name, slot: day, progress: job.Progress}}
	say, stop := follow(cmd, works)
	if s.terminal && isTerminal(cmd.ErrOrStderr()) {
		s.Writer = say // above the progress
	}
	t := &teller{ctx: finish, app: a, job: job, wanted: wanted}
	if t.calls, err = newCallTable(t, tenant, s); err != nil {
		return err
	}
	if output.json() {
		t.calls = &callDocuments{teller: t, out: s}
	}
	report, err := job.Fetch(cmd.Context(), wanted, t.tell)
	closing := t.calls.close()
	stop()
	if err = cmp.Or(err, closing); err != nil {
		return worst([]outcome{{job: job, report: report, err: err}})
	}
	if output.json() && t.printed > 0 {
		hintAtModes(cmd.ErrOrStderr(), tenant)
	}
	return t.end(cmd.ErrOrStderr())
}

// jobOf is the job of the tenant that is chosen, and the tenant as it is configured.
func (a *app) jobOf(chosen *selection) (*schedule.Job, config.Tenant, error) {
	t, err := chosen.one(a.config)
	if err != nil {
		return nil, t, err
	}
	jobs, err := (&selection{tenant: t.ID, endpoint: fetch.CallRecords.Name}).jobs(a)
	if err != nil {
		return nil, t, err
	}
	return jobs[0], t, nil
}
