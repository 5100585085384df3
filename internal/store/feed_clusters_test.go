package store_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"ingestd/internal/store/feedtest"
	"ingestd/internal/store/storetest"
)

// renew does what comes before all other work on a database.
func renew(t testing.TB, url string) {
	t.Helper()
	db := storetest.Connect(t, url)
	for _, tenant := range feedTenants {
		if err := db.RenewMarks(t.Context(), tenant); err != nil {
			t.Fatal(err)
		}
		if err := db.RenewTransactionIDs(t.Context(), tenant, nil); err != nil {
			t.Fatal(err)
		}
	}
}

func epochOf(t testing.TB, conn *pgx.Conn) string {
	t.Helper()
	return storetest.Query[string](t, conn, `SELECT coalesce(ingest.feed_epoch(), 'unknown')`)
}

// A standby has the epoch and the feed of the server that it follows, held back by
// who writes there. From the moment of its promotion the epoch is another, and
// transaction numbers that are used again hide nothing from a reader.
func TestToolsFeedAfterPromotion(t *testing.T) {
	storetest.Tools(t)
	t.Parallel()
	primary := storetest.Cluster(t, "")
	url := storetest.Database(t, primary, "teams", true)
	conn, writer := storetest.Conn(t, url), storetest.Conn(t, url)
	name, _ := storetest.Role(t, url, "")
	storetest.Exec(t, conn, `GRANT USAGE ON SCHEMA ingest TO PUBLIC`)
	standby := storetest.Cluster(t, url)
	there := storetest.Conn(t, standby.URL("teams"))

	storetest.Exec(t, conn, insertCall, tenant, "first")
	storetest.Exec(t, writer, `BEGIN`)
	storetest.Exec(t, writer, insertCall, tenant, "held back")
	storetest.Exec(t, conn, insertCall, tenant, "after it")
	caughtUp := func() bool {
		return storetest.Query[bool](t, there, `SELECT count(*) = 2 FROM teams.pstn_calls`)
	}
	storetest.Eventually(t, caughtUp)
	f := &feedFixture{t, url, there}
	f.want("upsert first")
	if got, want := epochOf(t, there), epochOf(t, conn); got != want {
		t.Errorf("the epoch of the standby is %s, want %s", got, want)
	}
	if got := epochOf(t, storetest.Conn(t, with(t, standby.URL("teams"), "user", name))); got != "unknown" {
		t.Errorf("a role without rights has the epoch %s of a standby", got)
	}
	storetest.Exec(t, writer, `COMMIT`)

	storetest.Eventually(t, func() bool { return f.ids() == "upsert first, upsert held back, upsert after it" })
	storetest.CutOff(t, there)
	if got := epochOf(t, there); got != "unknown" {
		t.Errorf("a standby that receives nothing has the epoch %s", got)
	}
	for n := range 20 {
		storetest.Exec(t, conn, insertCall, tenant, fmt.Sprint("lost ", n))
	}
	c := feedtest.New()
	c.Drain(t, conn, 100)
	c.Want(t, conn)
	storetest.Exec(t, there, `SELECT pg_promote()`)
	storetest.Exec(t, there, insertCall, tenant, "at once")
	storetest.WaitForHorizon(t, there)
	written := storetest.Query[string](t, there, `
		SELECT epoch || ' ' || change_xid_text FROM analytics.change_feed WHERE key->>'id' = 'at once'`)
	epoch, xid, _ := strings.Cut(written, " ")
	if !strings.Contains(epoch, ".00000002.") || epoch == c.Epoch || len(xid) > len(c.XID) || xid >= c.XID {
		t.Errorf("written in epoch %s with number %s, read before in epoch %s to %s", epoch, xid, c.Epoch, c.XID)
	}
	c.Drain(t, there, 100)
	c.Want(t, there)
}

// After a restore into a cluster with lower transaction numbers no row and no
// tombstone is left that comes from the future, and the epoch is another. So it is
// after a restore beside the database that was dumped.
func TestToolsFeedAfterRestore(t *testing.T) {
	storetest.Tools(t)
	t.Parallel()
	server := storetest.Cluster(t, "")
	url := storetest.Database(t, server, "teams", true)
	conn := storetest.Conn(t, url)
	storetest.Exec(t, conn, `DO $$ BEGIN FOR n IN 1..3000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$`)
	w := newFeedWorld(t, url)
	for n := range 8 {
		for _, do := range []string{"save", "replace a day", "announce", "store details", "expire calls"} {
			w.act(act{Do: do, Tenant: n % 2, From: n, Many: 8 - n, Content: n + 1})
		}
	}
	w.settle()
	// Of the tombstones of one row the last is kept.
	const kept = `SELECT count(DISTINCT (table_name, key, op = 'upsert')) FROM analytics.change_feed`
	n := storetest.Query[int](t, conn, kept)

	fresh := storetest.Database(t, storetest.Cluster(t, ""), "restored", false)
	storetest.Restore(t, storetest.Dump(t, url), fresh)
	restored := storetest.Conn(t, fresh)
	if n := storetest.Query[int](t, restored, `SELECT count(*) FROM analytics.change_feed`); n > 0 {
		t.Errorf("%d rows are not from the future: the test shows little", n)
	}
	renew(t, fresh)
	storetest.WaitForHorizon(t, restored)
	if got := storetest.Query[int](t, restored, `SELECT count(*) FROM analytics.change_feed`); got != n {
		t.Errorf("the feed has %d rows and tombstones, want %d", got, n)
	}
	beside := storetest.Database(t, server, "beside", false)
	storetest.Restore(t, storetest.Dump(t, url), beside)
	for _, url := range []string{fresh, beside} {
		conn, before := storetest.Conn(t, url), w.copy.Epoch
		if got := epochOf(t, conn); got == before {
			t.Errorf("the epoch is still %s", got)
		}
		storetest.Exec(t, conn, `DELETE FROM teams.pstn_calls WHERE id LIKE '%3'`) // without a word, as if lost
		w.copy.Drain(t, conn, 100)
		w.copy.Want(t, conn)
	}
}

// The storm goes on across a promotion that loses some transactions, with others
// open, and across a restore of a dump that is some transactions old.
func TestToolsFeedStorm(t *testing.T) {
	storetest.Tools(t)
	t.Parallel()
	first := storetest.Cluster(t, "")
	w := newFeedWorld(t, storetest.Database(t, first, "teams", true))
	w.plant()
	draw := rapid.SliceOfN(rapid.Custom(drawAct), 20, 60)
	seed := int(time.Now().UnixNano() % 1_000_000)
	t.Logf("seed %d", seed)
	for range storetest.Times(2, 6) {
		more := func() {
			seed++
			w.do(draw.Example(seed))
		}
		more()
		standby := storetest.Cluster(t, w.url)
		more()
		there := storetest.Conn(t, standby.URL(w.conn.Config().Database))
		storetest.CutOff(t, there)
		more()
		w.close()
		storetest.Exec(t, there, `SELECT pg_promote()`)
		w.open(standby.URL(w.conn.Config().Database))
		more()
		w.close()
		to := storetest.Database(t, storetest.Cluster(t, ""), "teams", false)
		storetest.Restore(t, storetest.Dump(t, w.url), to)
		w.open(w.url)
		more()
		w.close()
		renew(t, to)
		w.open(to)
		more()
		w.settle()
	}
}

// The reader in docs/ has the rows that the source has, over new, changed and deleted
// ones, after the epoch has changed, and after it was told to begin anew.
func TestToolsFeedReader(t *testing.T) {
	storetest.Tools(t)
	t.Parallel()
	python, err := filepath.Abs("../../.tools/readers/bin/python")
	if err != nil || exec.CommandContext(t.Context(), python, "-c", "import psycopg").Run() != nil {
		t.Skip("there is no psycopg; to install it: .ci/install readers")
	}
	server := storetest.Cluster(t, "")
	w := newFeedWorld(t, storetest.Database(t, server, "teams", true))
	to := storetest.Database(t, server, "copy", false)
	copied := storetest.Conn(t, to)
	for n := range 4 {
		for _, do := range []string{
			"save", "replace a day", "announce", "store details", "expire calls", "expire records",
		} {
			w.act(act{Do: do, Tenant: n % 2, From: n, Many: 8 - n, Content: n + 1})
		}
		switch n {
		case 2:
			storetest.Exec(t, w.conn, `DELETE FROM teams.pstn_calls WHERE id LIKE '%3'`) // without a word, as if lost
			storetest.Exec(t, copied, `UPDATE seen SET epoch = 'past'; UPDATE mark SET epoch = 'past', former = 'past'`)
			w.copy.Forget()
		case 3:
			storetest.Exec(t, w.conn, `DELETE FROM teams.pstn_calls WHERE id LIKE '%7'`)
			storetest.Exec(t, w.conn, `
				CREATE OR REPLACE FUNCTION ingest.feed_epoch() RETURNS text LANGUAGE sql STABLE RETURN 'new'`)
		}
		storetest.WaitForHorizon(t, w.conn)
		out, err := exec.CommandContext(t.Context(), python, "../../docs/change_feed.py", w.url, to).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		w.copy.Drain(t, w.conn, 100)
		w.copy.Want(t, w.conn)
		wantCopy(t, w, copied)
	}
}

// wantCopy fails unless a copy has the rows of the other that is kept here.
func wantCopy(t *testing.T, w *feedWorld, copied *pgx.Conn) {
	t.Helper()
	rows, err := copied.Query(t.Context(), `
		SELECT table_name, key::text, expired::text || jsonb_strip_nulls((
			SELECT jsonb_object_agg(part.key, (
				SELECT jsonb_agg(row - '{version,pending}'::text[] ORDER BY row)
				FROM jsonb_array_elements(part.value) AS row))
			FROM jsonb_each(rows) AS part))
		FROM copy`)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	var table, key, row string
	_, err = pgx.ForEachRow(rows, []any{&table, &key, &row}, func() error {
		got[table+" "+key] = row
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w.copy.Kept(), got); diff != "" {
		t.Errorf("the copy differs (-want +got):\n%s", diff)
	}
}
