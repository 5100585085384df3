package main

import (
	"cmp"
	"crypto/sha256"
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
	sum := sha256.Sum256([]byte(g.TenantID.String() + "\n" + g.Endpoint + "\n" + what))
	return fmt.Sprintf("%x", sum[:3])
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
	return left(g.ExpiresAt.Sub(now))
}

func (g gap) why() string { return cmp.Or(string(g.Code), "-") }

// gapsOf lists what is missing of one endpoint, oldest first. The cause is that
// of its present trouble, if it has any.
func gapsOf(
	j *schedule.Job, s schedule.Survey, failed []store.ParkedSlot, cause health.Code, now time.Time,
) []gap {
	var gaps []gap
	add := func(g gap, keptFor time.Duration) {
		g.TenantID, g.Tenant, g.Endpoint, g.slot = j.Tenant, j.Name, j.Endpoint.Name, j.Policy.Slot
		g.ID, g.RequestIDs = g.id(), append([]string{}, g.RequestIDs...)
		if keptFor > 0 && !g.From.IsZero() {
			expires := g.From.Add(keptFor)
			g.ExpiresAt = &expires
		}
		gaps = append(gaps, g)
	}
	reach := j.Policy.Reach
	for _, w := range s.Lost {
		add(spanGap(lost, w, failed, ""), 0)
	}
	for _, r := range s.RecordsLost {
		add(recordGap(lost, r), 0)
	}
	var held []fetch.Window
	for _, w := range parkedSpans(s.Parked) {
		held = append(held, w)
		add(spanGap(parked, w, failed, cmp.Or(cause, health.SlotsParked)), reach)
	}
	for _, r := range s.RecordsParked {
		add(recordGap(parked, r), reach)
	}
	for _, w := range expiringSpans(s, held, now.Add(-reach)) {
		add(spanGap(expiring, w, failed, cause), reach)
	}
	if soon := unparked(s.RecordsSoon); len(soon) > 0 {
		g := gap{Kind: expiring, From: soon[0].ReachFrom, To: soon[len(soon)-1].ReachFrom, Records: len(soon), Code: cause}
		add(g, reach)
	}
	for _, a := range s.Acknowledged {
		g := gap{Kind: acknowledged, From: a.From, To: a.To, ByWhom: a.ByWhom, AcknowledgedAt: &a.At, Reason: a.Reason}
		if a.CallID != nil {
			g.CallID, g.Records = a.CallID.String(), 1
		}
		add(g, 0)
	}
	slices.SortStableFunc(gaps, func(a, b gap) int { return a.From.Compare(b.From) })
	return gaps
}

// spanGap is a span with what is known of the slots in it that failed.
func spanGap(kind string, w fetch.Window, failed []store.ParkedSlot, cause health.Code) gap {
	g := gap{Kind: kind, From: w.From, To: w.To, Code: cause}
	for _, p := range failed {
		if !p.From.Before(w.To) || !p.To.After(w.From) {
			continue
		}
		g.Tries = max(g.Tries, p.Failures)
		if g.FailedAt == nil || p.FailedAt.After(*g.FailedAt) {
			g.FailedAt, g.Error = &p.FailedAt, p.Error
		}
		if p.RequestID != nil {
			g.RequestIDs = append(g.RequestIDs, *p.RequestID)
		}
		g.Code = cmp.Or(g.Code, health.SlotsParked)
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
	if r.Attempts > 0 {
		g.Code = health.RecordsParked
	}
	return g
}

// parkedSpans are the spans of parked slots, those that touch as one.
func parkedSpans(slots []store.Slot) []fetch.Window {
	var spans []fetch.Window
	for _, s := range slots {
		if n := len(spans); n > 0 && spans[n-1].To.Equal(s.From) {
			spans[n-1].To = s.To
		} else {
			spans = append(spans, fetch.Window{From: s.From, To: s.To})
		}
	}
	return spans
}

// expiringSpans are the unread spans whose first hours leave reach soon, whole:
// without what is parked, and without what has left it.
func expiringSpans(s schedule.Survey, parked []fetch.Window, horizon time.Time) []fetch.Window {
	var spans []fetch.Window
	for _, u := range s.Unread {
		if u.From.Before(horizon) {
			u.From = horizon
		}
		soon := slices.ContainsFunc(s.Expiring, func(e fetch.Window) bool {
			return e.From.Before(u.To) && e.To.After(u.From)
		})
		if soon {
			spans = append(spans, without(u, parked)...)
		}
	}
	return spans
}

// without is what is left of a span around others, which lie in order.
func without(span fetch.Window, others []fetch.Window) []fetch.Window {
	var rest []fetch.Window
	for _, o := range others {
		if !o.From.Before(span.To) || !o.To.After(span.From) {
			continue
		}
		if span.From.Before(o.From) {
			rest = append(rest, fetch.Window{From: span.From, To: o.From})
		}
		span.From = o.To
	}
	if span.From.Before(span.To) {
		rest = append(rest, span)
	}
	return rest
}

// unparked are those records that are not parked.
func unparked(records []store.Record) []store.Record {
	return slices.DeleteFunc(slices.Clone(records), func(r store.Record) bool { return r.Parked })
}
