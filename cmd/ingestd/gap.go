package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/fetch"
	"ingestd/internal/health"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

// Kinds of gaps.
const (
	lost         = "lost"
	parked       = "parked"
	expiring     = "expiring"
	acknowledged = "acknowledged"
)

// A gap is a span, or a call record, that is not stored for good.
type gap struct {
	ID             string      `json:"id"`
	TenantID       uuid.UUID   `json:"tenant_id"`
	Tenant         string      `json:"tenant"`
	Endpoint       string      `json:"endpoint"`
	Kind           string      `json:"kind"`
	From           time.Time   `json:"from"`
	To             time.Time   `json:"to"`         // of a call record: its start, twice
	ExpiresAt      *time.Time  `json:"expires_at"` // when Microsoft deletes the first of it; null: gone, or not known
	Code           health.Code `json:"code"`
	CallID         string      `json:"call_id,omitempty"`
	Records        int         `json:"records"` // call records; 0: a span
	Tries          int         `json:"tries"`
	FailedAt       *time.Time  `json:"failed_at"`
	RequestIDs     []string    `json:"request_ids"`
	Error          string      `json:"error"`
	ByWhom         string      `json:"by_whom,omitempty"`
	AcknowledgedAt *time.Time  `json:"acknowledged_at"`
	Reason         string      `json:"reason,omitempty"`
	slot           time.Duration
}

// amiss reports whether somebody has to do something about the gap.
func (g gap) amiss() bool { return g.Kind != acknowledged }

// end is where an acknowledgement of the gap ends. A slot that has left the
// retention in part can never be settled, so it is covered to its end.
func (g gap) end() time.Time {
	end := g.To.UTC().Truncate(g.slot)
	if g.CallID != "" || end.Equal(g.To) {
		return g.To
	}
	return end.Add(g.slot)
}

// id names a gap by what it is, so that it can be named on a command line. A
// span goes by its start: its end moves on while more is lost.
func (g gap) id() string {
	what := fmt.Sprint(g.From.Unix())
	if g.CallID != "" {
		what = g.CallID
	}
	return health.ShortID(g.TenantID.String(), g.Endpoint, what)
}

func (g gap) toText(s screen) string {
	switch {
	case g.CallID != "":
		return "-"
	case g.Kind == expiring && g.Records == 0 && s.terminal && !g.To.Before(s.now.Add(-g.slot)):
		return "now"
	}
	return s.at(&g.To)
}

func (g gap) leftText(now time.Time) string {
	switch {
	case g.Kind == lost || g.Kind == acknowledged:
		return "gone"
	case g.ExpiresAt == nil:
		return "-"
	}
	return health.Short(g.ExpiresAt.Sub(now))
}

func (g gap) why() string { return cmp.Or(string(g.Code), "-") }

// A missing is what the database says of one endpoint that lacks something.
type missing struct {
	failed             []store.ParkedSlot
	lost, parked, soon []store.Record // call records whose details are not stored
	acknowledged       []store.Acknowledgement
	tenant             health.TenantFacts
	endpoint           health.EndpointFacts
	cause              health.Code // of its present trouble; empty: it has none
}

// gaps lists what is missing of an endpoint, oldest first.
func (m missing) gaps(now time.Time) []gap {
	var gaps []gap
	reach := m.endpoint.Policy.Reach
	add := func(g gap, kept bool) {
		g.TenantID, g.Tenant, g.Endpoint = m.tenant.ID, m.tenant.Name, m.endpoint.Endpoint.Name
		g.slot, g.RequestIDs = m.endpoint.Policy.Slot, append([]string{}, g.RequestIDs...)
		g.ID = g.id()
		if kept {
			expires := g.From.Add(reach)
			g.ExpiresAt = &expires
		}
		gaps = append(gaps, g)
	}
	stand := m.endpoint.Policy.Stand(*m.endpoint.Standing, now)
	for _, p := range stand.Pieces {
		switch {
		case p.Kind == schedule.Lost:
			add(m.span(lost, p.Window, ""), false)
		case p.Kind == schedule.Parked:
			add(m.span(parked, p.Window, ""), true)
		case isExpiring(p, stand, reach, now):
			add(m.span(expiring, p.Window, m.cause), true)
		}
	}
	for _, r := range m.lost {
		add(recordGap(lost, r), false)
	}
	for _, r := range m.parked {
		add(recordGap(parked, r), true)
	}
	if soon := unparked(m.soon); len(soon) > 0 {
		first, last := soon[0].ReachFrom, soon[len(soon)-1].ReachFrom
		add(gap{Kind: expiring, From: first, To: last, Records: len(soon), Code: m.cause}, true)
	}
	for _, a := range m.acknowledged {
		g := gap{Kind: acknowledged, From: a.From, To: a.To, ByWhom: a.ByWhom, AcknowledgedAt: &a.At, Reason: a.Reason}
		if a.CallID != nil {
			g.CallID, g.Records = a.CallID.String(), 1
		}
		add(g, false)
	}
	slices.SortStableFunc(gaps, func(a, b gap) int { return a.From.Compare(b.From) })
	return gaps
}

// isExpiring reports whether a piece should have been read before now, and begins
// to leave reach soon.
func isExpiring(p schedule.Piece, stand schedule.Stand, reach time.Duration, now time.Time) bool {
	first := stand.ExpiresFirst
	if first == nil || !first.Before(now.Add(2*day)) || p.From.Add(reach).After(now.Add(2*day)) {
		return false
	}
	holdsFirst := p.Kind == schedule.Read && !first.Add(-reach).Before(p.From) && first.Add(-reach).Before(p.To)
	return p.Kind == schedule.Unread || holdsFirst
}

// span is one with what is known of the slots in it that failed.
func (m missing) span(kind string, w fetch.Window, cause health.Code) gap {
	g := gap{Kind: kind, From: w.From, To: w.To, Code: cause}
	for _, p := range m.failed {
		if !p.From.Before(w.To) || !p.To.After(w.From) {
			continue
		}
		g.Tries = max(g.Tries, p.Failures)
		if g.FailedAt == nil || p.FailedAt.After(*g.FailedAt) {
			g.FailedAt, g.Error = &p.FailedAt, p.Error
			g.Code = cmp.Or(cause, health.Code(p.Code))
		}
		if p.RequestID != nil {
			g.RequestIDs = append(g.RequestIDs, *p.RequestID)
		}
	}
	return g
}

// recordGap is a call record with what is known of its failures.
func recordGap(kind string, r store.Record) gap {
	g := gap{
		Kind: kind, From: r.ReachFrom, To: r.ReachFrom, CallID: r.ID.String(), Records: 1,
		Tries: r.Attempts, FailedAt: r.FailedAt,
	}
	if r.RequestID != nil {
		g.RequestIDs = []string{*r.RequestID}
	}
	if r.Error != nil {
		g.Error = *r.Error
	}
	if r.Code != nil {
		g.Code = health.Code(*r.Code)
	}
	return g
}

// unparked are those records that are not parked.
func unparked(records []store.Record) []store.Record {
	return slices.DeleteFunc(slices.Clone(records), func(r store.Record) bool { return r.Parked })
}
