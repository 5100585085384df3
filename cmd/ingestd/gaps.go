package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ingestd/internal/health"
)

func newGaps() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gaps",
		Short: "List what is missing: lost, parked or about to expire",
		Long: `gaps lists, a row for each span or call record, what left Microsoft's retention
unread (lost), what cannot be read and is tried daily (parked), and what is unread
and leaves the retention within 48 hours (expiring). LEFT is how long Microsoft
keeps the first of it yet. WHY is the cause, as status names it. --wide adds how
often it was tried, Graph's request-ids for a case with Microsoft, and the error.

A loss stays listed, holds COMPLETE UNTIL back and keeps status from 0 until somebody
takes note of it: --acknowledge with the ids of losses and a --reason. An
acknowledged loss stays listed for ever, and is no trouble any more.`,
		Example: `  ingestd gaps
  ingestd gaps --tenant contoso --wide
  ingestd gaps --acknowledge 7c1e04,a90b11 --reason "outage of October, ticket 4711"`,
		Args: cobra.NoArgs,
	}
	output, chosen := outputFlag(cmd), selectFlags(cmd)
	wide := cmd.Flags().Bool("wide", false, "with tries, request-ids and errors, however wide the table becomes")
	ids := cmd.Flags().StringSlice("acknowledge", nil, "ids of losses, as listed, that are known and done with")
	reason := cmd.Flags().String("reason", "", "why they happened, for --acknowledge")
	complete(cmd, "acknowledge", lossIDs)
	exitTable(cmd, exitCodes{
		exitOK:       "nothing is missing, or only what is acknowledged",
		exitDegraded: "something is lost, parked or about to expire",
	})
	cmd.RunE = withSchema(func(cmd *cobra.Command, a *app) error {
		switch {
		case cmd.Flags().Changed("acknowledge") && len(*ids) == 0:
			return errUsage("--acknowledge takes ids of losses; see: ingestd gaps")
		case len(*ids) > 0:
			if err := a.acknowledge(cmd, chosen, *ids, *reason); err != nil {
				return err
			}
		case *reason != "":
			return errUsage("--reason goes with --acknowledge")
		}
		gaps, snapshot, err := a.gaps(cmd, chosen)
		if err != nil {
			return err
		}
		switch {
		case output.json():
			err = printJSON(cmd.OutOrStdout(), gaps)
		case len(gaps) > 0:
			err = writeGaps(screenOf(cmd.OutOrStdout(), *wide, time.Now()), gaps, *wide)
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(cmd.ErrOrStderr(), gapsText(gaps, snapshot, *wide))
		if slices.ContainsFunc(gaps, gap.amiss) {
			return errSaid(exitDegraded)
		}
		return nil
	})
	return cmd
}

// gaps lists what is missing of the endpoints that are chosen, and how they
// stand.
func (a *app) gaps(cmd *cobra.Command, chosen *selection) (gaps []gap, standing health.Snapshot, err error) {
	of, err := chosen.of(a.config)
	if err != nil {
		return nil, standing, err
	}
	facts, now, err := a.facts(cmd.Context(), of)
	if err != nil {
		return nil, standing, err
	}
	standing, gaps = health.Take(facts, now), []gap{}
	for _, t := range facts.Tenants {
		for _, e := range t.Endpoints {
			if e.Standing == nil || !e.Configured {
				continue
			}
			m := missing{tenant: t, endpoint: e, cause: causeIn(standing, t.Name, e.Endpoint.Name)}
			if err := a.lookUp(cmd.Context(), &m, now); err != nil {
				return nil, standing, err
			}
			gaps = append(gaps, m.gaps(now)...)
		}
	}
	return gaps, standing, nil
}

// mostRecords is how many call records of a kind are listed at most.
const mostRecords = 10_000

// lookUp asks for what a snapshot only counts.
func (a *app) lookUp(ctx context.Context, m *missing, now time.Time) (err error) {
	tenant, name, origin := m.tenant.ID, m.endpoint.Endpoint.Name, m.endpoint.Standing.Origin
	if m.failed, err = a.db.ParkedSlots(ctx, tenant, name, origin); err != nil {
		return err
	}
	if m.acknowledged, err = a.db.Acknowledgements(ctx, tenant, name, time.Time{}); err != nil {
		return err
	}
	if !m.endpoint.Endpoint.Versioned {
		return nil
	}
	horizon := now.Add(-m.endpoint.Policy.Reach)
	if m.lost, err = a.db.LostRecords(ctx, tenant, origin, horizon, false, mostRecords); err != nil {
		return err
	}
	if m.soon, err = a.db.LostRecords(ctx, tenant, horizon, horizon.Add(2*day), false, mostRecords); err != nil {
		return err
	}
	m.parked, err = a.db.ParkedRecords(ctx, tenant, horizon, mostRecords)
	return err
}

// thatMissing are the problems that say that something is missing, and not why.
var thatMissing = []health.Code{
	health.DataLost, health.ExpiresSoon, health.RejectsOpen, health.SlotsParked, health.RecordsParked,
}

// causeIn is the gravest problem of an endpoint, other than that something is
// missing; empty if it has none.
func causeIn(s health.Snapshot, tenant, endpoint string) health.Code {
	for _, p := range s.Problems {
		ofTenant := p.Tenant == nil || *p.Tenant == tenant
		ofEndpoint := len(p.Endpoints) == 0 || slices.Contains(p.Endpoints, endpoint)
		if ofTenant && ofEndpoint && p.Level != health.Safe && !slices.Contains(thatMissing, p.Code) {
			return p.Code
		}
	}
	return ""
}

// writeGaps prints a table of gaps, and below it who took note of which.
func writeGaps(s screen, gaps []gap, wide bool) error {
	t := table{columns: []column{
		{name: "id"}, {name: "tenant"}, {name: "endpoint"}, {name: "kind"}, {name: "from"}, {name: "to", narrow: 2},
		{name: "calls", right: true, optional: true, narrow: 1}, {name: "left", right: true}, {name: "why"},
	}}
	if wide {
		t.columns = append(t.columns, column{name: "call", optional: true}, column{name: "tries", right: true},
			column{name: "last try"}, column{name: "request-ids", optional: true},
			column{name: "error", optional: true})
	}
	for _, g := range gaps {
		row := []string{
			g.ID, g.Tenant, g.Endpoint, g.Kind, s.at(&g.From), g.toText(s), fmt.Sprint(g.Records), g.leftText(s.now),
			g.why(),
		}
		if wide {
			row = append(row, g.CallID, fmt.Sprint(g.Tries), s.at(g.FailedAt), strings.Join(g.RequestIDs, ","), g.Error)
		}
		t.rows = append(t.rows, row)
	}
	if err := t.write(s, s.columns); err != nil {
		return err
	}
	var ids []string
	notes := map[string]string{}
	for _, g := range gaps {
		if g.Kind == acknowledged {
			ids = append(ids, g.ID)
			notes[g.ID] = fmt.Sprintf("%s: acknowledged by %s, %s: %s",
				g.ID, g.ByWhom, s.at(g.AcknowledgedAt), g.Reason)
		}
	}
	return writeNotes(s, ids, func(id string) string { return notes[id] })
}

// gapsText sums up what is missing, or says that nothing is.
func gapsText(gaps []gap, standing health.Snapshot, wide bool) string {
	spans, records := map[string]time.Duration{}, map[string]int{}
	for _, g := range gaps {
		if g.Records > 0 {
			records[g.Kind] += g.Records
		} else {
			spans[g.Kind] += g.To.Sub(g.From)
		}
	}
	var parts []string
	for _, kind := range []struct{ name, one, many string }{
		{lost, "is lost", "are lost"}, {parked, "is parked", "are parked"}, {expiring, "expires", "expire"},
	} {
		if d := spans[kind.name]; d > 0 {
			parts = append(parts, health.ShortUp(d)+" "+kind.many)
		}
		if n := records[kind.name]; n == 1 {
			parts = append(parts, "1 call record "+kind.one)
		} else if n > 1 {
			parts = append(parts, health.Number(n)+" call records "+kind.many)
		}
	}
	switch {
	case parts == nil && standing.SafeUntil == nil:
		return "Nothing was read yet, so that nothing is known to be missing; see: ingestd status"
	case parts == nil:
		endpoints, tenants := wanted(standing)
		return fmt.Sprintf("Nothing is missing: %s of %s, safe for %s.",
			health.Count(endpoints, "endpoint", "endpoints"), health.Count(tenants, "tenant", "tenants"),
			safeFor(standing.SafeUntil, standing.AsOf))
	case wide:
		return strings.Join(parts, ", ") + "."
	}
	return strings.Join(parts, ", ") + ". Tries, request-ids: --wide."
}
