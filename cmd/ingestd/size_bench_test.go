package main

import (
	"fmt"
	"strings"
	"testing"

	"ingestd/internal/store/storetest"
)

// BenchmarkTableSize reads a hundred thousand new PSTN calls into tables that have
// as many, a million and ten million rows, and prints what a row costs. The floor
// is a plain binary COPY of as many rows into the same table.
func BenchmarkTableSize(b *testing.B) {
	m := newMeasured(b)
	days := scaled(b, 36)
	m.tenant = tenantOf(b, 1, days, callsPerDay)
	defer m.newDatabase()()
	m.read()
	storetest.Exec(m, m.conn, `CREATE TABLE sample AS TABLE teams.pstn_calls`)
	seed := int64(1)
	for _, size := range []int{100_000, 1_000_000, 10_000_000} {
		b.Run(fmt.Sprintf("rows=%d", size), func(b *testing.B) {
			m.B = b
			figures := map[string][]float64{}
			for b.Loop() {
				for range rounds(b) {
					m.fill(scaled(b, size))
					seed++
					m.follow(tenantOf(b, seed, days, callsPerDay))
					m.forget()
					m.addRound(figures)
				}
			}
			report(b, figures)
		})
	}
}

// fill makes the table have so many rows, a tenth more at most: copies of the
// sample under other ids, of earlier days.
func (m *million) fill(rows int) {
	const count = `SELECT count(*) FROM teams.pstn_calls`
	have := storetest.Query[int](m, m.conn, count)
	if have > rows+rows/10 {
		storetest.Exec(m, m.conn, `TRUNCATE teams.pstn_calls`)
		have = 0
	}
	sample := storetest.Query[int](m, m.conn, `SELECT count(*) FROM sample`)
	for n := 1; have < rows; n++ {
		storetest.Exec(m, m.conn, fmt.Sprintf(`INSERT INTO teams.pstn_calls %s LIMIT %d`, m.another(n), rows-have))
		have += min(sample, rows-have)
	}
	storetest.Exec(m, m.conn, `ANALYZE teams.pstn_calls`)
}

// another is a query for the rows of the sample as other calls, n months earlier.
func (m *million) another(n int) string {
	columns := storetest.Query[string](m, m.conn, `
		SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
		FROM pg_attribute
		WHERE attrelid = 'sample'::regclass AND attnum > 0`)
	earlier := fmt.Sprintf("_at - %d * interval '36 days',", n)
	return `SELECT ` + strings.NewReplacer(
		", id,", ", gen_random_uuid()::text,", ", call_id,", ", gen_random_uuid()::text,",
		", start_at,", ", start"+earlier, ", end_at,", ", end"+earlier,
	).Replace(columns) + ` FROM sample`
}

// addRound adds to figures what reading new rows costs, and beside it a COPY of
// as many.
func (m *million) addRound(figures map[string][]float64) {
	first := m.read()
	rows := ofLastRun[float64](m, m.conn, "rows_new")
	floor := m.copyInto("teams.pstn_calls", m.copyOut(m.another(0)))
	copied := storetest.Query[float64](m, m.conn, `SELECT count(*) FROM sample`)
	floor.wall, floor.server, floor.wal = floor.wall*rows/copied, floor.server*rows/copied, floor.wal*rows/copied
	m.Logf("%.0f rows: first %.2f s, floor %.2f s", rows, first.wall, floor.wall)
	first.add(figures, "first", rows, floor)
	floor.addFloor(figures, rows)
}
