package health

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/config"
	"ingestd/internal/store/storetest"
)

// A database that hangs does not answer, also for callers who wait no longer
// than it takes to notice. Once it answers all is as before.
func TestWatchOfDatabaseThatHangs(t *testing.T) {
	t.Parallel()
	proxy, url := storetest.NewProxy(t, storetest.URL(t))
	c := &config.Config{Tenants: []config.Tenant{{ID: uuid.NewString(), Name: "contoso"}}}
	w := NewWatch(c, storetest.Connect(t, url))
	w.fresh, w.looking = 0, 10*time.Second
	ask := func() Snapshot {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		return w.Snapshot(ctx)
	}
	first := ask()
	if !first.Database.Up {
		t.Fatalf("the database answers, and the snapshot says: %s", first.Verdict.Heading)
	}
	proxy.Stall()
	w.looking = 300 * time.Millisecond
	for range 2 {
		s := ask()
		if s.Database.Up || s.IsFresh() || len(s.Problems) != 1 || s.Problems[0].Code != DatabaseDown {
			t.Errorf("the database hangs, and the snapshot says: %s", s.Verdict.Heading)
		}
		if !s.AsOf.Equal(first.AsOf) {
			t.Errorf("the last snapshot is of %v, and is shown as of %v", first.AsOf, s.AsOf)
		}
	}
	proxy.Resume()
	w.looking = 10 * time.Second
	for end := time.Now().Add(20 * time.Second); !ask().Database.Up; {
		if time.Now().After(end) {
			t.Fatal("the database answers again, and the snapshot does not say so")
		}
	}
}
