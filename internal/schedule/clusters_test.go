package schedule_test

import (
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/graphsim"
	"ingestd/internal/schedule/scheduletest"
	"ingestd/internal/store/storetest"
)

// movable is a world of call records and phone calls, for databases that move.
func movable() scheduletest.Config {
	return scheduletest.Config{
		Endpoints: []string{"call_records", "pstn_calls"},
		Graph:     graphsim.Config{Seed: 1, Users: 20, CallsPerDay: 30, RecordsPerDay: 6, History: 10 * day},
	}
}

// readBoth reads all that is due of both endpoints.
func readBoth(w *scheduletest.World) (records, calls scheduletest.Result) {
	return w.Once(), w.Of("pstn_calls").Once()
}

// wantAll fails the test unless all is stored that Graph serves, and nothing is left
// to do.
func wantAll(t *testing.T, w *scheduletest.World) {
	t.Helper()
	for _, name := range []string{"call_records", "pstn_calls"} {
		w.Of(name).WantServed()
		w.Of(name).WantSettled()
	}
}

// urlOf is the database that a world reads into.
func urlOf(w *scheduletest.World) string { return w.Conn.Config().ConnString() }

// inParts has Graph answer for ten call records, and for ten more as each gate is opened; once the last one is, for
// all.
func inParts(w *scheduletest.World, gates ...chan struct{}) {
	var mu sync.Mutex
	part := map[string]int{} // by call id
	w.Graph.SetFaults(func(r graphsim.Request) graphsim.Fault {
		if r.CallID == "" {
			return graphsim.Fault{}
		}
		mu.Lock()
		n, known := part[r.CallID]
		if !known {
			n = min(len(part)/10, len(gates))
			part[r.CallID] = n
		}
		mu.Unlock()
		for _, gate := range gates[:n] {
			<-gate
		}
		return graphsim.Fault{}
	})
}

// served counts the call records of a world, stored those that a database has with their details.
func served(w *scheduletest.World) (n int) {
	for range w.Graph.CallRecords(w.Now().Add(-30*day), w.Now()) {
		n++
	}
	return n
}

func stored(t *testing.T, conn *pgx.Conn) int {
	t.Helper()
	return storetest.Query[int](t, conn, `SELECT count(*) FROM teams.call_records WHERE NOT pending`)
}

// epoch is what transaction numbers count in.
const epoch = `SELECT ingest.feed_epoch()`

// restored is the same world in a cluster into which a dump was restored.
func restored(t *testing.T, w *scheduletest.World, dump string) *scheduletest.World {
	t.Helper()
	to := storetest.Database(t, storetest.Cluster(t, ""), "teams", false)
	storetest.Restore(t, dump, to)
	return w.In(to)
}

// A dump that is restored into another cluster is read on as the database that it was
// made of: nothing twice, and as much of what is new.
func TestToolsGoesOnAfterRestore(t *testing.T) {
	storetest.Tools(t)
	t.Parallel()
	w := scheduletest.New(t, movable())
	readBoth(w)
	there := restored(t, w, storetest.Dump(t, urlOf(w)))
	records, calls := readBoth(there)
	if records.Windows+records.Details+calls.Windows > 0 {
		t.Errorf("it reads again what was read: %+v %+v", records, calls)
	}
	wantAll(t, there)

	w.Advance(26 * time.Hour)
	records, calls = readBoth(w)
	recordsThere, callsThere := readBoth(there)
	if records != recordsThere || calls != callsThere || records.Details == 0 || calls.Rows.New == 0 {
		t.Errorf("of a day it reads %+v and %+v, and %+v and %+v after the restore",
			records, calls, recordsThere, callsThere)
	}
	wantAll(t, there)
}

// A dump that is made while the daemon reads is of one moment: what was stored after it is read again, and no more.
func TestToolsGoesOnAfterDumpMeanwhile(t *testing.T) {
	storetest.Tools(t)
	t.Parallel()
	w := scheduletest.New(t, movable())
	rest := make(chan struct{})
	inParts(w, rest)
	var dump string
	w.Daemon(func() bool {
		if stored(t, w.Conn) < 5 {
			return false
		}
		dump = storetest.Dump(t, urlOf(w))
		close(rest)
		return true
	})
	there := restored(t, w, dump)
	had := stored(t, there.Conn)
	records, _ := readBoth(there)
	if all := served(w); had < 5 || had >= all || records.Details != all-had {
		t.Errorf("of %d records the dump has %d, and %d are read after it", all, had, records.Details)
	}
	wantAll(t, there)
}

// After a recovery to a time in the past the ledger says what is missing since, and it
// is read by itself, as far as Graph has it. What Graph has no longer is listed as lost.
func TestToolsGoesOnFromThePast(t *testing.T) {
	storetest.Tools(t)
	t.Parallel()
	w := scheduletest.New(t, movable())
	readBoth(w)
	dump, then := storetest.Dump(t, urlOf(w)), w.Now()
	w.Advance(3 * day)
	readBoth(w)
	past := restored(t, w, dump)
	if e := past.Endpoint(); !e.Unread || len(e.Lost) > 0 || e.Watermark.After(then) {
		t.Errorf("after three days the ledger says %+v", e)
	}
	readBoth(past)
	wantAll(t, past)

	w.Advance(37 * day) // and so 40 after the dump
	past = restored(t, w, dump)
	readBoth(past)
	past.Of("pstn_calls").WantServed()
	past.Of("pstn_calls").WantSettled()
	records := past.Endpoint()
	if records.Unread || len(records.Lost) == 0 {
		t.Fatalf("after forty days the ledger says %+v", records)
	}
	first, last := records.Lost[0].From, records.Lost[len(records.Lost)-1].To
	if first.Before(then.Add(-36*time.Hour-time.Hour)) || first.After(then) ||
		last.Before(w.Now().Add(-30*day)) || last.After(w.Now().Add(-30*day+time.Hour)) {
		t.Errorf("lost is %v to %v; the dump is of %v, and now it is %v", first, last, then, w.Now())
	}
}

// A standby is promoted while the daemon writes, and lacks what was written last. The
// daemon finds it, takes its tenant's lock there, and reads again what it lacks.
func TestToolsGoesOnAfterPromotion(t *testing.T) {
	storetest.Tools(t)
	t.Parallel()
	primary := storetest.Cluster(t, "")
	at := storetest.Database(t, primary, "teams", true)
	standby := storetest.Cluster(t, at)
	here, there := storetest.Conn(t, at), storetest.Conn(t, standby.URL("teams"))

	c := movable()
	c.Locked = true
	w := scheduletest.New(t, c)
	cut, promoted := make(chan struct{}), make(chan struct{})
	inParts(w, cut, promoted)
	before := storetest.Query[string](t, here, epoch)
	if err := w.In(standby.URL("teams")).DB.CheckWritable(t.Context()); err == nil ||
		!strings.Contains(err.Error(), "the server is a standby") {
		t.Errorf("the standby says %v", err)
	}

	daemon := w.In(ofEither(t, at, standby.URL("teams")))
	step := 0
	daemon.Daemon(func() bool {
		switch {
		case step == 0 && stored(t, here) >= 5 && stored(t, there) == stored(t, here):
			storetest.CutOff(t, there)
			close(cut)
			step++
		case step == 1 && stored(t, here) >= stored(t, there)+5:
			if err := primary.Stop(); err != nil {
				t.Error(err)
			}
			storetest.Exec(t, there, `SELECT pg_promote()`)
			close(promoted)
			step++
		case step == 2:
			w.Advance(time.Second)
			return stored(t, there) >= served(w)
		}
		return false
	})
	after := w.In(standby.URL("teams"))
	readBoth(after)
	wantAll(t, after)
	if now := storetest.Query[string](t, there, epoch); now == before {
		t.Errorf("the epoch of the feed is still %s", now)
	}
}

// ofEither is the URL of that one of two servers that takes rows.
func ofEither(t *testing.T, first, second string) string {
	t.Helper()
	a, err := url.Parse(first)
	if err != nil {
		t.Fatal(err)
	}
	b, err := url.Parse(second)
	if err != nil {
		t.Fatal(err)
	}
	query := a.Query()
	query.Set("host", query.Get("host")+","+b.Query().Get("host"))
	query.Set("port", query.Get("port")+","+b.Query().Get("port"))
	query.Set("target_session_attrs", "read-write")
	a.RawQuery = query.Encode()
	return a.String()
}

// What pg_upgrade brings to a newer PostgreSQL is read on there, and all views answer as
// before. The migrations make a new database there too.
func TestToolsGoesOnAfterUpgrade(t *testing.T) {
	storetest.Tools(t)
	t.Parallel()
	old := storetest.KeptCluster(t)
	w := scheduletest.New(t, movable()).In(storetest.Database(t, old, "teams", true))
	readBoth(w)
	refresh(t, w)
	before, formerEpoch := digests(t, w.Conn), storetest.Query[string](t, w.Conn, epoch)
	upgraded := storetest.Upgrade(t, old)
	there := w.In(upgraded.URL("teams"))
	if now := storetest.Query[string](t, there.Conn, epoch); now == formerEpoch {
		t.Errorf("the epoch of the feed is still %s", now)
	}
	if n := storetest.Query[int](t, there.Conn, `SELECT count(*) FROM teams.pstn_calls
		WHERE change_xid >= pg_snapshot_xmax(pg_current_snapshot())`); n > 0 {
		t.Errorf("%d rows are of the future", n)
	}
	if err := there.DB.MigrateUp(t.Context()); err != nil {
		t.Error(err)
	}
	if records, calls := readBoth(there); records.Windows+records.Details+calls.Windows > 0 {
		t.Errorf("it reads again what was read: %+v %+v", records, calls)
	}
	if diff := cmp.Diff(before, digests(t, there.Conn)); diff != "" {
		t.Errorf("views before (-) and after (+):\n%s", diff)
	}
	w.Advance(26 * time.Hour)
	readBoth(there)
	wantAll(t, there)
	storetest.Database(t, upgraded, "fresh", true)
}

// A cluster that follows by logical replication, as docs/backup.md says, answers as
// the source does, before and after rows changed and went, and can take its place.
func TestToolsCopyForAnalysts(t *testing.T) {
	storetest.Tools(t)
	t.Parallel()
	sql := sqlOfBackup(t)
	publish, subscribe, goOn := sql[1], sql[2], sql[3]
	w := scheduletest.New(t, movable()).In(storetest.Database(t, storetest.Cluster(t, ""), "teams", true))
	readBoth(w)
	refresh(t, w)
	storetest.Exec(t, w.Conn, publish)
	to := storetest.Database(t, storetest.Cluster(t, ""), "copy", false)
	storetest.Restore(t, storetest.Dump(t, urlOf(w), "--schema-only", "--no-publications"), to)
	copied := storetest.Conn(t, to)
	replicator := strings.Replace(urlOf(w), "user=ingestd", "user=replicator", 1)
	storetest.Exec(t, copied, strings.Replace(subscribe, "host=source dbname=teams user=replicator", replicator, 1))
	follow := func() {
		t.Helper()
		const tables = `SELECT array_agg(srrelid::bigint) FROM pg_subscription_rel`
		for _, table := range storetest.Query[[]int64](t, copied, tables) {
			storetest.Eventually(t, func() bool {
				const state = `SELECT srsubstate::text FROM pg_subscription_rel WHERE srrelid = $1::bigint`
				return storetest.Query[string](t, copied, state, table) == "r"
			})
		}
		now := storetest.Query[string](t, w.Conn, `SELECT pg_current_wal_insert_lsn()::text`)
		storetest.Eventually(t, func() bool {
			return storetest.Query[bool](t, w.Conn, `
				SELECT min(confirmed_flush_lsn) >= $1::text::pg_lsn
				FROM pg_replication_slots WHERE slot_type = 'logical'`, now)
		})
		if diff := cmp.Diff(digests(t, w.Conn), digests(t, copied)); diff != "" {
			t.Errorf("views of source (-) and copy (+):\n%s", diff)
		}
	}
	follow()
	w.Advance(26 * time.Hour)
	readBoth(w)
	storetest.Exec(t, w.Conn, `
		DELETE FROM teams.pstn_calls WHERE id IN (SELECT min(id) FROM teams.pstn_calls);
		SELECT rollup.note(tenant_id, 'pstn_calls', min(start_at), max(start_at))
		FROM teams.pstn_calls GROUP BY tenant_id`)
	refresh(t, w)
	follow()

	storetest.Exec(t, copied, `DROP SUBSCRIPTION teams`)
	storetest.Exec(t, copied, goOn)
	w.Advance(26 * time.Hour)
	w = w.In(to)
	readBoth(w)
	w.WantServed()
	w.WantSettled()
}

func refresh(t *testing.T, w *scheduletest.World) {
	t.Helper()
	if err := w.DB.RefreshRollups(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

// sqlOfBackup are the pieces of SQL in docs/backup.md.
func sqlOfBackup(t *testing.T) (pieces []string) {
	t.Helper()
	page, err := os.ReadFile("../../docs/backup.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		pieces = append(pieces, block[1])
	}
	return pieces
}

// digests are those of the rows of all views for analysts, but for the feed and for
// what changes with the time at which it is asked.
func digests(t *testing.T, conn *pgx.Conn) map[string]string {
	t.Helper()
	found := map[string]string{}
	views := storetest.Query[[]string](t, conn, `
		SELECT array_agg(viewname::text) FROM pg_views
		WHERE schemaname = 'analytics' AND viewname <> 'change_feed' AND viewname NOT LIKE 'ingest_%'`)
	for _, view := range views {
		found[view] = storetest.Query[string](t, conn, fmt.Sprintf(`
			SELECT count(*) || ' ' || coalesce(md5(string_agg(v::text, ',' ORDER BY v::text COLLATE "C")), '')
			FROM analytics.%s v`, view))
	}
	return found
}
