package doctor

import (
	"strings"
	"testing"
	"time"

	"ingestd/internal/health"
)

// However a subscription stands, its finding says whether Graph notifies, and what to do if it does not.
func TestSubscription(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
	at := func(hours int) *time.Time {
		at := now.Add(time.Duration(hours) * time.Hour)
		return &at
	}
	refused := "the app has a subscription already"
	for name, c := range map[string]struct {
		n      *health.Subscription
		status Status
		what   string
	}{
		"never asked for": {nil, Warn, "Graph was never asked for notifications"},
		"refused":         {&health.Subscription{Error: &refused}, Warn, "Graph does not notify"},
		"ended":           {&health.Subscription{ExpiresAt: at(-1), NotifiedAt: at(-2)}, Warn, "has ended"},
		"never heard of":  {&health.Subscription{ExpiresAt: at(50)}, Note, "no notification in 24 hours"},
		"quiet":           {&health.Subscription{ExpiresAt: at(50), NotifiedAt: at(-25)}, Note, "in 24 hours"},
		"well":            {&health.Subscription{ExpiresAt: at(50), NotifiedAt: at(-1)}, OK, "notification 1 h ago"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := (&Subject{Now: now}).subscription(health.Tenant{Name: "contoso", Subscription: c.n})
			if f.Status != c.status || !strings.HasPrefix(f.What, "contoso: ") || !strings.Contains(f.What, c.what) {
				t.Errorf("%v: %s; want %v, %q", f.Status, f.What, c.status, c.what)
			}
			if warns := c.status == Warn; warns != (f.First != "") || warns != (len(f.Fix) > 0) ||
				warns != (f.Code != "") {
				t.Errorf("%v with code %q, first %q, fix %q", f.Status, f.Code, f.First, f.Fix)
			}
		})
	}
}
