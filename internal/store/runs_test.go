package store_test

import (
	"errors"
	"fmt"
	"github.com/google/uuid"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// A run without a heartbeat was killed; one with a fresh one belongs to another
// process. What was killed stores nothing if it goes on after all.
func TestEndKilledRuns(t *testing.T) {
	f := newFixture(t)
	killed := f.run
	f.start()
	f.exec(`UPDATE ingest.runs SET heartbeat_at = now() - interval '6 minutes' WHERE run_id = $1`, killed.ID)
	if err := f.db.Heartbeat(t.Context(), f.run, store.Progress{}, nil); err != nil {
		t.Fatal(err)
	}
	if err := f.db.EndKilledRuns(t.Context(), []uuid.UUID{tenant}); err != nil {
		t.Fatal(err)
	}
	results := f.query(`SELECT string_agg(coalesce(result, 'running'), ' ' ORDER BY run_id) FROM ingest.runs`)
	if results != "killed running" {
		t.Errorf("results = %s", results)
	}
	f.run = killed
	_, err := f.saveRows(t.Context(), batch(t, noon, elements(1, "")...))
	if got := f.query(`SELECT count(*) FROM teams.pstn_calls`); !errors.Is(err, store.ErrEnded) || got != "0" {
		t.Errorf("a killed run stores %s rows: %v", got, err)
	}
}

// A run stores nothing more in a database that lacks what it has committed, as a standby that is promoted too early
// does: what it has in hand would count as the whole. What the endpoint's state was made of is not noted there either.
func TestDatabaseThatLacksCommits(t *testing.T) {
	f := newFixture(t)
	e := store.Endpoint{Tenant: tenant, Name: f.endpoint.Name, Origin: noon, SettledUntil: noon, Watermark: noon}
	put := func(settled time.Time) error {
		after := e
		after.SettledUntil = settled
		return f.db.PutEndpointAfter(t.Context(), f.run, e, after)
	}
	if err := f.db.PutEndpoint(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	before := f.query(`SELECT heartbeat_at FROM ingest.runs`)
	f.save(noon, elements(1, "")...)
	if err := put(noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}

	f.exec(`UPDATE ingest.endpoints SET settled_until = origin - interval '1 hour'`)
	if err := put(noon.Add(2 * time.Hour)); !errors.Is(err, store.ErrEnded) {
		t.Errorf("a state that was made of another one is noted: %v", err)
	}
	f.exec(`UPDATE ingest.endpoints SET settled_until = origin`)
	f.exec(`DELETE FROM teams.pstn_calls`)
	f.exec(`UPDATE ingest.runs SET heartbeat_at = $1::timestamptz`, before)
	if err := f.db.Heartbeat(t.Context(), f.run, store.Progress{}, nil); err != nil {
		t.Fatal(err)
	}
	_, err := f.saveRows(t.Context(), batch(t, noon, elements(2, "")...))
	if got := f.query(`SELECT count(*) FROM teams.pstn_calls`); !errors.Is(err, store.ErrEnded) || got != "0" {
		t.Errorf("%s rows are stored: %v", got, err)
	}
	if err := put(noon.Add(2 * time.Hour)); !errors.Is(err, store.ErrEnded) {
		t.Errorf("the state after a run that the database does not know is noted: %v", err)
	}
	if settled := f.query(`SELECT settled_until = origin FROM ingest.endpoints`); settled != "true" {
		t.Error("it is settled further")
	}
	if _, err := f.db.EndRun(t.Context(), f.run, store.Outcome{Result: "ok"}); !errors.Is(err, store.ErrEnded) {
		t.Errorf("a run of which something is missing ends well: %v", err)
	}
	f.exec(`UPDATE ingest.runs SET started_at = now(), heartbeat_at = now() + interval '1 hour'`) // another's
	if _, err := f.saveRows(t.Context(), batch(t, noon, elements(2, "")...)); !errors.Is(err, store.ErrEnded) {
		t.Errorf("a run goes on as another one that has its number: %v", err)
	}
}

// The end of a run does not depend on what can be done with its rows.
func TestEndRun(t *testing.T) {
	f := newFixture(t)
	f.save(noon, elements(3, "")...)
	f.exec(`DROP TABLE teams.users CASCADE`)
	if err := f.db.Heartbeat(t.Context(), f.run, store.Progress{}, &noon); err != nil {
		t.Fatal(err)
	}
	if got := f.query(`SELECT waiting_until = $1 FROM ingest.runs`, noon); got != "true" {
		t.Error("that the run waits is not noted")
	}
	c, err := f.db.EndRun(
		t.Context(),
		f.run,
		store.Outcome{
			Result:     "throttled",
			Requests:   7,
			Throttle:   1500 * time.Millisecond,
			RequestIDs: []string{"a", "b"},
			Error:      "why",
		},
	)
	if diff := cmp.Diff(counts(3, 0, 0, 0), c); err != nil || diff != "" {
		t.Errorf("%v, counts (-want +got):\n%s", err, diff)
	}
	got := f.query(`SELECT concat_ws(' ', result, requests, throttle_s, request_ids, error,
			finished_at >= started_at, waiting_until)
		FROM ingest.runs`)
	if got != "throttled 7 1.5 {a,b} why t" {
		t.Errorf("run = %s", got)
	}
	if _, err := f.db.EndRun(t.Context(), &store.Run{ID: 99}, store.Outcome{}); !errors.Is(err, store.ErrEnded) {
		t.Errorf("the end of a run that never was: %v", err)
	}
}

// Old runs are deleted in slices, and the others stay.
func TestPruneRuns(t *testing.T) {
	f := newFixture(t)
	for range 6 {
		f.start()
	}
	f.exec(`
		UPDATE ingest.runs
		SET finished_at = now() - (CASE WHEN run_id < 5 THEN interval '91 days' ELSE interval '89 days' END)
		WHERE run_id < 7`)
	for _, want := range []int64{3, 1, 0} {
		if n, err := f.db.PruneRuns(t.Context(), 90*24*time.Hour, 3); err != nil || n != want {
			t.Errorf("%d runs deleted, %v, want %d", n, err, want)
		}
	}
	if got := f.query(`SELECT string_agg(run_id::text, ' ' ORDER BY run_id) FROM ingest.runs`); got != "5 6 7" {
		t.Errorf("runs left = %s", got)
	}
}

// The start of a run waits out what passes, such as too many connections.
func TestBookkeepingIsTriedAgain(t *testing.T) {
	f := newFixture(t)
	f.failOn("ingest.runs", "53300", 2)
	f.start()
	f.exec(`ALTER SEQUENCE faults RESTART`)
	failure := store.Failure{From: noon, To: noon.Add(time.Hour), At: noon, Error: "x"}
	if err := f.db.NoteFailure(t.Context(), f.run, failure); err != nil {
		t.Error(err)
	}
}

func TestUnreachableDatabase(t *testing.T) {
	t.Parallel()
	there, err := url.Parse(storetest.EmptyURL(t))
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := *there
	elsewhere.Path = "/nowhere"
	socket := there.Query().Get("host")
	for name, test := range map[string]struct{ url, want string }{
		"refused": {
			"postgres://someone:hunter2@127.0.0.1:1/teams?sslmode=disable",
			"127.0.0.1:1, database teams, user someone: connection refused; check database.url " +
				"and that the server runs",
		},
		"no host": {
			"postgres://someone:hunter2@db.invalid/teams?sslmode=disable",
			"db.invalid:5432, database teams, user someone: unknown host; check database.url",
		},
		"no database": {
			elsewhere.String(),
			socket + ":5432, database nowhere, user ingestd: no such database; create it, or check database.url " +
				"(SQLSTATE 3D000)",
		},
		"no user": {
			fmt.Sprintf("postgres:///postgres?host=%s&user=nobody", url.QueryEscape(socket)),
			socket + ":5432, database postgres, user nobody: user or password refused; check database.url, " +
				"the password file and the server's pg_hba.conf (SQLSTATE 28000)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := storetest.Connect(t, test.url).Ping(t.Context())
			if want := "database unreachable: " + test.want; !errors.Is(err, store.ErrUnreachable) ||
				err.Error() != want {
				t.Errorf("error = %v\nwant %s", err, want)
			}
		})
	}
}
