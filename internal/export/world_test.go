package export_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/export"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

const worldDays = 5

var worldBegin = time.Date(2026, 1, 29, 0, 0, 0, 0, time.UTC) // a month ends within

// worldViews are what is copied: views of rows and of rollups, of days and of
// months, and one without a time.
var worldViews = []string{
	"telephony_calls", "calls", "pstn_cost_daily", "phone_minutes_monthly", "blocked_users_current",
}

// A world is a source with two writers, and a copy of it.
type world struct {
	test  *testing.T
	fails interface { // the test, or what draws its acts
		Fatal(args ...any)
		Fatalf(format string, args ...any)
	}
	db      *store.DB
	conn    *pgx.Conn
	writers [2]*pgx.Conn
	open    [2]bool // whether a writer has a transaction
	folder  string
	epoch   int
	past    // what retention has deleted
	backup  *past
}

// A past is what retention has deleted: all days before one, and what views of rows
// showed of them.
type past struct {
	days int
	rows map[string][]string
}

func newWorld(t *testing.T, url string) *world {
	t.Helper()
	w := &world{test: t, fails: t}
	w.connect(url)
	storetest.Exec(t, w.conn, `
		-- These are all that the copied views are made of.
		DELETE FROM rollup.views WHERE name NOT IN ('pstn_matches', 'phone_user_daily', 'pstn_cost_daily');
		INSERT INTO ingest.tenants (tenant_id, name, cloud, credential_kind)
		SELECT format('00000000-0000-4000-8000-00000000000%s', n)::uuid, n, 'global', 'client_secret'
		FROM generate_series(0, 1) n;
		CREATE SCHEMA backup;`)
	for _, table := range worldTables {
		storetest.Exec(t, w.conn, fmt.Sprintf(`CREATE TABLE backup."%s" AS TABLE %[1]s WITH NO DATA`, table))
	}
	return w
}

// connect goes on with the source in another place.
func (w *world) connect(url string) {
	w.test.Helper()
	w.db, w.conn = storetest.Connect(w.test, url), storetest.Conn(w.test, url)
	for i := range w.writers {
		w.writers[i] = storetest.Conn(w.test, url)
	}
}

// worldTables are all that acts change, and a backup holds.
var worldTables = []string{
	"teams.pstn_calls", "teams.call_records", "teams.sessions", "teams.pstn_blocked_users_log", "ingest.tombstones",
	"ingest.changed_days", "ingest.endpoints", "rollup.stale", "rollup.frozen", "rollup.pstn_matches",
	"rollup.phone_user_daily", "rollup.pstn_cost_daily", "ref.org_units",
}

// begin empties source and copy.
func (w *world) begin() {
	for i, writer := range w.writers {
		w.exec(writer, `ROLLBACK`) // of a history that failed
		w.open[i] = false
	}
	w.past, w.backup = past{rows: map[string][]string{}}, nil
	for _, table := range worldTables {
		w.exec(w.conn, `TRUNCATE `+table)
	}
	w.exec(w.conn, `
		INSERT INTO ingest.endpoints (tenant_id, endpoint, enabled, schedule, reach, settle, origin, settled_until,
			watermark)
		SELECT format('00000000-0000-4000-8000-00000000000%s', n)::uuid, e, true, '', '1 day', '1 day', $1, $1, $1
		FROM generate_series(0, 1) n, unnest('{call_records,pstn_calls}'::text[]) e`, worldBegin)
	folder, err := os.MkdirTemp(w.test.TempDir(), "")
	if err != nil {
		w.fails.Fatal(err)
	}
	w.folder = folder
}

func (w *world) exec(conn *pgx.Conn, sql string, args ...any) {
	if _, err := conn.Exec(context.Background(), sql, args...); err != nil {
		w.fails.Fatalf("%s: %v", sql, err)
	}
}

// do does what there is to do, if it can be done now.
func (w *world) do(a act) {
	writer := w.writers[a.Writer]
	switch a.Do {
	case "save a call":
		w.inTransaction(a, func() { w.saveCall(writer, a) })
	case "save a record":
		w.inTransaction(a, func() { w.saveRecord(writer, a) })
	case "delete a call":
		w.inTransaction(a, func() { w.deleteCall(writer, a) })
	case "block":
		w.exec(writer, `
			INSERT INTO teams.pstn_blocked_users_log (tenant_id, event_key, updated_at, run_id, row_hash, user_id,
				block_at, user_block_mode)
			VALUES (format('00000000-0000-4000-8000-00000000000%s', $1::int)::uuid, $2, now(), 1, 1,
				gen_random_uuid(), $3, 'blocked')
			ON CONFLICT DO NOTHING`, a.Tenant, fmt.Sprint(a.Writer, a.Row), worldBegin)
	case "begin":
		if !w.open[a.Writer] {
			w.exec(writer, `BEGIN`)
			w.open[a.Writer] = true
		}
	case "end":
		w.end(a.Writer, "COMMIT")
	case "undo":
		w.end(a.Writer, "ROLLBACK")
	case "refresh":
		w.refresh()
	case "pass":
		w.pass(w.test.Context())
	case "break a pass":
		short, cancel := context.WithTimeout(w.test.Context(), time.Duration(a.Content)*5*time.Millisecond)
		w.pass(short)
		cancel()
	case "kill a pass":
		w.kill()
	case "lose a file":
		w.lose(a)
	case "settle days":
		w.exec(w.conn, `UPDATE ingest.endpoints SET watermark = $1`, worldBegin.AddDate(0, 0, a.Day))
	case "edit a list":
		w.exec(w.conn, `
			INSERT INTO ref.org_units (tenant_id, user_id, department) VALUES (NULL, $1, $2)
			ON CONFLICT (user_id, tenant_id, valid_from) DO UPDATE SET department = excluded.department`,
			worldUser(a.Row), fmt.Sprint(a.Content))
	default:
		w.administer(a.Do)
	}
}

// administer does what touches all of the source.
func (w *world) administer(what string) {
	switch what {
	case "prune":
		if w.days < worldDays-1 {
			w.settle() // retention is long: all that it deletes was copied before
			w.prune()
		}
	case "back up":
		w.settle()
		w.move(`"backup"."%s"`, "%s")
		w.backup = &past{w.days, maps.Clone(w.rows)}
	case "restore":
		if w.backup != nil {
			w.end(0, "ROLLBACK")
			w.end(1, "ROLLBACK")
			w.move("%s", `"backup"."%s"`)
			w.past = past{w.backup.days, maps.Clone(w.backup.rows)}
			w.promote()
		}
	case "promote":
		w.promote()
	}
}

// move copies all tables.
func (w *world) move(to, from string) {
	for _, table := range worldTables {
		to, from := fmt.Sprintf(to, table), fmt.Sprintf(from, table)
		w.exec(w.conn, `TRUNCATE `+to)
		columns := storetest.Query[string](w.test, w.conn, `
			SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
			WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`, table)
		w.exec(w.conn, fmt.Sprintf(`
			INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %[2]s FROM %s`, to, columns, from))
	}
}

// promote begins a new epoch of the feed, as a standby does that becomes the primary,
// and a restore.
func (w *world) promote() {
	w.epoch++
	w.exec(w.conn, fmt.Sprintf(`
		CREATE OR REPLACE FUNCTION ingest.feed_epoch() RETURNS text LANGUAGE sql STABLE RETURN 'epoch %d'`, w.epoch))
}

// inTransaction does some changes as a whole.
func (w *world) inTransaction(a act, change func()) {
	if w.open[a.Writer] {
		change()
		return
	}
	w.exec(w.writers[a.Writer], `BEGIN`)
	change()
	w.exec(w.writers[a.Writer], `COMMIT`)
}

func (w *world) end(writer int, how string) {
	if w.open[writer] {
		w.exec(w.writers[writer], how)
		w.open[writer] = false
	}
}

func (w *world) refresh() {
	if err := w.db.RefreshRollups(w.test.Context(), nil); err != nil {
		w.fails.Fatal(err)
	}
}

// pass brings the files up to date, unless it is broken off.
func (w *world) pass(ctx context.Context) {
	p, err := export.NewParquet(ctx, w.db, w.options(), nil)
	if err != nil {
		w.fails.Fatal(err)
	}
	defer p.Close()
	if err := p.Pass(ctx); err != nil && !over(ctx) {
		w.fails.Fatal(err)
	}
}

// over reports whether ctx has ended, or will at once: a connection notices the
// deadline by a timer of its own.
func over(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(deadline)
}

// kill leaves what a pass does that is killed after its last file: the states are as
// they were, and say that files are being replaced.
func (w *world) kill() {
	states := map[string]map[string]any{}
	for _, view := range worldViews {
		s := map[string]any{"files": map[string]any{}}
		// A state that a loss of power has emptied says nothing.
		text, err := os.ReadFile(w.stateOf(view))
		if err == nil && len(text) > 0 && json.Unmarshal(text, &s) != nil {
			w.fails.Fatalf("the state of %s is %s", view, text)
		}
		s["doubted"] = true
		for _, file := range s["files"].(map[string]any) {
			file.(map[string]any)["digest"] = ""
		}
		states[view] = s
	}
	w.pass(w.test.Context())
	for view, s := range states {
		text, err := json.Marshal(s)
		if err != nil {
			w.fails.Fatal(err)
		}
		if err := os.WriteFile(w.stateOf(view), text, 0o600); err != nil {
			w.fails.Fatal(err)
		}
	}
}

func (w *world) stateOf(view string) string { return filepath.Join(w.folder, view, "_ingestd.json") }

// lose deletes or empties a file that is not all that is left of its rows, and empties
// a state.
func (w *world) lose(a act) {
	date := worldBegin.AddDate(0, 0, max(a.Day, w.days)).Format(time.DateOnly)
	file := filepath.Join(w.folder, "telephony_calls", "date="+date, worldTenant(a.Tenant)+".parquet")
	lost := os.Remove
	if a.Content%2 > 0 {
		lost = func(name string) error { return os.Truncate(name, 0) }
	}
	for _, err := range []error{lost(file), os.Truncate(w.stateOf("calls"), 0)} {
		if err != nil && !os.IsNotExist(err) {
			w.fails.Fatal(err)
		}
	}
}

func (w *world) options() export.Options { return export.Options{To: w.folder, Views: worldViews} }

// settle lets all come to an end, and compares.
func (w *world) settle() {
	w.end(0, "COMMIT")
	w.end(1, "COMMIT")
	w.refresh()
	w.pass(w.test.Context())
	for _, view := range worldViews {
		want := append(sourceRows(w.test, w.conn, view, ""), w.rows[view]...)
		slices.Sort(want)
		if have := copiedRows(w.test, w.folder, view); !slices.Equal(want, have) {
			w.fails.Fatalf("%s: the source has %q, the copy %q", view, want, have)
		}
	}
}
