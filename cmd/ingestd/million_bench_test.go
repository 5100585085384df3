package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/bench"
	"ingestd/internal/graphsim"
	"ingestd/internal/pgserver"
	"ingestd/internal/store/storetest"
)

// scaled is what takes the place of a number that belongs to a million rows.
func scaled(b *testing.B, number int) int {
	b.Helper()
	return max(1, int(int64(bench.Rows(b))*int64(number)/1_000_000))
}

// BenchmarkMillionRows reads a year of PSTN calls of a large tenant, a million
// rows, with the program as it is shipped, two windows at a time, reads it again
// unchanged, and again where one row in a hundred has changed. The floor is a plain
// binary COPY of the same rows into a table with the same indexes. All follow each
// other in every iteration, in a new database; what is printed are medians: of the floor's time divided by the
// reading's, and of the CPU time a row that program, server and simulator take.
// The reading is measured up to the end of its run. The program is killed then: it
// would compute the rollups of a year.
//
// The simulator has its pages ready, but for those of one reading beforehand.
func BenchmarkMillionRows(b *testing.B) {
	m := newMillion(b)
	m.takeTurns(m.round)
}

// BenchmarkOneWindow reads a fifth of a million PSTN calls that all lie in one
// window, the longest there is, so that no second one is read beside it.
func BenchmarkOneWindow(b *testing.B) {
	const days = 29
	m := newMeasured(b)
	m.tenant = tenantOf(b, 1, days, scaled(b, callsPerDay)*365/days/5)
	m.takeTurns(func(figures map[string][]float64) {
		defer m.newDatabase()()
		m.first(figures)
	})
}

// takeTurns reports the medians of what some rounds add to figures, without that of
// one beforehand, which has the pages made.
func (m *million) takeTurns(round func(figures map[string][]float64)) {
	round(map[string][]float64{})
	figures := map[string][]float64{}
	for m.Loop() {
		for range rounds(m.B) {
			round(figures)
		}
	}
	report(m.B, figures)
}

// first measures a first reading of the round's database and the floor, and adds what
// they cost to figures.
func (m *million) first(figures map[string][]float64) (rows float64, floor passage) {
	first := m.read()
	rows = storetest.Query[float64](m, m.conn, `SELECT count(*) FROM teams.pstn_calls`)
	floor = m.floor()
	m.Logf("%.0f rows: first %.2f s, floor %.2f s", rows, first.wall, floor.wall)
	first.add(figures, "first", rows, floor)
	floor.addFloor(figures, rows)
	return rows, floor
}

// rounds is how often what is compared takes turns: once where a benchmark is
// small.
func rounds(b *testing.B) int {
	if bench.Rows(b) < 1_000_000 {
		return 1
	}
	return 5
}

// report reports the medians of figures, by their units.
func report(b *testing.B, figures map[string][]float64) {
	b.Helper()
	for _, unit := range slices.Sorted(maps.Keys(figures)) {
		bench.Report(b, bench.Median(figures[unit]), unit)
	}
}

// A million is what the benchmark works on.
type million struct {
	*testing.B
	program string
	tenant  *graphsim.Server
	server  *pgserver.Server
	admin   *pgx.Conn
	rounds  int

	dir  string    // with the configuration
	conn *pgx.Conn // to the round's database
}

// newMillion starts a tenant with the rows, whose clock stands still, and a
// PostgreSQL with the settings of production.
func newMillion(b *testing.B) *million {
	m := newMeasured(b)
	m.tenant = tenantOf(b, 1, scaled(b, 365), callsPerDay)
	return m
}

// newMeasured starts a PostgreSQL with the settings of production.
func newMeasured(b *testing.B) *million {
	b.Helper()
	if runtime.GOOS != "linux" {
		b.Skip("reads /proc")
	}
	server := startServer(b, "autovacuum_naptime", "15s")
	m := &million{B: b, program: built(b), server: server, admin: storetest.Conn(b, server.URL("postgres"))}
	m.Logf("%s; CPU times in µs a row", storetest.Machine(b, m.admin))
	return m
}

// tenantOf is a tenant that has made so many calls on each working day for some
// days, and whose clock stands still.
func tenantOf(b *testing.B, seed int64, days, calls int) *graphsim.Server {
	b.Helper()
	now := time.Now()
	return simulate(b, graphsim.Config{Seed: seed, Users: 2000, CallsPerDay: calls,
		History: time.Duration(days) * 24 * time.Hour, Now: func() time.Time { return now }, Keep: true})
}

// startServer starts a PostgreSQL with the settings of production, and one of the
// benchmark's own.
func startServer(b testing.TB, name, value string) *pgserver.Server {
	b.Helper()
	server, err := pgserver.Start(b.Context(), pgserver.Options{Settings: map[string]string{
		"shared_buffers": "256MB", "max_wal_size": "4GB", "checkpoint_timeout": "15min",
		"wal_compression": "lz4", "fsync": "on", "full_page_writes": "on", name: value,
	}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { server.Stop() })
	return server
}

// callsPerDay is how many calls a working day needs for a year of a million rows.
const callsPerDay = 3850

// round measures a first reading, the floor and a second reading in a database of
// its own, and adds what they cost to figures.
func (m *million) round(figures map[string][]float64) {
	defer m.newDatabase()()
	rows, floor := m.first(figures)

	m.forget()
	before := m.written()
	again := m.read()
	if after := m.written(); after != before {
		m.Errorf("rows written and dead in teams: %s before an unchanged reading, %s after", before, after)
	}

	storetest.Exec(m, m.conn, `
		UPDATE teams.pstn_calls
		SET row_hash = row_hash + 1, destination_name = 'elsewhere', updated_at = updated_at - interval '1 hour'
		WHERE hashtext(id) % 100 = 0`)
	m.forget()
	changed := m.read()
	if n := ofLastRun[int](m, m.conn, "rows_changed"); n < int(rows/200) {
		m.Errorf("%d of %.0f rows had changed", n, rows)
	}

	m.Logf("again %.2f s, 1 %% changed %.2f s", again.wall, changed.wall)
	again.add(figures, "again", rows, floor)
	changed.add(figures, "changed", rows, floor)
}

// newDatabase makes a database, migrated, and returns what drops it.
func (m *million) newDatabase() (drop func()) {
	m.rounds++
	name := fmt.Sprintf("round_%d", m.rounds)
	storetest.Exec(m, m.admin, `CREATE DATABASE `+name)
	m.conn = storetest.Conn(m, m.server.URL(name))
	m.follow(m.tenant)
	launchBuilt(m.B, m.program, m.dir, "migrate", "up").exits(m, patience, exitOK)
	return func() { storetest.Exec(m, m.admin, `DROP DATABASE `+name+` WITH (FORCE)`) }
}

// follow has the next readings ask a tenant.
func (m *million) follow(tenant *graphsim.Server) {
	m.dir = m.TempDir()
	if err := configure(m.dir, m.server.URL(m.conn.Config().Database), "pstn_calls", tenant); err != nil {
		m.Fatal(err)
	}
}

// forget makes all due again, in a table without dead rows.
func (m *million) forget() {
	storetest.Exec(m, m.conn, `DELETE FROM ingest.slots`)
	storetest.Exec(m, m.conn, `VACUUM teams.pstn_calls`)
}

// addFloor adds to figures what the floor cost.
func (p passage) addFloor(figures map[string][]float64, rows float64) {
	for what, value := range map[string]float64{
		"-µs/row": 1e6 * p.wall / rows, "-server": 1e6 * p.server / rows, "-WAL-B/row": p.wal / rows,
	} {
		figures["floor"+what] = append(figures["floor"+what], value)
	}
}

// add adds to figures what a reading of so many rows cost.
func (p passage) add(figures map[string][]float64, name string, rows float64, floor passage) {
	for what, value := range map[string]float64{
		"-program": 1e6 * p.program / rows, "-server": 1e6 * p.server / rows, "-simulator": 1e6 * p.simulator / rows,
		"-WAL-B/row": p.wal / rows, "-peak-MiB": p.peak, "-µs/row": 1e6 * p.wall / rows,
		"/floor": floor.wall / p.wall, "/floor-CPU": floor.server / p.server,
	} {
		figures[name+what] = append(figures[name+what], value)
	}
}

// A passage is what one part of a round cost: CPU times in seconds, and bytes of
// WAL.
type passage struct {
	wall, program, server, simulator, wal float64
	peak                                  float64 // resident memory of the program in MiB
}

// measured has the server write out what is dirty, and measures what is done
// until it returns.
func (m *million) measured(do func() passage) passage {
	storetest.Exec(m, m.admin, `CHECKPOINT`)
	simulator, server, wal := processCPU(os.Getpid()), m.serverCPU(), position(m, m.admin)
	p := do()
	p.simulator, p.server, p.wal = processCPU(os.Getpid())-simulator, m.serverCPU()-server, position(m, m.admin)-wal
	return p
}

// read reads all that is due, up to the end of the run, and leaves nothing at
// work.
func (m *million) read() (p passage) {
	var peak chan float64
	var program *process
	p = m.measured(func() (p passage) {
		program, peak = launchBuilt(m.B, m.program, m.dir, "once"), make(chan float64, 1)
		go func() { peak <- program.peak(m) }()
		const ended = `SELECT count(*) FROM ingest.runs WHERE finished_at IS NOT NULL`
		runs := storetest.Query[int](m, m.conn, ended)
		for storetest.Query[int](m, m.conn, ended) == runs && program.alive() {
			time.Sleep(50 * time.Millisecond)
			p.program = max(p.program, processCPU(program.Process.Pid)) // 0 once it has ended
		}
		p.wall = lastRun(m, m.conn)
		return p
	})
	if err := program.Process.Kill(); err != nil && program.alive() {
		m.Fatal(err)
	}
	p.peak = <-peak
	storetest.Eventually(m, func() bool {
		return storetest.Query[bool](m, m.conn, `
			SELECT count(pg_terminate_backend(pid)) = 0
			FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	})
	if result := ofLastRun[string](m, m.conn, "coalesce(result, error)"); result != "ok" {
		m.Errorf("the run ended as %s", result)
	}
	return p
}

// lastRun is how long the last run took, in seconds.
func lastRun(b testing.TB, conn *pgx.Conn) float64 {
	b.Helper()
	return ofLastRun[float64](b, conn, "extract(epoch FROM finished_at - started_at)")
}

// ofLastRun is what ingest.runs has of the last run.
func ofLastRun[T any](b testing.TB, conn *pgx.Conn, column string) T {
	b.Helper()
	return storetest.Query[T](b, conn, `SELECT `+column+` FROM ingest.runs ORDER BY run_id DESC LIMIT 1`)
}

// floor copies the stored rows, as bytes, into an empty table with the same
// indexes.
func (m *million) floor() passage {
	rows := m.copyOut(`SELECT * FROM teams.pstn_calls`)
	storetest.Exec(m, m.conn, `CREATE TABLE floor (LIKE teams.pstn_calls INCLUDING ALL)`)
	defer storetest.Exec(m, m.conn, `DROP TABLE floor`)
	return m.copyInto("floor", rows)
}

// copyOut returns the rows of a query as COPY writes them.
func (m *million) copyOut(query string) *bytes.Buffer {
	var rows bytes.Buffer
	_, err := m.conn.PgConn().CopyTo(m.Context(), &rows, `COPY (`+query+`) TO STDOUT (FORMAT binary)`)
	if err != nil {
		m.Fatal(err)
	}
	return &rows
}

// copyInto measures a COPY of rows into a table.
func (m *million) copyInto(table string, rows *bytes.Buffer) passage {
	return m.measured(func() (p passage) {
		start := time.Now()
		_, err := m.conn.PgConn().CopyFrom(m.Context(), rows, `COPY `+table+` FROM STDIN (FORMAT binary)`)
		if err != nil {
			m.Fatal(err)
		}
		p.wall = time.Since(start).Seconds()
		return p
	})
}

// written counts rows written and dead in schema teams since the server's start, but
// for users: these are derived from the rows after the run, until the program is
// killed.
func (m *million) written() string {
	storetest.Exec(m, m.conn, `SELECT pg_stat_force_next_flush()`)
	return storetest.Query[string](m, m.conn, `SELECT
		string_agg(concat_ws(' ', relname, n_tup_ins + n_tup_upd + n_tup_del, n_dead_tup), ', ' ORDER BY relname)
		FROM pg_stat_user_tables WHERE schemaname = 'teams' AND relname <> 'users'`)
}

// position is where a server writes its log next, in bytes.
func position(b testing.TB, conn *pgx.Conn) float64 {
	b.Helper()
	return storetest.Query[float64](b, conn, `SELECT (pg_current_wal_insert_lsn() - '0/0')::float8`)
}

// serverCPU is what all processes of the server have taken, also those that are
// gone.
func (m *million) serverCPU() float64 {
	main := parentOf(storetest.Query[int](m, m.admin, `SELECT pg_backend_pid()`))
	sum := processCPU(main)
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", main, main))
	if err != nil {
		m.Fatal(err)
	}
	for _, child := range strings.Fields(string(children)) {
		var pid int
		fmt.Sscan(child, &pid)
		sum += processCPU(pid)
	}
	return sum
}

// processCPU is what a process and its children that are gone have taken, in
// seconds.
func processCPU(pid int) (seconds float64) {
	fields := processStat(pid)
	for _, ticks := range fields[min(11, len(fields)):min(15, len(fields))] {
		var n float64
		fmt.Sscan(ticks, &n)
		seconds += n / 100 // USER_HZ
	}
	return seconds
}

func parentOf(pid int) (parent int) {
	fmt.Sscan(processStat(pid)[1], &parent)
	return parent
}

// processStat are the fields of a process in /proc behind its name; none if it is
// gone.
func processStat(pid int) []string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
}
