package store_test

import (
	"errors"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

func (f *fixture) finish(result string) {
	f.t.Helper()
	if _, err := f.db.EndRun(f.t.Context(), f.run, store.Outcome{Result: result}); err != nil {
		f.t.Fatal(err)
	}
}

func TestEndKilledRuns(t *testing.T) {
	f := newFixture(t)
	f.save(noon, element(1, ""))
	if err := f.db.EndKilledRuns(t.Context(), tenant, calls.Name); err != nil {
		t.Fatal(err)
	}
	f.start()
	f.finish("ok")
	if got := f.query(`SELECT string_agg(result, ' ' ORDER BY run_id) FROM ingest.runs WHERE finished_at IS NOT NULL`); got != "killed ok" {
		t.Errorf("results = %s", got)
	}
}

func TestEndRun(t *testing.T) {
	f := newFixture(t)
	f.save(noon, elements(3, "")...)
	c, err := f.db.EndRun(t.Context(), f.run, store.Outcome{Result: "throttled", Requests: 7, Throttle: 1500 * time.Millisecond, RequestIDs: []string{"a", "b"}, Error: "why"})
	if diff := cmp.Diff(counts(3, 0, 0, 0), c); err != nil || diff != "" {
		t.Errorf("%v, counts (-want +got):\n%s", err, diff)
	}
	if got := f.query(`SELECT concat_ws(' ', result, requests, throttle_s, request_ids, error, finished_at >= started_at) FROM ingest.runs`); got != "throttled 7 1.5 {a,b} why t" {
		t.Errorf("run = %s", got)
	}
}

func TestPutEndpointTwiceWritesOnce(t *testing.T) {
	f := newFixture(t)
	next, why := noon.Add(time.Hour), "why"
	e := store.Endpoint{Tenant: tenant, Name: "pstn_calls", Enabled: true, Schedule: "*/5 * * * *", Reach: 365 * 24 * time.Hour, Settle: 72 * time.Hour,
		Origin: noon.Add(-24 * time.Hour), Watermark: noon, NextDueAt: &next, Failures: 2, LastError: &why, State: "late"}
	if _, known, err := f.db.Endpoint(t.Context(), tenant, e.Name); known || err != nil {
		t.Fatalf("known = %v, err = %v before the first start", known, err)
	}
	xmin := ""
	for range 2 {
		if err := f.db.PutEndpoint(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		got, _, err := f.db.Endpoint(t.Context(), tenant, e.Name)
		if diff := cmp.Diff(e, got); err != nil || diff != "" {
			t.Fatalf("%v (-want +got):\n%s", err, diff)
		}
		if now := f.query(`SELECT xmin FROM ingest.endpoints`); xmin != "" && now != xmin {
			t.Error("the same state was written again")
		} else {
			xmin = now
		}
	}
}

func TestLock(t *testing.T) {
	f := newFixture(t)
	lock, err := f.db.Lock(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.db.Lock(t.Context(), tenant); !errors.Is(err, store.ErrLocked) {
		t.Errorf("second lock: %v", err)
	}
	if err := lock.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The server frees the lock when it notices the end of the connection.
	for {
		again, err := f.db.Lock(t.Context(), tenant)
		if err == nil {
			again.Release(t.Context())
			return
		}
		if !errors.Is(err, store.ErrLocked) {
			t.Fatal(err)
		}
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
		"refused":     {"postgres://someone:hunter2@127.0.0.1:1/teams?sslmode=disable", "127.0.0.1:1, database teams, user someone: connection refused; check database.url and that the server runs"},
		"no host":     {"postgres://someone:hunter2@db.invalid/teams?sslmode=disable", "db.invalid:5432, database teams, user someone: unknown host; check database.url"},
		"no database": {elsewhere.String(), socket + ":5432, database nowhere, user ingestd: no such database; create it, or check database.url"},
		"no user":     {fmt.Sprintf("postgres:///postgres?host=%s&user=nobody", url.QueryEscape(socket)), socket + ":5432, database postgres, user nobody: user or password refused; check database.url, the password file and the server's pg_hba.conf"},
	} {
		t.Run(name, func(t *testing.T) {
			err := storetest.Connect(t, test.url).Ping(t.Context())
			if want := "database unreachable: " + test.want; !errors.Is(err, store.ErrUnreachable) || err.Error() != want {
				t.Errorf("error = %v\nwant %s", err, want)
			}
		})
	}
}
