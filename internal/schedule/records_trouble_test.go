package schedule_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ingestd/internal/graphsim"
	"ingestd/internal/schedule/scheduletest"
	"ingestd/internal/store/storetest"
)

// TestOneRecordIsDenied has a record that Graph denies or throttles, and no other: it must not keep the others from
// being read.
func TestOneRecordIsDenied(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault graphsim.Fault
	}{
		{name: "401", fault: graphsim.Fault{Status: 401}},
		{name: "403", fault: graphsim.Fault{Status: 403}},
		{name: "429", fault: graphsim.Fault{Status: 429, RetryAfter: "600"}},
		{name: "503", fault: graphsim.Fault{Status: 503, RetryAfter: "600"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newRecords(t, scheduletest.Records(40)...)
			w.Graph.SetFaults(onRecord(39, always(tt.fault)))
			for range 12 { // an hour
				if _, err := w.Try(t.Context()); err != nil {
					t.Log(err)
				}
				w.Advance(5 * time.Minute)
			}
			var want []string
			for n := range 39 {
				want = append(want, strings.TrimPrefix(fmt.Sprint(n), "0"))
			}
			if diff := cmp.Diff(want, withDetails(t, w)); diff != "" {
				t.Errorf("records with details (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDatabaseRefusesOneRecord is a record that a trigger of the customer refuses in words of its own, that a unique
// index of theirs does, or that takes longer than the statement_timeout: it must be noted, and not end the run of its
// neighbours.
func TestDatabaseRefusesOneRecord(t *testing.T) {
	t.Parallel()
	const refused = 49
	for _, state := range []string{"ZZ001", "P0004", "57014", "P0001", "23505"} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			storetest.NotDivided(t, "their triggers are not on months")
			w := newRecords(t, scheduletest.Records(refused+1)...)
			w.Exec(fmt.Sprintf(`
				CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
					IF NEW.call_id = '%s' THEN RAISE EXCEPTION 'no' USING ERRCODE = '%s'; END IF;
					RETURN NEW;
				END $$;
				CREATE TRIGGER refuse BEFORE INSERT ON teams.segments FOR EACH ROW EXECUTE FUNCTION refuse()`,
				scheduletest.RecordID(refused), state))
			for range 3 {
				if _, err := w.Try(t.Context()); err != nil {
					t.Log(err)
				}
				w.Advance(10 * time.Minute)
			}
			if n := len(withDetails(t, w)); n != refused {
				t.Errorf("%d records have their details, want all but one", n)
			}
			wantRetries(t, w, scheduletest.Retry{CallID: scheduletest.RecordID(refused), State: "parked", Attempts: 3})
		})
	}
}

// TestDatabaseDropsRecords has triggers of the customer's drop a record without a word, in the list and later. It is
// kept raw, and not asked for again and again.
func TestDatabaseDropsRecords(t *testing.T) {
	t.Parallel()
	for _, on := range []string{
		"INSERT ON teams.call_records", "UPDATE ON teams.call_records", "INSERT ON teams.segments",
	} {
		t.Run(on, func(t *testing.T) {
			t.Parallel()
			w := newRecords(t, scheduletest.Record(0, 1, 1, 1), scheduletest.Record(1, 1, 1, 1))
			dropped, id := scheduletest.RecordID(0), "id"
			if strings.HasSuffix(on, "segments") {
				storetest.NotDivided(t, "their triggers are not on months")
				id = "call_id"
			}
			w.Exec(`CREATE FUNCTION drop_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
				CREATE TRIGGER drop_row BEFORE ` + on + `
					FOR EACH ROW WHEN (NEW.` + id + ` = '` + dropped + `') EXECUTE FUNCTION drop_row()`)
			w.Once()
			rejects := texts(t, w.Conn, `SELECT key FROM ingest.rejects WHERE resolved_at IS NULL AND NOT stored`)
			if len(rejects) != 1 || !strings.Contains(strings.ToLower(rejects[0]), dropped) {
				t.Errorf("rejects: %v, want %s", rejects, dropped)
			}
			if n := storetest.Query[int](t, w.Conn, `SELECT count(details_version) FROM teams.call_records`); n != 1 {
				t.Errorf("%d records have details, want the other one", n)
			}
		})
	}
}

// TestRetryRejectsOfRecords stores what the database refused for a while: what the list said of a record is not taken
// for the record with its details, and those are stored without asking Graph.
func TestRetryRejectsOfRecords(t *testing.T) {
	t.Parallel()
	for _, table := range []string{"call_records", "segments"} {
		t.Run(table, func(t *testing.T) {
			t.Parallel()
			w := newRecords(t, scheduletest.Record(1, 1, 2, 3))
			w.Exec(`ALTER TABLE teams.` + table + ` ADD CONSTRAINT none CHECK (tenant_id IS NULL)`)
			if _, err := w.Try(t.Context()); err != nil {
				t.Log(err)
			}
			w.Exec(`ALTER TABLE teams.` + table + ` DROP CONSTRAINT none`)
			if stored, kept := w.RetryRejects(); stored != 1 || kept != 0 {
				t.Errorf("%d stored and %d kept", stored, kept)
			}
			if table == "segments" {
				w.WantServed()
			}
			w.Advance(10 * time.Minute)
			w.Once()
			w.WantServed()
		})
	}
}

// TestDatabaseRefusesAllRecords misses a privilege: the run ends soon, and says so.
func TestDatabaseRefusesAllRecords(t *testing.T) {
	t.Parallel()
	w := newRecords(t, scheduletest.Records(40)...)
	w.Exec(`
		CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
			BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '42501'; END $$;
		CREATE TRIGGER refuse BEFORE INSERT ON teams.segments FOR EACH ROW EXECUTE FUNCTION refuse()`)
	if _, err := w.Try(t.Context()); err == nil || !strings.Contains(err.Error(), "42501") {
		t.Errorf("error %v", err)
	}
	if n := detailRequests(w); n > 60 {
		t.Errorf("%d requests", n)
	}
}

// TestManyRecordsFail has more records fail than are asked of the database at a time, and due again before the run is
// over: the others are read all the same.
func TestManyRecordsFail(t *testing.T) {
	t.Parallel()
	w := newRecords(t, scheduletest.Records(320)...)
	w.Graph.SetFaults(onRecords(func(r graphsim.Request) graphsim.Fault {
		w.Advance(time.Second) // each answer takes a while
		if r.CallID < scheduletest.RecordID(30) {
			return graphsim.Fault{}
		}
		return graphsim.Fault{Status: http.StatusNotFound}
	}))
	w.Once()
	if n := len(withDetails(t, w)); n != 30 {
		t.Errorf("%d records have their details, want 30", n)
	}
}

// TestLongRun has a record that fails in a run of many hours: it is left to a later run.
func TestLongRun(t *testing.T) {
	t.Parallel()
	const last = 79 // the newest, so that it is asked for first
	w := newRecords(t, scheduletest.Records(last+1)...)
	asked := map[int]int{} // by run
	w.Graph.SetFaults(onRecords(func(r graphsim.Request) graphsim.Fault {
		w.Advance(time.Minute) // each answer takes a while
		if r.CallID == scheduletest.RecordID(last) {
			asked[storetest.Query[int](t, w.Conn, `SELECT max(run_id) FROM ingest.runs`)]++
			return graphsim.Fault{Status: http.StatusNotFound}
		}
		return graphsim.Fault{}
	}))
	w.Once()
	for run, n := range asked {
		if n > 1 {
			t.Errorf("run %d asked %d times for a record that is not there", run, n)
		}
	}
	if len(asked) == 0 {
		t.Error("the record was not asked for")
	}
}

// TestRecordsBeforeOriginAreNotOwed has a record in the part of the first slot that lies before the origin.
func TestRecordsBeforeOriginAreNotOwed(t *testing.T) {
	t.Parallel()
	c := scheduletest.RecordsConfig(scheduletest.Record(1, 1, 1, 1), scheduletest.Record(1800, 1, 1, 1))
	c.StartFrom = scheduletest.RecordStart(600)
	w := scheduletest.New(t, c)
	w.Graph.SetFaults(onRecord(1, always(graphsim.Fault{Status: http.StatusNotFound})))
	w.Once()
	for range 4 {
		w.Advance(8 * day)
		w.Once()
	}
	if got := w.Endpoint(); len(got.LostRecords) > 0 || got.Watermark.Before(c.StartFrom) {
		t.Errorf("endpoint %+v, want nothing lost since %v", got, c.StartFrom)
	}
}

// TestStoredRecordHasNoNote fails to read a record that somebody else stores at the same time: there is nothing to
// note.
func TestStoredRecordHasNoNote(t *testing.T) {
	t.Parallel()
	w := newRecords(t, scheduletest.Record(1, 1, 1, 1))
	w.Graph.SetFaults(onRecord(1, func(graphsim.Request) graphsim.Fault {
		w.Exec(`UPDATE teams.call_records SET details_version = version`)
		return graphsim.Fault{Status: http.StatusNotFound}
	}))
	w.Once()
	wantRetries(t, w)
}

// TestMigratedDownAndUp takes the tables back with their rows, and brings them again: all that Graph still has must be
// read anew.
func TestMigratedDownAndUp(t *testing.T) {
	t.Parallel()
	w := newRecords(t, scheduletest.Records(40)...)
	w.Once()
	w.WantServed()
	w.Advance(5 * day)
	w.Once()
	if err := w.DB.MigrateDown(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if err := w.DB.MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Advance(time.Hour)
	w.Once()
	w.WantServed()
}

// TestVersionsRiseWhileRead raises the version between the two requests, always.
func TestVersionsRiseWhileRead(t *testing.T) {
	t.Parallel()
	w := newTenantOfRecords(t, graphsim.Config{Seed: 3, Users: 20, RecordsPerDay: 5, History: 3 * day})
	w.Graph.SetFaults(onRecords(func(graphsim.Request) graphsim.Fault {
		w.Graph.RaiseVersions(1)
		return graphsim.Fault{}
	}))
	for range 3 {
		if _, err := w.Try(t.Context()); err != nil {
			t.Log(err)
		}
		w.Advance(30 * time.Minute)
	}
	w.Graph.SetFaults(nil)
	w.Advance(day)
	readAll(t, w)
	w.WantServed()
}

// TestPartsOfTwoVersions raises the version with every page of sessions, so that the participants are of the next one.
func TestPartsOfTwoVersions(t *testing.T) {
	t.Parallel()
	var versions []graphsim.CallRecord
	for n := range 40 {
		r := scheduletest.Record(1, int64(n+1), 1+n%3, 1+n%2)
		r.Available = scheduletest.Noon.Add(time.Duration(n) * 10 * time.Minute)
		versions = append(versions, r)
	}
	w := newRecords(t, versions...)
	raise := func(graphsim.Request) graphsim.Fault {
		w.Advance(10 * time.Minute)
		return graphsim.Fault{}
	}
	ofSessions := func(r graphsim.Request) bool { return strings.Contains(r.URL, "sessions") }
	w.Graph.SetFaults(onRecord(1, when(ofSessions, raise)))
	if _, err := w.Try(t.Context()); err != nil {
		t.Fatal(err)
	}
	const details = `SELECT count(*) FROM teams.call_records WHERE details_version IS NOT NULL`
	if storetest.Query[int](t, w.Conn, details) > 0 {
		t.Error("parts of two versions were stored as one")
	}
	w.Graph.SetFaults(nil)
	w.Advance(day)
	w.Once()
	w.WantServed()
}
