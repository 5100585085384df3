package main

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/mapping/mappingtest"
	"ingestd/internal/store/storetest"
)

// TestKilledDetails kills the program at random moments while it stores call
// records whole and starts it again: what was whole is never asked for again,
// and in the end everything is as served.
func TestKilledDetails(t *testing.T) {
	t.Parallel()
	seed := time.Now().UnixNano()
	rng := rand.New(rand.NewPCG(uint64(seed), 0))
	var late atomic.Int64 // how far Graph's clock has moved on
	tenant := simulate(t, graphsim.Config{Seed: seed, Users: 50, CallsPerDay: -1, RecordsPerDay: 15,
		Now: func() time.Time { return begun.Add(time.Duration(late.Load())) }})
	t.Logf("seed %d", seed)

	x := newDetailsVictim(t, tenant)
	for kills := 0; kills < timesKilled(); kills++ {
		if !x.kill(t, rng) {
			x.finish(t, &late)
			x = newDetailsVictim(t, tenant)
			kills--
		}
	}
	x.finish(t, &late)
}

// A detailsVictim is a victim that lists call records and stores them whole.
type detailsVictim struct {
	*victim
	mu    sync.Mutex
	asked map[string]int // requests by call record, since the program was started
}

func newDetailsVictim(t *testing.T, tenant *graphsim.Server) *detailsVictim {
	t.Helper()
	x := &detailsVictim{victim: newVictim(t, tenant, nil, "call_records")}
	x.forget()
	tenant.SetFaults(func(r graphsim.Request) graphsim.Fault {
		if r.CallID != "" {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.asked[r.CallID]++
		}
		return graphsim.Fault{}
	})
	return x
}

func (x *detailsVictim) forget() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.asked = map[string]int{}
}

func (x *detailsVictim) requests() (n int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, times := range x.asked {
		n += times
	}
	return n
}

// kill goes on and kills the program after some more requests for records.
func (x *detailsVictim) kill(t *testing.T, rng *rand.Rand) bool {
	t.Helper()
	whole := x.whole(t)
	x.forget()
	enough := 1 + rng.IntN(100)
	delay := time.Duration(rng.Int64N(int64(20 * time.Millisecond)))
	killed := x.killWhen(t, func() bool { return x.requests() >= enough }, delay)
	x.spared(t, whole)
	if killed {
		t.Logf("killed with %d of %d records whole", len(x.whole(t)), x.count(t, "teams.call_records"))
	}
	if n := storetest.Query[int](t, x.conn, `SELECT count(*) FROM teams.call_records c
		WHERE coalesce(session_count, 0) <> (
			SELECT count(*) FROM teams.sessions s WHERE s.tenant_id = c.tenant_id AND s.call_id = c.id)`); n > 0 {
		t.Errorf("%d records are stored in part", n)
	}
	return killed
}

// whole are the records that are stored whole, with their versions.
func (x *detailsVictim) whole(t *testing.T) map[string]int64 {
	t.Helper()
	return storetest.Query[map[string]int64](t, x.conn, `SELECT coalesce(jsonb_object_agg(id, version), '{}')
		FROM teams.call_records WHERE details_version = version`)
}

// spared demands that nothing was asked about the records that were whole when
// the program was started.
func (x *detailsVictim) spared(t *testing.T, whole map[string]int64) {
	t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	for id := range whole {
		if n := x.asked[id]; n > 0 {
			t.Errorf("record %s was whole and is asked for %d times", id, n)
		}
	}
}

// finish lets the program come to its end, and Graph with it: a few records
// can be read only some minutes after they are listed. Then it demands what
// is served, and that listing it all anew asks for no record.
func (x *detailsVictim) finish(t *testing.T, late *atomic.Int64) {
	t.Helper()
	for x.listAnew(t); !maps.Equal(x.whole(t), x.served(t)) && late.Load() < int64(50*time.Minute); x.listAnew(t) {
		late.Add(int64(3 * time.Minute))
	}
	x.equal(t)

	before, answers := x.written(t), x.tenant.Requests().Answers
	x.forget()
	x.listAnew(t)
	if after := x.written(t); after != before {
		t.Errorf("listing again wrote to schema teams: %s rows before, %s after", before, after)
	}
	n := x.tenant.Requests().Answers["listCallRecords"][200] - answers["listCallRecords"][200]
	if n < 30 || x.requests() > 0 {
		t.Errorf("listing again made %d requests for the list and %d for records, want at least 30 and none",
			n, x.requests())
	}
}

// listAnew makes the whole list due, and whatever it names that is not whole.
func (x *detailsVictim) listAnew(t *testing.T) {
	t.Helper()
	if _, err := x.conn.Exec(t.Context(), `DELETE FROM ingest.slots`); err != nil {
		t.Fatal(err)
	}
	launch(t, x.dir, "once").exits(t, patience, exitOK)
}

// served are the records that the tenant serves, with their versions.
func (x *detailsVictim) served(t *testing.T) map[string]int64 {
	t.Helper()
	versions := map[string]int64{}
	for document := range x.tenant.CallRecords(begun.AddDate(0, 0, -31), begun.AddDate(0, 0, 1)) {
		var record struct {
			ID      string
			Version int64
		}
		if err := json.Unmarshal(document, &record); err != nil {
			t.Fatal(err)
		}
		versions[record.ID] = record.Version
	}
	return versions
}

// equal demands that the records stored are those served, member by member but
// for what is promised to differ.
func (x *detailsVictim) equal(t *testing.T) {
	t.Helper()
	db, tenantID := storetest.Connect(t, x.url), uuid.MustParse(graphsim.TenantID)
	defer db.Close()
	served := x.served(t)
	if n := x.count(t, "teams.call_records"); n != len(served) {
		t.Errorf("%d records served, %d stored", len(served), n)
	}
	for id := range served {
		document, _ := x.tenant.CallRecord(id)
		rebuilt, err := db.Rebuild(t.Context(), fetch.CallRecords.Rows, tenantID, id)
		if err != nil {
			t.Fatal(err)
		}
		mappingtest.Same(t, document, rebuilt)
	}
}
