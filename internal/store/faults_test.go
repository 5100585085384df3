package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/pgserver"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// failInserts makes the first inserts into pstn_calls fail with a SQLSTATE.
func (f *fixture) failInserts(state string, times int) {
	f.t.Helper()
	f.failOn("teams.pstn_calls", state, times)
}

// failOn makes the first inserts into a table fail with a SQLSTATE.
func (f *fixture) failOn(table, state string, times int) {
	f.t.Helper()
	f.exec(fmt.Sprintf(`
		CREATE SEQUENCE faults;
		CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			IF nextval('faults') <= %d THEN -- a sequence is not rolled back
				RAISE EXCEPTION 'canary' USING ERRCODE = '%s';
			END IF;
			RETURN NULL;
		END $$;
		CREATE TRIGGER fail AFTER INSERT ON %s FOR EACH STATEMENT EXECUTE FUNCTION fail()`, times, state, table))
}

func (f *fixture) exec(sql string, args ...any) {
	f.t.Helper()
	if _, err := f.conn.Exec(f.t.Context(), sql, args...); err != nil {
		f.t.Fatal(err)
	}
}

var aSlot = store.Slot{From: noon.Add(-24 * time.Hour), To: noon, ReadAt: noon, Rows: 3}

// What passes is tried again and leaves nothing behind; what does not pass
// fails at once, and nothing of the batch is stored.
func TestServerFaults(t *testing.T) {
	tests := []struct {
		name, state string
		times       int
		fails       bool
	}{
		{"serialization failure", "40001", 4, false},
		{"deadlock", "40P01", 4, false},
		{"disk full", "53100", 4, false},
		{"too many connections", "53300", 4, false},
		{"lock timeout", "55P03", 4, false},
		{"server shutting down", "57P01", 4, false},
		{"connection failure", "08006", 4, false},
		{"read-only after a failover", "25006", 4, false},
		{"idle in a transaction for too long", "25P03", 4, false},
		{"another writer was faster", "23505", 2, false},
		{"disk full for long", "53100", 1000, true},
		{"no privilege", "42501", 1000, true},
		{"internal error", "XX000", 1000, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			f.db.Hurry()
			f.failInserts(tt.state, tt.times)
			_, err := f.saveRows(t.Context(), batch(t, noon, elements(3, "")...), aSlot)
			stored := f.query(`SELECT concat_ws(' ', (SELECT count(*) FROM teams.pstn_calls),
				(SELECT count(*) FROM ingest.slots), (SELECT count(*) FROM ingest.rejects), rows_seen)
				FROM ingest.runs`)
			told := err != nil && strings.Contains(err.Error(), "SQLSTATE "+tt.state)
			switch {
			case tt.fails && (!told || strings.Contains(err.Error(), "canary")):
				t.Errorf("error = %v", err)
			case tt.fails && stored != "0 0 0 0":
				t.Errorf("rows, slots, rejects and count after a failed Save: %s", stored)
			case !tt.fails && (err != nil || stored != "3 1 0 3"):
				t.Errorf("rows, slots, rejects and count: %s; error %v", stored, err)
			}
		})
	}
}

// After a failover the sessions of before lead to a server that only reads. All are given up at the first such answer:
// those that stay idle would meet it at each attempt.
func TestSessionsThatOnlyRead(t *testing.T) {
	f := newFixture(t)
	database := f.conn.Config().Database
	f.exec("ALTER DATABASE " + database + " SET default_transaction_read_only = on")
	f.db = storetest.Connect(t, f.conn.Config().ConnString())
	f.db.Hurry()
	if err := f.db.CheckWritable(t.Context()); !errors.Is(err, store.ErrReadOnly) {
		t.Fatalf("before the failover: %v", err)
	}
	f.exec("ALTER DATABASE " + database + " RESET default_transaction_read_only")
	if got := f.save(noon, elements(3, "")...); got.New != 3 {
		t.Errorf("counts %+v, want 3 new", got)
	}
}

// COMMIT rolls back without a word where an error was passed over. That is no success: it is all done again.
func TestCommitThatRollsBack(t *testing.T) {
	f := newFixture(t)
	attempts := 0
	err := store.Retry(t.Context(), f.db, func(ctx context.Context, tx pgx.Tx) error {
		attempts++
		if attempts == 1 {
			_, _ = tx.Exec(ctx, `SELECT 1/0`)
			return nil
		}
		_, err := tx.Exec(ctx, `UPDATE ingest.runs SET pages = 7`)
		return err
	})
	if pages := f.query(`SELECT pages::text FROM ingest.runs`); err != nil || pages != "7" {
		t.Errorf("after %d attempts: %v, pages %s", attempts, err, pages)
	}
}

// Sessions are ended all the time, and every Save still ends well or not at
// all.
func TestKilledBackends(t *testing.T) {
	f := newFixture(t)
	f.db.Hurry()
	ctx, stop := context.WithCancel(t.Context())
	const kill = `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'ingestd'`
	killed := make(chan int)
	go func() {
		n := 0
		for ctx.Err() == nil && n < 40 { // a machine that is busy needs more time between two of them
			var count int
			if f.conn.QueryRow(context.WithoutCancel(ctx), kill).Scan(&count) == nil {
				n += count
			}
			time.Sleep(30 * time.Millisecond) // the pace of the fault, not a wait for anything
		}
		killed <- n
	}()
	saved := 0
	for i := range 12 {
		at := noon.Add(time.Duration(i) * time.Second)
		_, err := f.saveRows(t.Context(), batch(t, at, elements(200, fmt.Sprintf(`, "duration": %d`, i))...))
		if err == nil {
			saved = i
		} else if !strings.HasSuffix(err.Error(), "database connection lost") &&
			!strings.Contains(err.Error(), "SQLSTATE 57P01") {
			t.Errorf("Save %d: %v", i, err)
		}
	}
	stop()
	if n := <-killed; n == 0 {
		t.Error("no session was ended: the test shows nothing")
	}
	got := f.query(`SELECT count(*) || ' ' || count(DISTINCT duration_s) || ' ' || (max(duration_s) >= $1)
		FROM teams.pstn_calls`, saved)
	if got != "200 1 true" {
		t.Errorf("rows, contents, newest = %s, want 200 1 true", got)
	}
}

// Two transactions that want each other's rows: one is told to give way, and
// Save comes through either way.
func TestDeadlock(t *testing.T) {
	f := newFixture(t)
	f.save(noon, element(1, ""), element(2, ""))
	tx, err := f.conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	lock := `UPDATE teams.pstn_calls SET operator = operator WHERE id LIKE '%' || $1`
	if _, err := tx.Exec(t.Context(), lock, "2"); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		b := batch(t, noon.Add(time.Hour), element(1, `, "duration": 5`), element(2, `, "duration": 5`))
		_, err := f.saveRows(context.WithoutCancel(t.Context()), b)
		done <- err
	}()
	watch := storetest.Conn(t, f.conn.Config().ConnString())
	for storetest.Query[int](t, watch, `SELECT count(*) FROM pg_locks WHERE NOT granted`) == 0 {
		time.Sleep(time.Millisecond)
	}
	_, err = tx.Exec(t.Context(), lock, "1") // now each waits for the other
	if err == nil {
		err = tx.Commit(t.Context())
	} else {
		tx.Rollback(t.Context())
	}
	t.Logf("the other transaction: %v", err)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := f.query(`SELECT string_agg(duration_s::text, ' ') FROM teams.pstn_calls`); got != "5 5" {
		t.Errorf("durations = %s", got)
	}
}

// Rows are locked in the order of their keys, whatever the order in which they were served, so that writers wait for
// each other and do not deadlock.
func TestRowsAreLockedInKeyOrder(t *testing.T) {
	f := newFixture(t)
	f.save(noon, elements(3, "")...)
	tx, err := f.conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `SELECT FROM teams.pstn_calls WHERE id LIKE '%1' FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		served := elements(3, `, "duration": 5`)
		slices.Reverse(served)
		_, err := f.saveRows(context.WithoutCancel(t.Context()), batch(t, noon.Add(time.Hour), served...))
		done <- err
	}()
	watch := storetest.Conn(t, f.conn.Config().ConnString())
	const waiting = `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND wait_event_type = 'Lock'`
	for storetest.Query[int](t, watch, waiting) == 0 {
		time.Sleep(time.Millisecond)
	}
	const free = `SELECT string_agg(right(id, 1), ' ' ORDER BY id)
		FROM (SELECT id FROM teams.pstn_calls FOR UPDATE SKIP LOCKED) AS free`
	if got := storetest.Query[string](t, watch, free); got != "2" {
		t.Errorf("not locked yet: %s, want 2", got)
	}
	if err := errors.Join(tx.Rollback(t.Context()), <-done); err != nil {
		t.Error(err)
	}
}

// The answer to a COMMIT is lost: Save does not know, saves again, and nothing
// is doubled.
func TestLostCommitAnswer(t *testing.T) {
	f := newFixture(t)
	p, url := storetest.NewProxy(t, f.conn.Config().ConnString())
	f.db = storetest.Connect(t, url)
	slot := aSlot
	p.LoseAnswers("commit", 1)
	if _, err := f.saveRows(t.Context(), batch(t, noon, elements(3, "")...), slot); err != nil {
		t.Fatal(err)
	}
	if n := p.Lost(); n != 1 {
		t.Fatalf("%d answers were lost: the test shows nothing", n)
	}
	got := f.query(`SELECT concat_ws(' ', (SELECT count(*) FROM teams.pstn_calls),
		(SELECT count(*) FROM ingest.slots), (SELECT rows_new FROM ingest.runs))`)
	if got != "3 1 3" {
		t.Errorf("rows, slots and new rows = %s, want 3 1 3", got)
	}
}

// A server that is gone for a moment is waited for; one that stays away is an
// error that loses nothing.
func TestServerDown(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server, err := pgserver.Start(ctx, pgserver.Options{InMemory: true})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	db := storetest.Connect(t, server.URL("postgres"))
	if err := db.MigrateUp(ctx); err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, db: db, endpoint: calls}
	f.start()
	f.save(noon, element(1, ""))
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	db.Hurry()
	_, err = f.saveRows(ctx, batch(t, noon, element(2, "")))
	if err == nil || err.Error() != "save rows of pstn_calls: database connection lost" {
		t.Errorf("Save without a server: %v", err)
	}
	if err := db.Ping(ctx); !errors.Is(err, store.ErrUnreachable) {
		t.Errorf("Ping without a server: %v", err)
	}
}
