package store_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/fetch"
	"ingestd/internal/store/feedtest"
	"ingestd/internal/store/storetest"
)

// A feedFixture is a database with a reader of its feed.
type feedFixture struct {
	*testing.T
	url  string
	conn *pgx.Conn
}

func newFeed(t *testing.T) *feedFixture {
	t.Helper()
	t.Parallel()
	url := storetest.URL(t)
	return &feedFixture{t, url, storetest.Conn(t, url)}
}

func (f *feedFixture) exec(conn *pgx.Conn, sql string, args ...any) {
	f.Helper()
	if _, err := conn.Exec(f.Context(), sql, args...); err != nil {
		f.Fatalf("%s: %v", sql, err)
	}
}

const insertCall = `
	INSERT INTO teams.pstn_calls (tenant_id, id, updated_at, run_id, row_hash) VALUES ($1, $2, now(), 1, 1)
	ON CONFLICT (tenant_id, id) DO UPDATE SET row_hash = 2, change_xid = pg_current_xact_id()`

// ids is what the feed shows, in its order.
func (f *feedFixture) ids() string {
	f.Helper()
	return storetest.Query[string](f, f.conn, `
		SELECT coalesce(string_agg(op || ' ' || (key->>'id'), ', ' ORDER BY change_xid, table_name, key), '')
		FROM analytics.change_feed`)
}

func (f *feedFixture) want(want string) {
	f.Helper()
	if got := f.ids(); got != want {
		f.Errorf("the feed has %q, want %q", got, want)
	}
}

// A reader sees no row of a transaction before all that began earlier are over,
// whichever commits first, and then in the order in which they began.
func TestFeedWaitsForEarlierTransactions(t *testing.T) {
	f := newFeed(t)
	a, b := storetest.Conn(t, f.url), storetest.Conn(t, f.url)
	f.exec(a, `BEGIN`)
	f.exec(a, insertCall, tenant, "of a")
	f.exec(b, insertCall, tenant, "of b")
	f.want("")
	f.exec(a, `COMMIT`)
	storetest.WaitForHorizon(t, f.conn)
	f.want("upsert of a, upsert of b")

	f.exec(a, `BEGIN`) // numbered by its first part, seen by all of it, but for what is undone
	f.exec(a, `SAVEPOINT one`)
	f.exec(a, insertCall, tenant, "undone")
	f.exec(a, `ROLLBACK TO one`)
	f.exec(b, insertCall, tenant, "of b")
	f.exec(a, `SAVEPOINT two`)
	f.exec(a, insertCall, tenant, "of a")
	f.exec(a, `RELEASE two`)
	f.exec(a, `PREPARE TRANSACTION 'a'`)
	f.want("upsert of a") // as it was before; what b said before is gone
	f.exec(b, `COMMIT PREPARED 'a'`)
	storetest.WaitForHorizon(t, f.conn)
	f.want("upsert of a, upsert of b")
}

// What only reads holds nothing back, for however long.
func TestFeedWaitsForNoReader(t *testing.T) {
	f := newFeed(t)
	reader := storetest.Conn(t, f.url)
	f.exec(reader, `BEGIN ISOLATION LEVEL REPEATABLE READ`)
	f.exec(reader, `SELECT * FROM analytics.change_feed`)
	f.exec(f.conn, insertCall, tenant, "new")
	storetest.WaitForHorizon(t, f.conn)
	f.want("upsert new")
	if n := storetest.Query[int](t, reader, `SELECT count(*) FROM analytics.change_feed`); n != 0 {
		t.Errorf("a snapshot from before sees %d rows", n)
	}
}

// The transaction that holds the feed back is found, whoever runs it, and a
// prepared one too. A role without rights learns no more than how old it is.
func TestFeedHoldBack(t *testing.T) {
	f := newFeed(t)
	writer := storetest.Conn(t, f.url)
	now := func() string { return storetest.Query[string](t, f.conn, `SELECT clock_timestamp()::text`) }
	held := func(conn *pgx.Conn, since string) bool { // by a transaction that is as old
		return storetest.Query[bool](t, conn, `
			SELECT ingest.feed_hold_back() >= statement_timestamp() - $1::timestamptz`, since)
	}
	f.exec(writer, `BEGIN`)
	f.exec(writer, insertCall, tenant, "held")
	began := now()
	if !held(f.conn, began) {
		t.Error("a writing transaction is not found")
	}
	_, as := storetest.Role(t, f.url, "")
	f.exec(f.conn, `GRANT USAGE ON SCHEMA ingest TO PUBLIC`)
	if !held(storetest.Conn(t, as), began) {
		t.Error("another role does not find it")
	}
	f.exec(writer, `PREPARE TRANSACTION 'held'`)
	prepared := now()
	if !held(f.conn, prepared) {
		t.Error("a prepared transaction is not found")
	}
	f.exec(writer, `ROLLBACK PREPARED 'held'`)
	storetest.Eventually(t, func() bool { return !held(f.conn, began) })
}

// The second transaction holds the feed back once the first has ended, also for
// who took a snapshot before.
func TestFeedHoldBackBySecond(t *testing.T) {
	f := newFeed(t)
	first, second := storetest.Conn(t, f.url), storetest.Conn(t, f.url)
	f.exec(first, `BEGIN`)
	f.exec(first, insertCall, tenant, "of the first")
	f.exec(second, `BEGIN`)
	f.exec(second, insertCall, tenant, "of the second")
	f.exec(f.conn, `BEGIN ISOLATION LEVEL REPEATABLE READ`)
	f.exec(f.conn, `SELECT 1`)
	f.exec(first, `ROLLBACK`)
	if !storetest.Query[bool](t, f.conn, `SELECT ingest.feed_hold_back() > '0'`) {
		t.Error("the second is not found")
	}
}

// Pages end within a transaction, rows change between them, and each row is read
// at last as it is. Keys of two tenants and tables stand side by side.
func TestFeedByPages(t *testing.T) {
	f := newFeed(t)
	other := idOf(99)
	for _, table := range []string{"pstn_calls", "direct_routing_calls", "sms_messages"} {
		source := ""
		value := ""
		if table == "sms_messages" {
			source, value = ", id_source", ", 'graph'"
		}
		f.exec(f.conn, fmt.Sprintf(`
			INSERT INTO teams.%s (tenant_id, id, updated_at, run_id, row_hash%s)
			SELECT t, 'Ä' || n, now(), 1, 1%s
			FROM generate_series(1, 120) n
			CROSS JOIN unnest($1::uuid[]) t`, table, source, value),
			[]string{tenant.String(), other.String()})
	}
	storetest.WaitForHorizon(t, f.conn)
	c, pages := feedtest.New(), 0
	for more := true; more; pages++ {
		more = c.Read(t, f.conn, 100)
		f.exec(f.conn, `UPDATE teams.pstn_calls SET row_hash = row_hash + 1, change_xid = pg_current_xact_id()
			WHERE id = $1`, fmt.Sprintf("Ä%d", 30+pages%3))
	}
	if pages < 8 {
		t.Errorf("%d pages: the test shows little", pages)
	}
	c.Drain(t, f.conn, 100)
	c.Want(t, f.conn)
	n := storetest.Query[int](t, f.conn, `SELECT count(*) FROM analytics.change_feed WHERE tenant_id = $1`, other)
	if n != 360 {
		t.Errorf("%d rows of one tenant, want 360", n)
	}
}

// Transaction numbers have 64 bits: the order goes on where 32 are used up.
func TestFeedBeyond32Bits(t *testing.T) {
	f := newFeed(t)
	for id, xid := range map[string]string{"c": "12", "b": "4294967296", "a": "8589934603"} {
		f.exec(f.conn, insertCall, tenant, id)
		f.exec(f.conn, `UPDATE teams.pstn_calls SET change_xid = $1::text::xid8 WHERE id = $2`, xid, id)
	}
	f.exec(f.conn, `CREATE OR REPLACE FUNCTION ingest.feed_horizon() RETURNS xid8 LANGUAGE sql STABLE
		RETURN '8589934604'::xid8`)
	f.want("upsert c, upsert b, upsert a")
	f.exec(f.conn, `CREATE OR REPLACE FUNCTION ingest.feed_horizon() RETURNS xid8 LANGUAGE sql STABLE
		RETURN '8589934603'::xid8`)
	f.want("upsert c, upsert b")
}

// A page is a walk of indexes: it reads what it returns, and nothing of what came
// before or comes after, also for one tenant among others.
func TestFeedCostsWhatIsNew(t *testing.T) {
	storetest.NotHashed(t, "there are more indexes to walk")
	t.Parallel()
	m := newMeter(t)
	other := idOf(99)
	m.exec(`
		INSERT INTO teams.pstn_calls (tenant_id, id, updated_at, run_id, row_hash, change_xid)
		SELECT CASE WHEN n % 4000 < 40 THEN $1 ELSE $2 END::uuid, n, now(), 1, n, (n / 40 + 3)::text::xid8
		FROM generate_series(1, 20000) n`, tenant, other)
	m.exec(`
		INSERT INTO teams.call_records
			(tenant_id, id, version, details_version, start_at, updated_at, run_id, row_hash, change_xid)
		SELECT $1, gen_random_uuid(), 1, nullif(n % 2, 0), now(), now(), 1, n, (n / 10 + 3)::text::xid8
		FROM generate_series(1, 5000) n`, other)
	m.exec(`ANALYZE`)
	const page = `
		SELECT count(*) FROM (
			SELECT * FROM analytics.change_feed
			WHERE (change_xid, table_name, key) > ('%s', '', '{}')%s
			ORDER BY change_xid, table_name, key LIMIT 100) page`
	of := fmt.Sprintf(" AND tenant_id = '%s'", tenant)
	for _, test := range []struct{ from, tenant string }{{"0", ""}, {"250", ""}, {"500", ""}, {"0", of}, {"400", of}} {
		ask := func() {
			if _, err := m.db.Ask(t.Context(), fmt.Sprintf(page, test.from, test.tenant)); err != nil {
				t.Fatal(err)
			}
		}
		ask()
		if n := m.blocks(ask); n > 60 {
			t.Errorf("a page from %s%s reads %d blocks", test.from, test.tenant, n)
		}
	}
}

// A reader of the feed needs no right on what is behind it, and its time zone
// does not matter: a tombstone has the key that the row had.
func TestFeedForAReader(t *testing.T) {
	f := newFixtureOf(t, dialout)
	if _, err := f.saveDay(1, noon, sums(1, 10), sums(2, 20)); err != nil {
		t.Fatal(err)
	}
	name, as := storetest.Role(t, f.conn.Config().ConnString(), "")
	for _, right := range []string{"USAGE ON SCHEMA analytics", "SELECT ON analytics.change_feed"} {
		if _, err := f.conn.Exec(t.Context(), fmt.Sprintf("GRANT %s TO %s", right, name)); err != nil {
			t.Fatal(err)
		}
	}
	reader := storetest.Conn(t, as)
	if _, err := reader.Exec(t.Context(), `SET TimeZone = 'Asia/Kolkata'`); err != nil {
		t.Fatal(err)
	}
	keys := func(op string) []string {
		t.Helper()
		storetest.WaitForHorizon(t, f.conn)
		return storetest.Query[[]string](t, reader, `
			SELECT array_agg(key::text ORDER BY key) FROM analytics.change_feed WHERE op = $1`, op)
	}
	const epochs = `SELECT count(DISTINCT epoch) FROM analytics.change_feed`
	before := keys("upsert")
	if n := storetest.Query[int](t, reader, epochs); n != 1 {
		t.Errorf("%d epochs", n)
	}
	if here := epochOf(t, f.conn); here == epochOf(t, storetest.Conn(t, storetest.URL(t))) {
		t.Errorf("%s is the epoch of two databases made of the same template", here)
	}
	if _, err := f.saveDay(1, noon.Add(time.Hour), sums(1, 11)); err != nil {
		t.Fatal(err)
	}
	deleted := keys("delete")
	if len(before) != 2 || len(deleted) != 1 || !slices.Contains(before, deleted[0]) {
		t.Errorf("deleted %v, of %v", deleted, before)
	}
	if _, err := f.saveDay(1, noon.Add(2*time.Hour), sums(1, 11), sums(2, 21)); err != nil {
		t.Fatal(err)
	}
	storetest.WaitForHorizon(t, f.conn)
	want := []string{"delete", "upsert"} // the row is there again
	got := storetest.Query[[]string](t, reader, `
		SELECT array_agg(op ORDER BY change_xid) FROM analytics.change_feed WHERE key = $1::jsonb`, deleted[0])
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("of a row that came back (-want +got):\n%s", diff)
	}
}

// No statement deletes a row of the six tables without leaving a tombstone.
func TestDeletesLeaveTombstones(t *testing.T) {
	t.Parallel()
	deletes := regexp.MustCompile(`(?i)(DELETE FROM|TRUNCATE)( ONLY)?\s+teams\.(\w+|\{table\})`)
	found := 0
	statements := allSQL(t)
	for _, e := range fetch.Endpoints {
		for _, s := range target(t, e).Statements() {
			statements[e.Name+" "+s.Name] = s.SQL
		}
	}
	for place, sql := range statements {
		for _, m := range deletes.FindAllStringSubmatch(sql, -1) {
			if _, ours := feedtest.Tables[m[3]]; !ours && m[3] != "{table}" {
				continue
			}
			found++
			if !strings.Contains(sql, "INSERT INTO ingest.tombstones") {
				t.Errorf("%s leaves no tombstone: %s", place, sql)
			}
		}
	}
	if found == 0 {
		t.Error("nothing is deleted: the test shows nothing")
	}
}
