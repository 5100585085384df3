package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/bench"
	"ingestd/internal/graphsim"
	"ingestd/internal/pgserver"
	"ingestd/internal/store/storetest"
)

// BenchmarkBeside has the program and three loaders that people write read the same
// phone calls over TLS, first and again unchanged, each into a database of its own.
// They take turns. The table has medians: seconds, seconds of CPU of the loader, without
// PostgreSQL's, and what PostgreSQL has written. The metrics are ratios of CPU to the
// program's.
//
// The loaders are in testdata/beside. They do less: they keep no watermark and no member
// that they do not know, and a bad row ends them. The program computes its figures of days
// as well, which are in its seconds and MB.
func BenchmarkBeside(b *testing.B) {
	for b.Loop() {
		s := newBeside(b)
		for range rounds(b) {
			for _, l := range s.loaders {
				s.race(l)
			}
		}
		s.report()
	}
}

const (
	besideRows = 200_000
	besideDays = 60 // getPstnCalls takes at most 90 in a request
)

type beside struct {
	*testing.B
	server  *pgserver.Server
	admin   *pgx.Conn
	tenant  *graphsim.Server
	from    time.Time
	loaders []*loader
	made    int          // databases
	reading [2][]float64 // seconds of the program's readings alone, first and again
}

// A loader reads all phone calls into a database.
type loader struct {
	name    string
	script  string
	prepare func(dir, url string)           // what it needs before its first run
	command func(dir, url string) *exec.Cmd // one run
	runs    [2][]load                       // first and again, of all rounds
}

// A load is what one run took: seconds, seconds of the loader's CPU, MB of WAL, dead rows.
type load [4]float64

func newBeside(b *testing.B) *beside {
	now := time.Now().UTC().Truncate(24 * time.Hour)
	tenant := simulate(b, graphsim.Config{Seed: 1, Users: 2000, Now: func() time.Time { return now },
		CallsPerDay: scaled(b, callsPerDay) * besideRows / 1_000_000 * 365 / besideDays,
		History:     besideDays * 24 * time.Hour, Keep: true})
	server := startServer(b, "autovacuum", "off") // dead rows are to be counted
	s := &beside{B: b, server: server, admin: storetest.Conn(b, server.URL("postgres")), tenant: tenant,
		from: now.AddDate(0, 0, -besideDays)}
	program := built(b)
	ours := func(dir, _ string) *exec.Cmd { return prepareBuilt(program, dir, "once").Cmd }
	s.loaders = []*loader{{name: "ingestd", script: "ours", prepare: s.configure, command: ours}}
	s.add("curl, jq, psql", s.table, "bash", "pipe.sh")
	s.add("Python, psycopg2", s.table, reader(b, "python"), "loader.py")
	s.add("Python, dlt", func(string, string) {}, reader(b, "python"), "loader_dlt.py")
	return s
}

// add takes a script in, where what it needs is installed.
func (s *beside) add(name string, prepare func(dir, url string), interpreter, script string) {
	path, err := filepath.Abs(filepath.Join("testdata/beside", script))
	if err != nil {
		s.Fatal(err)
	}
	check := exec.Command(interpreter, "-c", "import dlt, psycopg2, requests")
	if interpreter == "bash" {
		check = exec.Command("bash", "-c", "type curl jq psql")
	}
	if err := check.Run(); err != nil {
		s.Logf("%s is left out, as it is not installed (make tools)", name)
		return
	}
	command := func(dir, url string) *exec.Cmd {
		cmd := exec.Command(interpreter, path)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), s.environment(dir, url)...)
		return cmd
	}
	s.loaders = append(s.loaders, &loader{name: name, script: script, prepare: prepare, command: command})
}

// environment tells a script where the calls are, and where they go.
func (s *beside) environment(dir, url string) []string {
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, s.tenant.CAPEM(), 0o600); err != nil {
		s.Fatal(err)
	}
	return []string{
		"CURL_CA_BUNDLE=" + ca, "REQUESTS_CA_BUNDLE=" + ca, "DATABASE_URL=" + inFull(s.B, url),
		"TOKEN_URL=" + s.tenant.LoginURL() + "/" + s.tenant.Tenant() + "/oauth2/v2.0/token",
		"CLIENT_ID=" + graphsim.ClientID, "CLIENT_SECRET=" + graphsim.ClientSecret,
		"SCOPE=" + s.tenant.GraphURL() + "/.default",
		fmt.Sprintf("CALLS_URL=%s/v1.0/communications/callRecords/getPstnCalls(fromDateTime=%s,toDateTime=%s)",
			s.tenant.GraphURL(), s.from.Format(time.DateOnly),
			s.from.AddDate(0, 0, besideDays+1).Format(time.DateOnly)),
		"RUNTIME__DLTHUB_TELEMETRY=false", "HOME=" + dir,
	}
}

// inFull names what dlt wants to be named: a user, a password and a host.
func inFull(b *testing.B, address string) string {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		b.Fatal(err)
	}
	return fmt.Sprintf("postgresql://%s:unused@localhost:%d/%s?host=%s", config.User, config.Port, config.Database,
		config.Host)
}

// configure makes the program's configuration and tables.
func (s *beside) configure(dir, url string) {
	if err := configure(dir, url, "pstn_calls", s.tenant); err != nil {
		s.Fatal(err)
	}
	launch(s, dir, "migrate", "up").exits(s, patience, exitOK)
}

// table makes the table of the scripts.
func (s *beside) table(_, url string) {
	text, err := os.ReadFile("testdata/beside/table.sql")
	if err != nil {
		s.Fatal(err)
	}
	storetest.Exec(s, storetest.Conn(s, url), string(text))
}

// race has a loader read all calls, and again.
func (s *beside) race(l *loader) {
	s.made++
	name, dir := fmt.Sprintf("beside%d", s.made), s.TempDir()
	storetest.Exec(s, s.admin, "CREATE DATABASE "+name)
	url := s.server.URL(name)
	l.prepare(dir, url)
	conn := storetest.Conn(s, url)
	for again := range l.runs {
		l.runs[again] = append(l.runs[again], s.run(conn, l.command(dir, url)))
		if l == s.loaders[0] {
			s.reading[again] = append(s.reading[again], lastRun(s, conn))
			storetest.Exec(s, conn, `DELETE FROM ingest.slots`) // all is due again
		}
	}
}

// run measures one run, which fills the database of a connection.
func (s *beside) run(conn *pgx.Conn, cmd *exec.Cmd) load {
	storetest.Exec(s, conn, `CHECKPOINT`)
	before, began := position(s, conn), time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		s.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	wall, used := time.Since(began).Seconds(), cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()
	dead := storetest.Query[float64](s, conn, `
		SELECT coalesce(sum(n_dead_tup), 0)::float8
		FROM pg_stat_user_tables
		WHERE relname = 'pstn_calls' -- whatever its schema`)
	return load{wall, used.Seconds(), (position(s, conn) - before) / 1e6, dead}
}

func (s *beside) report() {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "reading\tloader\tseconds\tCPU s\tWAL MB\tdead rows\t")
	for n, reading := range []string{"first", "again"} {
		for _, l := range s.loaders {
			m := medians(l.runs[n])
			name := reading + "-" + l.script
			bench.Report(s.B, m[1], name+"-CPU-s")
			bench.Report(s.B, m[2], name+"-WAL-MB")
			bench.Report(s.B, m[3], name+"-dead-rows")
			fmt.Fprintf(table, "%s\t%s\t%.2f\t%.2f\t%.1f\t%.0f\t\n", reading, l.name, m[0], m[1], m[2], m[3])
			if l != s.loaders[0] {
				bench.Report(s.B, bench.Median(s.ratios(l, n)), name+"/ours-CPU")
			}
		}
	}
	table.Flush()
	s.Logf("%s; the program's readings, without its figures: %.2f s and %.2f s\n%s",
		storetest.Machine(s, s.admin), bench.Median(s.reading[0]), bench.Median(s.reading[1]), text.String())
}

// ratios are those of a loader's CPU to the program's, of each round.
func (s *beside) ratios(l *loader, reading int) (all []float64) {
	for round, theirs := range l.runs[reading] {
		all = append(all, theirs[1]/s.loaders[0].runs[reading][round][1])
	}
	return all
}

// medians is the median of each figure.
func medians(loads []load) (m load) {
	for i := range m {
		var values []float64
		for _, l := range loads {
			values = append(values, l[i])
		}
		m[i] = bench.Median(values)
	}
	return m
}
