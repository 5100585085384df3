package health_test

import (
	"testing"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/health"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

// Call records that were listed lately, though they began long ago, are caught up
// with while they are too many for a run that keeps up; what is parked is not.
func TestBacklogIsCaughtUpWith(t *testing.T) {
	t.Parallel()
	began := noon.Add(-72 * time.Hour)
	named := noon.Add(-time.Minute)
	for name, tt := range map[string]struct {
		due    int
		parked bool
		want   health.State
	}{
		"a backlog":    {12_000, false, health.CatchingUp},
		"a few":        {12, false, health.OnTime},
		"those parked": {12_000, true, health.OnTime},
	} {
		p := schedule.PolicyOf(fetch.CallRecords)
		s := store.Standing{Cut: noon.Add(-p.Reach).Truncate(24 * time.Hour)}
		s.Origin, s.SettledUntil, s.Watermark = noon.Add(-p.Reach), noon, noon
		s.CaughtUpAt, s.LastSuccessAt = &s.Origin, &named
		s.Records = store.Records{Pending: tt.due, Due: tt.due, Oldest: &began, NamedAt: &named}
		s.Lacking = []store.RecordsSpan{{Span: store.Span{From: began, To: began.Add(time.Hour)}, Parked: tt.parked}}
		e := take(p, &s, true, noon).Tenants[0].Endpoints[0]
		if e.State != tt.want || e.State == health.CatchingUp && !e.Since.Equal(began) {
			t.Errorf("%s: %s since %v, want %s since %v", name, e.State, e.Since, tt.want, began)
		}
	}
}
