package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"ingestd/internal/demo"
	"ingestd/internal/fetch"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

// playPast reads what was read in the stage's past, when it was: so the ledger
// says what it would after such a month.
func playPast(cmd *cobra.Command, stage *demo.Stage) error {
	a, err := openFile(stage.PastConfig(), noEnvironment)
	if err != nil {
		return err
	}
	defer a.db.Close()
	a.log, a.clock = zap.NewNop(), fetch.Clock{Now: stage.Now, After: stage.After}
	fmt.Fprintln(cmd.ErrOrStderr(), "Playing a bad month:")
	for reading := range stage.Past() {
		fmt.Fprintf(cmd.ErrOrStderr(), "  %s UTC  %s reads %s\n",
			stage.Now().UTC().Format("_2 Jan 15:04"), reading.Tenant, strings.Join(reading.Endpoints, ", "))
		if err := a.play(cmd, reading); err != nil {
			return err
		}
	}
	return nil
}

// play does one reading. That Graph fails is a part of the past.
func (a *app) play(cmd *cobra.Command, r demo.Reading) error {
	jobs, err := a.jobs()
	if err != nil {
		return err
	}
	jobs = slices.DeleteFunc(jobs, func(j *schedule.Job) bool {
		return j.Name != r.Tenant || !slices.Contains(r.Endpoints, j.Endpoint.Name)
	})
	for _, o := range a.once(cmd, jobs) {
		var graph *fetch.Error
		if o.err != nil && !errors.As(o.err, &graph) {
			return o.err
		}
	}
	return cmd.Context().Err()
}

// summary prints what is stored and how far it is complete.
func (a *app) summary(ctx context.Context, out io.Writer) error {
	table := store.Answer{
		Columns: []string{"tenant", "table", "rows", "pages", "slots", "rejects", "complete until (UTC)"},
	}
	for _, t := range a.config.Tenants {
		holdings, err := a.db.Holdings(ctx, tenantID(t), endpointNames()...)
		if err != nil {
			return err
		}
		for _, h := range holdings {
			table.Rows = append(table.Rows, []string{
				t.Name, "teams." + h.Endpoint, fmt.Sprint(h.Rows), fmt.Sprint(h.Pages), fmt.Sprint(h.Slots),
				fmt.Sprint(h.OpenRejects), minute(h.Watermark),
			})
		}
	}
	fmt.Fprintln(out)
	return printTable(out, table)
}
