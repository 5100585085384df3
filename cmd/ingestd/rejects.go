package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"ingestd/internal/store"
)

func newRejects() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rejects",
		Short: "List elements that are kept raw because they could not be stored as served",
		Long: `rejects lists what could not be stored as Graph served it, newest first, without
the elements themselves: they hold personal data, and stand in ingest.rejects,
column raw. "stored" says that the rows are there too, with what PostgreSQL cannot
hold replaced. A reject is resolved when its key is served again and stored.`,
		Args: cobra.NoArgs,
	}
	output, endpoint := outputFlag(cmd), endpointFlag(cmd)
	all := cmd.Flags().Bool("all", false, "with those that are resolved")
	limit := cmd.Flags().Int("limit", 50, "how many at most")
	cmd.RunE = withSchema(func(cmd *cobra.Command, a *app) error {
		name, err := endpoint()
		if err != nil {
			return err
		}
		rejects, err := a.db.Rejects(cmd.Context(), name, *all, *limit)
		if err != nil {
			return err
		}
		columns := []string{"endpoint", "seen (utc)", "key", "stored", "bytes", "run", "resolved (utc)", "sha256", "reason"}
		return emit(cmd, *output, rejects, columns, func(r store.KeptReject) []string {
			resolved := "-"
			if r.ResolvedAt != nil {
				resolved = minute(*r.ResolvedAt)
			}
			return []string{r.Endpoint, minute(r.SeenAt), orDash(r.Key), fmt.Sprint(r.Stored), fmt.Sprint(r.Bytes), fmt.Sprint(r.RunID), resolved, r.SHA256[:12], r.Reason}
		})
	})
	return cmd
}
