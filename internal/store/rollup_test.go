package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// The days of the tests in which rows are moved from one to another. They are of
// late, as the calendars reach from the first row to tomorrow.
var dayD, dayE, dayF = daysAgo(9), daysAgo(7), daysAgo(5)

func daysAgo(n int) string { return time.Now().UTC().AddDate(0, 0, -n).Format(time.DateOnly) }

// on is a call of a day, as served in a version: its duration.
func on(day string, id, version int) string {
	return fmt.Sprintf(`{"id": "00000000-0000-0000-0000-%012d", "callType": "user_out", "currency": "EUR",
		"startDateTime": "%sT10:00:00Z", "duration": %d}`, id, day, version)
}

// A writer saves calls by a connection and a run of its own.
type writer struct {
	fixture
	saved chan error // the result of the last save begun
}

func newWriter(t *testing.T, url string) *writer {
	t.Helper()
	w := &writer{fixture{t: t, db: storetest.Connect(t, url), conn: storetest.Conn(t, url), endpoint: calls}, nil}
	w.start()
	return w
}

// oneRollup is a database in which only rollup.pstn_cost_daily is kept up: planning
// all takes long.
func oneRollup(t *testing.T) (url string) {
	t.Helper()
	url = storetest.URL(t)
	if _, err := storetest.Conn(t, url).Exec(t.Context(), `
		DELETE FROM rollup.views WHERE name <> 'pstn_cost_daily'`); err != nil {
		t.Fatal(err)
	}
	return url
}

// begin begins to save a call. The transaction stays open until commit is called.
func (w *writer) begin(served time.Duration, call string) (commit func()) {
	w.t.Helper()
	hold, err := w.conn.Begin(w.t.Context())
	if err == nil {
		_, err = hold.Exec(w.t.Context(), `SELECT 1 FROM ingest.runs WHERE run_id = $1 FOR UPDATE`, w.run.ID)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.saved = make(chan error, 1)
	go func() {
		_, err := w.saveRows(w.t.Context(), batch(w.t, noon.Add(served), call))
		w.saved <- err
	}()
	return func() {
		w.t.Helper()
		if err := hold.Rollback(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		if err := <-w.saved; err != nil {
			w.t.Fatal(err)
		}
	}
}

// waiting waits until so many sessions of the database wait for a lock.
func waiting(t *testing.T, conn *pgx.Conn, sessions int) {
	t.Helper()
	const blocked = `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND wait_event_type = 'Lock'`
	storetest.Eventually(t, func() bool { return storetest.Query[int](t, conn, blocked) == sessions })
}

func refresh(t *testing.T, db *store.DB) {
	t.Helper()
	if err := db.RefreshRollups(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

// wantFresh fails the test unless every rollup is what its live view is.
func wantFresh(t testing.TB, conn *pgx.Conn) {
	t.Helper()
	for _, fault := range storetest.RollupFaults(t, conn) {
		t.Error(fault)
	}
}

// counted are the days with calls by a rollup, each with how many and how long.
func (f *fixture) counted() string {
	f.t.Helper()
	return f.query(`SELECT string_agg(concat_ws(' ', day, calls, duration_s), ', ' ORDER BY day)
		FROM rollup.pstn_cost_daily`)
}

func (f *fixture) wantCounted(want string) {
	f.t.Helper()
	if got := f.counted(); got != want {
		f.t.Errorf("counted: %s, want %s", got, want)
	}
}

// A row that is written while others are computed is computed by the next refresh,
// whichever transaction comes to its end first.
func TestRollupsFollowSlowWriters(t *testing.T) {
	t.Parallel()
	t.Run("an open update of a day that is computed meanwhile", func(t *testing.T) {
		t.Parallel()
		url := oneRollup(t)
		a, b := newWriter(t, url), newWriter(t, url)
		a.save(noon, on(dayD, 1, 60))
		refresh(t, a.db)
		commit := a.begin(time.Second, on(dayD, 1, 30))
		waiting(t, b.conn, 1)
		b.save(noon, on(dayD, 2, 100))
		refresh(t, b.db)
		b.wantCounted(dayD + " 2 160")
		commit()
		refresh(t, b.db)
		b.wantCounted(dayD + " 2 130")
		wantFresh(t, b.conn)
	})
	for name, stored := range map[string]bool{
		"a row moved by another between look-up and update":               true,
		"a row stored by another that was not there when it looked it up": false,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := oneRollup(t)
			a, b := newWriter(t, url), newWriter(t, url)
			if stored {
				a.save(noon, on(dayD, 1, 60))
				refresh(t, a.db)
			}
			commitB := b.begin(time.Second, on(dayE, 1, 61))
			waiting(t, a.conn, 1)
			commitA := a.begin(2*time.Second, on(dayF, 1, 62)) // it waits for the row, or for its key
			waiting(t, b.conn, 2)
			commitB()
			waiting(t, b.conn, 1)
			refresh(t, b.db)
			b.wantCounted(dayE + " 1 61")
			commitA()
			refresh(t, b.db)
			b.wantCounted(dayF + " 1 62")
			wantFresh(t, b.conn)
		})
	}
}

// Where nothing has changed a refresh asks one question, and makes no connection. Notes
// of times that no calendar has are forgotten, or wait for their day.
func TestRollupsAreCheapWhereNothingChanges(t *testing.T) {
	t.Parallel()
	proxy, url := storetest.NewProxy(t, storetest.URL(t))
	db := storetest.Connect(t, url)
	storetest.Exec(t, storetest.Conn(t, url), `INSERT INTO rollup.stale (tenant_id, source, at)
		SELECT gen_random_uuid(), 'pstn_calls', unnest(ARRAY['-infinity', '4713-01-01 BC', '0001-01-01', '9999-12-31',
			'294276-12-31 23:59Z', 'infinity']::timestamptz[])`)
	refresh(t, db)
	before := proxy.Statements()
	refresh(t, db)
	if n := proxy.Statements() - before; n > 1 {
		t.Errorf("%d statements", n)
	}
}

// Where a list or the time zone of the reports has changed all days follow.
func TestRollupsFollowLists(t *testing.T) {
	t.Parallel()
	f := newWriter(t, oneRollup(t))
	late := strings.Replace(on(dayD, 1, 60), "T10:", "T23:", 1)
	f.save(noon, late, on(dayE, 2, 30))
	refresh(t, f.db)
	f.wantCounted(dayD + " 1 60, " + dayE + " 1 30")
	f.exec(`UPDATE ref.settings SET report_timezone = 'Europe/Berlin'`)
	refresh(t, f.db)
	f.wantCounted(daysAgo(8) + " 1 60, " + dayE + " 1 30")
	wantFresh(t, f.conn)
	// Of the time zone the server knew something else, by which the calendars were made.
	f.exec(`UPDATE ref.days SET from_at = from_at - interval '2 hours' WHERE day = $1`, daysAgo(8))
	f.exec(`UPDATE rollup.pstn_cost_daily SET duration_s = 59 WHERE day = $1`, daysAgo(8))
	f.exec(`SELECT rollup.note($1, 'pstn_calls', $2, $2)`, tenant, dayE+" 12:00Z")
	refresh(t, f.db)
	wantFresh(t, f.conn)
	f.exec(`UPDATE ref.call_types SET direction = 'inbound' WHERE call_type = 'user_out'`)
	refresh(t, f.db)
	if got := f.query(`SELECT string_agg(DISTINCT direction, ' ') FROM rollup.pstn_cost_daily`); got != "inbound" {
		t.Errorf("calls are %s after the list says inbound", got)
	}
	wantFresh(t, f.conn)
}

// A refresh writes only what differs. What retention has frozen keeps its figures.
func TestRollupsWriteWhatDiffers(t *testing.T) {
	t.Parallel()
	f := newWriter(t, oneRollup(t))
	f.save(noon, on(dayD, 1, 60), on(dayE, 2, 30))
	refresh(t, f.db)
	const written = `SELECT string_agg(xmin || ctid::text, ' ' ORDER BY day) FROM rollup.pstn_cost_daily`
	before := f.query(written)
	if err := f.db.NoteAllDays(t.Context()); err != nil {
		t.Fatal(err)
	}
	refresh(t, f.db)
	if after := f.query(written); after != before {
		t.Errorf("nothing has changed, and %s was written in place of %s", after, before)
	}
	f.save(noon.Add(time.Hour), on(dayE, 2, 31))
	refresh(t, f.db)
	after := f.query(written)
	if first := strings.Fields(before)[0]; !strings.HasPrefix(after, first) || after == before {
		t.Errorf("of two days one has changed; written %s, then %s", before, after)
	}
	wantFresh(t, f.conn)

	f.exec(`WITH gone AS (DELETE FROM teams.pstn_calls WHERE start_at < $1::timestamptz RETURNING tenant_id)
		INSERT INTO rollup.frozen SELECT tenant_id, 'pstn_calls', $1 FROM gone`, dayE+" 00:00Z")
	f.exec(`SELECT rollup.note($1, 'pstn_calls', $2, $2)`, tenant, dayD+" 12:00Z")
	refresh(t, f.db)
	if err := f.db.NoteAllDays(t.Context()); err != nil {
		t.Fatal(err)
	}
	refresh(t, f.db)
	f.wantCounted(dayD + " 1 60, " + dayE + " 1 31")
}

// A day that cannot be computed keeps no other day and no other rollup from it, and
// is computed once it can be.
func TestRollupsOfADayThatFails(t *testing.T) {
	t.Parallel()
	f := newWriter(t, storetest.URL(t))
	f.save(noon, on(dayD, 1, 60), on(dayE, 2, 30), on(dayF, 3, 10))
	const live = `live.call_volume_hourly`
	sound := f.query(`SELECT pg_get_viewdef('` + live + `'::regclass)`)
	f.exec(`CREATE FUNCTION too_much() RETURNS bigint LANGUAGE plpgsql AS
		$$ BEGIN RAISE 'more than temp_file_limit' USING ERRCODE = '53400'; END $$`)
	f.exec(`CREATE OR REPLACE VIEW ` + live + ` AS SELECT tenant_id, hour, provider, direction, scenario,
			CASE WHEN day = '` + dayE + `' THEN too_much() ELSE attempts END AS attempts,
			answered, duration_s, users, day_of_week, hour_of_day, day, hour_local
		FROM (` + strings.TrimSuffix(sound, ";") + `) v`)
	err := f.db.RefreshRollups(t.Context(), nil)
	if want := "refresh rollup.call_volume_hourly of " + dayE; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("the refresh says %v, want %q", err, want)
	}
	f.wantCounted(dayD + " 1 60, " + dayE + " 1 30, " + dayF + " 1 10")
	const hours = `SELECT string_agg(day::text, ' ' ORDER BY day) FROM rollup.call_volume_hourly`
	if got, want := f.query(hours), dayD+" "+dayF; got != want {
		t.Errorf("days computed: %s, want %s", got, want)
	}
	f.exec(`CREATE OR REPLACE VIEW ` + live + ` AS ` + sound)
	refresh(t, f.db)
	wantFresh(t, f.conn)
}

// Where the report time zone changes, what there is one of in all days goes over to
// another day: to a later one that is computed first, or to an earlier one.
func TestRollupsInAnotherTimeZone(t *testing.T) {
	t.Parallel()
	f := newWriter(t, storetest.URL(t))
	const named = "00000000-0000-0000-0000-000000000009"
	f.exec(`INSERT INTO teams.call_records
			(tenant_id, id, version, details_version, start_at, updated_at, run_id, row_hash)
		VALUES ($1, $2, 1, 1, $3, now(), 1, 1)`, tenant, named, dayD+" 23:30Z")
	f.save(noon, fmt.Sprintf(`{"id": "00000000-0000-0000-0000-000000000001", "callType": "user_out", "callId": "%s",
		"startDateTime": "%sT23:30:00Z", "duration": 60}`, named, dayD))
	for _, c := range []struct{ zone, day string }{
		{"UTC", dayD}, {"Europe/Berlin", daysAgo(8)}, {"UTC", dayD},
	} {
		f.exec(`UPDATE ref.settings SET report_timezone = $1`, c.zone)
		refresh(t, f.db)
		if got := f.query(`SELECT string_agg(day::text, ' ') FROM rollup.pstn_matches`); got != c.day {
			t.Errorf("in %s the call is in %s, want %s", c.zone, got, c.day)
		}
		wantFresh(t, f.conn)
	}
}

// A role that owns nothing, and has what a daemon needs, keeps the rollups up to date,
// whatever its settings.
func TestRollupsByARoleThatOwnsNothing(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	owner := newWriter(t, url)
	role, as := storetest.Role(t, url, "")
	storetest.Exec(t, owner.conn, storetest.Strange("ROLE "+role))
	to := store.Grantee{Role: role, Access: store.Write}
	if _, still, err := owner.db.Grant(t.Context(), to); err != nil || len(still) > 0 {
		t.Fatal(err, still)
	}
	f := newWriter(t, as)
	f.conn = owner.conn // which answers as usual
	f.save(noon, on(dayD, 1, 60))
	refresh(t, f.db)
	f.wantCounted(dayD + " 1 60")
	if err := f.db.NoteAllDays(t.Context()); err != nil {
		t.Fatal(err)
	}
	refresh(t, f.db)
	wantFresh(t, owner.conn)
}
