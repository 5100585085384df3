package schedule_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/schedule/scheduletest"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

const day = 24 * time.Hour

// date is midnight of a day like "2026-06-11".
func date(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return t
}

// calls is a tenant that has made so many PSTN calls a day, for so many days.
func calls(seed int64, perDay, days int) scheduletest.Config {
	return scheduletest.Config{
		Graph: graphsim.Config{Seed: seed, Users: 50, CallsPerDay: perDay, History: time.Duration(days) * day},
	}
}

// pstnCall is a row of getPstnCalls that says little.
func pstnCall(id string, start time.Time) graphsim.Row {
	text := fmt.Appendf(nil, `{"id": %q, "startDateTime": %q}`, id, start.Format(time.RFC3339))
	return graphsim.Row{Start: start, JSON: text}
}

func TestOnceStoresWhatIsServed(t *testing.T) {
	t.Parallel()
	w := scheduletest.New(t, calls(1, 40, 60))
	rows := w.Once().Rows
	w.WantServed()
	w.WantSettled()
	w.RefreshUsers()
	if n := len(w.Slots()); n != 366 {
		t.Errorf("%d slots were read, want those of a year", n)
	}
	counted := int64(0)
	for _, s := range w.Slots() {
		counted += int64(s.Rows)
	}
	if counted != rows.New {
		t.Errorf("the slots hold %d rows, want %d", counted, rows.New)
	}
	if got := w.Endpoint(); got.State != "on_time" || got.Failures != 0 || got.LastError != "" {
		t.Errorf("endpoint %+v", got)
	}
	const missing = `SELECT count(*) FROM teams.pstn_calls
		WHERE user_id IS NOT NULL AND user_id NOT IN (SELECT user_id FROM teams.users)`
	if n := storetest.Query[int](t, w.Conn, missing); n > 0 {
		t.Errorf("%d users are missing", n)
	}
}

func TestReadingAgainWritesNothing(t *testing.T) {
	t.Parallel()
	w := scheduletest.New(t, calls(2, 40, 60))
	n := w.Once().Rows.New
	w.RefreshUsers()
	physical := func() string {
		return storetest.Query[string](t, w.Conn, `SELECT
			(SELECT md5(string_agg(c.xmin || c.ctid::text || c.updated_at, ',' ORDER BY id)) FROM teams.pstn_calls c) ||
			(SELECT md5(string_agg(u.xmin || u.ctid::text, ',' ORDER BY user_id)) FROM teams.users u)`)
	}
	before := physical()
	w.Forget()
	got := w.Once().Rows
	if want := (store.Counts{Pages: got.Pages, Seen: n, Unchanged: n}); got != want || n == 0 {
		t.Errorf("counts %+v, want %+v", got, want)
	}
	w.RefreshUsers()
	if physical() != before {
		t.Error("reading unchanged rows again wrote some")
	}
}

func TestChangedRowsAreUpdated(t *testing.T) {
	t.Parallel()
	w := scheduletest.New(t, calls(3, 100, 60))
	w.Once()
	w.Graph.SetChanged(0.01)
	changed := int64(len(w.Missing()))
	w.Advance(2 * time.Second) // of two answers of one second neither is the newer one
	w.Forget()
	if got := w.Once().Rows; changed == 0 || got.Changed != changed || got.New != 0 {
		t.Errorf("counts %+v, want %d changed", got, changed)
	}
	w.WantServed()
}

// Rows come days late and change; a daemon that looks now and then has them all once they settle.
func TestLateRowsArrive(t *testing.T) {
	t.Parallel()
	w := scheduletest.New(t, calls(4, 60, 20))
	for range 12 {
		w.Once()
		w.Advance(9 * time.Hour)
	}
	w.Once()
	w.WantServed()
	late := false
	for _, run := range w.Runs()[1:] {
		late = late || run.Rows.Changed > 0
	}
	if !late {
		t.Error("no row changed after it was read: the test shows nothing")
	}
}

// Rows that appear while a window is read move others to later pages.
func TestRowsMoveBetweenPages(t *testing.T) {
	t.Parallel()
	w := scheduletest.New(t, scheduletest.Config{
		Graph: graphsim.Config{Seed: 5, Users: 200, CallsPerDay: 6000, History: 6 * day}, Span: 90 * day,
	})
	w.Graph.SetFaults(func(r graphsim.Request) graphsim.Fault {
		if r.Skip == 0 || r.N >= 40 {
			return graphsim.Fault{}
		}
		w.Advance(10 * time.Minute) // new rows with every page, for a while
		return graphsim.Fault{Shift: 30}
	})
	if rows := w.Once().Rows; rows.Unchanged == 0 {
		t.Error("no row stood on two pages: the test shows nothing")
	}
	w.Forget()
	w.Once()
	w.WantServed()
}

// Both ends of what a function of Graph is asked for count: a call at midnight is served for two days. It is stored
// once, and counted for the day it began in. A call in the last moment of a day is not passed over.
func TestRowsAtTheEndsOfWindows(t *testing.T) {
	t.Parallel()
	var rows []graphsim.Row
	for at := date(firstDay); at.Before(scheduletest.Noon); at = at.Add(day) {
		rows = append(rows, pstnCall("first-"+at.Format("02"), at))
		if last := at.Add(day - time.Microsecond); last.Before(scheduletest.Noon) {
			const row = `{"id": "last-%d", "startDateTime": %q}`
			text := fmt.Appendf(nil, row, at.Day(), last.Format(time.RFC3339Nano))
			rows = append(rows, graphsim.Row{Start: last, JSON: text})
		}
	}
	for name, span := range map[string]time.Duration{"a window for each day": day, "one window": 30 * day} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := scheduletest.New(t, scheduletest.Config{
				Graph: graphsim.Config{CallsPerDay: -1, Extra: rows}, StartFrom: date(firstDay), Span: span,
			})
			got := w.Once().Rows
			if int(got.New) != len(rows) || got.Changed+got.Rejected > 0 {
				t.Errorf("counts %+v, want %d new", got, len(rows))
			}
			if span == day && got.Unchanged == 0 {
				t.Error("no row was served twice: the test shows nothing")
			}
			wantAftermath(t, w, healed)
			w.WantServed()
			const counted = `SELECT array_agg(rows ORDER BY slot_from) FROM ingest.slots`
			if got := storetest.Query[[]int](t, w.Conn, counted); !slices.Equal(got, []int{2, 2, 2, 2, 2, 1}) {
				t.Errorf("counted by day: %v", got)
			}
		})
	}
}

// A full page without a link is the last one. Where a link was lost, the rows behind it come with the next reading.
func TestFullPageWithoutALink(t *testing.T) {
	t.Parallel()
	for name, more := range map[string]int{"all rows": 0, "half of the rows": 1000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var rows []graphsim.Row
			for i := range 1000 + more {
				start := date(faultyDay).Add(time.Duration(i) * time.Second)
				rows = append(rows, pstnCall(fmt.Sprintf("row-%04d", i), start))
			}
			w := scheduletest.New(t, scheduletest.Config{
				Graph: graphsim.Config{CallsPerDay: -1, Extra: rows}, StartFrom: date(faultyDay), Span: day,
			})
			w.Graph.SetFaults(onAllDays(always(graphsim.Fault{NoLink: true})))
			if got := w.Once().Rows; got.New != 1000 || len(w.Missing()) != more {
				t.Errorf("counts %+v, and %d rows are missing", got, len(w.Missing()))
			}
			w.Graph.SetFaults(nil)
			w.Advance(25 * time.Hour)
			if got := w.Once().Rows; int(got.New) != more {
				t.Errorf("a day later: counts %+v, want %d new", got, more)
			}
			w.WantServed()
		})
	}
}

// An answer that was served more than an hour ago, as the process was suspended, is not stored: a newer one that was
// stored meanwhile would pass for one of a clock that was ahead. The day is read again.
func TestAnswerOfLongAgoIsNotStored(t *testing.T) {
	t.Parallel()
	var rows []graphsim.Row
	for i := range 1001 {
		rows = append(rows, pstnCall(fmt.Sprintf("row-%04d", i), scheduletest.Noon.Add(-time.Hour)))
	}
	w := scheduletest.New(t, scheduletest.Config{
		Graph: graphsim.Config{CallsPerDay: -1, Extra: rows}, StartFrom: scheduletest.Noon.Truncate(day),
	})
	w.Graph.SetFaults(func(r graphsim.Request) graphsim.Fault {
		if r.Skip > 0 {
			w.Advance(2 * time.Hour)
		}
		return graphsim.Fault{}
	})
	if _, err := w.Try(t.Context()); err == nil || !strings.Contains(err.Error(), "suspended") {
		t.Errorf("error = %v", err)
	}
	if n := storetest.Query[int](t, w.Conn, `SELECT count(*) FROM teams.pstn_calls`); n > 0 {
		t.Errorf("%d rows are stored", n)
	}
	w.Graph.SetFaults(nil)
	w.Once()
	w.WantServed()
}

// Rows that leave Graph's reach while a window is read make it pass over others. The window is read again until its
// first page stands still.
func TestRowsLeaveBetweenPages(t *testing.T) {
	t.Parallel()
	const reach = 365 * day
	var rows []graphsim.Row
	for i := range 4000 {
		start := scheduletest.Noon.Add(-reach + time.Duration(i)*2*time.Second)
		rows = append(rows, pstnCall(fmt.Sprintf("row-%04d", i), start))
	}
	w := scheduletest.New(t, scheduletest.Config{Graph: graphsim.Config{CallsPerDay: -1, Extra: rows}})
	var further atomic.Int64
	w.Graph.SetFaults(func(r graphsim.Request) graphsim.Fault {
		if r.Skip > 0 && further.Add(1) <= 3 { // pages of the first reading: all rows are in one window
			w.Advance(time.Minute) // 30 rows leave
		}
		return graphsim.Fault{}
	})
	counts := w.Once().Rows
	served := 0
	for range w.Graph.PSTNCalls(w.Now().Add(-reach), w.Now()) {
		served++
	}
	const within = `SELECT count(*) FROM teams.pstn_calls WHERE start_at >= $1`
	if stored := storetest.Query[int](t, w.Conn, within, w.Now().Add(-reach)); stored != served || served == len(rows) {
		t.Errorf("%d of the %d rows that are still served are stored", stored, served)
	}
	if counts.Unchanged == 0 {
		t.Error("no row was read twice: the window was not read again")
	}
}

func TestDeniedSinceTheFirstDay(t *testing.T) {
	t.Parallel()
	w := scheduletest.New(t, calls(7, 10, 10))
	w.Graph.SetDenied(true)
	if _, err := w.Try(t.Context()); fetch.KindOf(err) != fetch.Denied {
		t.Fatalf("error = %v", err)
	}
	if got := w.Endpoint(); got.State != "denied" || got.Failures != 1 {
		t.Errorf("endpoint %+v", got)
	}
	if runs := w.Runs(); len(runs) != 1 || runs[0].Result != "denied" || runs[0].Rows.Pages != 0 {
		t.Errorf("runs %+v", runs)
	}
	if slots := w.Slots(); len(slots) > 0 {
		t.Errorf("slots were noted: %+v", slots)
	}
	w.Graph.SetDenied(false)
	w.Once()
	w.WantServed()
}

// The promise begins with the first start, even one that Entra turns away.
func TestWrongSecretSinceTheFirstDay(t *testing.T) {
	t.Parallel()
	secret := "wrong"
	w := scheduletest.New(t, scheduletest.Config{
		Graph:  graphsim.Config{Seed: 10, Users: 10, CallsPerDay: 10, History: 10 * day},
		Secret: func() (string, error) { return secret, nil },
	})
	if _, err := w.Try(t.Context()); fetch.KindOf(err) != fetch.Denied {
		t.Fatalf("error = %v", err)
	}
	if got := w.Endpoint(); got.State != "denied" || got.Failures != 1 || got.Origin.IsZero() {
		t.Errorf("endpoint %+v", got)
	}
	secret = graphsim.ClientSecret
	w.Once()
	w.WantServed()
}

func TestClockJumpStopsTheRun(t *testing.T) {
	t.Parallel()
	w := scheduletest.New(t, calls(8, 10, 10))
	w.Once()
	w.Forget()
	w.Graph.SetFaults(func(r graphsim.Request) graphsim.Fault { return graphsim.Fault{Date: r.Now.Add(60 * day)} })
	if _, err := w.Try(t.Context()); !errors.Is(err, fetch.ErrClockJump) {
		t.Fatalf("error = %v", err)
	}
	if slots := w.Slots(); len(slots) > 0 {
		t.Errorf("a clock not to be trusted noted %+v", slots)
	}
}

// What is noted after a run goes by the time after it: readings made during the run are not of the future.
func TestNotesFollowAMovingClock(t *testing.T) {
	t.Parallel()
	w := scheduletest.New(t, calls(9, 20, 60))
	w.Graph.SetFaults(func(graphsim.Request) graphsim.Fault {
		w.Advance(time.Second)
		return graphsim.Fault{}
	})
	w.Once()
	w.WantSettled()
	w.Advance(31 * day) // everything is due again
	w.Once()
	w.WantSettled()
}

// One key with two contents in one reading: the later is stored, the earlier kept raw, and reading it all again writes
// nothing.
func TestOneKeyOnTwoPages(t *testing.T) {
	t.Parallel()
	var rows []graphsim.Row
	for i := range 2500 {
		id := i
		if i == 2400 {
			id = 7 // as on the first page
		}
		start := scheduletest.Noon.Add(time.Duration(i-100_000) * time.Second)
		text := fmt.Appendf(
			nil,
			`{"id": "row-%04d", "duration": %d, "startDateTime": %q}`,
			id,
			i,
			start.Format(time.RFC3339),
		)
		rows = append(rows, graphsim.Row{Start: start, JSON: text})
	}
	w := scheduletest.New(t, scheduletest.Config{Graph: graphsim.Config{CallsPerDay: -1, Extra: rows}})
	if got := w.Once().Rows; got.New != 2499 || got.Rejected == 0 {
		t.Errorf("counts %+v, want 2499 new, and rejected ones", got)
	}
	const content = `SELECT duration_s FROM teams.pstn_calls WHERE id = 'row-0007'`
	if got := storetest.Query[int](t, w.Conn, content); got != 2400 {
		t.Errorf("the row has the content of row %d", got)
	}
	const rejected = `SELECT concat_ws(' ', reason, key) FROM ingest.rejects WHERE resolved_at IS NULL`
	if got := storetest.Query[string](t, w.Conn, rejected); got != "key collision row-0007" {
		t.Errorf("rejected: %s", got)
	}
	w.Forget()
	if got := w.Once().Rows; got.New+got.Changed != 0 {
		t.Errorf("reading again wrote: %+v", got)
	}
}

// A trigger of the customer's that refuses the rows of one day, with whatever SQLSTATE, costs these rows and no other.
// They are kept raw, and can be stored from there once it is gone.
func TestOneDayTheDatabaseRefuses(t *testing.T) {
	t.Parallel()
	w := scheduletest.New(t, calls(11, 20, 60))
	w.Exec(`
		CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
			BEGIN RAISE EXCEPTION USING ERRCODE = '42501'; END $$;
		CREATE TRIGGER refuse BEFORE INSERT ON teams.pstn_calls
			FOR EACH ROW WHEN (NEW.start_at::date = '2026-06-01') EXECUTE FUNCTION refuse()`)
	if rows := w.Once().Rows; rows.Rejected == 0 || len(w.Missing()) != int(rows.Rejected) {
		t.Fatalf("%+v, and %d rows are missing", rows, len(w.Missing()))
	}
	if got := w.Endpoint(); got.Rejects != len(w.Missing()) {
		t.Errorf("endpoint %+v", got)
	}
	w.Exec(`DROP TRIGGER refuse ON teams.pstn_calls`)
	w.RetryRejects()
	w.WantServed()
	if got := w.Endpoint(); got.Rejects != 0 {
		t.Errorf("endpoint %+v", got)
	}
}

// Of two contents of one row, each refused when it was served, the later is stored in the end.
func TestRetryOfTwoContents(t *testing.T) {
	t.Parallel()
	w := scheduletest.New(t, calls(12, 20, 3))
	w.Exec(`ALTER TABLE teams.pstn_calls ADD CONSTRAINT none CHECK (tenant_id IS NULL)`)
	w.Once()
	w.Graph.SetChanged(1)
	w.Advance(2 * time.Hour)
	w.Forget()
	w.Once()
	w.Exec(`ALTER TABLE teams.pstn_calls DROP CONSTRAINT none`)
	if _, kept := w.RetryRejects(); kept != 0 {
		t.Errorf("%d rejects are kept", kept)
	}
	w.WantServed()
}

// A daemon that was off for weeks reads what it missed, as far as Graph reaches. What is out of reach is listed as
// lost, to the second, and nothing else is.
func TestOutage(t *testing.T) {
	t.Parallel()
	const reach = 30 * day
	tests := []struct {
		name string
		off  time.Duration
		lost []fetch.Window
	}{
		{name: "of 29 days", off: 29 * day},
		{name: "of 31 days", off: 31 * day,
			lost: []fetch.Window{{From: date("2026-06-15"), To: scheduletest.Noon.Add(31*day - reach)}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var rows []graphsim.Row
			for at := 2*time.Hour - reach; at < tt.off; at += 5 * time.Hour {
				rows = append(rows, pstnCall(at.String(), scheduletest.Noon.Add(at)))
			}
			w := scheduletest.New(t, scheduletest.Config{
				Graph: graphsim.Config{CallsPerDay: -1, Extra: rows}, Reach: reach, Settle: 6 * time.Hour,
			})
			w.Graph.SetFaults(func(r graphsim.Request) graphsim.Fault {
				if r.API != "" && r.From.Before(r.Now.Add(-reach)) {
					t.Errorf("%v is asked for, beyond reach", r.From)
				}
				return graphsim.Fault{}
			})
			w.Once()
			w.WantServed()
			w.Advance(tt.off)
			w.Once()
			got := w.Endpoint()
			if diff := cmp.Diff(tt.lost, got.Lost); diff != "" {
				t.Errorf("lost (-want +got):\n%s", diff)
			}
			if got.State != "on_time" || got.Failures != 0 { // a loss is a flag, and colours no state
				t.Errorf("endpoint %+v", got)
			}
			for _, row := range w.Missing() {
				horizon := scheduletest.Noon.Add(tt.off - reach)
				if row.At.Before(scheduletest.Noon) || !row.At.Before(horizon) {
					t.Errorf("the call of %v is not stored", row.At)
				}
			}
			if again := w.Once(); again.Windows != 0 {
				t.Errorf("the run after it planned %d windows", again.Windows)
			}
		})
	}
}
