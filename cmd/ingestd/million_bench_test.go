package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/graphsim"
	"ingestd/internal/pgserver"
	"ingestd/internal/store/storetest"
)

// scaled is what takes the place of a number that belongs to a million rows.
func scaled(b *testing.B, number int) int {
	b.Helper()
	return max(1, int(int64(storetest.BenchRows(b))*int64(number)/1_000_000))
}

// BenchmarkMillionRows reads a year of PSTN calls of a large tenant, a million
// rows, with the real program, and reads it again unchanged. The floor is a
// plain binary COPY of the same rows into a table with the same indexes.
func BenchmarkMillionRows(b *testing.B) {
	for b.Loop() {
		m := newMillion(b)
		m.report("first", m.once())
		rows := float64(m.number(`SELECT count(*) FROM teams.pstn_calls`))
		m.floor()
		m.reread(rows)
	}
}

// A million is what the benchmark works on.
type million struct {
	*testing.B
	dir  string // with the configuration
	conn *pgx.Conn
	rate float64 // of the first reading, in rows/s
}

// newMillion starts a tenant with the rows, whose clock stands still, and a
// PostgreSQL with the settings of production.
func newMillion(b *testing.B) *million {
	now := time.Now()
	tenant, err := graphsim.Start(graphsim.Config{Seed: 1, Users: 2000, CallsPerDay: scaled(b, callsPerDay),
		History: 365 * 24 * time.Hour, Now: func() time.Time { return now }})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { tenant.Close() })
	server, err := pgserver.Start(b.Context(), pgserver.Options{Settings: map[string]string{
		"shared_buffers": "256MB", "max_wal_size": "4GB", "checkpoint_timeout": "15min",
		"wal_compression": "lz4", "autovacuum_naptime": "15s",
	}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { server.Stop() })
	conn, err := pgx.Connect(b.Context(), server.URL("postgres"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close(context.Background()) })
	m := &million{B: b, conn: conn, dir: b.TempDir()}
	if err := configure(m.dir, server.URL("postgres"), "pstn_calls", tenant); err != nil {
		b.Fatal(err)
	}
	m.program("migrate", "up")
	return m
}

// callsPerDay is how many calls a working day needs for a year of a million rows.
const callsPerDay = 3850

// A passage is one run of the program.
type passage struct {
	took time.Duration
	peak float64 // resident memory in MiB
}

// once reads all that is due.
func (m *million) once() passage { return m.program("once") }

func (m *million) program(args ...string) passage {
	m.Helper()
	start := time.Now()
	p := launch(m, m.dir, args...)
	peak := p.peak(m)
	took := time.Since(start)
	p.exits(m, patience, exitOK)
	return passage{took, peak}
}

func (m *million) report(reading string, p passage) {
	rows := m.number(`SELECT rows_seen FROM ingest.runs ORDER BY run_id DESC LIMIT 1`)
	rate := float64(rows) / p.took.Seconds()
	if m.rate == 0 {
		m.rate = rate
	}
	m.Logf("%s reading: %d rows in %.1f s, %.0f rows/s, peak RSS %.1f MiB",
		reading, rows, p.took.Seconds(), rate, p.peak)
	m.ReportMetric(rate, reading+"-rows/s")
	m.ReportMetric(p.peak, reading+"-peak-MiB")
}

// floor copies the stored rows, as bytes, into an empty table with the same
// indexes.
func (m *million) floor() {
	m.exec(`CREATE TABLE floor (LIKE teams.pstn_calls INCLUDING ALL)`)
	file, err := os.Create(filepath.Join(m.TempDir(), "rows"))
	if err != nil {
		m.Fatal(err)
	}
	defer file.Close()
	_, err = m.conn.PgConn().CopyTo(m.Context(), file, `COPY teams.pstn_calls TO STDOUT (FORMAT binary)`)
	if err != nil {
		m.Fatal(err)
	}
	if _, err := file.Seek(0, 0); err != nil {
		m.Fatal(err)
	}
	start := time.Now()
	tag, err := m.conn.PgConn().CopyFrom(m.Context(), file, `COPY floor FROM STDIN (FORMAT binary)`)
	if err != nil {
		m.Fatal(err)
	}
	rate := float64(tag.RowsAffected()) / time.Since(start).Seconds()
	m.ReportMetric(rate, "floor-rows/s")
	m.ReportMetric(m.rate/rate, "first/floor")
	m.exec(`DROP TABLE floor`)
}

// reread makes everything due and reads it again. Nothing has changed, so
// nothing may be written but the ledger.
func (m *million) reread(rows float64) {
	m.exec(`DELETE FROM ingest.slots`)
	const position = `SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint`
	before, lsn := m.written(), m.number(position)
	p := m.once()
	m.ReportMetric(float64(m.number(position)-lsn)/rows, "again-WAL-B/row")
	m.report("again", p)
	if after := m.written(); after != before {
		m.Errorf("rows written and dead in teams: %s before an unchanged reading, %s after", before, after)
	}
}

// written counts rows written and dead in schema teams since the server's start.
func (m *million) written() string {
	m.exec(`SELECT pg_stat_force_next_flush()`)
	var text string
	err := m.conn.QueryRow(m.Context(), `SELECT
		string_agg(concat_ws(' ', relname, n_tup_ins + n_tup_upd + n_tup_del, n_dead_tup), ', ' ORDER BY relname)
		FROM pg_stat_user_tables WHERE schemaname = 'teams'`).Scan(&text)
	if err != nil {
		m.Fatal(err)
	}
	return text
}

func (m *million) number(sql string) (n int64) {
	m.Helper()
	if err := m.conn.QueryRow(m.Context(), sql).Scan(&n); err != nil {
		m.Fatal(err)
	}
	return n
}

func (m *million) exec(sql string) {
	m.Helper()
	if _, err := m.conn.Exec(m.Context(), sql); err != nil {
		m.Fatal(err)
	}
}
