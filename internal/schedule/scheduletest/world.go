package scheduletest

import (
	"cmp"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"

	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/privacy"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// Tenant is the id of the simulated tenant.
var Tenant = uuid.MustParse(graphsim.TenantID)

// A Config says which tenant is simulated, and how it is read.
type Config struct {
	Graph     graphsim.Config // its Now is the World's clock
	Endpoints []string        // that are read; default pstn_calls

	StartFrom           time.Time              // default: as far back as Graph reaches
	Span, Reach, Settle time.Duration          // default: the endpoint's own
	Limits              *fetch.Limits          // the client's; default: none worth mentioning
	Secret              func() (string, error) // default: the right one
	Untrusted           bool                   // the client does not know who signs for Graph and Entra
	Ahead               time.Duration          // this machine's date, of Graph's; default: it is right
	Log                 *zap.Logger            // the daemon's and the client's; default: the test's, without debugging
	Heartbeat           time.Duration          // of a run; default: the daemon's own
	Every               time.Duration          // from a tick to the next, by the clock; default: 50 ms
	Alive               func()                 // told while the daemon and its runs make progress
	Through             func(string) string    // makes of the database's URL the daemon's; default: the same
	Locked              bool                   // a daemon keeps the lock of its tenant
	Retention           schedule.Retention     // default: all is kept for ever
	Notified            bool                   // Graph is to notify of changes of call records
	Hub                 bool                   // and that by an event hub
	Privacy             *privacy.Policy        // of the tenant; default: all is kept
	Aged                *privacy.Policy        // of it after AgedAfter; default: the same
	AgedAfter           time.Duration
}

// A World is a simulated tenant, its clock, a database, and the daemon that reads the one into the other.
type World struct {
	testing.TB
	Graph *graphsim.Server
	DB    *store.DB // the daemon's
	Conn  *pgx.Conn // the test's own

	config Config
	clock  *clock
	locks  *store.Locks // nil: none are kept

	listener *listener // nil: none
	jobs     []*job
	job      *job                             // the one that methods are about
	again    *atomic.Pointer[schedule.Daemon] // at work
}

// New makes a World that ends with the test.
func New(t testing.TB, c Config) *World {
	t.Helper()
	w := &World{TB: t, config: c, clock: newClock(), again: &atomic.Pointer[schedule.Daemon]{}}
	c.Graph.Now = w.clock.Now
	graph, err := graphsim.Start(c.Graph)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { graph.Close() })
	url := storetest.URL(t)
	w.Graph, w.Conn = graph, storetest.Conn(t, url)
	if c.Through != nil {
		url = c.Through(url)
	}
	w.DB = storetest.Connect(t, url)
	switch {
	case c.Hub:
		w.listenToHub()
	case c.Notified:
		w.listen()
	}
	w.startDaemon()
	return w
}

// Twin is the same World with another daemon: another process on the same tenant and database.
func (w *World) Twin() *World {
	w.Helper()
	return w.In(w.Conn.Config().ConnString())
}

// In is the same World with another daemon and another database, which is migrated.
func (w *World) In(url string) *World {
	w.Helper()
	other := *w
	other.Conn, other.DB = storetest.Conn(w, url), storetest.Connect(w, url)
	other.startDaemon()
	return &other
}

// Of is the same World with its methods about another of its endpoints.
func (w *World) Of(endpoint string) *World {
	w.Helper()
	other := *w
	for _, j := range w.jobs {
		if j.Endpoint.Name == endpoint {
			other.job = j
			return &other
		}
	}
	w.Fatalf("endpoint %s is not read in this world", endpoint)
	return nil
}

// Now is the time, of Graph and of the machine, whose date may be another.
func (w *World) Now() time.Time { return w.clock.Now() }

// Advance moves the clock on, also under a daemon at work.
func (w *World) Advance(d time.Duration) { w.clock.Advance(d) }

// Exec runs statements on the test's own connection.
func (w *World) Exec(sql string, args ...any) {
	w.Helper()
	if _, err := w.Conn.Exec(w.Context(), sql, args...); err != nil {
		w.Fatal(err)
	}
}

// RefreshUsers brings teams.users up to date with the endpoint's rows.
func (w *World) RefreshUsers() {
	w.Helper()
	refreshUsers(w, w.DB, w.job.Target)
}

// Forget makes all slots due, as if they had never been read.
func (w *World) Forget() {
	w.Helper()
	w.Exec(`DELETE FROM ingest.slots`)
}

// limits are the configured ones, or so wide that they pace nothing.
func (c Config) limits() fetch.Limits {
	wide := fetch.Limit{Requests: 1_000_000, Per: time.Second}
	return *cmp.Or(c.Limits, &fetch.Limits{CallRecords: wide, List: wide, Record: wide, Logs: wide, LogFunction: wide})
}

func (c Config) secret() (string, error) {
	if c.Secret == nil {
		return graphsim.ClientSecret, nil
	}
	return c.Secret()
}
