package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

// A gap is a span that is not stored for good, and why.
type gap struct {
	Tenant   string    `json:"tenant"`
	Endpoint string    `json:"endpoint"`
	Kind     string    `json:"kind"`
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	CallID   string    `json:"call_id,omitempty"`
	Note     string    `json:"note"`
}

func newGaps() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gaps",
		Short: "List what is missing: lost, parked or about to expire",
		Long: `gaps lists the spans and call records that left Microsoft's retention unread
(lost), those that cannot be read and are tried daily (parked), and those unread
that leave the retention within 48 hours (expiring). Nothing listed, nothing
missing. It exits 3 if it lists anything.`,
		Args: cobra.NoArgs,
	}
	output := outputFlag(cmd)
	cmd.RunE = withJobs(func(cmd *cobra.Command, jobs []*schedule.Job) error {
		var gaps []gap
		for _, j := range jobs {
			s, err := j.Survey(cmd.Context(), time.Now())
			if err != nil {
				return err
			}
			gaps = append(gaps, gapsOf(j, s)...)
		}
		err := emit(cmd, *output, gaps, []string{"tenant", "endpoint", "kind", "from (utc)", "to (utc)", "note"}, func(g gap) []string {
			return []string{g.Tenant, g.Endpoint, g.Kind, minute(g.From), minute(g.To), g.Note}
		})
		if err != nil || len(gaps) == 0 {
			return err
		}
		return errDegraded("something is missing")
	})
	return cmd
}

func gapsOf(j *schedule.Job, s schedule.Survey) []gap {
	var gaps []gap
	add := func(kind string, from, to time.Time, note string) {
		gaps = append(gaps, gap{j.Name, j.Endpoint.Name, kind, from, to, "", note})
	}
	record := func(kind string, r store.Record, note string) {
		at := time.Time{}
		if r.StartAt != nil {
			at = *r.StartAt
		}
		gaps = append(gaps, gap{j.Name, j.Endpoint.Name, kind, at, at, r.ID.String(), "call record " + r.ID.String() + " " + note})
	}
	for _, w := range s.Lost {
		add("lost", w.From, w.To, "left Microsoft's retention before it was read to its end")
	}
	for _, r := range s.RecordsGone {
		record("lost", r, fmt.Sprintf("left Microsoft's retention before version %d was stored whole", r.Version))
	}
	for _, r := range s.RecordsParked {
		record("parked", r, fmt.Sprintf("failed %d times, last %s; tried daily, see ingest.details_retries", r.Attempts, minute(*r.FailedAt)))
	}
	for _, p := range s.Parked {
		add("parked", p.From, p.To, fmt.Sprintf("failed %d times, last %s; tried daily, see ingest.parked", p.Failures, minute(p.FailedAt)))
	}
	for _, w := range s.Expiring {
		add("expiring", w.From, w.To, "leaves Microsoft's retention from "+minute(w.From.Add(j.Policy.Reach))+" on; run: ingestd once")
	}
	if s.RecordsSoon > 0 {
		edge := time.Now().Add(-j.Policy.Reach)
		add("expiring", edge, edge.Add(48*time.Hour), fmt.Sprintf("%d call records leave Microsoft's retention before they are stored whole; run: ingestd once", s.RecordsSoon))
	}
	return gaps
}
