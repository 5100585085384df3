package main

import (
	"time"

	"github.com/spf13/cobra"

	"ingestd/internal/fetch"
	"ingestd/internal/schedule"
)

func newBackfill() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "backfill",
		Short: "Read a span again, due or not",
		Long: `backfill reads the slots between --from and --to, newest first, whether they are
due or not; what Graph no longer has is left out. Nothing has to be caught up by
hand: the daemon reads what it missed by itself. This is for reading again what
was read before.

Interrupted, it goes on when it is repeated: slots read within --fresh are left
out. Rows that did not change are not written.`,
		Example: "  ingestd backfill --from 2026-01-01 --to 2026-02-01 --endpoint pstn_calls",
		Args:    cobra.NoArgs,
	}
	from := cmd.Flags().String("from", "", "first day, in UTC, such as 2026-01-01 (default as far back as Graph reaches)")
	to := cmd.Flags().String("to", "", "day after the last, in UTC (default now)")
	fresh := cmd.Flags().Duration("fresh", time.Hour, "leave out slots read less than this ago")
	endpoint := endpointFlag(cmd)
	cmd.RunE = withJobs(func(cmd *cobra.Command, jobs []*schedule.Job) error {
		name, err := endpoint()
		if err != nil {
			return err
		}
		span, err := parseSpan(*from, *to)
		if err != nil {
			return err
		}
		var chosen []*schedule.Job
		for _, j := range jobs {
			if name == j.Endpoint.Name || name == "" && j.Enabled {
				chosen = append(chosen, j)
			}
		}
		stop := follow(cmd, chosen)
		outcomes := sideBySide(chosen, func(j *schedule.Job) (schedule.Report, error) { return j.Backfill(cmd.Context(), span, *fresh) })
		stop()
		printOutcomes(cmd.OutOrStdout(), outcomes)
		return worst(outcomes)
	})
	return cmd
}

// parseSpan reads two days; an empty one leaves that end open.
func parseSpan(from, to string) (fetch.Window, error) {
	span := fetch.Window{To: time.Now().Add(24 * time.Hour)}
	for _, end := range []struct {
		text string
		at   *time.Time
	}{{from, &span.From}, {to, &span.To}} {
		if end.text == "" {
			continue
		}
		day, err := time.Parse(time.DateOnly, end.text)
		if err != nil {
			return span, errUsage("--from and --to take a day such as 2026-01-31")
		}
		*end.at = day
	}
	if !span.From.Before(span.To) {
		return span, errUsage("--from must lie before --to")
	}
	return span, nil
}
