package schedule_test

import (
	"cmp"
	"crypto/x509"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/robfig/cron/v3"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

var tenantID = uuid.MustParse(graphsim.TenantID)

// A world is a simulated tenant, its clock, a database and the jobs between.
type world struct {
	testing.TB
	sim  *graphsim.Server
	db   *store.DB
	conn *pgx.Conn
	jobs []*schedule.Job // one for each log
	job  *schedule.Job   // the first, for tests of one

	mu     sync.Mutex
	now    time.Time
	step   time.Duration // the clock moves on so much whenever it is read
	secret string        // of the app, if not the right one
	limits fetch.Limits  // the client's own
	log    *zap.Logger   // of the client, if any

	from int // while the tenant has served so many rows
	to   int // up to so many
}

// newWorld makes a tenant of the given history whose clock stands at noon.
func newWorld(t *testing.T, c graphsim.Config) *world {
	t.Parallel()
	return makeWorld(t, c)
}

func makeWorld(t testing.TB, c graphsim.Config) *world {
	t.Helper()
	w := &world{TB: t, now: time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC), limits: unlimited()}
	c.Now = w.clock
	sim, err := graphsim.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sim.Close() })
	url := storetest.URL(t)
	w.sim, w.db, w.conn = sim, storetest.Connect(t, url), storetest.Conn(t, url)
	for _, e := range logs() {
		w.jobs = append(w.jobs, w.newJob(e))
	}
	w.job = w.jobs[0]
	w.restart()
	return w
}

// logs are the endpoints whose lists serve rows whole.
func logs() []fetch.Endpoint {
	return slices.DeleteFunc(slices.Clone(fetch.Endpoints), func(e fetch.Endpoint) bool { return e.Versioned })
}

func (w *world) newJob(e fetch.Endpoint) *schedule.Job {
	w.Helper()
	every5, err := cron.ParseStandard("*/5 * * * *")
	if err != nil {
		w.Fatal(err)
	}
	return &schedule.Job{
		Tenant: tenantID, Name: "simulated", Endpoint: e, API: e.APIs[0], Enabled: true, Schedule: "*/5 * * * *", Next: every5.Next,
		Policy: schedule.PolicyOf(e), DB: w.db, Log: zaptest.NewLogger(w), Room: schedule.NewRoom(),
	}
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.step > 0 {
		if rows := w.sim.Requests().Rows["getPstnCalls"]; w.from <= rows && rows < w.to {
			w.now = w.now.Add(w.step)
		}
	}
	return w.now
}

// advance moves the clock on and starts the daemon anew, as a clock that jumps
// under a running one stops its run.
func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	w.now = w.now.Add(d)
	w.mu.Unlock()
	w.restart()
}

func (w *world) restart() {
	w.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(w.sim.CAPEM())
	client, err := fetch.New(fetch.Options{
		TenantID: graphsim.TenantID, ClientID: graphsim.ClientID, Secret: func() (string, error) { return cmp.Or(w.secret, graphsim.ClientSecret), nil },
		GraphURL: w.sim.GraphURL(), LoginURL: w.sim.LoginURL(), RootCAs: roots, Limits: w.limits, Log: w.log,
		Clock: fetch.Clock{Now: time.Now, After: time.After, Wall: w.clock},
	})
	if err != nil {
		w.Fatal(err)
	}
	for _, j := range w.jobs {
		j.Client = client
	}
}

// unlimited keeps the client's own limits out of tests that are not about them.
func unlimited() fetch.Limits {
	l := fetch.Limit{Requests: 1_000_000, Per: time.Second}
	return fetch.Limits{CallRecords: l, List: l, Record: l, Logs: l, LogFunction: l}
}

// once reads all that is due.
func (w *world) once() schedule.Report {
	w.Helper()
	report, err := schedule.Once(w.Context(), w.job, "once")
	if err != nil {
		w.Fatal(err)
	}
	return report
}

func (w *world) query(sql string, args ...any) string {
	w.Helper()
	return storetest.Query[string](w, w.conn, "SELECT coalesce(("+sql+")::text, 'null')", args...)
}

// served is what the tenant serves now, by id.
func (w *world) served() map[string][]byte {
	rows := map[string][]byte{}
	for row := range w.sim.PSTNCalls(w.now.Add(-365*24*time.Hour), w.now) {
		rows[idOf(row)] = row
	}
	return rows
}
