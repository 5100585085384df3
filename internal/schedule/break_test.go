package schedule_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"ingestd/internal/graphsim"
	"ingestd/internal/schedule"
)

func wholeOnes(w *world) string {
	return w.query(`SELECT string_agg(right(id::text, 2), ' ' ORDER BY id) FROM teams.call_records WHERE expanded_version = version`)
}

func forty() (records []graphsim.CallRecord) {
	for n := range 40 {
		records = append(records, aRecord(n, 1, 2, 2))
	}
	return records
}

// hours runs the daemon's job every 5 minutes.
func (w *world) hours(h int) {
	for range h * 12 {
		_, err := schedule.Once(w.Context(), w.job, "once")
		_ = err
		w.advance(5 * time.Minute)
	}
}

func TestBreakOneRecordDenied(t *testing.T) {
	for name, f := range map[string]graphsim.Fault{"403": {Status: 403}, "429": {Status: 429, RetryAfter: "600"}, "503": {Status: 503, RetryAfter: "600"}, "401": {Status: 401}} {
		t.Run(name, func(t *testing.T) {
			w := newRecordsWorld(t, given(forty()...))
			w.sim.SetFaults(onRecord(39, always(f)))
			w.hours(1)
			w.is("not whole", w.query(`SELECT string_agg(right(id::text, 2), ' ' ORDER BY id) FROM teams.call_records WHERE expanded_version IS DISTINCT FROM version`), "39")
			t.Log(w.query(`SELECT error FROM ingest.expansions`), w.query(`SELECT last_error FROM ingest.endpoints`), w.query(`SELECT count(*) FROM ingest.runs`))
		})
	}
}

// TestBreakOneRecordBrokenInDatabase is a record that a trigger of the
// customer refuses in words of its own, or that takes longer than the
// statement_timeout: it must be noted, and not end the run of its neighbours.
func TestBreakOneRecordBrokenInDatabase(t *testing.T) {
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
			w.is("whole", w.query(`SELECT count(*) FROM teams.call_records WHERE expanded_version = version`), "149")
			w.is("note", w.query(`SELECT state || ' ' || attempts FROM ingest.expansions`), "parked 3")
		})
	}
}

// TestBreakNothingCanBeStored misses a privilege: the run ends soon, and says so.
func TestBreakNothingCanBeStored(t *testing.T) {
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
	t.Log(w.query(`SELECT count(*) FROM ingest.expansions`), w.details())
}

// TestBreakLostIsNotOnTime has an endpoint of which a record is lost.
func TestBreakLostIsNotOnTime(t *testing.T) {
	w := newRecordsWorld(t, given(aRecord(1, 1, 1, 1), aRecord(2, 1, 1, 1)))
	w.sim.SetFaults(onRecord(2, always(graphsim.Fault{Status: http.StatusNotFound})))
	for range 31 {
		w.once()
		w.advance(24 * time.Hour)
	}
	w.is("state", w.query(`SELECT state FROM ingest.endpoints`), "late")
}

// TestBreakEmptyFirstPage serves an empty page first, and what there is on the next.
func TestBreakEmptyFirstPage(t *testing.T) {
	for _, array := range []string{"sessions", "participants_v2"} {
		t.Run(array, func(t *testing.T) {
			full := aRecord(1, 1, 1, 1)
			var document map[string]any
			_ = json.Unmarshal(full.JSON, &document)
			elements := document[array].([]any)
			document[array] = []any{}
			empty := full
			empty.JSON, _ = json.Marshal(document)
			element, _ := json.Marshal(elements[0])
			w := newRecordsWorld(t, given(empty))
			w.sim.SetFaults(onRecord(1, func(r graphsim.Request) graphsim.Fault {
				page := r.Operation == "listSessions" || r.Operation == "listParticipants"
				switch {
				case page:
					return graphsim.Fault{Poison: [][]byte{element}}
				case r.Operation == "getCallRecord" && strings.Contains(r.URL, array):
					base, _, _ := strings.Cut(r.URL, "?")
					expand := ""
					if array == "sessions" {
						expand = "$expand=segments&"
					}
					return graphsim.Fault{NextLink: base + "/" + array + "?" + expand + "$skip=0"}
				}
				return graphsim.Fault{}
			}))
			w.once()
			t.Log(w.query(`SELECT error FROM ingest.expansions`), w.query(`SELECT unknown_fields FROM teams.call_records`))
			w.wantTree(full.JSON)
		})
	}
}

// TestBreakManyFailing: more records fail than are looked ahead; the others must be read all the same.
func TestBreakManyFailing(t *testing.T) {
	var records []graphsim.CallRecord
	for n := range 320 {
		r := aRecord(n, 1, 1, 1)
		records = append(records, r)
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
		report, err := w.job.Run(t.Context(), "once")
		t.Log(report.Trees, report.Due, err, wholeOnes(w))
		w.advance(5 * time.Minute)
	}
	w.is("whole", w.query(`SELECT count(*) FROM teams.call_records WHERE expanded_version = version`), "30")
}

// TestBreakBeforeOrigin: what began before the origin is not owed.
func TestBreakBeforeOrigin(t *testing.T) {
	r := aRecord(1, 1, 1, 1)
	w := newRecordsWorld(t, given(r, aRecord(1800, 1, 1, 1)))
	w.job.StartFrom = r.Start.Add(10 * time.Minute)
	w.sim.SetFaults(onRecord(1, always(graphsim.Fault{Status: 404})))
	report := w.once()
	t.Log(report.Watermark, w.query(`SELECT string_agg(start_at::text, ' ') FROM teams.call_records`), w.query(`SELECT origin FROM ingest.endpoints`))
	for range 32 {
		w.advance(24 * time.Hour)
		report = w.once()
	}
	if len(report.Gone) > 0 || report.Watermark.Before(w.job.StartFrom) {
		t.Errorf("lost %+v, watermark %s before the origin %s", report.Gone, report.Watermark, w.job.StartFrom)
	}
}

func TestBreakDepth(t *testing.T) {
	for _, depth := range []int{900, 3000, 9900} {
		t.Run(fmt.Sprint(depth), func(t *testing.T) {
			r := aRecord(39, 1, 1, 1)
			deep := strings.Repeat(`[`, depth) + strings.Repeat(`]`, depth)
			deeper := strings.Repeat(`{"a":`, depth) + `1` + strings.Repeat(`}`, depth)
			r.JSON = []byte(strings.Replace(string(r.JSON), `"segments":[{`, `"segments":[{"x":`+deep+`,"y":`+deeper+`,`, 1))
			w := newRecordsWorld(t, given(append(forty()[:39], r)...))
			w.once()
			t.Log(w.query(`SELECT error FROM ingest.expansions`), wholeOnes(w))
			w.is("unwhole", w.query(`SELECT count(*) FROM teams.call_records WHERE expanded_version IS NULL`), "0")
		})
	}
}

// TestBreakNoteOfARecordThatIsWhole fails to read a record that somebody else
// stores at the same time: there is nothing to note.
func TestBreakNoteOfARecordThatIsWhole(t *testing.T) {
	w := newRecordsWorld(t, given(aRecord(1, 1, 1, 1)))
	w.sim.SetFaults(onRecord(1, func(graphsim.Request) graphsim.Fault {
		if _, err := w.conn.Exec(t.Context(), `UPDATE teams.call_records SET expanded_version = version`); err != nil {
			t.Error(err)
		}
		return graphsim.Fault{Status: http.StatusNotFound}
	}))
	w.once()
	w.is("notes", w.query(`SELECT count(*) FROM ingest.expansions`), "0")
}

// TestBreakMigratedDownAndUp takes the tables back with their rows, and brings
// them again: all that Graph still has must be read anew.
func TestBreakMigratedDownAndUp(t *testing.T) {
	w := newRecordsWorld(t, given(forty()...))
	w.once()
	w.is("records", fmt.Sprint(w.wantTrees()), "40")
	w.advance(5 * 24 * time.Hour)
	w.once()
	if err := w.db.MigrateDown(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if err := w.db.MigrateUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.advance(time.Hour)
	report := w.once()
	t.Log(report.Watermark)
	w.is("records", w.query(`SELECT count(*) FROM teams.call_records`), "40")
}
