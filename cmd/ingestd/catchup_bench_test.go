package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/bench"
	"ingestd/internal/graphsim"
	"ingestd/internal/store/storetest"
)

// BenchmarkCatchUp has the real program read call records with their details,
// from nothing, of a tenant that takes a while for each answer. One record in
// five has 100 sessions, which are two pages; the others have two sessions.
//
// The limits are the published ones with shorter spans: as many requests a
// second, but more whole spans to look at. It prints how many of the requests
// that Graph allows were used: the median of whole spans, from the first record
// asked for to the last. That is the ratio to the floor, which is Graph's pace.
// At a pace of 98 % in spans that are a hundredth longer it is 97 % at most.
func BenchmarkCatchUp(b *testing.B) {
	for _, latency := range []time.Duration{50 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond} {
		b.Run(latency.String(), func(b *testing.B) {
			for b.Loop() {
				c := newCatchUp(b, latency, 1, 0)
				c.run()
				c.report()
				c.reportShare()
			}
		})
	}
}

// BenchmarkDetails is BenchmarkCatchUp with a tenant that allows more than the
// published limits, so that program and database are what may end the growth. The
// published ones allow 37 records a second, at two requests a record: four times as
// many are to be stored here, and as many with a database whose answers take 20 ms
// longer. What is between shows what the way costs.
func BenchmarkDetails(b *testing.B) {
	for _, tt := range []struct {
		name   string
		factor int
		away   time.Duration
	}{
		{"here", 5, 0},
		{"1ms", 5, time.Millisecond},
		{"5ms", 3, 5 * time.Millisecond},
		{"20ms", 2, 20 * time.Millisecond},
	} {
		b.Run(tt.name, func(b *testing.B) {
			for b.Loop() {
				c := newCatchUp(b, 200*time.Millisecond, tt.factor, tt.away)
				before := c.transactions()
				c.run()
				c.report()
				bench.Report(b, float64(c.transactions()-before)/float64(c.records), "transactions/record")
			}
		})
	}
}

const (
	catchUpRecords = 1500 // some 45 s at the published limits
	// limitSpeed is how many times shorter than published the spans of limits are.
	limitSpeed = 2
)

// A catchUp is a tenant full of call records, and the program that reads them.
type catchUp struct {
	*testing.B
	tenant  *graphsim.Server
	conn    *pgx.Conn
	program string
	dir     string // with the configuration
	records int
	allowed int           // requests in a span
	span    time.Duration // of the limit
	peak    float64       // resident memory in MiB
	cpu     time.Duration // of the program

	mu    sync.Mutex
	asked []time.Time // requests about call records, from the first about one record on
	last  time.Time   // when a record was begun
}

func newCatchUp(b *testing.B, latency time.Duration, factor int, away time.Duration) *catchUp {
	c := &catchUp{B: b, program: built(b), records: max(60, scaled(b, catchUpRecords*factor))}
	c.allowed, c.span = 1500*factor/limitSpeed, 20*time.Second/limitSpeed
	c.tenant = simulate(b, graphsim.Config{
		CallsPerDay: -1, Records: c.calls(), Now: time.Now, Latency: latency,
		LimitFactor: float64(factor), LimitSpeed: limitSpeed,
	})
	c.tenant.SetFaults(c.note)
	url := storetest.URL(b)
	c.conn = storetest.Conn(b, url)
	if away > 0 {
		proxy, through := storetest.NewProxy(b, url)
		proxy.Delay(away)
		url = through
	}
	c.dir = workplace(b, url, c.tenant, "call_records")
	c.configure(factor)
	return c
}

// calls are spread over the last hours. All are copies of two.
func (c *catchUp) calls() (calls []graphsim.CallRecord) {
	now := time.Now().UTC().Truncate(time.Second)
	small, large := groupCall(c, uuid.New(), now, 2, 2), groupCall(c, uuid.New(), now, 100, 50)
	for n := range c.records {
		model := small
		if n%5 == 0 {
			model = large
		}
		ago := time.Hour + time.Duration(n)*12*time.Hour/time.Duration(c.records)
		calls = append(calls, another(model, now.Add(-ago)))
	}
	return calls
}

// another is the same call under another id, at another time.
func another(call graphsim.CallRecord, start time.Time) graphsim.CallRecord {
	var document struct{ ID string }
	if err := json.Unmarshal(call.JSON, &document); err != nil {
		panic(err)
	}
	text := bytes.ReplaceAll(call.JSON, []byte(document.ID), []byte(uuid.NewString()))
	text = bytes.ReplaceAll(text, []byte(call.Start.Format(time.RFC3339)), []byte(start.Format(time.RFC3339)))
	return graphsim.CallRecord{Start: start, Available: start, JSON: text}
}

// configure sets the limits, and the first day that is wanted.
func (c *catchUp) configure(factor int) {
	limit := func(published int) string { return fmt.Sprintf("%d/%v", published*factor/limitSpeed, c.span) }
	file := filepath.Join(c.dir, "config.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		c.Fatal(err)
	}
	yesterday := time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly)
	changed := strings.NewReplacer(
		"call_records: 100000/20s", "call_records: "+limit(1500),
		"list: 100000/20s", "list: "+limit(40),
		"record: 100000/20s", "record: "+limit(40),
		"settle: 72h", "start_from: "+yesterday,
	).Replace(string(text))
	if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
		c.Fatal(err)
	}
}

// note takes the time of a request.
func (c *catchUp) note(r graphsim.Request) graphsim.Fault {
	c.mu.Lock()
	defer c.mu.Unlock()
	begins := strings.Contains(r.URL, "expand=sessions")
	if begins {
		c.last = time.Now()
	}
	if begins || len(c.asked) > 0 {
		c.asked = append(c.asked, time.Now())
	}
	return graphsim.Fault{}
}

// run reads all there is.
func (c *catchUp) run() {
	p := launchBuilt(c.B, c.program, c.dir, "once")
	c.peak = p.peak(c)
	p.exits(c, patience, exitOK)
	c.cpu = p.ProcessState.UserTime() + p.ProcessState.SystemTime()
	const stored = `SELECT count(*) FROM teams.call_records WHERE NOT pending`
	if n := storetest.Query[int](c, c.conn, stored); n != c.records {
		c.Errorf("%d records are stored with their details, want %d", n, c.records)
	}
}

func (c *catchUp) report() {
	throttled := 0
	for _, answers := range c.tenant.Requests().Answers {
		throttled += answers[429]
	}
	began := c.asked[0]
	took := c.last.Sub(began).Seconds()
	c.Logf("%s: %d records and %d requests in %.1f s", storetest.Machine(c, c.conn), c.records, len(c.asked), took)
	bench.Report(c.B, float64(c.records)/took, "records/s")
	bench.Report(c.B, float64(len(c.asked))/took, "requests/s")
	bench.Report(c.B, float64(throttled), "429")
	bench.Report(c.B, c.peak, "peak-MiB")
	bench.Report(c.B, 1000*c.cpu.Seconds()/float64(c.records), "cpu-ms/record")
}

// reportShare prints the share of the allowed requests; nothing where the
// records last for less than a span.
func (c *catchUp) reportShare() {
	shares := make([]float64, int(c.last.Sub(c.asked[0])/c.span))
	for _, at := range c.asked {
		if n := int(at.Sub(c.asked[0]) / c.span); n < len(shares) {
			shares[n] += 100 / float64(c.allowed)
		}
	}
	if len(shares) == 0 {
		return
	}
	c.Logf("of the allowed requests in spans of %v: %.1f %%", c.span, shares)
	bench.Report(c.B, bench.Median(shares), "%allowed")
}

// transactions are those that were committed in the database.
func (c *catchUp) transactions() int {
	if _, err := c.conn.Exec(c.Context(), `SELECT pg_stat_force_next_flush()`); err != nil {
		c.Fatal(err)
	}
	return storetest.Query[int](c, c.conn, `
		SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()`)
}
