package schedule_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/mapping/mappingtest"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

func idOf(row []byte) string {
	var r struct{ ID string }
	if err := json.Unmarshal(row, &r); err != nil {
		panic(err)
	}
	return r.ID
}

// wantServed fails unless the table holds exactly what the tenant serves: the
// same ids, and for a sample the same documents.
func (w *world) wantServed() {
	w.Helper()
	served := w.served()
	if len(served) == 0 {
		w.Fatal("the tenant serves nothing")
	}
	rows, err := w.conn.Query(w.Context(), `SELECT id FROM teams.pstn_calls`)
	if err != nil {
		w.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		w.Fatal(err)
	}
	stored := map[string]bool{}
	for _, id := range ids {
		stored[id] = true
		if served[id] == nil {
			w.Errorf("%s is stored and was not served", id)
		}
	}
	n := 0
	for id, row := range served {
		if !stored[id] {
			w.Errorf("%s was served and is not stored: %s", id, row)
		} else if n++; n < 300 {
			got, err := w.db.Rebuild(w.Context(), w.job.Endpoint.Rows, tenantID, id)
			if err != nil {
				w.Fatal(err)
			}
			mappingtest.Same(w, row, got)
		}
		if w.Failed() {
			w.FailNow()
		}
	}
}

// forget makes all slots due, as if they had never been read.
func (w *world) forget() {
	w.Helper()
	if _, err := w.conn.Exec(w.Context(), `DELETE FROM ingest.slots`); err != nil {
		w.Fatal(err)
	}
}

func TestOnceStoresWhatIsServed(t *testing.T) {
	w := newWorld(t, graphsim.Config{Seed: 1, Users: 50, CallsPerDay: 120, History: 60 * 24 * time.Hour})
	report := w.once()
	w.wantServed()
	if len(report.Lost) != 0 || !report.Watermark.Equal(time.Date(2026, 6, 12, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("watermark %v, lost %v", report.Watermark, report.Lost)
	}
	if got := w.query(`SELECT count(*) || ' ' || sum(rows) FROM ingest.slots`); got != fmt.Sprintf("366 %d", len(w.served())) {
		t.Errorf("slots and their rows = %s, want 366 and %d", got, len(w.served()))
	}
	if got := w.query(`SELECT count(*) FROM (SELECT user_id FROM teams.pstn_calls WHERE user_id IS NOT NULL EXCEPT SELECT user_id FROM teams.users) missing`); got != "0" {
		t.Errorf("%s users are missing", got)
	}
	if got := w.query(`SELECT concat_ws(' ', state, failures, last_error, enabled, schedule) FROM ingest.endpoints`); got != "on_time 0 t */5 * * * *" {
		t.Errorf("endpoint = %s", got)
	}
}

func TestReadingAgainWritesNothing(t *testing.T) {
	w := newWorld(t, graphsim.Config{Seed: 2, Users: 50, CallsPerDay: 120, History: 60 * 24 * time.Hour})
	w.once()
	const state = `SELECT md5(string_agg(t.xmin || t.ctid::text || updated_at, ',' ORDER BY id)) || (SELECT md5(string_agg(u.xmin || u.ctid::text, ',' ORDER BY user_id)) FROM teams.users u) FROM teams.pstn_calls t`
	before := w.query(state)
	w.forget()
	if r := w.once().Rows; r.New+r.Changed+r.Rejected != 0 || r.Unchanged != int64(len(w.served())) {
		t.Errorf("counts %+v, want %d unchanged", r, len(w.served()))
	}
	if after := w.query(state); after != before {
		t.Error("reading unchanged rows again wrote some")
	}
}

func TestChangedRowsAreUpdated(t *testing.T) {
	w := newWorld(t, graphsim.Config{Seed: 3, Users: 50, CallsPerDay: 200, History: 60 * 24 * time.Hour})
	w.once()
	before := w.served()
	w.sim.SetChanged(0.01)
	changed := int64(0)
	for id, row := range w.served() {
		if string(row) != string(before[id]) {
			changed++
		}
	}
	w.advance(2 * time.Second)
	w.forget()
	if r := w.once().Rows; changed == 0 || r.Changed != changed || r.New != int64(len(w.served())-len(before)) {
		t.Errorf("counts %+v, want %d changed", r, changed)
	}
	w.wantServed()
}

// Rows come days late and change; a daemon that looks now and then has them
// all once they settle.
func TestLateRowsArrive(t *testing.T) {
	w := newWorld(t, graphsim.Config{Seed: 4, Users: 30, CallsPerDay: 60, History: 20 * 24 * time.Hour})
	for range 12 {
		w.once()
		w.advance(9 * time.Hour)
	}
	w.once()
	w.wantServed()
	if got := w.query(`SELECT count(*) FROM teams.pstn_calls WHERE updated_at > ingested_at - interval '100 years' AND run_id > 1`); got == "0" {
		t.Error("no row came late: the test shows nothing")
	}
}

// Rows that appear while a window is read move others to later pages.
func TestRowsMoveBetweenPages(t *testing.T) {
	w := newWorld(t, graphsim.Config{Seed: 5, Users: 200, CallsPerDay: 4000, History: 6 * 24 * time.Hour})
	w.step, w.to = time.Minute, 10_000 // new rows with every answer, for a while
	report := w.once()
	if got := w.query(`SELECT bool_or(rows_unchanged > 0) FROM ingest.runs`); got != "true" {
		t.Error("no row stood on two pages: the test shows nothing")
	}
	t.Logf("%d windows, %d pages", report.Windows, report.Rows.Pages)
	w.restart()
	w.forget()
	w.once()
	w.wantServed()
}

// Rows that leave Graph's reach while a window is read make it pass over
// others. The window is read again until its first page stands still.
func TestRowsLeaveBetweenPages(t *testing.T) {
	noon := time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
	var rows []graphsim.Row
	for i := range 4000 {
		start := noon.Add(-365*24*time.Hour + time.Duration(i)*2*time.Second)
		rows = append(rows, graphsim.Row{Start: start, JSON: fmt.Appendf(nil, `{"id": "row-%04d", "startDateTime": %q}`, i, start.Format(time.RFC3339))})
	}
	w := newWorld(t, graphsim.Config{CallsPerDay: -1, Extra: rows})
	w.step, w.from, w.to = 20*time.Second, 1, 2500 // rows leave with every answer after the first page
	report := w.once()
	for row := range w.sim.PSTNCalls(noon.Add(-366*24*time.Hour), noon) {
		if w.query(`SELECT count(*) FROM teams.pstn_calls WHERE id = $1`, idOf(row)) == "0" {
			t.Errorf("%s is still served and was passed over", idOf(row))
		}
	}
	if report.Rows.Unchanged == 0 {
		t.Error("no row was read twice: the window was not read again")
	}
}

func TestDeniedSinceTheFirstDay(t *testing.T) {
	w := newWorld(t, graphsim.Config{Seed: 7, Users: 10, CallsPerDay: 10, History: 10 * 24 * time.Hour})
	w.sim.SetDenied(true)
	_, err := schedule.Once(t.Context(), w.job, "once")
	if fetch.KindOf(err) != fetch.Denied {
		t.Fatalf("error = %v", err)
	}
	if got := w.query(`SELECT concat_ws(' ', e.state, failures, r.result, r.pages) FROM ingest.endpoints e JOIN ingest.runs r USING (endpoint)`); got != "denied 1 denied 0" {
		t.Errorf("endpoint and run = %s", got)
	}
	if got := w.query(`SELECT count(*) FROM ingest.slots`); got != "0" {
		t.Errorf("%s slots were noted as read", got)
	}
	w.sim.SetDenied(false)
	w.once()
	w.wantServed()
}

func TestClockJumpStopsTheRun(t *testing.T) {
	w := newWorld(t, graphsim.Config{Seed: 8, Users: 10, CallsPerDay: 10, History: 10 * 24 * time.Hour})
	w.once()
	w.mu.Lock()
	w.now = w.now.Add(60 * 24 * time.Hour)
	w.mu.Unlock()
	w.forget()
	_, err := schedule.Once(t.Context(), w.job, "once")
	if !errors.Is(err, fetch.ErrClockJump) {
		t.Fatalf("error = %v", err)
	}
	if got := w.query(`SELECT count(*) FROM ingest.slots`); got != "0" {
		t.Errorf("%s slots were noted by a clock not to be trusted", got)
	}
}

// What is noted after a run goes by the time after it: readings made during
// the run are none of the future.
func TestNotesFollowAMovingClock(t *testing.T) {
	w := newWorld(t, graphsim.Config{Seed: 9, Users: 10, CallsPerDay: 20, History: 60 * 24 * time.Hour})
	w.step, w.to = time.Second, 1<<30
	first := w.once()
	w.advance(31 * 24 * time.Hour) // everything is due again
	again := w.once()
	if !again.Watermark.After(first.Watermark) {
		t.Errorf("watermark %v after %v", again.Watermark, first.Watermark)
	}
	if got := w.query(`SELECT state || ' ' || (watermark = $1) || ' ' || (next_due_at > $1) FROM ingest.endpoints`, again.Watermark); got != "on_time true true" {
		t.Errorf("endpoint = %s", got)
	}
}

// The promise begins with the first start, even one that Entra turns away.
func TestWrongSecretSinceTheFirstDay(t *testing.T) {
	w := newWorld(t, graphsim.Config{Seed: 10, Users: 10, CallsPerDay: 10, History: 10 * 24 * time.Hour})
	w.secret = "wrong"
	w.restart()
	_, err := schedule.Once(t.Context(), w.job, "once")
	if fetch.KindOf(err) != fetch.Denied {
		t.Fatalf("error = %v", err)
	}
	if got := w.query(`SELECT concat_ws(' ', state, failures, last_error LIKE '%AADSTS7000215%', origin IS NOT NULL) FROM ingest.endpoints`); got != "denied 1 t t" {
		t.Errorf("endpoint = %s", got)
	}
	w.secret = ""
	w.restart()
	w.once()
	w.wantServed()
}

// One key with two contents in one reading: the first is stored, the second
// kept raw, and reading it all again writes nothing.
func TestOneKeyOnTwoPages(t *testing.T) {
	noon := time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
	var rows []graphsim.Row
	for i := range 2500 {
		start, id := noon.Add(time.Duration(i-100_000)*time.Second), i
		if i == 2400 {
			id = 7 // as on the first page
		}
		rows = append(rows, graphsim.Row{Start: start, JSON: fmt.Appendf(nil, `{"id": "row-%04d", "duration": %d, "startDateTime": %q}`, id, i, start.Format(time.RFC3339))})
	}
	w := newWorld(t, graphsim.Config{CallsPerDay: -1, Extra: rows})
	w.once()
	const state = `SELECT count(*) || ' ' || max(duration_s) FILTER (WHERE id = 'row-0007') || ' ' || md5(string_agg(xmin::text, ',' ORDER BY id)) FROM teams.pstn_calls`
	before := w.query(state)
	if before[:6] != "2499 7" {
		t.Errorf("rows and the content of the key = %s", before)
	}
	if got := w.query(`SELECT string_agg(reason || ' ' || key || ' ' || (resolved_at IS NULL), ';') FROM ingest.rejects`); got != "key collision row-0007 true" {
		t.Errorf("rejects = %s", got)
	}
	w.advance(time.Minute)
	w.forget()
	w.once()
	if after := w.query(state); after != before {
		t.Errorf("reading again wrote: %s", after)
	}
}

// A database that refuses rows of one day, not by their values but for want of
// a right, costs the window of that day and no other.
func TestOneDayTheDatabaseRefuses(t *testing.T) {
	w := newWorld(t, graphsim.Config{Seed: 11, Users: 10, CallsPerDay: 20, History: 60 * 24 * time.Hour})
	_, err := w.conn.Exec(t.Context(), `
		CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = '42501'; END $$;
		CREATE TRIGGER refuse BEFORE INSERT ON teams.pstn_calls FOR EACH ROW WHEN (NEW.start_at::date = '2026-06-01') EXECUTE FUNCTION refuse()`)
	if err != nil {
		t.Fatal(err)
	}
	var refused *store.Error
	if _, err := schedule.Once(t.Context(), w.job, "once"); !errors.As(err, &refused) || refused.State != "42501" {
		t.Fatalf("error = %v", err)
	}
	if got := w.query(`SELECT (count(*) >= 336) || ' ' || bool_and(NOT '2026-06-01' BETWEEN slot_from::date AND slot_from::date) FROM ingest.slots`); got != "true true" {
		t.Errorf("other slots read, and that day not = %s", got)
	}
}
