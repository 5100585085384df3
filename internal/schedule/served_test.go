package schedule_test

import (
	"fmt"
	"time"

	"github.com/google/go-cmp/cmp"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/mapping/mappingtest"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// ledger is what is noted of a job's endpoint, and the policy that goes by it.
func (w *world) ledger(j *schedule.Job) (schedule.Policy, []store.Slot) {
	w.Helper()
	state, known, err := w.db.Endpoint(w.Context(), tenantID, j.Endpoint.Name)
	if err != nil || !known {
		w.Fatalf("%s: known %v, %v", j.Endpoint.Name, known, err)
	}
	slots, err := w.db.Slots(w.Context(), tenantID, j.Endpoint.Name, state.Origin)
	if err != nil {
		w.Fatal(err)
	}
	policy := j.Policy
	policy.Origin = state.Origin
	return policy, slots
}

// windows are what a job may ask for to read everything between two times.
func windows(e fetch.Endpoint, from, to time.Time) []fetch.Window {
	if !e.Aggregate {
		return []fetch.Window{{From: from, To: to}}
	}
	var days []fetch.Window
	for day := from.Truncate(e.Slot); !day.Add(e.Slot).After(to); day = day.Add(e.Slot) {
		if !day.Before(from) {
			days = append(days, fetch.Window{From: day, To: day.Add(e.Slot)})
		}
	}
	return days
}

// rowKey names a row of an endpoint in the tables and in what is served.
func rowKey(e fetch.Endpoint, window time.Time, key string) string {
	if e.Aggregate {
		return window.UTC().Format("2006-01-02 ") + key
	}
	return key
}

// servedBetween are the elements that the tenant serves now, by key.
func (w *world) servedBetween(j *schedule.Job, from, to time.Time) map[string]mapping.Element {
	w.Helper()
	served := map[string]mapping.Element{}
	for _, window := range windows(j.Endpoint, from, to) {
		for row := range w.sim.Rows(inGraph[j.Endpoint.Name].function, j.API, window.From, window.To) {
			element := encode(w.TB, j.Endpoint, []string{string(row)}, w.now).Elements[0]
			for key := range mapping.Fields([]byte(element.Key)) {
				served[rowKey(j.Endpoint, window.From, string(key))] = element
			}
		}
	}
	return served
}

// stored are the hashes of the contents of all rows of an endpoint, by key.
func (w *world) stored(e fetch.Endpoint) map[string]int64 {
	w.Helper()
	key := e.Rows.Tables[0].Columns[0].Name
	if e.Aggregate {
		key = `to_char(window_from AT TIME ZONE 'UTC', 'YYYY-MM-DD ') || ` + key
	}
	rows, err := w.conn.Query(w.Context(), fmt.Sprintf(`SELECT %s, row_hash FROM teams.%s`, key, e.Name))
	if err != nil {
		w.Fatal(err)
	}
	defer rows.Close()
	hashes := map[string]int64{}
	for rows.Next() {
		var key string
		var hash int64
		if err := rows.Scan(&key, &hash); err != nil {
			w.Fatal(err)
		}
		hashes[key] = hash
	}
	if err := rows.Err(); err != nil {
		w.Fatal(err)
	}
	return hashes
}

// wantPromisesKept fails unless all that lies before the watermark is stored as
// it is served, nothing is lost, and all else that should be settled is due.
func (w *world) wantPromisesKept(j *schedule.Job) {
	w.Helper()
	policy, slots := w.ledger(j)
	mark := policy.Watermark(w.now, slots)
	stored, settled := w.stored(j.Endpoint), 0
	for key, element := range w.servedBetween(j, policy.Origin, mark.Add(-time.Microsecond)) {
		if settled++; stored[key] != element.Hash {
			w.Errorf("%s: settled until %v, but stored (%v) is not what is served: %s", j.Endpoint.Name, mark, stored[key] != 0, element.Raw)
		}
	}
	w.Logf("%s: %d rows are settled, until %v", j.Endpoint.Name, settled, mark)
	if lost := policy.Lost(w.now, slots); len(lost) > 0 {
		w.Errorf("%s: %v is lost", j.Endpoint.Name, lost)
	}
	due := policy.Plan(w.now, slots)
	for from := range w.unsettled(j, policy, slots) {
		if !covers(due, from) && len(policy.Parked(w.now, slots)) == 0 {
			w.Errorf("%s: the slot of %v is neither settled nor due", j.Endpoint.Name, from)
		}
	}
}

// unsettled ranges over the slots whose rows are final and were not read since.
func (w *world) unsettled(j *schedule.Job, p schedule.Policy, slots []store.Slot) func(yield func(time.Time) bool) {
	read := map[int64]time.Time{}
	for _, s := range slots {
		read[s.From.Unix()] = s.ReadAt
	}
	return func(yield func(time.Time) bool) {
		for from := p.Origin.UTC().Truncate(p.Slot); !from.Add(p.Slot + p.Settle).After(w.now); from = from.Add(p.Slot) {
			if read[from.Unix()].Before(from.Add(p.Slot+p.Settle)) && !yield(from) {
				return
			}
		}
	}
}

func covers(windows []schedule.Window, at time.Time) bool {
	for _, w := range windows {
		if !at.Before(w.From) && at.Before(w.To) {
			return true
		}
	}
	return false
}

// wantAllServed fails unless a table holds what is served, no row more or less,
// and the documents of a sample come back from it.
func (w *world) wantAllServed(j *schedule.Job) {
	w.Helper()
	policy, _ := w.ledger(j)
	served, want := w.servedBetween(j, policy.Origin, w.now), map[string]int64{}
	for key, element := range served {
		want[key] = element.Hash
		if len(want) < 300 && !j.Endpoint.Aggregate { // a sum's key is not the whole key
			rebuilt, err := w.db.Rebuild(w.Context(), j.Endpoint.Rows, tenantID, key)
			if err != nil {
				w.Fatal(err)
			}
			mappingtest.Same(w, element.Raw, rebuilt)
		}
	}
	if diff := cmp.Diff(want, w.stored(j.Endpoint)); diff != "" || len(want) == 0 {
		w.Errorf("%s: contents of %d rows (-served +stored):\n%s", j.Endpoint.Name, len(want), diff)
	}
}

// wantHonestLedger fails unless all that can be settled is, and nothing is due,
// lost or parked.
func (w *world) wantHonestLedger(j *schedule.Job) {
	w.Helper()
	policy, slots := w.ledger(j)
	now := j.Client.Clock()
	due, lost, parked := policy.Plan(now, slots), policy.Lost(now, slots), policy.Parked(now, slots)
	if len(due)+len(lost)+len(parked) > 0 {
		w.Errorf("%s: due %v, lost %v, parked %v", j.Endpoint.Name, due, lost, parked)
	}
	for from := range w.unsettled(j, policy, slots) {
		w.Errorf("%s: the slot of %v is not settled", j.Endpoint.Name, from)
	}
	want := now.Add(-policy.Settle).Truncate(policy.Slot)
	noted := w.query(`SELECT watermark = $2 FROM ingest.endpoints WHERE endpoint = $1`, j.Endpoint.Name, want)
	if mark := policy.Watermark(now, slots); !mark.Equal(want) || noted != "true" {
		w.Errorf("%s: watermark %v, want %v; so noted: %s", j.Endpoint.Name, mark, want, noted)
	}
}

// wantCleanRuns fails unless every run has ended and its counts add up.
func (w *world) wantCleanRuns() {
	w.Helper()
	w.Logf("runs: %s", w.query(`SELECT string_agg(n || ' ' || result, ', ') FROM (SELECT count(*) n, result FROM ingest.runs GROUP BY 2 ORDER BY 1 DESC) r`))
	if got := w.query(`SELECT count(*) FROM ingest.runs WHERE finished_at IS NULL OR result IS NULL`); got != "0" {
		w.Errorf("%s runs have not ended", got)
	}
	if got := w.query(`SELECT count(*) FROM ingest.runs WHERE rows_seen <> rows_new + rows_changed + rows_unchanged + rows_rejected`); got != "0" {
		w.Errorf("the counts of %s runs do not add up", got)
	}
}

// wantNothingLeft fails if the daemon leaves anything behind in the database:
// rows in its stages, locks or open transactions, and, once it has gone,
// sessions or temporary tables.
func (w *world) wantNothingLeft() {
	w.Helper()
	const sessions = `pg_stat_activity WHERE datname = current_database() AND application_name = 'ingestd'`
	w.wantSoonNone("bytes in stage tables", `SELECT coalesce(sum(pg_relation_size(oid)), 0) FROM pg_class WHERE relname LIKE 'stage\_%'`)
	w.wantSoonNone("advisory locks", `SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE locktype = 'advisory' AND datname = current_database()`)
	w.wantSoonNone("open transactions", `SELECT count(*) FROM `+sessions+` AND state <> 'idle'`)
	w.db.Close()
	w.wantSoonNone("sessions or temporary tables", `SELECT (SELECT count(*) FROM `+sessions+`) + (SELECT count(*) FROM pg_class WHERE relname LIKE 'stage\_%')`)
}

// wantSoonNone fails unless a query returns 0 before long: a server takes a
// moment to clear up after a session that was killed.
func (w *world) wantSoonNone(what, sql string) {
	w.Helper()
	for deadline := time.Now().Add(10 * time.Second); storetest.Query[int](w, w.conn, sql) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			w.Fatalf("%s are left behind", what)
		}
	}
}
