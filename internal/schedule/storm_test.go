package schedule_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/graphsim"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

const (
	stormSeed = 20260615
	stormRate = 0.15 // of requests
	stormTick = 30 * time.Minute
)

// heals are the faults of Graph and Entra that do not need minutes of real
// time: a stalled answer does, and one of 256 MiB needs them under the race
// detector.
var heals = []graphsim.Kind{graphsim.ServerErrors, graphsim.Throttling, graphsim.Cuts, graphsim.GzipDamage, graphsim.WrongBodies,
	graphsim.Redirects, graphsim.WrongLinks, graphsim.LostLinks, graphsim.Shifts}

// A day of all endpoints in which everything goes wrong at every level: Graph
// and Entra answer badly, permissions and tokens are taken away, sessions of
// the database are ended, its statements fail, and the daemon is told to stop
// in the middle of its work. What is said to be settled is there all the time,
// and one quiet pass later all is as it was served, and nothing is left over.
func TestDayOfStorms(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	t.Logf("seed %d", stormSeed)
	w := newWorld(t, graphsim.Config{Seed: stormSeed, Users: 100, CallsPerDay: 900, History: 30 * 24 * time.Hour})
	w.step, w.to = time.Second, 1<<30 // new rows with every answer
	for _, j := range w.jobs {
		j.StartFrom = time.Date(2026, 5, 25, 0, 0, 0, 0, time.UTC)
	}
	s := newStorm(w)
	for begin := w.now; w.now.Before(begin.Add(24 * time.Hour)); {
		s.tick()
		w.advance(stormTick)
	}
	s.end()
	w.step = 0
	for _, j := range w.jobs {
		w.wantPromisesKept(j)
	}
	w.advance(61 * time.Minute)
	w.quietPass()
	for _, j := range w.jobs {
		w.wantAllServed(j)
		w.wantHonestLedger(j)
	}
	w.wantCleanRuns()
	w.wantNothingLeft()
}

// The same for call records, whose versions rise meanwhile: at the end each is
// stored whole, at its newest version.
func TestStormOverCallRecords(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	w := newRecordsWorld(t, graphsim.Config{Seed: stormSeed, Users: 60, CallsPerDay: -1, RecordsPerDay: 60, History: 10 * 24 * time.Hour})
	s := newStorm(w)
	for range 30 {
		s.tick()
		if s.ticks%4 == 0 {
			w.sim.RaiseVersions(0.1)
		}
		w.advance(stormTick)
	}
	s.end()
	w.advance(8 * 24 * time.Hour) // what is parked is tried daily, and old lists are read weekly
	w.settleRecords()
	w.wantRecords()
	w.wantHonestLedger(w.job)
	w.wantCleanRuns()
	w.wantNothingLeft()
}

// A storm is what goes wrong besides the answers of Graph.
type storm struct {
	*world
	rng                             *rand.Rand
	lock                            *store.Lock
	every                           int // statements, of which one fails
	ticks, skipped, stopped, failed int
	spoiled, killed                 atomic.Int64
	calm                            context.CancelFunc
	killer                          sync.WaitGroup
}

func newStorm(w *world) *storm {
	s := &storm{world: w, rng: rand.New(rand.NewPCG(stormSeed, 1))}
	faults := graphsim.RandomFaults(stormSeed, stormRate, heals...)
	w.sim.SetFaults(func(r graphsim.Request) graphsim.Fault {
		f := faults(r)
		if r.CallID != "" {
			f.Shift = 0 // the pages of a record are of one version, and nothing moves in them
		}
		if !reflect.ValueOf(f).IsZero() {
			s.spoiled.Add(1)
		}
		return f
	})
	s.failStatements(15 * len(w.jobs[0].Endpoint.Rows.Tables))
	lock, err := w.db.Lock(w.Context(), tenantID)
	if err != nil {
		w.Fatal(err)
	}
	s.lock = lock
	ctx, calm := context.WithCancel(w.Context())
	s.calm = calm
	conn := storetest.Conn(w, w.conn.Config().ConnString()) // one is not for two goroutines
	s.killer.Go(func() { s.kill(ctx, conn) })
	return s
}

// failStatements lets one in so many statements that write rows or slots fail,
// each time with the next of the errors that pass.
func (s *storm) failStatements(every int) {
	s.exec(fmt.Sprintf(`
		CREATE SEQUENCE faults;
		CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
		DECLARE
			n bigint := nextval('faults'); -- a sequence is not rolled back
			states text[] := '{40001,40P01,53100,53200,53300,55P03,57P01,08006,25006,23505}';
		BEGIN
			IF n %% %[1]d = 0 THEN
				RAISE EXCEPTION 'storm' USING ERRCODE = states[1 + n / %[1]d %% cardinality(states)];
			END IF;
			RETURN NULL;
		END $$`, every))
	s.every = every
	for _, table := range s.writtenTables() {
		s.exec(`CREATE TRIGGER fail AFTER INSERT OR DELETE ON ` + table + ` FOR EACH STATEMENT EXECUTE FUNCTION fail()`)
	}
}

func (s *storm) writtenTables() []string {
	tables := []string{"ingest.slots", "teams.users"}
	for _, j := range s.jobs {
		for _, t := range j.Endpoint.Rows.Tables {
			tables = append(tables, "teams."+t.Name)
		}
	}
	return tables
}

func (w *world) exec(sql string) {
	w.Helper()
	if _, err := w.conn.Exec(w.Context(), sql); err != nil {
		w.Fatal(err)
	}
}

// kill ends a session of the daemon now and then.
func (s *storm) kill(ctx context.Context, conn *pgx.Conn) {
	rng := rand.New(rand.NewPCG(stormSeed, 2))
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(100+rng.IntN(300)) * time.Millisecond): // the pace of the fault
		}
		tag, err := conn.Exec(context.WithoutCancel(ctx), `
			SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'ingestd' ORDER BY random() LIMIT 1`)
		if err != nil {
			s.Error(err)
		}
		s.killed.Add(tag.RowsAffected())
	}
}

// tick runs every endpoint once, as a schedule would. Now and then the daemon
// is told to stop meanwhile, tokens expire, or a permission is taken away.
func (s *storm) tick() {
	s.ticks++
	if err := s.lock.Keep(s.Context()); err != nil {
		s.skipped++
		return
	}
	ctx, stop := context.WithCancel(s.Context())
	defer stop()
	if s.ticks%5 == 2 {
		stopping := time.AfterFunc(time.Duration(20+s.rng.IntN(400))*time.Millisecond, stop)
		defer stopping.Stop()
	}
	if s.ticks%7 == 3 {
		s.sim.ExpireTokens()
	}
	if s.ticks%9 == 4 {
		function := cmp.Or(inGraph[s.jobs[s.rng.IntN(len(s.jobs))].Endpoint.Name].function, "callRecords")
		s.sim.SetDenied(true, function)
		defer s.sim.SetDenied(false, function)
	}
	for _, err := range s.runAll(ctx) {
		switch {
		case errors.Is(err, context.Canceled):
			s.stopped++
		case err != nil:
			s.failed++
		}
	}
}

func (s *storm) runAll(ctx context.Context) []error {
	errs := make([]error, len(s.jobs))
	var running sync.WaitGroup
	for i, j := range s.jobs {
		running.Go(func() { _, errs[i] = j.Run(ctx, "schedule") })
	}
	running.Wait()
	return errs
}

// end stops all that goes wrong, and fails unless it did.
func (s *storm) end() {
	s.Helper()
	s.sim.SetFaults(nil)
	s.calm()
	s.killer.Wait()
	raised := s.query(`SELECT last_value / $1 FROM faults`, s.every)
	for _, table := range s.writtenTables() {
		s.exec(`DROP TRIGGER fail ON ` + table)
	}
	if err := s.lock.Release(s.Context()); err != nil && s.killed.Load() == 0 {
		s.Error(err)
	}
	s.Logf("%d ticks, %d skipped; %d answers spoiled, %d sessions killed, %s statements failed; %d runs stopped, %d failed",
		s.ticks, s.skipped, s.spoiled.Load(), s.killed.Load(), raised, s.stopped, s.failed)
	if s.ticks < 24 || s.skipped > s.ticks/4 || s.spoiled.Load() < 25 || s.killed.Load() < 10 || raised == "0" || s.stopped == 0 || s.failed == 0 {
		s.Error("that was no storm: the test shows little")
	}
}

// quietPass runs all that is due, with nothing in the way.
func (w *world) quietPass() {
	w.Helper()
	for _, j := range w.jobs {
		report, err := schedule.Once(w.Context(), j, "once")
		if err != nil || report.Failed+report.Parked+report.Due != 0 || report.Windows == 0 {
			w.Errorf("%s on a quiet day: %+v, %v", j.Endpoint.Name, report, err)
		}
	}
}
