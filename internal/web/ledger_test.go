package web

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"ingestd/internal/config"
	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/health"
	"ingestd/internal/schedule/scheduletest"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// A ledger is a database as the daemon shows it.
type ledger struct {
	*health.Watch
	*store.DB
}

// daemon is what a daemon shows that has read a simulated tenant.
func daemon(t *testing.T) ledger {
	t.Helper()
	c := &config.Config{Tenants: []config.Tenant{configured(t, graphsim.TenantID, "simulated")}}
	names := slices.Collect(maps.Keys(c.Tenants[0].Endpoints))
	w := scheduletest.New(t, scheduletest.Config{
		Graph: graphsim.Config{Users: 20, CallsPerDay: 20, RecordsPerDay: 5}, Endpoints: names,
	})
	for _, name := range names {
		w.Of(name).Once()
	}
	return ledger{health.NewWatch(c, w.DB), w.DB}
}

// configured is a tenant as it is configured by default.
func configured(t *testing.T, id, name string) config.Tenant {
	t.Helper()
	var often config.Schedule
	if err := often.UnmarshalText([]byte("*/5 * * * *")); err != nil {
		t.Fatal(err)
	}
	tenant := config.Tenant{ID: id, Name: name, Cloud: "global", Endpoints: map[string]config.Endpoint{}}
	for _, e := range fetch.Endpoints {
		tenant.Endpoints[e.Name] = config.Endpoint{Enabled: true, Schedule: often, Reach: e.Reach, Settle: e.Settle}
	}
	return tenant
}

// TestQueries holds a page of 200 tenants to two queries for how they stand, of
// one moment and for all who look within 15 seconds, and one for the runs.
func TestQueries(t *testing.T) {
	t.Parallel()
	proxy, url := storetest.NewProxy(t, storetest.URL(t))
	c := &config.Config{}
	for i := range 200 {
		c.Tenants = append(c.Tenants, configured(t, tenantID(i).String(), fmt.Sprintf("tenant-%03d", i)))
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
