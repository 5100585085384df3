package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/bench"
	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/store/storetest"
)

// BenchmarkSteadyState runs the daemon for one tenant and for many, in which little happens, and prints what it takes
// once all is read: memory, the share of one core, connections to PostgreSQL, and lines of log a day.
func BenchmarkSteadyState(b *testing.B) {
	if runtime.GOOS != "linux" {
		b.Skip("reads /proc")
	}
	many, settle, over := 200, 20*time.Second, 5*time.Minute // from one tick to the next
	if bench.Rows(b) < 100_000 {                             // a small run
		many, settle, over = 20, time.Second, 10*time.Second
	}
	program := built(b)
	for _, load := range []struct {
		tenants              int
		memory, core, perDay float64
	}{
		{tenants: 1, memory: 40, core: 0.5, perDay: 300},
		{tenants: many, memory: 250, core: 2, perDay: 300},
	} {
		b.Run(fmt.Sprintf("tenants=%d", load.tenants), func(b *testing.B) {
			for b.Loop() {
				s := runSteady(b, program, load.tenants, settle, over)
				b.Logf("%d tenants: %+v", load.tenants, s)
				bench.Report(b, s.peak, "MiB-peak")
				bench.Report(b, s.memory, "MiB")
				bench.Report(b, s.core, "%-of-a-core")
				bench.Report(b, s.lines, "lines/day/tenant")
				bench.Report(b, float64(s.connections), "connections")
				if s.memory > load.memory || s.connections > 6 {
					b.Errorf("above %v MiB or 6 connections", load.memory)
				}
				if tick := over >= 5*time.Minute; tick && (s.core > load.core || s.lines > load.perDay) {
					b.Errorf("above %v %% of a core or %v lines", load.core, load.perDay)
				}
			}
		})
	}
}

// A steady is what the daemon takes while little happens.
type steady struct {
	peak, memory float64 // MiB
	core         float64 // percent
	lines        float64 // of log, a day and tenant
	connections  int     // to PostgreSQL
	starting     time.Duration
}

func runSteady(b *testing.B, program string, tenants int, settle, over time.Duration) (s steady) {
	b.Helper()
	url, dir := storetest.URL(b), b.TempDir()
	var all []*graphsim.Server
	for n := range tenants {
		c := graphsim.Config{
			Tenant: uuid.NewString(), Seed: int64(n), Users: 10, CallsPerDay: 4, RecordsPerDay: 2,
			History: 5 * 24 * time.Hour, Now: time.Now,
		}
		if n > 0 {
			c.Beside = all[0]
		}
		all = append(all, simulate(b, c))
	}
	if err := configure(dir, url, "", all...); err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(dir, "config.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(path, shorter(string(text)), 0o600); err != nil {
		b.Fatal(err)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		b.Fatal(err)
	}
	p := prepareBuilt(program, dir, "run")
	p.Stderr = log
	began := time.Now()
	p.start(b, strings.NewReader(""))
	conn := storetest.Conn(b, url)
	done := `SELECT count(*) = ` + strconv.Itoa(6*tenants) + ` FROM ingest.endpoints WHERE caught_up_at IS NOT NULL`
	for !storetest.Query[bool](b, conn, done) {
		time.Sleep(200 * time.Millisecond)
	}
	s.starting = time.Since(began).Round(time.Second)
	s.peak = p.status(b, "VmHWM:")
	time.Sleep(settle) // connections and memory that the start took are given back
	lines, cpu := countLines(b, log.Name()), p.cpu(b)
	began = time.Now()
	time.Sleep(over)
	took := time.Since(began)
	s.core = 100 * (p.cpu(b) - cpu).Seconds() / took.Seconds()
	perTenant := float64(countLines(b, log.Name())-lines) / float64(tenants)
	s.lines = 24 + perTenant*(24*time.Hour).Seconds()/took.Seconds() // and what is said each hour
	s.memory = p.status(b, "VmRSS:")
	s.connections = storetest.Query[int](b, conn, `SELECT count(*) FROM pg_stat_activity
		WHERE application_name = 'ingestd' AND datname = current_database()`)
	return s
}

func countLines(b *testing.B, name string) int {
	b.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		b.Fatal(err)
	}
	return bytes.Count(text, []byte("\n"))
}

// status is a line of the process's status, in MiB.
func (p *process) status(b *testing.B, key string) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), key)
	var kib float64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		b.Fatal(err)
	}
	return kib / 1024
}

// cpu is the time that the process has worked so far.
func (p *process) cpu(b *testing.B) time.Duration {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	total := 0
	for _, field := range fields[11:13] { // utime and stime
		n, err := strconv.Atoi(field)
		if err != nil {
			b.Fatal(err)
		}
		total += n
	}
	return time.Duration(total) * time.Second / 100 // Linux counts hundredths for programs
}

var ownCA = regexp.MustCompile(`ca\d+\.pem`)

// shorter is a configuration with all endpoints, each with a reach of five days, so that the first pass is short.
func shorter(text string) []byte {
	for _, e := range fetch.Endpoints {
		text = strings.ReplaceAll(text, "      "+e.Name+": {enabled: false}\n", "      "+e.Name+": {reach: 5d}\n")
	}
	text = ownCA.ReplaceAllString(text, "ca0.pem")
	return []byte(strings.ReplaceAll(text, `      :
        schedule: "*/5 * * * *"
        settle: 72h
`, ""))
}
