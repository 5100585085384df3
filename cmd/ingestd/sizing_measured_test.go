package main

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/graphsim"
	"ingestd/internal/schedule"
	"ingestd/internal/store/storetest"
)

// tolerance is by how much of it a figure may be another.
const tolerance = 0.15

// TestToolsSizing has a simulated company read, in a PostgreSQL with the settings of
// production, and compares what everything takes with what the page is made of.
func TestToolsSizing(t *testing.T) {
	storetest.Tools(t)
	t.Parallel()
	m := newMeasuring(t)
	got := m.measure()
	for what, want := range takes {
		t.Logf("%-25s %.5g", what, got[what])
		if math.Abs(got[what]-want) > tolerance*want {
			t.Errorf("%s: %.4g, and not %.4g; if that is right, change it in takes and run: "+
				"go test -run TestSizing -update", what, got[what], want)
		}
	}
}

// A measuring is a company that is read.
type measuring struct {
	*testing.T
	tenant        *graphsim.Server
	a             *app
	records, logs []*schedule.Job
	url           string
	conn          *pgx.Conn
	now           time.Time
}

const (
	measuredPeople = 300
	measuredDays   = 20
)

func newMeasuring(t *testing.T) *measuring {
	m := &measuring{T: t, now: today}
	now := func() time.Time { return m.now }
	m.tenant = simulate(t, graphsim.Config{Seed: 1, Users: measuredPeople, CallsPerDay: 600, RecordsPerDay: 230,
		History: measuredDays * 24 * time.Hour, Now: now})
	m.url = storetest.Database(t, startServer(t, "autovacuum", "off"), "teams", true)
	m.conn = storetest.Conn(t, m.url)
	var jobs []*schedule.Job
	m.a, jobs = opened(t, m.url, m.tenant, now)
	for _, j := range jobs {
		if j.Endpoint.Versioned {
			m.records = append(m.records, j)
		} else {
			m.logs = append(m.logs, j)
		}
	}
	return m
}

func (m *measuring) measure() map[string]float64 {
	recordsWAL := m.wal(func() { readAll(m.T, m.a, m.records) })
	requests := m.tenant.Requests().Answers
	logsWAL := m.wal(func() { readAll(m.T, m.a, m.logs) })
	record, log := m.tables(m.records), m.tables(m.logs)
	records, rows := m.rows("call_records"), m.rows(record...)-m.rows("call_record_versions")
	logRows := m.rows(log...)
	got := map[string]float64{
		"rows of a record": rows / records,
		"requests of a record": float64(requests["getCallRecord"][200]+requests["listSessions"][200]+
			requests["listParticipants"][200]) / records,
		"record": m.bytes("teams", record...) / records, "record, WAL": recordsWAL / records,
		"log row": m.bytes("teams", log...) / logRows, "log row, WAL": logsWAL / logRows,
		"run": m.each("runs", "run_id"), "slot": m.each("slots", "slot_from"),
	}
	m.derive(got)

	m.now = m.now.Add(time.Hour)
	recordsWAL = m.wal(func() { readAll(m.T, m.a, m.records) })
	logsWAL = m.wal(func() { readAll(m.T, m.a, m.logs) })
	got["record alone, WAL"] = recordsWAL / (m.rows("call_records") - records)
	got["log row alone, WAL"] = logsWAL / (m.rows(log...) - logRows)
	got["row that is pruned, WAL"] = m.deleted(record)
	return got
}

// tables are those of schema teams with the rows of some endpoints.
func (m *measuring) tables(jobs []*schedule.Job) (names []string) {
	for _, j := range jobs {
		for _, table := range j.Endpoint.Rows.Tables {
			names = append(names, table.Name)
		}
		if j.Endpoint.Versioned {
			names = append(names, "call_record_versions")
		}
	}
	return names
}

func (m *measuring) rows(tables ...string) (sum float64) {
	for _, name := range tables {
		sum += storetest.Query[float64](m, m.conn, `SELECT count(*) FROM teams.`+name)
	}
	return sum
}

// bytes are those of tables with their indexes.
func (m *measuring) bytes(schema string, tables ...string) float64 {
	return storetest.Query[float64](m, m.conn, `
		SELECT sum(pg_total_relation_size(c.oid))
		FROM pg_class c
		WHERE relnamespace = $1::text::regnamespace AND relkind = 'r' AND ($2::text[] IS NULL OR relname = ANY ($2))`,
		schema, tables)
}

// wal is how much is written to the log meanwhile, after a checkpoint: so each page is
// written as a whole once.
func (m *measuring) wal(do func()) float64 {
	storetest.Exec(m, m.conn, `CHECKPOINT`)
	before := position(m, m.conn)
	do()
	return position(m, m.conn) - before
}

// each is what a row of the ledger takes where there are many.
func (m *measuring) each(table, key string) float64 {
	const many = 20_000
	storetest.Exec(m, m.conn, fmt.Sprintf(`
		CREATE TABLE ingest.many (LIKE ingest.%s INCLUDING ALL);
		INSERT INTO ingest.many OVERRIDING SYSTEM VALUE
		SELECT (jsonb_populate_record(m, to_jsonb(m) || jsonb_build_object('%s', %s))).*
		FROM ingest.%[1]s m, generate_series(1, %[4]d / (SELECT count(*)::int FROM ingest.%[1]s)) n`,
		table, key, map[string]string{
			"run_id": `100000 * run_id + n`, "slot_from": `slot_from - n * interval '1000 d'`}[key], many))
	defer storetest.Exec(m, m.conn, `DROP TABLE ingest.many`)
	return m.bytes("ingest", "many") / storetest.Query[float64](m, m.conn, `SELECT count(*) FROM ingest.many`)
}

// derive computes the rollups, and measures them.
func (m *measuring) derive(got map[string]float64) {
	empty := m.bytes("rollup")
	fillLists(m.T, m.url, m.tenant)
	if _, err := m.a.refreshRollups(quiet(m.T)); err != nil {
		m.Fatal(err)
	}
	days := storetest.Query[float64](m, m.conn, `
		SELECT count(DISTINCT day) FROM rollup.call_reliability_daily WHERE extract(isodow FROM day) < 6`)
	storetest.Exec(m, m.conn, `VACUUM`)
	got["rollups of a person"] = (m.bytes("rollup") - empty) / days / measuredPeople
}

// deleted is what is written to delete a row of the details of records, for good or not.
func (m *measuring) deleted(tables []string) float64 {
	rows := m.rows(tables...)
	return m.wal(func() {
		tx, err := m.conn.Begin(m.Context())
		if err != nil {
			m.Fatal(err)
		}
		for _, name := range slices.Backward(tables) {
			storetest.Exec(m, m.conn, `DELETE FROM teams.`+name)
		}
		if err := tx.Rollback(m.Context()); err != nil {
			m.Fatal(err)
		}
	}) / rows
}
