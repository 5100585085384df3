package health_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/config"
	"ingestd/internal/fetch"
	"ingestd/internal/health"
	"ingestd/internal/health/healthtest"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// The state that the database tells analysts of is the one of the snapshot, of
// endpoints that stand in any way that can be noted.
func TestStateInSQL(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	g := &ledgers{t: t, Rand: rand.New(rand.NewPCG(seed, 0)), url: storetest.URL(t), config: &config.Config{}}
	g.conn, g.db = storetest.Conn(t, g.url), storetest.Connect(t, g.url)
	for range 60 {
		g.addTenant()
	}
	snapshot, err := health.Look(t.Context(), g.config, g.db, noon)
	if err != nil {
		t.Fatal(err)
	}
	got := healthtest.StatesInSQL(t, g.conn, noon)
	seen := map[health.State]bool{}
	for _, tenant := range snapshot.Tenants {
		for _, e := range tenant.Endpoints {
			seen[e.State] = true
			if state := got[healthtest.EndpointKey{Tenant: tenant.ID, Endpoint: e.Name}]; state != e.State {
				t.Errorf("%s %s: SQL says %s, the snapshot %s", tenant.ID, e.Name, state, e.State)
			}
		}
	}
	if len(seen) != 9 {
		t.Errorf("only %v came to pass", seen)
	}
}

// ledgers makes tenants whose endpoints stand somehow.
type ledgers struct {
	*rand.Rand
	t      *testing.T
	url    string
	conn   *pgx.Conn
	db     *store.DB
	config *config.Config
}

// once in n times something is so.
func (g *ledgers) oneIn(n int) bool { return g.IntN(n) == 0 }

func pick[T any](g *ledgers, from ...T) T { return from[g.IntN(len(from))] }

// ago is a time at random before noon, in whole minutes.
func (g *ledgers) ago(most time.Duration) time.Time {
	return noon.Add(-time.Duration(g.IntN(int(most/time.Minute))) * time.Minute)
}

func (g *ledgers) exec(sql string, args ...any) {
	if _, err := g.conn.Exec(g.t.Context(), sql, args...); err != nil {
		g.t.Fatal(err)
	}
}

// addTenant adds a tenant with three endpoints: hours, days, and sums over days.
func (g *ledgers) addTenant() {
	id := uuid.New()
	removed := g.oneIn(8)
	tenant := config.Tenant{ID: id.String(), Name: id.String(), Endpoints: map[string]config.Endpoint{}}
	for _, e := range fetch.Endpoints {
		if !e.Versioned && !e.Aggregate && e.Name != "pstn_calls" {
			continue
		}
		var every config.Schedule
		if err := every.UnmarshalText([]byte(pick(g, "*/5 * * * *", "7 * * * *", "20 3 * * *"))); err != nil {
			g.t.Fatal(err)
		}
		p := schedule.PolicyOf(e)
		p.Reach, p.Settle = 10*24*time.Hour, 36*time.Hour
		c := config.Endpoint{Enabled: !g.oneIn(15), Schedule: every, Reach: p.Reach, Settle: p.Settle}
		tenant.Endpoints[e.Name] = c
		noted := store.Endpoint{Tenant: id, Name: e.Name, Enabled: c.Enabled, Schedule: every.String()}
		g.addEndpoint(noted, p, every, removed)
	}
	if !removed {
		g.config.Tenants = append(g.config.Tenants, tenant)
	}
}

// addEndpoint notes an endpoint and how its runs ended.
func (g *ledgers) addEndpoint(e store.Endpoint, p schedule.Policy, every config.Schedule, removed bool) {
	next := every.Next(noon)
	e.Interval, e.Reach, e.Settle = every.Next(next).Sub(next), p.Reach, p.Settle
	e.Origin = g.ago(20 * 24 * time.Hour)
	if p.WholeSlots {
		e.Origin = e.Origin.Truncate(p.Slot)
	}
	due := noon.Add(time.Duration(5-pick(g, 0, 0, g.IntN(60))) * e.Interval / 12)
	e.NextDueAt = &due
	if removed {
		e.RemovedAt = &noon
	}
	everRead := !g.oneIn(5)
	if everRead || g.oneIn(3) {
		e.LastSuccessAt = &e.Origin
	}
	if result := pick(g, "ok", "ok", "ok", "ok", "ok", "stopped", "failed", "denied", "throttled", ""); result != "" {
		e.LastResult, e.LastFinishedAt = &result, &noon
		if result != "ok" && result != "stopped" {
			e.Failures, e.FailingSince, e.LastErrorAt, e.LastError = 1+g.IntN(4), &e.Origin, &noon, &result
		}
	}
	p.Origin = e.Origin
	e.SettledUntil = g.addSlots(e, p, everRead)
	e.Watermark = e.SettledUntil
	if err := g.db.PutEndpoint(g.t.Context(), e); err != nil {
		g.t.Fatal(err)
	}
	if g.oneIn(6) {
		g.addRun(e)
	}
	if e.Name == "call_records" && g.oneIn(2) {
		g.addPending(e)
	}
}

// addSlots notes what was read of an endpoint, mostly as it should be. It returns
// until when all is settled.
func (g *ledgers) addSlots(e store.Endpoint, p schedule.Policy, everRead bool) (until time.Time) {
	until = e.Origin
	gapless, gaps := true, pick(g, 0, 0, 1, 10, 100)
	lastMissed := noon.Add(-time.Duration(g.IntN(4)) * p.Slot) // and nothing before
	var slots [][]any
	for at := e.Origin.Truncate(p.Slot); at.Before(noon); at = at.Add(p.Slot) {
		to, read := at.Add(p.Slot), noon.Add(-2*time.Minute)
		settled := !read.Before(to.Add(p.Settle))
		switch {
		case !everRead || gaps > 0 && g.IntN(200) < gaps || gaps == 0 && to.Equal(lastMissed):
			gapless = false
			g.failedOrKnown(e, at, to)
			continue
		case g.oneIn(200):
			read, settled = to.Add(-time.Minute), false
		case g.oneIn(400):
			read = noon.Add(time.Duration(g.IntN(100)) * time.Minute) // by a clock that was ahead
		}
		if gapless = gapless && settled; gapless {
			until = to
		}
		slots = append(slots, []any{e.Tenant, e.Name, at, to, read, settled, 1, 1})
	}
	_, err := g.conn.CopyFrom(g.t.Context(), pgx.Identifier{"ingest", "slots"}, strings.Fields(
		"tenant_id endpoint slot_from slot_to read_at settled rows run_id"), pgx.CopyFromRows(slots))
	if err != nil {
		g.t.Fatal(err)
	}
	return until
}

// failedOrKnown notes of a slot that was not read that it cannot be, or that
// somebody knows.
func (g *ledgers) failedOrKnown(e store.Endpoint, from, to time.Time) {
	switch g.IntN(4) {
	case 0:
		g.exec(`
			INSERT INTO ingest.parked
				(tenant_id, endpoint, slot_from, slot_to, failures, since, failed_at, code, error, run_id)
			VALUES ($1, $2, $3, $4, $5, $6, $6, 'graph_failing', 'it failed', 1)`,
			e.Tenant, e.Name, from, to, 1+g.IntN(4), noon)
	case 1:
		g.exec(`
			INSERT INTO ingest.acknowledgements (tenant_id, endpoint, span_from, span_to, by_whom, reason)
			VALUES ($1, $2, $3, $4, 'somebody', 'it is known')`,
			e.Tenant, e.Name, from, to.Add(time.Duration(g.IntN(3)-1)*(to.Sub(from)/2)))
	}
}

// addRun notes a run that has not ended.
func (g *ledgers) addRun(e store.Endpoint) {
	g.exec(`
		INSERT INTO ingest.runs
			(tenant_id, endpoint, window_from, window_to, trigger, started_at, heartbeat_at, waiting_until)
		VALUES ($1, $2, $3, $3, 'schedule', now() - interval '1 hour', now() - make_interval(secs => $4),
			now() + make_interval(secs => $5))`,
		e.Tenant, e.Name, noon, pick(g, 10, 240, 360), pick[*int](g, nil, ptr(40), ptr(600)))
}

func ptr[T any](v T) *T { return &v }

// addPending adds call records without details.
func (g *ledgers) addPending(e store.Endpoint) {
	named := g.ago(5 * time.Hour)
	for range 1 + g.IntN(3) {
		id, start := uuid.New(), g.ago(14*24*time.Hour)
		g.exec(`
			INSERT INTO teams.call_records (tenant_id, id, version, start_at, updated_at, run_id, row_hash)
			VALUES ($1, $2, 1, $3, $4, 1, 1)`, e.Tenant, id, start, named)
		if g.oneIn(3) {
			g.exec(`
				INSERT INTO ingest.details_retries
					(tenant_id, call_id, attempts, since, failed_at, next_at, state, code, error, run_id)
				VALUES ($1, $2, 3, $3, $3, $3, $4, 'graph_failing', 'it failed', 1)`,
				e.Tenant, id, noon, pick(g, "parked", "waiting"))
		}
	}
}
