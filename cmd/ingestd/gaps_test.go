package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"ingestd/internal/fetch"
	"ingestd/internal/health"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

// One row for each span, whatever windows it is read in, and none that is in two:
// what is lost ends where what is expiring begins, and what is parked is not
// expiring, too.
func TestGapsAreWholeSpans(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 14, 32, 0, 0, time.UTC)
	hour := func(day, hour int) time.Time { return time.Date(2026, 10, day, hour, 0, 0, 0, time.UTC) }
	id, at := "5f0c9a1e-2c57-4b8e-9d0a-7be1c34f21aa", hour(28, 5)
	policy := schedule.PolicyOf(fetch.CallRecords)
	standing := store.Standing{Cut: hour(25, 2)}
	standing.Origin, standing.SettledUntil = hour(25, 2), hour(25, 2)
	read := func(from, to time.Time) {
		for ; from.Before(to); from = from.Add(time.Hour) {
			s := store.Slot{From: from, To: from.Add(time.Hour), ReadAt: now, Settled: true}
			standing.Slots = append(standing.Slots, s)
		}
	}
	read(hour(25, 6), hour(27, 12))
	standing.Slots = append(standing.Slots, store.Slot{From: hour(28, 2), To: hour(28, 3), Failures: 3, FailedAt: now},
		store.Slot{From: hour(28, 3), To: hour(28, 4), Failures: 5, FailedAt: now})
	m := missing{
		tenant:   health.TenantFacts{Tenant: health.Tenant{Name: "contoso"}},
		endpoint: health.EndpointFacts{Endpoint: fetch.CallRecords, Policy: policy, Standing: &standing},
		failed: []store.ParkedSlot{
			{From: hour(28, 3), To: hour(28, 4), Failures: 5, FailedAt: at, RequestID: &id,
				Code: "graph_failing", Error: "500"},
		},
		soon: []store.Record{{ReachFrom: at}, {ReachFrom: at, Parked: true}},
		acknowledged: []store.Acknowledgement{
			{From: hour(1, 0), To: hour(2, 0), At: now, ByWhom: "ops@box", Reason: "outage"},
		},
		cause: health.Unreachable,
	}
	m.tenant.ID = uuid.MustParse("7e01b2aa-94e1-4c06-a8f7-1e5d2b9a6c43")
	gaps := m.gaps(now)
	var out bytes.Buffer
	s := terminal(100, now)
	s.Writer = &out
	if err := writeGaps(s, gaps, false); err != nil {
		t.Fatal(err)
	}
	want := `ID      TENANT   ENDPOINT      KIND          FROM          TO            CALLS  LEFT  WHY
7e1199  contoso  call_records  acknowledged  1 Oct 00:00   2 Oct 00:00       0  gone  -
02115e  contoso  call_records  lost          25 Oct 02:00  25 Oct 06:00      0  gone  -
3efc19  contoso  call_records  lost          27 Oct 12:00  27 Oct 14:32      0  gone  -
952315  contoso  call_records  expiring      27 Oct 14:32  28 Oct 02:00      0   0 s  unreachable
9621df  contoso  call_records  parked        28 Oct 02:00  28 Oct 04:00      0  11 h  graph_failing
ab584f  contoso  call_records  expiring      28 Oct 04:00  now               0  13 h  unreachable
48f1ff  contoso  call_records  expiring      28 Oct 05:00  28 Oct 05:00      1  14 h  unreachable

7e1199: acknowledged by ops@box, 14:32: outage
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	if got, want := gapsText(gaps, health.Snapshot{}, false), "7 h are lost, 2 h are parked, 30 d expire, "+
		"1 call record expires. Tries, request-ids: --wide."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if g := gaps[4]; g.Tries != 5 || g.Error != "500" || len(g.RequestIDs) != 1 || g.RequestIDs[0] != id {
		t.Errorf("of a parked span: %+v", g)
	}
}

// A loss keeps its id while more is lost behind it, and none shares it with
// another endpoint's or tenant's.
func TestGapIDs(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 10, 25, 2, 0, 0, 0, time.UTC)
	a := gap{TenantID: uuid.MustParse("7e01b2aa-94e1-4c06-a8f7-1e5d2b9a6c43"), Endpoint: "pstn_calls", From: from}
	longer, other, tenant, call := a, a, a, a
	longer.To = from.Add(48 * time.Hour)
	other.Endpoint = "sms_messages"
	tenant.TenantID[0]++
	call.CallID = "5f0c9a1e-2c57-4b8e-9d0a-7be1c34f21aa"
	if a.id() != longer.id() || len(a.id()) != 6 {
		t.Errorf("ids %q and %q of a loss and the same that has grown", a.id(), longer.id())
	}
	for _, b := range []gap{other, tenant, call} {
		if a.id() == b.id() {
			t.Errorf("%+v has the id of %+v", b, a)
		}
	}
}

// What is acknowledged of a slot that left the retention in part is the slot.
func TestAcknowledgementEndsWithItsSlot(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 10, 25, 2, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		gap  gap
		want time.Time
	}{
		{gap{To: at, slot: time.Hour}, at},
		{gap{To: at.Add(time.Minute), slot: time.Hour}, at.Add(time.Hour)},
		{gap{To: at.Add(time.Minute), slot: time.Hour, CallID: "x"}, at.Add(time.Minute)},
	} {
		if got := c.gap.end(); !got.Equal(c.want) {
			t.Errorf("%+v ends at %v, want %v", c.gap, got, c.want)
		}
	}
}
