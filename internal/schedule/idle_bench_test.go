package schedule_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"ingestd/internal/bench"
	"ingestd/internal/graphsim"
	"ingestd/internal/schedule/scheduletest"
	"ingestd/internal/store/storetest"
)

// BenchmarkIdleRun runs the list of call records again and again, five minutes
// apart, where Graph has nothing new. It does so on a ledger that has just begun,
// and on one of ten years with INGESTD_BENCH_ROWS call records, and prints what a
// run costs there, and the ratios of the two. All are medians.
func BenchmarkIdleRun(b *testing.B) {
	const rounds = 15
	for b.Loop() {
		young, old := newIdle(b), newIdle(b)
		records := bench.Rows(b)
		old.age(records)
		var here, there []cost
		for range 2 + rounds {
			here, there = append(here, young.run()), append(there, old.run())
		}
		a, z := median(here[2:]), median(there[2:]) // but for the first two, which connect and prepare
		b.Logf("%s: a run without news: %v; after ten years with %d records: %v",
			storetest.Machine(b, old.Conn), a, records, z)
		bench.Report(b, float64(z.statements)/float64(a.statements), "x-statements")
		bench.Report(b, float64(z.buffers)/float64(a.buffers), "x-buffers")
		bench.Report(b, float64(z.took)/float64(a.took), "x-time")
	}
}

// An idle is a tenant in which nothing happens.
type idle struct {
	*scheduletest.World
	proxy *storetest.Proxy
}

func newIdle(b *testing.B) *idle {
	i := &idle{}
	i.World = scheduletest.New(b, scheduletest.Config{
		Graph: graphsim.Config{CallsPerDay: -1}, Endpoints: []string{"call_records"}, Log: zap.NewNop(),
		Through: func(url string) string {
			i.proxy, url = storetest.NewProxy(b, url)
			return url + "&pool_max_conns=1" // one session, whose counts can be asked for at once
		},
	})
	i.Once()
	return i
}

// age makes the ledger one of ten years: all that a daemon leaves behind. Some
// records were lost, which somebody took note of.
func (i *idle) age(records int) {
	for _, statement := range strings.Split(tenYears, ";") {
		statement = strings.ReplaceAll(statement, "{tenant}", `'`+scheduletest.Tenant.String()+`'::uuid`)
		i.Exec(strings.ReplaceAll(statement, "{records}", fmt.Sprint(records)))
	}
}

const tenYears = `
	UPDATE ingest.endpoints SET origin = origin - interval '10 years';
	INSERT INTO ingest.slots (tenant_id, endpoint, slot_from, slot_to, read_at, settled, rows, run_id)
	SELECT {tenant}, 'call_records', t, t + interval '1 hour', t + interval '40 hours', true, 100, 1
	FROM generate_series((SELECT date_trunc('hour', origin) FROM ingest.endpoints),
		(SELECT min(slot_from) - interval '1 hour' FROM ingest.slots), interval '1 hour') t;
	INSERT INTO ingest.runs
		(tenant_id, endpoint, window_from, window_to, trigger, started_at, heartbeat_at, finished_at, result)
	SELECT {tenant}, 'call_records', t, t, 'schedule', t, t, t, 'ok'
	FROM generate_series(now() - interval '90 days', now(), interval '5 minutes') t;
	INSERT INTO teams.call_records
		(tenant_id, id, version, start_at, updated_at, run_id, row_hash, details_version, details_at)
	SELECT {tenant}, gen_random_uuid(), 1, origin + interval '3617 days' * (n::float8 / {records}), origin, 1, n,
		CASE WHEN n % 1000 > 0 THEN 1 END, origin
	FROM ingest.endpoints, generate_series(1, {records}) n;
	INSERT INTO teams.call_record_versions (tenant_id, call_id, version, seen_at)
	SELECT tenant_id, id, version, updated_at FROM teams.call_records;
	INSERT INTO ingest.acknowledgements (tenant_id, endpoint, span_from, span_to, by_whom, reason)
	SELECT {tenant}, 'call_records', origin, origin + interval '3618 days', 'somebody', 'known' FROM ingest.endpoints;
	UPDATE ingest.marks SET xid = pg_snapshot_xmin(pg_current_snapshot());
	VACUUM (ANALYZE)`

// A cost is what a run costs.
type cost struct {
	statements, buffers int
	took                time.Duration
}

func (c cost) String() string {
	return fmt.Sprintf("%d statements, %d buffers, %v", c.statements, c.buffers, c.took)
}

// run does a run without news.
func (i *idle) run() cost {
	i.Helper()
	i.Advance(5 * time.Minute)
	buffers, statements, began := i.buffers(), i.proxy.Statements(), time.Now()
	if r := i.Once(); r.Windows == 0 || r.Rows.Seen > 0 {
		i.Fatalf("%+v, want a run without news", r)
	}
	c := cost{statements: i.proxy.Statements() - statements, took: time.Since(began)}
	c.buffers = i.buffers() - buffers
	return c
}

// buffers are how many the daemon's session has used so far.
func (i *idle) buffers() int {
	i.Helper()
	if _, err := i.DB.Ask(i.Context(), `SELECT pg_stat_force_next_flush()`); err != nil {
		i.Fatal(err)
	}
	i.Exec(`SELECT pg_stat_force_next_flush()`) // of what this session did itself
	return storetest.Query[int](i, i.Conn, `
		SELECT sum(heap_blks_read + heap_blks_hit + idx_blks_read + idx_blks_hit) FROM pg_statio_user_tables`)
}

// median is that of each part of the costs.
func median(costs []cost) (m cost) {
	of := func(part func(cost) int) int {
		var list []int
		for _, c := range costs {
			list = append(list, part(c))
		}
		slices.Sort(list)
		return list[len(list)/2]
	}
	m.statements = of(func(c cost) int { return c.statements })
	m.buffers = of(func(c cost) int { return c.buffers })
	m.took = time.Duration(of(func(c cost) int { return int(c.took) })).Round(10 * time.Microsecond)
	return m
}
