package main

import (
	"syscall"
	"testing"
	"time"

	"ingestd/internal/bench"
	"ingestd/internal/store/storetest"
)

// BenchmarkBesidePrune reads PSTN calls at full speed into a table from which, in turns, ingestd prune deletes rows
// that are past their term, or not. It prints the rate of the reading beside the prune as a ratio to the rate of the
// reading alone, the median of all pairs, and how many rows a second the prune deletes meanwhile. Each prune begins
// with as many old rows as the benchmark works on; a reading has a million at most.
func BenchmarkBesidePrune(b *testing.B) {
	p := &pruneBench{million: newMeasured(b), rows: bench.Rows(b)}
	p.tenant = tenantOf(b, 1, min(365, scaled(b, 365)), callsPerDay)
	defer p.newDatabase()()
	p.configure()
	p.again() // Graph's time is known then, and the simulator's pages are made
	p.fill()
	var ratios, rates []float64
	for b.Loop() {
		for range 3 {
			alone := p.again()
			stop := p.prune()
			beside := p.again()
			deleted, rate := stop()
			p.addOld(deleted)
			b.Logf("alone %.2f s, beside a prune of %.0f rows/s %.2f s", alone, rate, beside)
			ratios, rates = append(ratios, alone/beside), append(rates, rate)
		}
	}
	bench.Report(b, bench.Median(ratios), "beside/alone")
	bench.Report(b, bench.Median(rates), "pruned-rows/s")
}

type pruneBench struct {
	*million
	rows int // that are old
}

// configure gives rows a term that is longer than Graph's reach, so that what is read stays.
func (p *pruneBench) configure() {
	addConfig(p, p.dir, "retention: {pstn_calls: 2y}\n")
}

// again reads all calls, none of which is stored, and returns how many seconds that took.
func (p *pruneBench) again() float64 {
	storetest.Exec(p, p.conn, `DELETE FROM teams.pstn_calls WHERE start_at > now() - interval '400 days'`)
	storetest.Exec(p, p.conn, `TRUNCATE rollup.stale`)
	p.forget()
	storetest.Exec(p, p.admin, `CHECKPOINT`)
	program := launchBuilt(p.B, p.program, p.dir, "once")
	const ended = `SELECT count(*) FROM ingest.runs WHERE finished_at IS NOT NULL`
	runs := storetest.Query[int](p, p.conn, ended)
	for storetest.Query[int](p, p.conn, ended) == runs && program.alive() {
		time.Sleep(50 * time.Millisecond)
	}
	p.end(program, syscall.SIGKILL) // it would compute the rollups of a year
	if result := ofLastRun[string](p, p.conn, "coalesce(result, error)"); result != "ok" {
		p.Errorf("the run ended as %s", result)
	}
	return lastRun(p, p.conn)
}

// prune begins to delete what is old. stop ends it, and returns how many rows went, and how many in a second.
func (p *pruneBench) prune() (stop func() (rows int, rate float64)) {
	const gone = `SELECT count(*) FROM ingest.tombstones`
	before, begun := storetest.Query[int](p, p.conn, gone), time.Now()
	program := launchBuilt(p.B, p.program, p.dir, "prune")
	storetest.Eventually(p, func() bool { return storetest.Query[int](p, p.conn, gone) > before })
	return func() (rows int, rate float64) {
		p.end(program, syscall.SIGINT)
		rows = storetest.Query[int](p, p.conn, gone) - before
		return rows, float64(rows) / time.Since(begun).Seconds()
	}
}

func (p *pruneBench) end(program *process, signal syscall.Signal) {
	if err := program.Process.Signal(signal); err != nil && program.alive() {
		p.Fatal(err)
	}
	<-program.ended
}

// fill adds all old rows, to a table without indexes, which are made again then.
func (p *pruneBench) fill() {
	begun := time.Now()
	indexes := storetest.Query[string](p, p.conn, `
		SELECT string_agg(pg_get_indexdef(indexrelid), '; ')
		FROM pg_index
		WHERE indrelid = 'teams.pstn_calls'::regclass AND NOT indisprimary`)
	storetest.Exec(p, p.conn, storetest.Query[string](p, p.conn, `
		SELECT string_agg('DROP INDEX ' || indexrelid::regclass, '; ')
		FROM pg_index
		WHERE indrelid = 'teams.pstn_calls'::regclass AND NOT indisprimary`))
	p.addOld(p.rows)
	storetest.Exec(p, p.conn, indexes)
	storetest.Exec(p, p.conn, `VACUUM ANALYZE teams.pstn_calls`)
	p.Logf("%d old rows made in %.0f s", p.rows, time.Since(begun).Seconds())
}

// addOld adds the oldest of the rows that are past their term, each a copy of one that was read.
func (p *pruneBench) addOld(rows int) {
	storetest.Exec(p, p.conn, storetest.Query[string](p, p.conn, `
		SELECT format('
			INSERT INTO teams.pstn_calls (%s)
			SELECT %s
			FROM generate_series(1, $1) n
			JOIN (SELECT *, row_number() OVER () - 1 AS place FROM (TABLE teams.pstn_calls LIMIT 1000) t) s
				ON s.place = n %% 1000',
			string_agg(attname, ', '),
			string_agg(CASE attname
				WHEN 'id' THEN $$to_char(n, 'FM0000000000')$$
				WHEN 'start_at' THEN $$now() - interval '5 years' + n * interval '3 years' / $2$$
				ELSE 's.' || attname
			END, ', '))
		FROM pg_attribute
		WHERE attrelid = 'teams.pstn_calls'::regclass AND attnum > 0 AND attgenerated = '' AND NOT attisdropped`),
		rows, p.rows)
}
