package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"ingestd/internal/store"
)

func newRuns() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "runs",
		Short: "List the newest runs and what came of them",
		Args:  cobra.NoArgs,
	}
	output, endpoint := outputFlag(cmd), endpointFlag(cmd)
	limit := cmd.Flags().Uint("limit", 20, "how many at most")
	cmd.RunE = withSchema(func(cmd *cobra.Command, a *app) error {
		name, err := endpoint()
		if err != nil {
			return err
		}
		runs, err := a.db.Runs(cmd.Context(), name, int(*limit))
		if err != nil {
			return err
		}
		columns := []string{"run", "endpoint", "trigger", "started (utc)", "took", "result", "pages", "requests", "new", "changed", "unchanged", "rejected", "details", "error"}
		return emit(cmd, *output, runs, columns, func(r store.PastRun) []string {
			took, result := "-", "running"
			if r.FinishedAt != nil {
				took = r.FinishedAt.Sub(r.StartedAt).Round(100 * time.Millisecond).String()
			}
			if r.Result != nil {
				result = *r.Result
			}
			return []string{fmt.Sprint(r.RunID), r.Endpoint, r.Trigger, minute(r.StartedAt), took, result, fmt.Sprint(r.Pages), fmt.Sprint(r.Requests),
				fmt.Sprint(r.New), fmt.Sprint(r.Changed), fmt.Sprint(r.Unchanged), fmt.Sprint(r.Rejected), fmt.Sprint(r.Details), orDash(r.Error)}
		})
	})
	return cmd
}
