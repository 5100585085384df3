package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ingestd/internal/config"
	"ingestd/internal/health"
	"ingestd/internal/store"
)

func newRuns() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "runs",
		Short: "List the newest runs and what came of them",
		Long: `runs lists the newest runs: what started them, how long they took, what they found,
and below the list what they failed with. Runs are kept for 90 days. A result is ok,
failed, throttled, denied, stopped (it was told to) or killed (its process is gone).`,
		Example: `  ingestd runs
  ingestd runs --failed --since 24h
  ingestd runs --tenant contoso --endpoint call_records --limit 100 --wide`,
		Args: cobra.NoArgs,
	}
	output, chosen := outputFlag(cmd), selectFlags(cmd)
	limit := cmd.Flags().Uint("limit", 20, "how many at most")
	failed := cmd.Flags().Bool("failed", false, "only those that did not end well")
	since := choiceFlag(cmd, "since", "only those that began since a day, or so long ago: 2026-01-31, 36h, 7d")
	wide := cmd.Flags().Bool("wide", false, "every column, however wide the table becomes")
	exitTable(cmd, nil)
	cmd.RunE = withSchema(func(cmd *cobra.Command, a *app) error {
		if *limit == 0 || *limit > mostRuns {
			return errUsage(fmt.Sprintf("--limit takes 1 to %d", mostRuns))
		}
		of, err := chosen.of(a.config)
		if err != nil {
			return err
		}
		from, err := parseSince(*since, time.Now())
		if err != nil {
			return err
		}
		found, err := a.db.Runs(cmd.Context(), of, from, *failed, int(*limit))
		if err != nil {
			return err
		}
		runs := make([]namedRun, len(found))
		for i, r := range found {
			runs[i] = namedRun{a.tenantName(r.Tenant), r}
		}
		if output.json() {
			return printJSON(cmd.OutOrStdout(), runs)
		}
		if len(runs) == 0 {
			fmt.Fprintln(cmd.ErrOrStderr(), noRuns(*failed, *since != "" || of != store.Selection{}))
			return nil
		}
		return writeRuns(screenOf(cmd.OutOrStdout(), *wide, time.Now()), runs, *wide)
	})
	return cmd
}

// A namedRun is a row of ingest.runs with the name of its tenant.
type namedRun struct {
	TenantName string `json:"tenant"`
	store.PastRun
}

// mostRuns is how many runs are listed at most.
const mostRuns = 100_000

func noRuns(failed, narrowed bool) string {
	switch {
	case failed:
		return "No such run failed."
	case narrowed:
		return "There was no such run."
	}
	return "There was no run yet; to begin one: ingestd once"
}

// parseSince reads a day, or how long ago.
func parseSince(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day, nil
	}
	ago, err := config.ParseDuration(text)
	if err != nil || ago < 0 {
		return time.Time{}, errUsage("--since takes a day such as 2026-01-31, or a time such as 36h or 7d")
	}
	return now.Add(-ago), nil
}

// writeRuns prints a table of runs, and what went wrong below it.
func writeRuns(s screen, runs []namedRun, wide bool) error {
	t := table{columns: []column{
		{name: "run", right: true}, {name: "tenant"}, {name: "endpoint"}, {name: "trigger", narrow: 1},
		{name: "started"}, {name: "took", right: true, narrow: 2}, {name: "result"}, {name: "found", cut: true},
	}}
	if wide {
		t.columns = append(t.columns, column{name: "pages", right: true}, column{name: "requests", right: true},
			column{name: "throttled", right: true, optional: true}, column{name: "request-ids", optional: true})
	}
	for _, r := range runs {
		row := []string{
			fmt.Sprint(r.RunID), r.TenantName, r.Endpoint, r.Trigger, s.at(&r.StartedAt), r.took(), r.result(),
			r.found(),
		}
		if wide {
			ids := strings.Join(r.RequestIDs, ",")
			row = append(row, health.Number(r.Pages), health.Number(r.Requests), throttled(r.ThrottleS), ids)
		}
		t.rows = append(t.rows, row)
	}
	if err := t.write(s, s.columns); err != nil {
		return err
	}
	return writeErrors(s, runs)
}

func (r namedRun) result() string {
	if r.Result == nil {
		return "running"
	}
	return *r.Result
}

func (r namedRun) took() string {
	if r.FinishedAt == nil {
		return "-"
	}
	took := r.FinishedAt.Sub(r.StartedAt)
	if took < time.Minute {
		return fmt.Sprintf("%.1f s", took.Seconds())
	}
	return took.Round(time.Second).String()
}

// found is what a run found, in words.
func (r namedRun) found() string {
	return counts(r.New, r.Changed, r.Unchanged, r.Rejected, r.Details)
}

// counts are the outcomes of elements in words, without those of which there
// were none.
func counts(new, changed, unchanged, rejected, details int64) string {
	var parts []string
	for _, c := range []struct {
		n    int64
		word string
	}{{new, "new"}, {changed, "changed"}, {unchanged, "unchanged"}, {rejected, "rejected"}, {details, "with details"}} {
		if c.n > 0 {
			parts = append(parts, health.Number(c.n)+" "+c.word)
		}
	}
	if parts == nil {
		return "-"
	}
	return strings.Join(parts, ", ")
}

func throttled(seconds float64) string {
	if seconds == 0 {
		return "0"
	}
	return health.ShortUp(time.Duration(seconds * float64(time.Second)))
}

// writeErrors prints what runs failed with, each error once.
func writeErrors(s screen, runs []namedRun) error {
	var texts []string
	by := map[string][]string{}
	for _, r := range runs {
		if r.Error == nil {
			continue
		}
		if !slices.Contains(texts, *r.Error) {
			texts = append(texts, *r.Error)
		}
		by[*r.Error] = append(by[*r.Error], fmt.Sprint(r.RunID))
	}
	return writeNotes(s, texts, func(text string) string { return "Run " + strings.Join(by[text], ", ") + ": " + text })
}

// writeNotes prints sentences below a table, an empty line before them.
func writeNotes(s screen, keys []string, note func(key string) string) error {
	for i, key := range keys {
		if i == 0 {
			fmt.Fprintln(s)
		}
		if _, err := fmt.Fprintln(s, wrap(note(key), "  ", s.width)); err != nil {
			return err
		}
	}
	return nil
}
