package web

import (
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"ingestd/internal/config"
	"ingestd/internal/fetch"
	"ingestd/internal/health"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// A ledger is a database as the daemon shows it.
type ledger struct {
	*health.Watch
	*store.DB
}

// TestQueries holds a page of 200 tenants to two queries for how they stand, of
// one moment and for all who look within 15 seconds, and one for the runs.
func TestQueries(t *testing.T) {
	t.Parallel()
	proxy, url := storetest.NewProxy(t, storetest.URL(t))
	var often config.Schedule
	if err := often.UnmarshalText([]byte("*/5 * * * *")); err != nil {
		t.Fatal(err)
	}
	c := &config.Config{}
	for i := range 200 {
		tenant := config.Tenant{ID: tenantID(i).String(), Name: fmt.Sprintf("tenant-%03d", i)}
		tenant.Endpoints = map[string]config.Endpoint{}
		for _, e := range fetch.Endpoints {
			tenant.Endpoints[e.Name] = config.Endpoint{Enabled: true, Schedule: often, Reach: e.Reach, Settle: e.Settle}
		}
		c.Tenants = append(c.Tenants, tenant)
	}
	db := storetest.Connect(t, url)
	if err := db.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	h := newHandler(config.Server{}, ledger{health.NewWatch(c, db), db}, prometheus.NewRegistry())
	const transaction = 2 // BEGIN and COMMIT
	for i, want := range []int{transaction + 2 + 1, 1} {
		before := proxy.Statements()
		if page := bodyOf(t, h, "/"); len(page) < 100<<10 {
			t.Errorf("a page of %d bytes", len(page))
		}
		if got := proxy.Statements() - before; got > want {
			t.Errorf("look %d took %d statements, want %d at most", i+1, got, want)
		}
	}
}
