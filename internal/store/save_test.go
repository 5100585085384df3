package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

var (
	tenant = uuid.MustParse("11111111-2222-3333-4444-555555555555")
	noon   = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	calls  = endpoint("pstn_calls")
)

func endpoint(name string) fetch.Endpoint {
	return fetch.Endpoints[slices.IndexFunc(fetch.Endpoints, func(e fetch.Endpoint) bool { return e.Name == name })]
}

// A fixture is a database, a run of an endpoint in it and where its rows go.
type fixture struct {
	t        *testing.T
	db       *store.DB
	conn     *pgx.Conn
	endpoint fetch.Endpoint
	run      *store.Run
	target   *store.Target
}

// newFixture is a fixture of pstn_calls.
func newFixture(t *testing.T) *fixture { return newFixtureOf(t, calls) }

func newFixtureOf(t *testing.T, e fetch.Endpoint) *fixture {
	t.Parallel()
	url := storetest.URL(t)
	f := &fixture{t: t, db: storetest.Connect(t, url), conn: storetest.Conn(t, url), endpoint: e}
	f.start()
	return f
}

func (f *fixture) start() {
	f.t.Helper()
	var err error
	f.run, err = f.db.StartRun(f.t.Context(), tenant, f.endpoint.Name, "once", noon.Add(-24*time.Hour), noon)
	if err != nil {
		f.t.Fatal(err)
	}
	f.target = target(f.t, f.endpoint)
}

func target(t testing.TB, e fetch.Endpoint) *store.Target {
	t.Helper()
	target, err := store.NewTarget(tenant, e.Name, e.Rows, e.EventTime)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// saveRows stores a batch whose last page ends the reading of slots.
func (f *fixture) saveRows(ctx context.Context, b *mapping.Batch, read ...store.Slot) (store.Counts, error) {
	return f.db.SaveRows(
		ctx,
		f.run,
		f.target,
		b,
		store.Reading{From: noon.Add(-48 * time.Hour), To: noon, Slot: 24 * time.Hour, Read: read, Pages: 1},
	)
}

// save stores elements that Graph served at a time, as one batch.
func (f *fixture) save(at time.Time, elements ...string) store.Counts {
	f.t.Helper()
	counts, err := f.saveRows(f.t.Context(), batch(f.t, at, elements...))
	if err != nil {
		f.t.Fatal(err)
	}
	return counts
}

func batch(t testing.TB, at time.Time, elements ...string) *mapping.Batch {
	t.Helper()
	b := calls.Rows.NewBatch()
	for _, e := range elements {
		var doc mapping.Document
		if err := doc.Parse([]byte(e)); err != nil {
			t.Fatal(err)
		}
		b.Append(doc.Root(), at)
	}
	return b
}

func (f *fixture) query(sql string, args ...any) string {
	f.t.Helper()
	return storetest.Query[string](f.t, f.conn, "SELECT coalesce(("+sql+")::text, 'null')", args...)
}

// element is a call with the given number as its id.
func element(n int, members string) string {
	return fmt.Sprintf(`{"id": "00000000-0000-0000-0000-%012d", "callType": "user_out", `+
		`"startDateTime": "2026-03-01T10:00:00.1234567Z"%s}`, n, members)
}

func elements(n int, members string) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = element(i, members)
	}
	return list
}

func counts(new, changed, unchanged, rejected int64) store.Counts {
	return store.Counts{
		Pages:     1,
		Seen:      new + changed + unchanged + rejected,
		New:       new,
		Changed:   changed,
		Unchanged: unchanged,
		Rejected:  rejected,
	}
}

func (f *fixture) want(got, want store.Counts) {
	f.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		f.t.Errorf("counts (-want +got):\n%s", diff)
	}
}

// fingerprint changes with every write to the table, even of equal content.
const fingerprint = `
	SELECT md5(string_agg(id || xmin || ctid::text || updated_at || change_xid::text, ',' ORDER BY id))
	FROM teams.pstn_calls`

func TestSaveAgainWritesNothing(t *testing.T) {
	f := newFixture(t)
	f.want(f.save(noon, elements(2000, `, "charge": 1.50`)...), counts(2000, 0, 0, 0))
	before := f.query(fingerprint)
	f.want(f.save(noon.Add(time.Hour), elements(2000, `, "charge": 1.50`)...), counts(0, 0, 2000, 0))
	if after := f.query(fingerprint); after != before {
		t.Error("saving the same rows again wrote some")
	}
	if locked := f.query(`SELECT count(*) FROM teams.pstn_calls WHERE xmax <> 0`); locked != "0" {
		t.Errorf("%s unchanged rows were locked", locked)
	}
}

func TestSaveUpdatesExactlyWhatChanged(t *testing.T) {
	f := newFixture(t)
	f.save(noon, elements(1000, `, "charge": 0`)...)
	xid := f.query(`SELECT max(change_xid) FROM teams.pstn_calls`)
	changed := elements(1000, `, "charge": 0`)
	for i := 0; i < len(changed); i += 100 {
		changed[i] = element(i, `, "charge": 2.50`)
	}
	f.want(f.save(noon.Add(time.Hour), changed...), counts(0, 10, 990, 0))
	got := f.query(`
		SELECT array_agg(right(id, 3) ORDER BY id) FROM teams.pstn_calls
		WHERE updated_at = $1 AND charge = 2.50 AND change_xid > $2::text::xid8 AND ingested_at < now()`,
		noon.Add(time.Hour), xid)
	if want := "{000,100,200,300,400,500,600,700,800,900}"; got != want {
		t.Errorf("updated rows = %s, want %s", got, want)
	}
}

// A session makes its stage once: one made for each transaction would bloat the catalog.
func TestStageIsMadeOnce(t *testing.T) {
	f := newFixture(t)
	const stages = `SELECT coalesce(string_agg(oid::text, ' ' ORDER BY oid), 'none')
		FROM pg_class WHERE relpersistence = 't' AND relkind = 'r'`
	var made []string
	for n := range 4 {
		f.save(noon.Add(time.Duration(n)*time.Hour), elements(3, fmt.Sprintf(`, "duration": %d`, n))...)
		made = append(made, f.query(stages))
	}
	// New rows need no stage.
	if made[1] == "none" || made[2] != made[1] || made[3] != made[1] {
		t.Errorf("temporary tables after each batch: %q", made)
	}
}

// Rows are new as long as none is known of those that are looked up first. One of
// the others that is stored all the same is met, and its old hour is noted.
func TestStoredAmongNew(t *testing.T) {
	f := newFixture(t)
	f.save(noon, element(1, ``), strings.Replace(element(2, ``), "T10", "T08", 1))
	f.exec(`DELETE FROM rollup.stale`)
	page := elements(1000, ``)
	page[2] = element(2, `, "charge": 2.50`)
	f.want(f.save(noon.Add(time.Hour), page...), counts(998, 1, 1, 0))
	const hours = `SELECT string_agg(DISTINCT to_char(at, 'HH24'), ' ') FROM rollup.stale`
	if got := f.query(hours); got != "08 10" {
		t.Errorf("hours noted: %s, want 08 10", got)
	}
}

func TestOlderPageChangesNothing(t *testing.T) {
	f := newFixture(t)
	f.save(noon, element(1, `, "charge": 2`))
	before := f.query(fingerprint)
	f.want(f.save(noon.Add(-time.Minute), element(1, `, "charge": 1`)), counts(0, 0, 1, 0))
	f.want(f.save(noon, element(1, `, "charge": 3`)), counts(0, 0, 0, 1)) // same second: no telling which is newer
	if after := f.query(fingerprint); after != before {
		t.Error("an older page overwrote a newer row")
	}
	f.want(f.save(noon.Add(time.Second), element(1, `, "charge": 1`)), counts(0, 1, 0, 0))
	f.want(
		f.save(noon.Add(-60*24*time.Hour), element(1, `, "charge": 4`)),
		counts(0, 1, 0, 0),
	) // the clock was ahead, and is right again
}

func TestOneKeyTwice(t *testing.T) {
	f := newFixture(t)
	f.want(
		f.save(noon, element(1, `, "charge": 1`), element(2, ``), element(1, `, "charge": 2`), element(2, ``)),
		counts(2, 0, 1, 1),
	)
	if got := f.query(`SELECT charge FROM teams.pstn_calls WHERE id LIKE '%1'`); got != "2" {
		t.Errorf("charge = %s, want that of the later element", got)
	}
	reject := f.query(`SELECT reason || ' ' || stored || ' ' || convert_from(raw, 'UTF8') FROM ingest.rejects`)
	if reject != `key collision false `+element(1, `, "charge": 1`) {
		t.Errorf("reject = %s", reject)
	}
}

func TestUnstorableElements(t *testing.T) {
	tests := []struct{ name, element, column, value, unknown, reason string }{
		{
			"NUL",
			element(500, `, "operator": "a\u0000b"`),
			"operator",
			"a\uFFFDb",
			"null",
			"text that PostgreSQL cannot store true",
		},
		{
			"NUL in an unknown member",
			element(500, `, "new": "a\u0000b"`),
			"operator",
			"null",
			"{\"new\": \"a\uFFFDb\"}",
			"text that PostgreSQL cannot store true",
		},
		{
			"lone surrogate",
			element(500, `, "operator": "a\ud800"`),
			"operator",
			"a\uFFFD",
			"null",
			"text that PostgreSQL cannot store true",
		},
		{
			"bad UTF-8",
			element(500, ", \"operator\": \"a\xff\""),
			"operator",
			"a\uFFFD",
			"null",
			"text that PostgreSQL cannot store true",
		},
		{
			"duplicate names",
			element(500, `, "operator": "a", "operator": "b"`),
			"operator",
			"b",
			"null",
			"member name twice true",
		},
		{"wrong type in a column", element(500, `, "operator": 7`), "operator", "null", `{"operator": 7}`, "null"},
		{
			"wrong type in the key",
			strings.Replace(element(500, ``), `"00000000-0000-0000-0000-000000000500"`, `500`, 1),
			"operator",
			"null",
			"null",
			"no key: id does not fit its column false",
		},
		{"year 1", element(500, `, "endDateTime": "0001-01-01T00:00:00Z"`), "end_at", "null", "null", "null"},
		{
			"3,000 bytes of indexed text",
			element(500, `, "callId": "`+strings.Repeat("x", 3000)+`"`),
			"call_id",
			"null",
			`{"callId": "` + strings.Repeat("x", 3000) + `"}`,
			"null",
		},
		{
			"3,000 bytes in the key",
			strings.Replace(element(500, ``), `00000000-`, strings.Repeat("x", 3000), 1),
			"operator",
			"null",
			"null",
			"no key: id does not fit its column false",
		},
		{
			"numbers beyond the columns",
			element(500, `, "duration": 1e99, "charge": 1e2000, "connectionCharge": "NaN"`),
			"charge",
			"null",
			`{"charge": "1e2000", "duration": 1` + strings.Repeat("0", 99) + `, "connectionCharge": "NaN"}`,
			"text that PostgreSQL cannot store true",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			page := elements(1000, "")
			page[500] = tt.element
			for range 2 { // again: kept once
				f.save(noon, page...)
			}
			others := f.query(`SELECT count(*) FROM teams.pstn_calls WHERE id NOT LIKE '%500'`)
			if others != "999" {
				t.Errorf("%s neighbours saved, want 999", others)
			}
			if got := f.query(`SELECT ` + tt.column + ` FROM teams.pstn_calls WHERE id LIKE '%500'`); got != tt.value {
				t.Errorf("%s = %s, want %s", tt.column, got, tt.value)
			}
			if got := f.query(`SELECT unknown_fields FROM teams.pstn_calls WHERE id LIKE '%500'`); got != tt.unknown {
				t.Errorf("unknown_fields = %s, want %s", got, tt.unknown)
			}
			rejects := f.query(`SELECT string_agg(reason || ' ' || stored, '; ') FROM ingest.rejects`)
			if rejects != tt.reason {
				t.Errorf("rejects = %s, want %s", rejects, tt.reason)
			}
			const same = `SELECT bool_and(raw = $1 AND sha256 = sha256($1)) FROM ingest.rejects`
			if tt.reason != "null" && f.query(same, []byte(tt.element)) != "true" {
				t.Error("the reject is not the element's bytes as served")
			}
		})
	}
}

// What only the database can refuse is found by halving, and its neighbours
// are saved. A later good answer for the key resolves the reject. Its reason names the
// constraint without the number of the shard, which Citus appends.
func TestPoison(t *testing.T) {
	storetest.NotHashed(t, "an error names the part")
	f := newFixture(t)
	f.exec(`ALTER TABLE teams.pstn_calls ADD CONSTRAINT duration_is_sane_102028 CHECK (duration_s < 1000)`)
	page := elements(1000, "")
	page[17], page[923] = element(17, `, "duration": 5000`), element(923, `, "duration": 6000`)
	for range 2 {
		f.save(noon, page...)
	}
	want := `database says ERROR, SQLSTATE 23514, table teams.pstn_calls, ` +
		`constraint duration_is_sane: 017 open,923 open`
	const rejects = `SELECT min(reason) || ': ' || string_agg(right(key, 3) ||
			CASE WHEN resolved_at IS NULL THEN ' open' ELSE ' resolved' END, ',' ORDER BY key)
		FROM ingest.rejects`
	if got := f.query(rejects); got != want {
		t.Errorf("rejects = %s\nwant %s", got, want)
	}
	if got := f.query(`SELECT count(*) FROM teams.pstn_calls`); got != "998" {
		t.Errorf("%s rows, want 998", got)
	}
	f.want(f.save(noon.Add(time.Hour), element(17, `, "duration": 5`)), counts(1, 0, 0, 0))
	if got, want := f.query(rejects), strings.Replace(want, "017 open", "017 resolved", 1); got != want {
		t.Errorf("rejects = %s\nwant %s", got, want)
	}
}

func TestSlotsCommitWithTheirRows(t *testing.T) {
	f := newFixture(t)
	slot := store.Slot{From: noon.Add(-24 * time.Hour), To: noon, ReadAt: noon, Rows: 3}
	f.failInserts("XX000", 1000)
	if _, err := f.saveRows(t.Context(), batch(t, noon, elements(3, "")...), slot); err == nil {
		t.Fatal("the rows are refused, and SaveRows does not say so")
	}
	left := f.query(`SELECT (SELECT count(*) FROM ingest.slots) + (SELECT count(*) FROM teams.pstn_calls)`)
	if left != "0" {
		t.Error("a failed Save left something behind")
	}
	f.exec(`DROP TRIGGER fail ON teams.pstn_calls`)
	if _, err := f.saveRows(t.Context(), batch(t, noon, elements(3, "")...), slot); err != nil {
		t.Fatal(err)
	}
	got, err := f.db.Slots(t.Context(), tenant, calls.Name, noon.Add(-time.Hour))
	if diff := cmp.Diff([]store.Slot{slot}, got); err != nil || diff != "" {
		t.Errorf("slots: %v (-want +got):\n%s", err, diff)
	}
	slot.ReadAt = noon.Add(-61 * time.Minute) // a clock that was ahead and is right again
	if _, err := f.saveRows(t.Context(), batch(t, noon), slot); err != nil {
		t.Fatal(err)
	}
	got, _ = f.db.Slots(t.Context(), tenant, calls.Name, noon.Add(-time.Hour))
	if diff := cmp.Diff([]store.Slot{slot}, got); diff != "" {
		t.Errorf("slots (-want +got):\n%s", diff)
	}
	if got := f.query(`SELECT pages || ' ' || rows_seen || ' ' || rows_new FROM ingest.runs`); got != "2 3 3" {
		t.Errorf("the run counts %s", got)
	}
}

// Many writers of the same rows wait for each other: no deadlock, no row lost,
// and the newest content stands.
func TestConcurrentSaves(t *testing.T) {
	f := newFixture(t)
	const writers = 4
	errs := make(chan error)
	for w := range writers {
		go func() {
			page := elements(1000, fmt.Sprintf(`, "duration": %d`, w))
			if w%2 == 1 { // in another order
				for i, j := 0, len(page)-1; i < j; i, j = i+1, j-1 {
					page[i], page[j] = page[j], page[i]
				}
			}
			_, err := f.saveRows(
				context.WithoutCancel(t.Context()),
				batch(t, noon.Add(time.Duration(w)*time.Second), page...),
			)
			errs <- err
		}()
	}
	for range writers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	got := f.query(`SELECT count(*) || ' ' || min(duration_s) || ' ' || max(duration_s) FROM teams.pstn_calls`)
	if got != "1000 3 3" {
		t.Errorf("rows and durations = %s, want 1000 3 3", got)
	}
	// Writers that look at one time count a row as new, each of them.
	const counted = `SELECT concat_ws(' ', rows_seen - rows_new - rows_changed - rows_unchanged - rows_rejected,
		rows_seen, (rows_new >= 1000)::text) FROM ingest.runs`
	if got := f.query(counted); got != "0 4000 true" {
		t.Errorf("difference, seen and whether enough are new = %s, want 0 4000 true", got)
	}
}

// The text of an error quotes no row value, whatever the server said.
func TestErrorsQuoteNoValues(t *testing.T) {
	f := newFixture(t)
	if _, err := f.conn.Exec(t.Context(), `ALTER TABLE teams.pstn_calls DROP COLUMN operator CASCADE`); err != nil {
		t.Fatal(err)
	}
	_, err := f.saveRows(t.Context(), batch(t, noon, element(1, `, "operator": "canary"`)))
	if err == nil || strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), "SQLSTATE 42703") {
		t.Errorf("error = %v", err)
	}
	err = store.Retry(t.Context(), f.db, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `SELECT $1::int`, []string{"canary"})
		return err
	})
	if want := "test: database driver error "; err == nil || !strings.HasPrefix(err.Error(), want) ||
		strings.Contains(err.Error(), "canary") {
		t.Errorf("error = %v, want %s…", err, want)
	}
}
