package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

// A gap is a span or a call record that is not stored for good, and why.
type gap struct {
	ID       string    `json:"id"`
	Tenant   string    `json:"tenant"`
	Endpoint string    `json:"endpoint"`
	Kind     string    `json:"kind"`
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	CallID   string    `json:"call_id,omitempty"`
	Note     string    `json:"note"`
	tenant   uuid.UUID
	slot     time.Duration
}

// end is where an acknowledgement of the gap ends. A slot that has left the
// retention in part can never be settled, so it is covered to its end.
func (g gap) end() time.Time {
	end := g.To.UTC().Truncate(g.slot)
	if g.CallID != "" || end.Equal(g.To) {
		return g.To
	}
	return end.Add(g.slot)
}

func newGaps() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gaps",
		Short: "List what is missing: lost, parked or about to expire",
		Long: `gaps lists the spans and call records that left Microsoft's retention unread
(lost), those that cannot be read and are tried daily (parked), and those unread
that leave the retention within 48 hours (expiring). Nothing listed, nothing
missing. It exits 3 if it lists anything but what was acknowledged.

What is lost cannot be had any more. --acknowledge notes who knows of it and why
it happened: it stays listed, counts no longer as amiss, and "complete until"
steps over it.`,
		Example: `  ingestd gaps
  ingestd gaps --acknowledge 7c1e04,e2f771 --reason "outage of 12 March, ticket 4711"`,
		Args: cobra.NoArgs,
	}
	output := outputFlag(cmd)
	ids := cmd.Flags().StringSlice("acknowledge", nil, "ids of losses, as listed, that are known and done with")
	reason := cmd.Flags().String("reason", "", "why they happened, for --acknowledge")
	cmd.RunE = withApp(func(cmd *cobra.Command, a *app, jobs []*schedule.Job) error {
		gaps, err := listGaps(cmd, jobs)
		if err != nil {
			return err
		}
		if len(*ids) > 0 {
			if err := a.acknowledge(cmd, gaps, *ids, *reason); err != nil {
				return err
			}
			if gaps, err = listGaps(cmd, jobs); err != nil {
				return err
			}
		} else if *reason != "" {
			return errUsage("--reason goes with --acknowledge")
		}
		columns := []string{"id", "tenant", "endpoint", "kind", "from (utc)", "to (utc)", "note"}
		err = emit(cmd, *output, gaps, columns, func(g gap) []string {
			return []string{g.ID, g.Tenant, g.Endpoint, g.Kind, minute(g.From), minute(g.To), g.Note}
		})
		if err == nil && slices.ContainsFunc(gaps, func(g gap) bool { return g.Kind != "acknowledged" }) {
			return errDegraded("something is missing")
		}
		return err
	})
	return cmd
}

// acknowledge notes that losses are known.
func (a *app) acknowledge(cmd *cobra.Command, gaps []gap, ids []string, reason string) error {
	if strings.TrimSpace(reason) == "" {
		return errUsage(`--acknowledge needs --reason "…", for whoever reads of the loss later`)
	}
	var list []store.Acknowledgement
	for _, id := range ids {
		i := slices.IndexFunc(gaps, func(g gap) bool { return g.ID == id && g.Kind == "lost" })
		if i < 0 {
			return errUsage(fmt.Sprintf("no loss has the id %q; see: ingestd gaps", id))
		}
		g := gaps[i]
		ack := store.Acknowledgement{
			Tenant: g.tenant, Endpoint: g.Endpoint, From: g.From, To: g.end(), ByWhom: whoami(), Reason: reason,
		}
		if g.CallID != "" {
			call, err := uuid.Parse(g.CallID)
			if err != nil {
				return err
			}
			ack.CallID = &call
		}
		list = append(list, ack)
	}
	if err := a.db.Acknowledge(cmd.Context(), list...); err != nil {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%d acknowledged by %s\n", len(list), whoami())
	return nil
}

// whoami is the account and machine that a command runs on.
func whoami() string {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, _ := os.Hostname()
	return name + "@" + host
}

func listGaps(cmd *cobra.Command, jobs []*schedule.Job) (gaps []gap, err error) {
	for _, j := range jobs {
		s, err := j.Survey(cmd.Context(), time.Now())
		if err != nil {
			return nil, err
		}
		gaps = append(gaps, gapsOf(j, s)...)
	}
	return gaps, nil
}

// gapsOf lists what is missing of one endpoint.
func gapsOf(j *schedule.Job, s schedule.Survey) []gap {
	var gaps []gap
	add := func(kind string, from, to time.Time, callID, note string) {
		g := gap{Tenant: j.Name, Endpoint: j.Endpoint.Name, Kind: kind, From: from, To: to, CallID: callID, Note: note}
		g.tenant, g.slot = j.Tenant, j.Policy.Slot
		g.ID = g.id()
		gaps = append(gaps, g)
	}
	record := func(kind string, r store.Record, note string) {
		at := time.Time{}
		if r.StartAt != nil {
			at = *r.StartAt
		}
		add(kind, at, at, r.ID.String(), "call record "+r.ID.String()+" "+note)
	}
	for _, w := range s.Lost {
		add("lost", w.From, w.To, "", "left Microsoft's retention before it was read to its end")
	}
	for _, r := range s.RecordsLost {
		record(
			"lost",
			r,
			fmt.Sprintf("left Microsoft's retention before the details of version %d were stored", r.Version),
		)
	}
	for _, r := range s.RecordsParked {
		record(
			"parked",
			r,
			fmt.Sprintf(
				"failed %d times, last %s; tried daily, see ingest.details_retries",
				r.Attempts,
				minute(*r.FailedAt),
			),
		)
	}
	for _, p := range s.Parked {
		add(
			"parked",
			p.From,
			p.To,
			"",
			fmt.Sprintf("failed %d times, last %s; tried daily, see ingest.parked", p.Failures, minute(p.FailedAt)),
		)
	}
	for _, w := range s.Expiring {
		add(
			"expiring",
			w.From,
			w.To,
			"",
			"leaves Microsoft's retention from "+minute(w.From.Add(j.Policy.Reach))+" on; run: ingestd once",
		)
	}
	if s.RecordsSoon > 0 {
		edge := time.Now().Add(-j.Policy.Reach)
		add(
			"expiring",
			edge,
			edge.Add(48*time.Hour),
			"",
			fmt.Sprintf(
				"%d call records leave Microsoft's retention before their details are stored; run: ingestd once",
				s.RecordsSoon,
			),
		)
	}
	for _, a := range s.Acknowledged {
		note, callID := fmt.Sprintf("lost; known to %s since %s: %s", a.ByWhom, minute(a.At), a.Reason), ""
		if a.CallID != nil {
			callID = a.CallID.String()
			note = "call record " + callID + " " + note
		}
		add("acknowledged", a.From, a.To, callID, note)
	}
	return gaps
}

// id names a gap by what it is, so that it can be named on a command line. A
// span goes by its start: its end moves on while more is lost.
func (g gap) id() string {
	what := fmt.Sprint(g.From.Unix())
	if g.CallID != "" {
		what = g.CallID
	}
	sum := sha256.Sum256([]byte(g.tenant.String() + "\n" + g.Endpoint + "\n" + what))
	return fmt.Sprintf("%x", sum[:3])
}
