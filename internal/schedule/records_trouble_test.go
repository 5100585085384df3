package schedule_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"ingestd/internal/graphsim"
	"ingestd/internal/schedule"
)

func forty() (records []graphsim.CallRecord) {
	for n := range 40 {
		records = append(records, aRecord(n, 1, 2, 2))
	}
	return records
}

// TestOneRecordIsDenied has a record that Graph denies or throttles, and no
// other: it must not keep the others from being read.
func TestOneRecordIsDenied(t *testing.T) {
	for name, f := range map[string]graphsim.Fault{"403": {Status: 403}, "429": {Status: 429, RetryAfter: "600"}, "503": {Status: 503, RetryAfter: "600"}, "401": {Status: 401}} {
		t.Run(name, func(t *testing.T) {
			w := newRecordsWorld(t, given(forty()...))
			w.sim.SetFaults(onRecord(39, always(f)))
			for range 12 {
				if _, err := schedule.Once(w.Context(), w.job, "once"); err != nil {
					t.Log(err)
				}
				w.advance(5 * time.Minute)
			}
			w.is("not whole", w.query(`SELECT string_agg(right(id::text, 2), ' ' ORDER BY id) FROM teams.call_records WHERE details_version IS DISTINCT FROM version`), "39")
		})
	}
}

// TestDatabaseRefusesOneRecord is a record that a trigger of the
// customer refuses in words of its own, or that takes longer than the
// statement_timeout: it must be noted, and not end the run of its neighbours.
func TestDatabaseRefusesOneRecord(t *testing.T) {
	for _, state := range []string{"ZZ001", "P0004", "57014", "P0001"} {
		t.Run(state, func(t *testing.T) {
			var records []graphsim.CallRecord
			for n := range 150 {
				records = append(records, aRecord(n, 1, 2, 2))
			}
			w := newRecordsWorld(t, given(records...))
			w.sim.SetFaults(func(r graphsim.Request) graphsim.Fault {
				if r.CallID != "" && r.CallID != recordID(149) {
					time.Sleep(100 * time.Millisecond)
				}
				return graphsim.Fault{}
			})
			_, err := w.conn.Exec(t.Context(), fmt.Sprintf(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
				IF NEW.call_id = '%s' THEN RAISE EXCEPTION 'no' USING ERRCODE = '%s'; END IF; RETURN NEW; END $$;
				CREATE TRIGGER refuse BEFORE INSERT ON teams.segments FOR EACH ROW EXECUTE FUNCTION refuse()`, recordID(149), state))
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if _, err := schedule.Once(t.Context(), w.job, "once"); err != nil {
					t.Log(err)
				}
				w.advance(10 * time.Minute)
			}
			w.is("whole", w.query(`SELECT count(*) FROM teams.call_records WHERE details_version = version`), "149")
			w.is("note", w.query(`SELECT state || ' ' || attempts FROM ingest.details_retries`), "parked 3")
		})
	}
}

// TestDatabaseRefusesAllRecords misses a privilege: the run ends soon, and says so.
func TestDatabaseRefusesAllRecords(t *testing.T) {
	w := newRecordsWorld(t, given(forty()...))
	_, err := w.conn.Exec(t.Context(), `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '42501'; END $$;
		CREATE TRIGGER refuse BEFORE INSERT ON teams.segments FOR EACH ROW EXECUTE FUNCTION refuse()`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := schedule.Once(t.Context(), w.job, "once"); err == nil || !strings.Contains(err.Error(), "42501") {
		t.Errorf("error %v", err)
	}
	if n := w.details(); n > 60 {
		t.Errorf("%d requests", n)
	}
}

// TestManyRecordsFail has more records fail than are asked of the database at a
// time, and due again before the run is over: the others are read all the same.
func TestManyRecordsFail(t *testing.T) {
	var records []graphsim.CallRecord
	for n := range 320 {
		records = append(records, aRecord(n, 1, 1, 1))
	}
	w := newRecordsWorld(t, given(records...))
	w.sim.SetFaults(func(r graphsim.Request) graphsim.Fault {
		if r.CallID == "" {
			return graphsim.Fault{}
		}
		w.mu.Lock()
		w.now = w.now.Add(time.Second) // each answer takes a while
		w.mu.Unlock()
		return onlyIf(r.CallID >= recordID(30), graphsim.Fault{Status: http.StatusNotFound})
	})
	for range 5 {
		if _, err := w.job.Run(t.Context(), "once"); err != nil {
			t.Error(err)
		}
		w.advance(5 * time.Minute)
	}
	w.is("whole", w.query(`SELECT count(*) FROM teams.call_records WHERE details_version = version`), "30")
}

// TestRecordsBeforeOriginAreNotOwed has a record in the part of the first slot
// that lies before the origin.
func TestRecordsBeforeOriginAreNotOwed(t *testing.T) {
	r := aRecord(1, 1, 1, 1)
	w := newRecordsWorld(t, given(r, aRecord(1800, 1, 1, 1)))
	w.job.StartFrom = r.Start.Add(10 * time.Minute)
	w.sim.SetFaults(onRecord(1, always(graphsim.Fault{Status: 404})))
	report := w.once()
	for range 4 {
		w.advance(8 * 24 * time.Hour)
		report = w.once()
	}
	if len(report.Gone) > 0 || report.Watermark.Before(w.job.StartFrom) {
		t.Errorf("lost %+v, watermark %s before the origin %s", report.Gone, report.Watermark, w.job.StartFrom)
	}
}

// TestWholeRecordHasNoNote fails to read a record that somebody else
// stores at the same time: there is nothing to note.
func TestWholeRecordHasNoNote(t *testing.T) {
	w := newRecordsWorld(t, given(aRecord(1, 1, 1, 1)))
	w.sim.SetFaults(onRecord(1, func(graphsim.Request) graphsim.Fault {
		if _, err := w.conn.Exec(t.Context(), `UPDATE teams.call_records SET details_version = version`); err != nil {
			t.Error(err)
		}
		return graphsim.Fault{Status: http.StatusNotFound}
	}))
	w.once()
	w.is("notes", w.query(`SELECT count(*) FROM ingest.details_retries`), "0")
}

// TestMigratedDownAndUp takes the tables back with their rows, and brings
// them again: all that Graph still has must be read anew.
func TestMigratedDownAndUp(t *testing.T) {
	w := newRecordsWorld(t, given(forty()...))
	w.once()
	w.is("records", fmt.Sprint(w.wantRecords()), "40")
	w.advance(5 * 24 * time.Hour)
	w.once()
	if err := w.db.MigrateDown(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if err := w.db.MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.advance(time.Hour)
	w.once()
	w.is("records", w.query(`SELECT count(*) FROM teams.call_records`), "40")
}

// TestVersionsRiseWhileRead raises the version between the two requests, always.
func TestVersionsRiseWhileRead(t *testing.T) {
	w := newRecordsWorld(t, graphsim.Config{Seed: 3, Users: 20, RecordsPerDay: 5, History: 3 * 24 * time.Hour})
	w.sim.SetFaults(func(r graphsim.Request) graphsim.Fault {
		if r.CallID != "" {
			w.sim.RaiseVersions(1)
		}
		return graphsim.Fault{}
	})
	for range 3 {
		_, err := schedule.Once(t.Context(), w.job, "once")
		t.Log(err, w.details(), w.query(`SELECT count(*) || ' ' || max(attempts) || max(state) FROM ingest.details_retries`))
		w.advance(30 * time.Minute)
	}
	w.sim.SetFaults(nil)
	w.advance(24 * time.Hour)
	w.settleRecords()
	w.wantRecords()
}
