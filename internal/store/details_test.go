package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/mapping/mappingtest"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

var call = uuid.MustParse("0f8e7d6c-5b4a-4392-8170-1f2e3d4c5b6a")

type object = map[string]any

// record is a version of a call record. Each differs from the others in the
// number of its rows on every level and in what they say, so that rows of two
// versions side by side show.
func record(version int) string {
	say := fmt.Sprintf("version %d", version)
	many := func(n int, make func(i int) object) (list []object) {
		for i := range n {
			list = append(list, make(i))
		}
		return list
	}
	side := object{
		"@odata.type":        "#microsoft.graph.callRecords.participantEndpoint",
		"name":               say,
		"associatedIdentity": object{"id": uuid.NewSHA1(call, []byte(say)), "displayName": say},
	}
	stream := func(i int) object { return object{"streamId": fmt.Sprint(i), "streamDirection": say} }
	media := func(int) object {
		return object{
			"label":         say,
			"callerNetwork": object{"dnsSuffix": say},
			"calleeDevice":  object{"captureDeviceName": say},
			"streams":       many(1+version%3, stream),
		}
	}
	segment := func(int) object {
		return object{
			"id":          call,
			"caller":      side,
			"failureInfo": object{"reason": say},
			"media":       many(version%2+1, media),
		}
	}
	session := func(int) object {
		return object{
			"id":          call,
			"caller":      side,
			"callee":      side,
			"failureInfo": object{"reason": say},
			"segments":    many(1+version%2, segment),
		}
	}
	participant := func(i int) object {
		return object{"id": fmt.Sprint(i), "identity": object{"user": object{"id": fmt.Sprint(i), "displayName": say}}}
	}
	document, _ := json.Marshal(object{
		"id": call, "version": version, "type": say,
		"startDateTime": "2026-03-01T10:00:00Z", "lastModifiedDateTime": "2026-03-01T12:00:00Z",
		"sessions": many((version*7)%5, session), "participants_v2": many((version*5)%7+1, participant),
	})
	return string(document)
}

func recordBatch(t testing.TB, document string) *mapping.Batch {
	t.Helper()
	var doc mapping.Document
	if err := doc.Parse([]byte(document)); err != nil {
		t.Fatal(err)
	}
	b := fetch.CallRecords.Rows.NewBatch()
	b.Append(doc.Root(), noon)
	if len(b.Elements) != 1 {
		t.Fatalf("rejected: %s", b.Rejects[0].Reason)
	}
	return b
}

// listed is how the list names a version.
func listed(version int) string {
	return fmt.Sprintf(
		`{"id": %q, "version": %d, "type": "version %[2]d", "startDateTime": "2026-03-01T10:00:00Z"}`,
		call,
		version,
	)
}

// A daemon announces and stores versions of the record.
type daemon struct {
	db     *store.DB
	run    *store.Run
	target *store.Target
}

func newDaemon(t testing.TB, url string) daemon {
	t.Helper()
	d := daemon{db: storetest.Connect(t, url), target: target(t, fetch.CallRecords)}
	var err error
	d.run, err = d.db.StartRun(context.Background(), tenant, fetch.CallRecords.Name, "once", noon, noon)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (d daemon) announce(ctx context.Context, b *mapping.Batch) error {
	_, err := d.db.Announce(ctx, d.run, d.target, b, store.Reading{Pages: 1})
	return err
}

func (d daemon) store(ctx context.Context, b *mapping.Batch) error {
	if err := d.db.SaveDetails(ctx, d.run, d.target, []*mapping.Batch{b})[0]; !errors.Is(err, store.ErrNewer) {
		return err
	}
	return nil
}

// wantOneVersion fails unless header and children are those of one version, no
// row more or less, and returns it; 0 if none is stored whole.
func wantOneVersion(t testing.TB, d daemon, conn *pgx.Conn) (version int) {
	t.Helper()
	version = storetest.Query[int](t, conn, `SELECT coalesce(max(details_version), 0) FROM teams.call_records`)
	if version == 0 {
		return 0
	}
	rebuilt, err := d.db.Rebuild(context.Background(), fetch.CallRecords.Rows, tenant, call.String())
	if err != nil {
		t.Fatal(err)
	}
	// The header's version is the newest named, which may be ahead of the details.
	var members map[string]json.RawMessage
	if err := json.Unmarshal(rebuilt, &members); err != nil {
		t.Fatal(err)
	}
	members["version"] = json.RawMessage(fmt.Sprint(version))
	rebuilt, _ = json.Marshal(members)
	mappingtest.Same(t, []byte(record(version)), rebuilt)
	storetest.NoOrphans(t, conn, fetch.CallRecords.Rows)
	return version
}

// TestNewestVersionWins announces and stores versions in any order, again and
// again, by two daemons at once, some of them cut off in the middle: what is
// stored is always one version whole, and never an older one than before.
func TestNewestVersionWins(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	storetest.Divide(t, conn)
	daemons := []daemon{newDaemon(t, url), newDaemon(t, url)}
	rapid.Check(t, func(r *rapid.T) {
		for _, table := range fetch.CallRecords.Rows.Tables { // quicker than TRUNCATE where there are few rows
			if _, err := conn.Exec(t.Context(), `DELETE FROM teams.`+table.Name); err != nil {
				r.Fatal(err)
			}
		}
		if _, err := conn.Exec(t.Context(), `DELETE FROM teams.call_record_versions`); err != nil {
			r.Fatal(err)
		}
		if err := daemons[0].announce(t.Context(), recordBatch(t, listed(1))); err != nil {
			r.Fatal(err)
		}
		highest, before := 1, 0
		for range rapid.IntRange(1, storetest.Times(5, 12)).Draw(r, "steps") {
			var step sync.WaitGroup
			for range rapid.IntRange(1, 3).Draw(r, "at once") {
				d := daemons[rapid.IntRange(0, 1).Draw(r, "daemon")]
				version := rapid.IntRange(1, 9).Draw(r, "version")
				act, b := d.store, recordBatch(t, record(version))
				if rapid.Bool().Draw(r, "announce") {
					act, b = d.announce, recordBatch(t, listed(version))
				}
				ctx, cancel := context.WithCancel(t.Context())
				crash := rapid.IntRange(0, 3).Draw(r, "crash") == 0
				if !crash {
					highest = max(highest, version)
				}
				step.Go(func() {
					defer cancel()
					if crash {
						time.AfterFunc(rand.N(4*time.Millisecond), cancel)
					}
					if err := act(ctx, b); err != nil && !crash {
						r.Error(err)
					}
				})
			}
			step.Wait()
			waitForCut(t, conn)
			now := wantOneVersion(t, daemons[0], conn)
			if now < before {
				r.Fatalf("version %d was stored, now %d is", before, now)
			}
			before = now
		}
		named := storetest.Query[int](t, conn, `SELECT max(version) FROM teams.call_records`)
		if named < highest {
			r.Fatalf("version %d was named or stored, and the record says %d", highest, named)
		}
		if err := daemons[1].store(t.Context(), recordBatch(t, record(named))); err != nil {
			r.Fatal(err)
		}
		if got := wantOneVersion(t, daemons[0], conn); got != named {
			r.Fatalf("version %d is stored, want the highest, %d", got, named)
		}
		if t.Failed() {
			r.FailNow()
		}
	})
}

// waitForCut waits until the server has ended what was cut off: a COMMIT that
// was under way may still happen.
func waitForCut(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	const working = `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = 'ingestd' AND state <> 'idle'`
	deadline := time.Now().Add(time.Minute)
	for ; storetest.Query[int](t, conn, working) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a transaction was cut off and does not end")
		}
	}
}

func TestUnchangedRecordsAreNotWritten(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn, d := storetest.Conn(t, url), newDaemon(t, url)
	state := func() string {
		return storetest.Query[string](
			t,
			conn,
			`SELECT concat_ws(' ', (SELECT xmin::text || ctid || version || change_xid FROM teams.call_records),
			(SELECT string_agg(xmin::text || ctid, ',' ORDER BY session_index) FROM teams.sessions))`,
		)
	}
	do := func(act func(context.Context, *mapping.Batch) error, document string) {
		t.Helper()
		if err := act(t.Context(), recordBatch(t, document)); err != nil {
			t.Fatal(err)
		}
	}
	do(d.announce, listed(3))
	do(d.store, record(3))
	before := state()
	for name, again := range map[string]func(){
		"the same version is named":     func() { do(d.announce, listed(3)) },
		"an older version is named":     func() { do(d.announce, listed(2)) },
		"the same version comes again":  func() { do(d.store, record(3)) },
		"an older version comes behind": func() { do(d.store, record(2)) },
	} {
		if again(); state() != before {
			t.Errorf("%s: %s became %s", name, before, state())
		}
	}
	const feed = `SELECT change_xid::text FROM teams.call_records`
	announced := storetest.Query[string](t, conn, feed)
	do(d.announce, listed(4))
	if got := storetest.Query[string](t, conn, feed); got != announced {
		t.Error("a version that is only named shows in the feed")
	}
	do(d.store, record(4))
	if got := storetest.Query[string](t, conn, feed); got == announced {
		t.Error("a version that is stored whole does not show in the feed")
	}
	const versions = `SELECT string_agg(version::text, ' ' ORDER BY version) FROM teams.call_record_versions`
	if got := storetest.Query[string](t, conn, versions); got != "3 4" {
		t.Errorf("versions %s, want 3 4", got)
	}
}
