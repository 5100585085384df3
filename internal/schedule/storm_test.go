package schedule_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/graphsim"
	"ingestd/internal/schedule/scheduletest"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

const (
	stormSeed = 20260615
	stormRate = 0.15 // of requests
	stormTick = 30 * time.Minute
)

// heals are the faults of Graph and Entra that do not need minutes of real time: a stalled answer does, and one of
// 256 MiB needs them under the race detector.
var heals = []graphsim.Kind{
	graphsim.ServerErrors, graphsim.Throttling, graphsim.Cuts, graphsim.GzipDamage, graphsim.WrongBodies,
	graphsim.Redirects, graphsim.WrongLinks, graphsim.LostLinks, graphsim.Shifts,
}

// Hours of all logs in which everything goes wrong at every level: Graph and Entra answer badly, permissions and tokens
// are taken away, sessions of the database are ended, its statements fail, and the daemon is told to stop in the middle
// of its work. What is said to be settled is there all the time, and one quiet pass later all is as it was served, and
// nothing is left over.
func TestStormOverLogs(t *testing.T) {
	t.Parallel()
	days := storetest.Times(8, 12)
	c := scheduletest.Config{
		Graph: graphsim.Config{
			Seed: stormSeed, Users: 60, CallsPerDay: storetest.Times(250, 400), History: time.Duration(days+2) * day,
		},
		StartFrom: scheduletest.Noon.Truncate(day).Add(-time.Duration(days) * day),
		Span:      day, // many windows, and so many requests that can go wrong
	}
	for _, e := range logs() {
		c.Endpoints = append(c.Endpoints, e.Name)
	}
	w := scheduletest.New(t, c)
	s := newStorm(t, w, c.Endpoints, 15)
	for range storetest.Times(12, 30) {
		s.tick()
		w.Advance(stormTick)
	}
	s.end()
	for _, name := range c.Endpoints {
		e, mark := w.Of(name), w.Of(name).Endpoint().Watermark
		for _, row := range e.Missing() {
			if row.At.Before(mark) {
				t.Errorf("%s: the row of %v is missing before the watermark %v: %s", name, row.At, mark, row.JSON)
			}
		}
		if lost := e.Endpoint().Lost; len(lost) > 0 {
			t.Errorf("%s: %v is lost", name, lost)
		}
	}
	w.Advance(61 * time.Minute)
	for _, name := range c.Endpoints {
		e := w.Of(name)
		if result := e.Once(); result.Failed > 0 || result.Windows == 0 {
			t.Errorf("%s on a quiet day: %+v", name, result)
		}
		e.WantServed()
		e.WantSettled()
		wantCleanRuns(t, e)
	}
	wantNothingLeft(t, w)
}

// The same for call records, whose versions rise meanwhile: at the end each is stored with its details, at its newest
// version. Some of these are in months.
func TestStormOverCallRecords(t *testing.T) {
	t.Parallel()
	w := newTenantOfRecords(t, graphsim.Config{
		Seed: stormSeed, Users: 60, CallsPerDay: -1, RecordsPerDay: storetest.Times(20, 30), History: 10 * day,
	})
	storetest.Divide(t, w.Conn)
	s := newStorm(t, w, []string{"call_records"}, 15*13)
	for n := range storetest.Times(10, 30) {
		s.tick()
		if n%4 == 3 {
			w.Graph.RaiseVersions(0.1)
		}
		w.Advance(stormTick)
	}
	s.end()
	w.Advance(8 * day) // what is parked is tried daily, and old lists are read weekly
	readAll(t, w)
	w.WantServed()
	w.WantSettled()
	wantCleanRuns(t, w)
	wantNothingLeft(t, w)
}

// A storm is what goes wrong besides the answers of Graph.
type storm struct {
	*testing.T
	w         *scheduletest.World
	endpoints []string
	rng       *rand.Rand // of the ticks
	lock      *store.Lock
	mend      func() int // ends that statements fail

	mu       sync.Mutex // of what follows, for the answers of Graph
	requests int
	stop     context.CancelFunc // of the tick
	stopAt   int                // request; zero: the tick comes to its end
	killer   *pgx.Conn
	did      deeds
}

// deeds are what a storm has done.
type deeds struct{ Ticks, Skipped, Spoiled, Killed, Stopped, Failed int }

// newStorm begins a storm in which one in so many statements that write rows or slots fails.
func newStorm(t *testing.T, w *scheduletest.World, endpoints []string, every int) *storm {
	t.Helper()
	s := &storm{T: t, w: w, endpoints: endpoints, rng: rand.New(rand.NewPCG(stormSeed, 1))}
	s.killer = storetest.Conn(t, w.Conn.Config().ConnString()) // one is not for two goroutines
	s.mend = storetest.FailStatements(t, w.Conn, every)
	lock, err := w.DB.Lock(t.Context(), scheduletest.Tenant)
	if err != nil {
		t.Fatal(err)
	}
	s.lock = lock
	spoil := graphsim.RandomFaults(stormSeed, stormRate, heals...)
	w.Graph.SetFaults(func(r graphsim.Request) graphsim.Fault {
		w.Advance(time.Second) // new rows with every answer
		f := spoil(r)
		if r.CallID != "" {
			f.Shift = 0 // the pages of a record are of one version, and nothing moves in them
		}
		s.answered(!reflect.ValueOf(f).IsZero())
		return f
	})
	return s
}

// answered counts a request. Now and then the daemon is told to stop with it, or loses a session of its database.
func (s *storm) answered(badly bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if badly {
		s.did.Spoiled++
	}
	if s.requests++; s.requests == s.stopAt {
		s.stop()
	}
	if s.requests%12 == 0 {
		tag, err := s.killer.Exec(context.Background(), `
			SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'ingestd' ORDER BY random() LIMIT 1`)
		if err != nil {
			s.Error(err)
		}
		s.did.Killed += int(tag.RowsAffected())
	}
}

// tick runs every endpoint, as a schedule would. Now and then the daemon is told to stop meanwhile, tokens expire, or a
// permission is taken away.
func (s *storm) tick() {
	n := s.did.Ticks
	s.did.Ticks++
	if err := s.lock.Keep(s.Context()); err != nil {
		s.did.Skipped++
		return
	}
	ctx, stop := context.WithCancel(s.Context())
	defer stop()
	s.mu.Lock()
	s.stop, s.stopAt = stop, 0
	if n%3 == 0 {
		s.stopAt = s.requests + 3 + s.rng.IntN(10)
	}
	s.mu.Unlock()
	if n%7 == 3 {
		s.w.Graph.ExpireTokens()
	}
	if n%9 == 4 {
		denied := "callRecords"
		if function := scheduletest.Function(s.endpoints[s.rng.IntN(len(s.endpoints))]); function != "" {
			denied = function
		}
		s.w.Graph.SetDenied(true, denied)
		defer s.w.Graph.SetDenied(false, denied)
	}
	s.run(ctx)
}

func (s *storm) run(ctx context.Context) {
	errs := make([]error, len(s.endpoints))
	var running sync.WaitGroup
	for i, name := range s.endpoints {
		running.Go(func() { _, errs[i] = s.w.Of(name).Try(ctx) })
	}
	running.Wait()
	for _, err := range errs {
		switch {
		case errors.Is(err, context.Canceled):
			s.did.Stopped++
		case err != nil:
			s.did.Failed++
		}
	}
}

// end stops all that goes wrong, and fails unless it did.
func (s *storm) end() {
	s.Helper()
	s.w.Graph.SetFaults(nil)
	raised := s.mend()
	// A run whose end could not be noted is ended by the next one, once it has been silent for a while.
	s.w.Exec(`UPDATE ingest.runs SET heartbeat_at = heartbeat_at - interval '1 hour' WHERE finished_at IS NULL`)
	if err := s.lock.Release(s.Context()); err != nil && s.did.Killed == 0 {
		s.Error(err)
	}
	s.Logf("seed %d: %+v, %d statements failed, %d requests", stormSeed, s.did, raised, s.requests)
	least, d := deeds{Ticks: storetest.Times(10, 24), Spoiled: 10, Killed: 8, Stopped: 1, Failed: 1}, s.did
	quiet := d.Ticks < least.Ticks || d.Spoiled < least.Spoiled || d.Killed < least.Killed ||
		d.Stopped < least.Stopped || d.Failed < least.Failed || raised == 0
	if quiet || d.Skipped > d.Ticks/4 {
		s.Errorf("that was no storm: the test shows little; want at least %+v", least)
	}
}

// wantCleanRuns fails unless every run has ended and its counts add up.
func wantCleanRuns(t *testing.T, w *scheduletest.World) {
	t.Helper()
	// A session that is killed as it begins a run may leave one behind that nothing works on.
	w.Exec(`UPDATE ingest.runs SET heartbeat_at = heartbeat_at - interval '1 hour' WHERE finished_at IS NULL`)
	if err := w.DB.EndKilledRuns(t.Context(), []uuid.UUID{scheduletest.Tenant}); err != nil {
		t.Error(err)
	}
	for _, run := range w.Runs() {
		if c := run.Rows; run.Result == "" || c.Seen != c.New+c.Changed+c.Unchanged+c.Rejected {
			t.Errorf("run %+v", run)
		}
	}
}

// wantNothingLeft fails if the daemon leaves anything behind in the database: rows in its stages, locks or open
// transactions, and, once it has gone, sessions or temporary tables.
func wantNothingLeft(t *testing.T, w *scheduletest.World) {
	t.Helper()
	const sessions = `pg_stat_activity WHERE datname = current_database() AND application_name = 'ingestd'`
	soonNone := func(what, sql string) {
		t.Helper()
		// A server takes a moment to clear up after a session that was killed.
		deadline := time.Now().Add(time.Minute)
		for storetest.Query[int](t, w.Conn, sql) > 0 {
			if time.Now().After(deadline) {
				t.Fatalf("%s are left behind", what)
			}
			time.Sleep(time.Millisecond)
		}
	}
	soonNone("bytes in stage tables", `SELECT coalesce(sum(pg_relation_size(oid)), 0) FROM pg_class
		WHERE relname LIKE 'stage\_%'`)
	soonNone("advisory locks", `SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
		WHERE locktype = 'advisory' AND datname = current_database()`)
	soonNone("open transactions", `SELECT count(*) FROM `+sessions+` AND state <> 'idle'`)
	w.DB.Close()
	soonNone("sessions or temporary tables", `SELECT
		(SELECT count(*) FROM `+sessions+`) + (SELECT count(*) FROM pg_class WHERE relname LIKE 'stage\_%')`)
}
