package torture

import (
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/pgserver"
	"ingestd/internal/store/feedtest"
	"ingestd/internal/store/storetest"
)

const day = 24 * time.Hour

var tenant = uuid.MustParse(graphsim.TenantID)

// A server is that of a lane, and ends with it. Another one may take its place.
type server struct {
	testing.TB // of the lane
	*pgserver.Server
}

func newServer(t testing.TB) *server {
	t.Helper()
	s := &server{t, storetest.Cluster(t, "")}
	if err := storetest.CheckPasswords(s.Server); err != nil {
		t.Fatal(err)
	}
	storetest.Exec(t, storetest.Conn(t, s.URL("postgres")), `CREATE ROLE `+role+` SUPERUSER LOGIN IN ROLE checked`)
	return s
}

// A stage is a cluster with a database that a program has migrated.
type stage struct {
	program string
	server  *server
}

// The databases of a cluster: the one that is migrated, and a copy of it for each world.
const (
	migrated = "migrated"
	database = "world"
)

// role is the program's.
const role = "program"

// newStage starts a cluster for a program, or puts another program's database in a cluster's.
func newStage(t testing.TB, program string, server *server) *stage {
	t.Helper()
	s := &stage{program: program, server: server}
	conn := storetest.Conn(t, server.URL("postgres"))
	storetest.Exec(t, conn, `DROP DATABASE IF EXISTS `+migrated)
	storetest.Exec(t, conn, `CREATE DATABASE `+migrated)
	cmd := exec.CommandContext(t.Context(), program, "migrate", "up")
	cmd.Dir = t.TempDir()
	cmd.Env = []string{
		"INGESTD_DATABASE_URL=" + server.URL(migrated), "INGESTD_TENANT_ID=" + graphsim.TenantID,
		"INGESTD_CLIENT_ID=" + graphsim.ClientID, "INGESTD_CLIENT_SECRET=x",
		"SIMULATED_CLOCK=" + newClock(t, time.Now()).file,
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("migrate up: %v\n%s", err, out)
	}
	return s
}

// The configuration that a storm begins with.
const (
	recordsReach  = 6 * day
	recordsSettle = 36 * time.Hour
	logsReach     = 9 * day
	logsSettle    = 72 * time.Hour
)

// A world is a tenant, a database and the processes between them.
type world struct {
	testing.TB
	*stage
	rng     *rand.Rand
	clock   *clock
	begun   time.Time // by the clock; from three days before reach on all is wanted
	graph   *graphsim.Server
	changed float64          // the share of rows that it serves changed
	back    bool             // that share becomes smaller
	secret  string           // of the application
	evil    *graphsim.Server // where links must not be followed to
	proxy   *storetest.Proxy
	through string // the database's URL for processes
	direct  string
	conn    *pgx.Conn // the harness's own
	dir     string    // of the configuration
	said    output
	shown   output // by daemons, at listen
	listen  string
	front   *httptest.Server // where Graph sends notifications to
	hears   string           // where the daemon takes them

	processes  []*process
	oracle     *oracle
	before     *look // what was found the last time
	feed       *feedtest.Copy
	violations []string
	did        map[string]int // faults by kind
	settings   settings
	idle       bool // the program did not run for days
	moved      bool // the origin may have been, by a configuration
	late       bool // something may have been stored after what is as old was deleted
	erased     []person
	forged     []string          // ids of call records that a forger has told
	beside     map[string]string // what the neighbour has, by table
	figured    map[string]string // figures of days whose rows were deleted
	crashed    atomic.Bool       // the server has, and keeps temporary tables of sessions that it lost
}

// settings are what the configuration says, and what it has said at least or at most.
type settings struct {
	logsReach, recordsReach       time.Duration
	logsSettle, recordsSettle     time.Duration
	leastReach, leastRecordsReach time.Duration
	mostReach, mostRecordsReach   time.Duration
	leastSettle, leastRecSettle   time.Duration
	off                           string // an endpoint that is switched off
	terms                         bool   // rows are deleted as they become old
}

// databasePassword is what the passwords of the role begin with.
const databasePassword = "canary-of-the-database"

// newWorld makes a world of its own for a test.
func (s *stage) newWorld(t testing.TB, seed uint64) *world {
	t.Helper()
	w := &world{
		TB: t, stage: s, rng: rand.New(rand.NewPCG(seed, 1)),
		clock: newClock(t, time.Now().Add(-60*day).Truncate(time.Second)),
		dir:   t.TempDir(), secret: graphsim.ClientSecret, did: map[string]int{}, oracle: newOracle(),
		settings: settings{
			logsReach: logsReach, recordsReach: recordsReach, logsSettle: logsSettle, recordsSettle: recordsSettle,
			leastReach: logsReach, leastRecordsReach: recordsReach,
			mostReach: logsReach, mostRecordsReach: recordsReach,
			leastSettle: logsSettle, leastRecSettle: recordsSettle,
		},
	}
	w.begun = w.clock.Now().UTC()
	host := fmt.Sprintf("127.%d.%d.%d", 1+w.rng.IntN(250), w.rng.IntN(250), 1+w.rng.IntN(250))
	w.listen, w.hears = host+":8080", host+":8081"
	w.receive()
	w.graph = w.simulate(graphsim.Config{
		Seed: int64(seed), Users: 25, CallsPerDay: 40, RecordsPerDay: 12, History: 10 * day,
		PageSize: 3 + w.rng.IntN(25), Now: w.clock.Now, Served: w.oracle.served, Extra: odd(w.clock.Now()),
	})
	w.evil = w.simulate(graphsim.Config{Beside: w.graph, Users: 1, CallsPerDay: -1, Now: w.clock.Now})
	w.makeDatabase()
	w.configure()
	return w
}

// odd are elements that fit no table as they are: without a key, with a number that is none, with what PostgreSQL
// cannot hold. And one is served twice.
func odd(now time.Time) (rows []graphsim.Row) {
	for i, form := range []string{
		`{"startDateTime":%q,"userDisplayName":"without an id"}`,
		`{"id":"unfit-1","startDateTime":%q,"duration":"long"}`,
		`{"id":"unfit-2","startDateTime":%q,"calleeNumber":"+1\u0000234"}`,
	} {
		at := now.Add(-time.Duration(i+1) * 20 * time.Hour)
		rows = append(rows, graphsim.Row{Start: at, JSON: fmt.Appendf(nil, form, at.UTC().Format(time.RFC3339))})
	}
	twice := graphsim.Row{Start: now.Add(-50 * time.Hour)}
	twice.JSON = fmt.Appendf(nil, `{"id":"twice","startDateTime":%q}`, twice.Start.UTC().Format(time.RFC3339))
	return append(rows, twice, twice)
}

func (w *world) simulate(c graphsim.Config) *graphsim.Server {
	w.Helper()
	server, err := graphsim.Start(c)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { server.Close() })
	return server
}

func (w *world) makeDatabase() {
	w.Helper()
	admin, err := pgx.Connect(w.Context(), w.server.URL("postgres"))
	if err != nil {
		w.Fatal(err)
	}
	defer admin.Close(w.Context())
	storetest.Exec(w, admin, `DROP DATABASE IF EXISTS `+database+` WITH (FORCE)`)
	storetest.Exec(w, admin, `CREATE DATABASE `+database+` TEMPLATE `+migrated+` STRATEGY FILE_COPY`)
	w.direct = w.server.URL(database)
	w.Cleanup(func() {
		for _, p := range w.processes {
			p.thaw()
			p.kill()
			<-p.ended
		}
	})
	w.proxy, w.through = storetest.NewProxy(w, w.direct)
	parsed, err := url.Parse(w.through)
	if err != nil {
		w.Fatal(err)
	}
	parsed.User = url.User(role)
	query := parsed.Query()
	query.Set("passfile", filepath.Join(w.dir, "passwords"))
	parsed.RawQuery = query.Encode()
	w.through = parsed.String()
	w.conn = storetest.Conn(w, w.direct)
	w.feed = feedtest.New()
	w.setPassword(databasePassword)
	w.writePassword(databasePassword)
}

// configure writes the configuration and what it names.
func (w *world) configure() {
	w.Helper()
	w.write("ca.pem", string(w.graph.CAPEM()))
	w.write("secret", w.secret+"\n")
	w.write("pseudonyms", privacyKey+"\n")
	s := w.settings
	var endpoints strings.Builder
	for _, e := range fetch.Endpoints {
		reach, settle, from := s.logsReach, s.logsSettle, w.begun.Add(3*day-logsReach)
		if e.Versioned {
			reach, settle, from = s.recordsReach, s.recordsSettle, w.begun.Add(3*day-recordsReach)
		}
		fmt.Fprintf(&endpoints, "      %s: {reach: %v, settle: %v, start_from: %s, enabled: %v}\n",
			e.Name, reach, settle, from.Format(time.DateOnly), e.Name != s.off)
	}
	w.write("config.yaml", fmt.Sprintf(`database: {url: %q}
tenants:
  - id: %q
    name: simulated
    cloud: custom
    graph_url: %q
    login_url: %q
    ca_file: %q
    auth: {client_id: %q, client_secret_file: secret}
    privacy: {key_file: pseudonyms}
    limits: {call_records: 100000/20s, list: 100000/20s, record: 100000/20s,
      logs: 100000/60s, log_function: 100000/60s}
    endpoints:
%s%sserver: {listen: %q, pprof: true}
notifications: {webhook: {public_url: %q, listen: %q}}
log: {level: debug}
`, w.through, tenant.String(), w.graph.GraphURL(), w.graph.LoginURL(), filepath.Join(w.dir, "ca.pem"),
		graphsim.ClientID, endpoints.String(), s.retention(), w.listen, w.front.URL+hearsPath, w.hears))
}

func (w *world) write(name, text string) {
	w.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
}

// violate notes that something does not hold.
func (w *world) violate(format string, args ...any) {
	w.violations = append(w.violations, fmt.Sprintf(format, args...))
}

// exec runs a statement on the harness's own connection, a new one after the server has crashed.
func (w *world) exec(sql string, args ...any) {
	w.Helper()
	w.reconnect()
	storetest.Exec(w, w.conn, sql, args...)
}

func (w *world) reconnect() {
	w.Helper()
	if w.conn.Ping(w.Context()) == nil {
		return
	}
	storetest.Eventually(w, func() bool {
		conn, err := pgx.Connect(w.Context(), w.direct)
		if err == nil {
			w.conn = conn
		}
		return err == nil
	})
	w.Cleanup(func() { w.conn.Close(w.Context()) })
}
