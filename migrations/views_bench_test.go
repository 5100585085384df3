package migrations_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/bench"
	"ingestd/internal/catalog"
	"ingestd/internal/pgserver"
	"ingestd/internal/store/storetest"
)

// BenchmarkViews fills a year of a company with 150,000 call records, 4.9
// million streams and 2 million rows each of PSTN and Direct Routing, or less
// if INGESTD_BENCH_ROWS (a million) says so, and computes the rollups. Then it
// asks every view of analytics for a day, a week (an operation) and the year,
// under the server's own settings. Views by months are asked for a month. The
// floor is one scan of the PSTN calls.
//
// Bars: a week of buckets takes less than 20 ms and a week of rows less than a
// second; no week reads more than 2 % of a large table's pages.
func BenchmarkViews(b *testing.B) {
	y := newYear(b)
	b.Run("fill", func(b *testing.B) {
		for b.Loop() {
			y.fill(b)
		}
		bench.Report(b, b.Elapsed().Seconds()/float64(b.N)/365, "s/day")
	})
	y.exec(`VACUUM ANALYZE`)
	const scan = `SELECT count(*) FROM teams.pstn_calls WHERE duration_s > 60`
	b.Run("floor", func(b *testing.B) {
		for b.Loop() {
			y.explain(b, scan)
		}
	})
	floor := y.ms(b, scan)
	for _, v := range y.views() {
		b.Run(v.Name, func(b *testing.B) { y.measure(b, v, floor) })
	}
}

// measure prints what a view takes: milliseconds, and the greatest share of a
// large table's pages that a week reads.
func (y *year) measure(b *testing.B, v view, floor float64) {
	for b.Loop() {
		y.explain(b, v.over(week))
	}
	ofWeek := y.ms(b, v.over(week))
	bench.Report(b, y.ms(b, v.over(day)), "day-ms")
	bench.Report(b, ofWeek, "week-ms")
	bench.Report(b, ofWeek/floor, "week/floor")
	if v.isOfBuckets() {
		bench.Report(b, y.ms(b, "SELECT * FROM analytics."+v.Name), "year-ms")
	}
	bench.Report(b, y.pages(b, v.over(week)), "week-pages-%")
}

// A year is the database that the views are measured on.
type year struct {
	*testing.B
	options pgserver.Options
	server  *pgserver.Server
	conn    *pgx.Conn
}

// newYear starts a cluster and fills the base tables.
func newYear(b *testing.B) *year {
	y := &year{B: b, options: pgserver.Options{Dir: filepath.Join(folder(b), "year"), Settings: map[string]string{
		"shared_buffers": "2GB", "max_wal_size": "8GB", "checkpoint_timeout": "30min", "fsync": "off",
	}}}
	y.start()
	b.Cleanup(y.stop)
	db := storetest.Connect(b, y.server.URL("postgres"))
	if err := db.MigrateUp(b.Context()); err != nil {
		b.Fatal(err)
	}
	for name, million := range map[string]int{
		"year.calls": 150_000, "year.users": 3000, "year.pstn": 2_000_000, "year.direct": 2_000_000,
	} {
		number := max(100, million*bench.Rows(b)/1_000_000)
		y.exec(fmt.Sprintf(`SELECT set_config('%s', '%d', false)`, name, number))
	}
	for _, name := range []string{"calls", "logs"} {
		sql, err := os.ReadFile(filepath.Join("testdata/year", name+".sql"))
		if err != nil {
			b.Fatal(err)
		}
		y.exec(string(sql))
	}
	y.exec(`VACUUM ANALYZE`)
	return y
}

// folder is a folder that the server's account reaches.
func folder(b *testing.B) string {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	return dir
}

func (y *year) start() {
	server, err := pgserver.Start(y.Context(), y.options)
	if err != nil {
		y.Fatal(err)
	}
	conn, err := pgx.Connect(y.Context(), server.URL("postgres"))
	if err != nil {
		y.Fatal(err)
	}
	y.server, y.conn = server, conn
}

func (y *year) stop() {
	y.conn.Close(context.Background())
	if err := y.server.Stop(); err != nil {
		y.Error(err)
	}
}

func (y *year) exec(sql string) {
	y.Helper()
	if _, err := y.conn.PgConn().Exec(y.Context(), sql).ReadAll(); err != nil {
		y.Fatal(err)
	}
}

// fill computes the rollups of the whole year.
func (y *year) fill(b *testing.B) {
	db := storetest.Connect(b, y.server.URL("postgres"))
	if err := db.NoteAllDays(b.Context()); err != nil {
		b.Fatal(err)
	}
	if err := db.RefreshRollups(b.Context(), nil); err != nil {
		b.Fatal(err)
	}
}

// A view is one of analytics.
type view struct{ catalog.Relation }

// isOfBuckets reports whether the view holds sums over hours, days or months.
func (v view) isOfBuckets() bool {
	return slices.ContainsFunc([]string{"_hourly", "_daily", "_monthly"}, func(s string) bool {
		return strings.HasSuffix(v.Name, s)
	})
}

func (y *year) views() (views []view) {
	all, err := catalog.Read(y.Context(), y.conn, "analytics")
	if err != nil {
		y.Fatal(err)
	}
	for _, r := range all {
		views = append(views, view{r})
	}
	return views
}

// The spans asked for, in the middle of the year.
const (
	day   = `'2026-04-14' AND %[1]s < '2026-04-15'`
	week  = `'2026-04-13' AND %[1]s < '2026-04-20'`
	month = `'2026-04-01' AND %[1]s < '2026-05-01'`
)

// over is the query of the view over a span; a view by months is asked for a
// month.
func (v view) over(span string) string {
	sql := "SELECT * FROM analytics." + v.Name
	switch v.Filter {
	case "":
		return sql
	case "change_xid":
		return sql + " WHERE change_xid > '0' ORDER BY change_xid, table_name, key LIMIT 1000"
	case "month":
		span = month
	}
	column := pgx.Identifier{v.Filter}.Sanitize()
	return sql + " WHERE " + column + " >= " + fmt.Sprintf(span, column)
}

// ms is how long the query takes with its pages in memory: the median of
// three, planning included.
func (y *year) ms(b *testing.B, sql string) float64 {
	var took []float64
	for range 4 {
		took = append(took, y.explain(b, sql))
	}
	return bench.Median(took[1:]) // the first reads the pages
}

func (y *year) explain(b *testing.B, sql string) float64 {
	b.Helper()
	var plans []struct {
		Planning  float64 `json:"Planning Time"`
		Execution float64 `json:"Execution Time"`
	}
	err := y.conn.QueryRow(y.Context(), "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) "+sql).Scan(&plans)
	if err != nil {
		b.Fatalf("%s: %v", sql, err)
	}
	return plans[0].Planning + plans[0].Execution
}

// pages is the greatest share, in percent, of a large table's pages that the
// query reads. A server that has just started has none of them in memory, so
// that each page it reads is counted once.
func (y *year) pages(b *testing.B, sql string) (share float64) {
	b.Helper()
	y.stop()
	y.start()
	y.exec(`SELECT pg_stat_reset()`)
	y.explain(b, sql)
	y.exec(`SELECT pg_stat_force_next_flush()`)
	err := y.conn.QueryRow(b.Context(), `
		SELECT coalesce(max(100.0 * s.heap_blks_read / c.relpages), 0)
		FROM pg_class c
		JOIN pg_statio_user_tables s ON s.relid = c.oid
		WHERE s.schemaname = 'teams' AND c.relpages > 500`).Scan(&share)
	if err != nil {
		b.Fatal(err)
	}
	return share
}
