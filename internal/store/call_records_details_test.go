package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/mapping/mappingtest"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// recordOf is a version of the record with a number as its id.
func recordOf(n, version int) string {
	return strings.ReplaceAll(record(version), call.String(), idOf(n).String())
}

func idOf(n int) uuid.UUID { return uuid.MustParse(fmt.Sprintf("00000000-0000-4000-8000-%012d", n)) }

func recordBatches(t testing.TB, documents ...string) (batches []*mapping.Batch) {
	t.Helper()
	for _, d := range documents {
		batches = append(batches, recordBatch(t, d))
	}
	return batches
}

// announceAll announces records 0 to n-1 at a version.
func (d daemon) announceAll(t testing.TB, n, version int) {
	t.Helper()
	for i := range n {
		if err := d.announce(t.Context(), recordBatch(t, recordOf(i, version))); err != nil {
			t.Fatal(err)
		}
	}
}

func (d daemon) wantStored(t testing.TB, n, version int) {
	t.Helper()
	rebuilt, err := d.db.Rebuild(t.Context(), fetch.CallRecords.Rows, tenant, idOf(n).String())
	if err != nil {
		t.Fatal(err)
	}
	mappingtest.Same(t, []byte(recordOf(n, version)), rebuilt)
}

// Records are stored together, and each has its own result.
func TestManyRecordsAtOnce(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn, d := storetest.Conn(t, url), newDaemon(t, url)
	storetest.Divide(t, conn)
	d.announceAll(t, 6, 3)
	for _, r := range d.db.SaveDetails(t.Context(), d.run, d.target, recordBatches(t, recordOf(1, 3), recordOf(2, 3))) {
		if r != nil {
			t.Fatal(r)
		}
	}
	documents := []string{
		recordOf(5, 3),
		recordOf(1, 3),
		recordOf(4, 3),
		recordOf(2, 2),
		recordOf(3, 3),
		recordOf(0, 4),
	}
	results := d.db.SaveDetails(t.Context(), d.run, d.target, recordBatches(t, documents...))
	for i, want := range []error{nil, store.ErrNewer, nil, store.ErrNewer, nil, nil} {
		if !errors.Is(results[i], want) || want == nil && results[i] != nil {
			t.Errorf("result %d: %v, want %v", i, results[i], want)
		}
	}
	for n, version := range []int{4, 3, 3, 3, 3, 3} {
		d.wantStored(t, n, version)
	}
	if n := storetest.Query[int](t, conn, `SELECT count(DISTINCT change_xid) FROM teams.call_records`); n != 2 {
		t.Errorf("records were stored in %d transactions, want 2", n)
	}
	storetest.NoOrphans(t, conn, fetch.CallRecords.Rows)
}

// A record that the database refuses is found among many and kept raw, whole; the
// others are stored.
func TestRefusedRecordAmongMany(t *testing.T) {
	for name, constraint := range map[string]string{
		"check": `ALTER TABLE teams.segment_media ADD CHECK (label <> 'version 4')`,
		"deferred": `
			CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$
				BEGIN IF NEW.label = 'version 4' THEN RAISE 'no'; END IF; RETURN NULL; END $$;
			CREATE CONSTRAINT TRIGGER no AFTER INSERT ON teams.segment_media
				DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION no()`,
		"on the header": `ALTER TABLE teams.call_records ADD CHECK (details_version <> 4)`,
		"not null column": `ALTER TABLE teams.segment_media
			ADD COLUMN own text GENERATED ALWAYS AS (nullif(label, 'version 4')) STORED NOT NULL`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t)
			conn, d := storetest.Conn(t, url), newDaemon(t, url)
			if _, err := conn.Exec(t.Context(), constraint); err != nil {
				t.Fatal(err)
			}
			d.announceAll(t, 8, 2)
			documents := make([]string, 8)
			for n := range documents {
				documents[n] = recordOf(n, 3)
			}
			documents[5] = recordOf(5, 4)
			batches := recordBatches(t, documents...)
			results := d.db.SaveDetails(t.Context(), d.run, d.target, batches)
			for n, err := range results {
				var refused *store.Error
				if (n == 5) != (errors.As(err, &refused) && refused.Kind == store.Poison) || n != 5 && err != nil {
					t.Errorf("record %d: %v", n, err)
				}
				if n != 5 {
					d.wantStored(t, n, 3)
				}
			}
			raw := storetest.Query[[]byte](
				t,
				conn,
				`SELECT raw FROM ingest.rejects WHERE NOT stored AND resolved_at IS NULL AND key = $1`,
				idOf(5).String(),
			)
			if !bytes.Equal(raw, batches[5].Raw(0)) {
				t.Errorf("kept raw: %s", raw)
			}
		})
	}
}

// An answer above what is stored and below what is listed is stored, and the
// wait for the listed version goes on.
func TestVersionBelowTheListedIsStored(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn, d := storetest.Conn(t, url), newDaemon(t, url)
	d.announceAll(t, 1, 3)
	failed := store.DetailsRetry{CallID: idOf(0), Version: 3, At: noon, NextAt: noon.Add(time.Hour), Error: "x"}
	if err := d.db.NoteDetailsRetry(t.Context(), d.run, failed); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		serve   int
		result  error
		state   string
		waiting int
	}{
		{serve: 2, state: "3 2 true", waiting: 1},
		{serve: 1, result: store.ErrNewer, state: "3 2 true", waiting: 1},
		{serve: 3, state: "3 3 false", waiting: 0},
	} {
		result := d.db.SaveDetails(t.Context(), d.run, d.target, recordBatches(t, recordOf(0, step.serve)))[0]
		if !errors.Is(result, step.result) {
			t.Errorf("version %d: %v, want %v", step.serve, result, step.result)
		}
		const state = `SELECT concat_ws(' ', version, details_version, pending::text) FROM teams.call_records`
		if got := storetest.Query[string](t, conn, state); got != step.state {
			t.Errorf("version %d: %s, want %s", step.serve, got, step.state)
		}
		if got := storetest.Query[int](t, conn, `SELECT count(*) FROM ingest.details_retries`); got != step.waiting {
			t.Errorf("version %d: %d wait, want %d", step.serve, got, step.waiting)
		}
		d.wantStored(t, 0, max(step.serve, 2)) // as it was served, though a newer version is listed
	}
}

// A call has more sessions than two bytes can count.
func TestManySessions(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	d := newDaemon(t, url)
	const sessions = 1<<15 + 2
	document := fmt.Sprintf(`{"id": %q, "version": 1, "startDateTime": "2026-03-01T10:00:00Z", "sessions": [%s]}`,
		call, strings.TrimSuffix(strings.Repeat(fmt.Sprintf(`{"id": %q}, `, call), sessions), ", "))
	if err := d.store(t.Context(), recordBatch(t, document)); err != nil {
		t.Fatal(err)
	}
	const stored = `SELECT concat_ws(' ', count(*), max(session_index),
		(SELECT count(*) FROM ingest.rejects)) FROM teams.sessions`
	want := fmt.Sprint(sessions, " ", sessions-1, " ", 0)
	if got := storetest.Query[string](t, storetest.Conn(t, url), stored); got != want {
		t.Errorf("sessions, last index and rejects: %s, want %s", got, want)
	}
}

// A run that was counted as killed stores no details, and keeps nothing that was answered.
func TestEndedRunStoresNoDetails(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	d := newDaemon(t, url)
	storetest.Exec(t, conn, `UPDATE ingest.runs SET finished_at = now(), result = 'killed'`)
	err := d.store(t.Context(), recordBatch(t, record(1)))
	failure := store.Failure{From: noon, To: noon.Add(time.Hour), At: noon, Code: "x", Error: "x", Body: []byte("x")}
	noted := d.db.NoteFailure(t.Context(), d.run, failure)
	const left = `SELECT (SELECT count(*) FROM teams.call_records) + (SELECT count(*) FROM ingest.parked)`
	if n := storetest.Query[int](t, conn, left); n != 0 || !errors.Is(err, store.ErrEnded) || noted != nil {
		t.Errorf("%d rows are left of it: %v, %v", n, err, noted)
	}
}

// A COMMIT whose answer is lost is repeated, and is no failure of the records.
func TestLostCommitOfDetails(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn, d := storetest.Conn(t, url), newDaemon(t, url)
	d.announceAll(t, 3, 2)
	if err := d.store(t.Context(), recordBatch(t, recordOf(1, 2))); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), `UPDATE teams.call_records SET run_id = 0`); err != nil { // by another run
		t.Fatal(err)
	}
	proxy, through := storetest.NewProxy(t, url)
	db := storetest.Connect(t, through)
	proxy.LoseAnswers("commit", 1)
	results := db.SaveDetails(
		t.Context(),
		d.run,
		d.target,
		recordBatches(t, recordOf(0, 2), recordOf(1, 2), recordOf(2, 2)),
	)
	if proxy.Lost() != 1 {
		t.Fatalf("%d answers were lost: the test shows nothing", proxy.Lost())
	}
	if results[0] != nil || !errors.Is(results[1], store.ErrNewer) || results[2] != nil {
		t.Errorf("results %v", results)
	}
}

// Two daemons that store the same records in opposite orders, while lists raise
// their versions, do not lock each other out.
func TestConcurrentBatchesOfRecords(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	daemons := []daemon{newDaemon(t, url), newDaemon(t, url)}
	const records, rounds = 12, 6
	daemons[0].announceAll(t, records, 1)
	var wait sync.WaitGroup
	for i, d := range daemons {
		wait.Go(func() {
			for version := 1; version <= rounds; version++ {
				var documents []string
				for n := range records {
					if i == 1 {
						n = records - 1 - n
					}
					documents = append(documents, recordOf(n, version))
				}
				ctx := context.WithoutCancel(t.Context())
				list := listOf(t, documents)
				if _, err := d.db.Announce(ctx, d.run, d.target, list, store.Reading{Pages: 1}); err != nil {
					t.Error(err)
				}
				for _, err := range d.db.SaveDetails(ctx, d.run, d.target, recordBatches(t, documents...)) {
					if err != nil && !errors.Is(err, store.ErrNewer) {
						t.Error(err)
					}
				}
			}
		})
	}
	wait.Wait()
	for n := range records {
		daemons[0].wantStored(t, n, rounds)
	}
	storetest.NoOrphans(t, conn, fetch.CallRecords.Rows)
	const deadlocks = `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`
	if n := storetest.Query[int](t, conn, deadlocks); n > 0 {
		t.Errorf("%d deadlocks", n)
	}
}

// listOf is a page of a list.
func listOf(t testing.TB, documents []string) *mapping.Batch {
	t.Helper()
	b := fetch.CallRecords.Rows.NewBatch()
	for _, text := range documents {
		var doc mapping.Document
		if err := doc.Parse([]byte(text)); err != nil {
			t.Fatal(err)
		}
		b.Append(doc.Root(), noon)
	}
	return b
}

// A database 20 ms away takes far more than the 37 records a second that Graph
// serves.
func TestDistantDatabase(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	d := newDaemon(t, url)
	const records = 32
	d.announceAll(t, records, 1)
	proxy, through := storetest.NewProxy(t, url)
	db := storetest.Connect(t, through)
	proxy.Delay(20 * time.Millisecond)
	best, enough := time.Hour, records*time.Second/37
	// The first prepares statements, and the machine may have other work.
	for version := 2; version <= 20 && best > enough; version++ {
		var documents []string
		for n := range records {
			documents = append(documents, recordOf(n, version))
		}
		batches := recordBatches(t, documents...)
		began := time.Now()
		for _, err := range db.SaveDetails(t.Context(), d.run, d.target, batches) {
			if err != nil {
				t.Fatal(err)
			}
		}
		best = min(best, time.Since(began))
	}
	t.Logf("%d records in %v", records, best)
	if best > enough {
		t.Errorf("%d records took %v", records, best)
	}
}
