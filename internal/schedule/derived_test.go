package schedule_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"ingestd/internal/schedule/scheduletest"
	"ingestd/internal/store/storetest"
)

// refuse is a trigger that fails in place of a statement.
func refuse(event, table, condition, state string) string {
	return `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
			BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '` + state + `'; END $$;
		CREATE TRIGGER refuse BEFORE ` + event + ` ON ` + table + `
			FOR EACH ROW WHEN (` + condition + `) EXECUTE FUNCTION refuse()`
}

const (
	oldRun = `INSERT INTO ingest.runs
			(tenant_id, endpoint, window_from, window_to, trigger, heartbeat_at, finished_at, result)
		SELECT '5a1f0c3e-7b52-4d86-9e0d-3c1b7f2a6d10', 'pstn_calls', now(), now(), 'once',
			now() - interval '1 year', now() - interval '1 year', 'ok'`
	oldCall = `INSERT INTO teams.pstn_calls (tenant_id, id, start_at, updated_at, run_id, row_hash)
		SELECT '5a1f0c3e-7b52-4d86-9e0d-3c1b7f2a6d10', 'old', '2020-01-01Z', now(), 1, 1`
	killedRun = `INSERT INTO ingest.runs (tenant_id, endpoint, window_from, window_to, trigger, heartbeat_at)
		SELECT '5a1f0c3e-7b52-4d86-9e0d-3c1b7f2a6d10', 'pstn_calls', now(), now(), 'once', now() - interval '1 day'`
	restoredRow = `INSERT INTO teams.sms_messages (tenant_id, id, id_source, updated_at, run_id, row_hash, change_xid)
		SELECT '5a1f0c3e-7b52-4d86-9e0d-3c1b7f2a6d10', 'a', 'graph', now(), 1, 1, '9000000000'`
	restoredMark = `INSERT INTO ingest.marks (tenant_id, endpoint, name, xid)
		SELECT '5a1f0c3e-7b52-4d86-9e0d-3c1b7f2a6d10', 'sms_messages', 'users', '9000000000'`
	backfill = `INSERT INTO ingest.backfills (tenant_id, endpoint, span_from, span_to, since)
		SELECT '5a1f0c3e-7b52-4d86-9e0d-3c1b7f2a6d10', 'pstn_calls', '2026-06-10', '2026-06-12', '2026-06-15 12:00'`
)

// TestReadingComesFirst has each statement of derived work and bookkeeping fail, or wait for a lock that somebody
// holds: the first of them and some others, other ones each time, or all with INGESTD_TEST_LONG=1. The daemon goes on
// reading, its runs are ok, and the log names what failed.
func TestReadingComesFirst(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		sql    string // makes it fail
		lock   string // what somebody else locks
		logged string // empty: it may wait for longer than the test
	}{
		{
			name:   "write users, too slow",
			sql:    refuse("INSERT", "teams.users", "true", "57014"),
			logged: "refresh teams.users from pstn_calls",
		},
		{
			name:   "look for changed rows",
			sql:    `ALTER TABLE ingest.marks RENAME TO gone`,
			logged: "refresh teams.users from pstn_calls",
		},
		{
			name:   "write users",
			sql:    refuse("INSERT", "teams.users", "true", "P0001"),
			logged: "refresh teams.users from pstn_calls",
		},
		{
			name:   "write users, not allowed",
			sql:    refuse("INSERT", "teams.users", "true", "42501"),
			logged: "refresh teams.users from pstn_calls",
		},
		{
			name:   "mark",
			sql:    refuse("INSERT OR UPDATE", "ingest.marks", "true", "P0001"),
			logged: "refresh teams.users from pstn_calls",
		},
		{
			name:   "prune",
			sql:    oldRun + ";" + refuse("DELETE", "ingest.runs", "true", "P0001"),
			logged: "delete old runs",
		},
		{
			name:   "prune what is past its term",
			sql:    oldCall + ";" + refuse("DELETE", "teams.pstn_calls", "true", "P0001"),
			logged: "delete old rows of pstn_calls",
		},
		{
			name:   "killed runs",
			sql:    killedRun + ";" + refuse("UPDATE", "ingest.runs", "NEW.result = 'killed'", "42501"),
			logged: "end killed runs",
		},
		{
			name:   "look for backfills",
			sql:    `ALTER TABLE ingest.backfills RENAME TO gone`,
			logged: "read backfills",
		},
		{
			name:   "progress of a backfill",
			sql:    backfill + ";" + refuse("UPDATE", "ingest.backfills", "true", "P0001"),
			logged: "note the progress of a backfill",
		},
		{
			name:   "look for rows of another cluster",
			sql:    `ALTER TABLE teams.sms_messages RENAME COLUMN tenant_id TO customer_id`,
			logged: "look for rows of another cluster in teams.sms_messages",
		},
		{
			name:   "renew rows of another cluster",
			sql:    restoredRow + ";" + refuse("UPDATE", "teams.sms_messages", "true", "P0001"),
			logged: "renew transaction numbers of teams.sms_messages",
		},
		{
			name:   "forget marks of another cluster",
			sql:    restoredMark + ";" + refuse("DELETE", "ingest.marks", "true", "P0001"),
			logged: "forget marks of another cluster",
		},
		{
			name:   "a view of the rollups is gone",
			sql:    `DROP VIEW live.pstn_matches CASCADE`,
			logged: "refresh rollup.pstn_matches of",
		},
		{
			name:   "a rollup takes no row",
			sql:    refuse("INSERT", "rollup.pstn_cost_daily", "true", "53100"),
			logged: "refresh rollup.pstn_cost_daily of",
		},
		{name: "a rollup locked", lock: "rollup.pstn_matches"},
		{name: "users locked", lock: "teams.users"},
		{name: "marks locked", lock: "ingest.marks"},
		{name: "backfills locked", sql: backfill, lock: "ingest.backfills", logged: "note the progress of a backfill"},
	}
	others := tests[1:]
	rand.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
	for _, tt := range tests[:storetest.Times(6, len(tests))] {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			core, logs := observer.New(zapcore.WarnLevel)
			c := week()
			c.Log, c.Every = zap.New(core), time.Hour
			c.Retention.Endpoints = map[string]time.Duration{"pstn_calls": 365 * 24 * time.Hour}
			w := scheduletest.New(t, c)
			if tt.sql != "" {
				w.Exec(tt.sql)
			}
			if tt.lock != "" {
				lockTable(t, w, tt.lock)
			}
			passed := 0
			w.Daemon(func() bool {
				passed = storetest.Query[int](t, w.Conn, `SELECT count(*) FROM ingest.runs
					WHERE trigger <> 'backfill' AND result = 'ok' AND finished_at > now() - interval '1 day'`)
				w.Advance(2 * time.Minute) // slots are due hourly; a clock that moves fast would jump under a request
				return passed >= 6 && says(logs, tt.logged)
			})
			if passed < 6 {
				t.Errorf("%d runs went well", passed)
			}
			if !says(logs, tt.logged) {
				t.Errorf("the log does not name %q: %v", tt.logged, logs.All())
			}
			for _, r := range w.Runs() {
				if r.Result != "ok" && r.Result != "stopped" &&
					!(r.Result == "" && strings.Contains(tt.sql, "killed")) {
					t.Errorf("run %+v", r)
				}
			}
			if e := w.Endpoint(); e.Failures > 0 {
				t.Errorf("endpoint %+v", e)
			}
		})
	}
}

// TestRestoredRowsComeFirst has rows and a tombstone that were restored into another cluster. They have new transaction
// numbers before a row of their tenant is saved, and so have, at some time, those of a tenant that has left.
func TestRestoredRowsComeFirst(t *testing.T) {
	t.Parallel()
	c := week()
	c.Every = time.Hour
	w := scheduletest.New(t, c)
	w.Exec(restoredRow)
	w.Exec(`INSERT INTO ingest.tombstones (tenant_id, table_name, key, op, change_xid)
		SELECT tenant_id, 'sms_messages', '{"id": "b"}', 'expire', '9000000001' FROM teams.sms_messages`)
	w.Exec(`INSERT INTO teams.sms_messages (tenant_id, id, id_source, updated_at, run_id, row_hash, change_xid)
		SELECT gen_random_uuid(), 'c', 'graph', now(), 1, 1, '9000000000'`)
	w.Exec(`INSERT INTO ingest.endpoints
			(tenant_id, endpoint, enabled, schedule, reach, settle, origin, settled_until, watermark, removed_at)
		SELECT tenant_id, 'sms_messages', true, '', '1 d', '1 d', now(), now(), now(), now()
		FROM teams.sms_messages WHERE id = 'c'`)
	const numbers = `SELECT count(*) FILTER (WHERE change_xid < '9000000000') FROM (
		SELECT change_xid FROM teams.sms_messages UNION ALL SELECT change_xid FROM ingest.tombstones) restored`
	w.Daemon(func() bool {
		return storetest.Query[int](t, w.Conn, numbers) == 3 &&
			storetest.Query[bool](t, w.Conn, `SELECT EXISTS (SELECT 1 FROM teams.pstn_calls)`)
	})
	if !storetest.Query[bool](t, w.Conn, `
		SELECT (SELECT min(change_xid::text::bigint) FROM teams.pstn_calls) > greatest(
			(SELECT change_xid::text::bigint FROM teams.sms_messages WHERE id = 'a'),
			(SELECT change_xid::text::bigint FROM ingest.tombstones))`) {
		t.Error("a row was saved before those that were restored had new transaction numbers")
	}
}

// The daemon deletes runs that ended more than 90 days ago.
func TestOldRunsAreDeleted(t *testing.T) {
	t.Parallel()
	w := scheduletest.New(t, week())
	w.Exec(oldRun)
	w.Daemon(func() bool {
		return !storetest.Query[bool](t, w.Conn, `
			SELECT EXISTS (SELECT 1 FROM ingest.runs WHERE finished_at < now() - interval '90 days')`)
	})
}

// The daemon brings the rollups up to date with what its runs have read.
func TestRollupsFollowTheDaemon(t *testing.T) {
	t.Parallel()
	w := scheduletest.New(t, week())
	const missing = `SELECT (SELECT count(*) FROM teams.pstn_calls) - coalesce(sum(calls), 0)::int
		FROM rollup.pstn_cost_daily`
	w.Daemon(func() bool {
		w.Advance(2 * time.Minute)
		return storetest.Query[bool](t, w.Conn, `SELECT EXISTS (SELECT 1 FROM teams.pstn_calls)`) &&
			storetest.Query[int](t, w.Conn, missing) == 0
	})
}

// lockTable keeps everybody from writing to a table until the test ends. A stronger lock would take a transaction
// number, and what is followed by these, in all databases of the cluster, would wait.
func lockTable(t *testing.T, w *scheduletest.World, table string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.Conn.Config().ConnString())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(t.Context()) })
	if _, err := conn.Exec(t.Context(), `BEGIN; LOCK TABLE `+table+` IN EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
}

// says reports whether a warning names what failed.
func says(logs *observer.ObservedLogs, what string) bool {
	for _, e := range logs.All() {
		for _, f := range e.Context {
			if err, ok := f.Interface.(error); ok && strings.Contains(err.Error(), what) {
				return true
			}
		}
	}
	return what == ""
}
