package schedule_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/schedule"
)

func TestCallRecordsArriveWhole(t *testing.T) {
	w := newRecordsWorld(t, graphsim.Config{Seed: 4, Users: 40, RecordsPerDay: 15, History: 14 * 24 * time.Hour})
	w.settleRecords()
	t.Logf("%d records", w.wantRecords())
	w.wantHonestLedger(w.job)
	before := w.details()
	w.advance(time.Hour)
	report := w.once()
	if report.Windows == 0 || report.Rows.Unchanged == 0 {
		t.Errorf("an hour later nothing was listed again: %+v", report)
	}
	raised := int(report.Details)
	if after := w.details(); raised == 0 && after != before {
		t.Errorf("%d detail requests although no record changed", after-before)
	}
}

func TestUnchangedRecordsCostNoDetail(t *testing.T) {
	w := newRecordsWorld(t, given(aRecord(1, 1, 3, 2), aRecord(2, 7, 61, 131), aRecord(3, 1, 0, 0)))
	w.once()
	w.is("records", fmt.Sprint(w.wantRecords()), "3")
	first := w.details()
	w.is("detail requests", fmt.Sprint(first), "8") // two each, and one more page of sessions and participants of the second
	for range 3 {
		w.advance(25 * time.Hour)
		if report := w.once(); report.Rows.Seen == 0 || report.Rows.Unchanged != report.Rows.Seen {
			t.Errorf("listed again: %+v", report.Rows)
		}
	}
	w.is("detail requests", fmt.Sprint(w.details()), fmt.Sprint(first))
}

// TestLargeMeeting has 20 pages of sessions and 8 of participants.
func TestLargeMeeting(t *testing.T) {
	w := newRecordsWorld(t, given(aRecord(1, 1, 1200, 1000), aRecord(2, 1, 60, 130), aRecord(3, 1, 1, 2)))
	w.once()
	w.wantRecords()
	w.is("sessions", w.query(`SELECT string_agg(session_count::text, ' ' ORDER BY id) FROM teams.call_records`), "1200 60 1")
	w.is("stored sessions", w.query(`SELECT count(*) || ' ' || max(session_index) FROM teams.sessions WHERE call_id = $1`, recordID(1)), "1200 1199")
	w.is("stored participants", w.query(`SELECT count(*) || ' ' || max(participant_index) FROM teams.call_participants WHERE call_id = $1`, recordID(1)), "1000 999")
}

func TestHigherVersionReplacesTheDetails(t *testing.T) {
	old, new := aRecord(1, 1, 70, 3), aRecord(1, 2, 2, 140)
	new.Available = time.Date(2026, 6, 15, 12, 30, 0, 0, time.UTC)
	w := newRecordsWorld(t, given(old, new))
	w.once()
	w.wantRecords()
	w.advance(25 * time.Hour)
	w.once()
	w.wantRecords()
	w.is("versions", w.query(`SELECT string_agg(version::text, ' ' ORDER BY version) FROM teams.call_record_versions`), "1 2")
}

// onRecord spoils what is asked about one record.
func onRecord(n int, d decider) decider {
	return func(r graphsim.Request) graphsim.Fault {
		if r.CallID != recordID(n) {
			return graphsim.Fault{}
		}
		return d(r)
	}
}

func TestRecordsThatFailDoNotStopOthers(t *testing.T) {
	for name, test := range map[string]struct {
		fault decider
		says  string
	}{
		"400": {always(graphsim.Fault{Status: http.StatusBadRequest}), "400 Bad Request"},
		"500": {always(graphsim.Fault{Status: http.StatusInternalServerError}), "500 Internal Server Error"},
		"garbage for a later page": {func(r graphsim.Request) graphsim.Fault {
			return onlyIf(r.Operation == "listSessions", graphsim.Fault{Body: graphsim.GarbageBody})
		}, "200 OK"},
		"a link that loops": {func(r graphsim.Request) graphsim.Fault {
			return onlyIf(r.Operation == "listSessions", graphsim.Fault{NextLink: r.URL})
		}, "leads back to an earlier page"},
		"a link elsewhere": {always(graphsim.Fault{NextLink: "https://elsewhere.invalid/v1.0/x"}), "elsewhere.invalid"},
		"a participants page gone": {func(r graphsim.Request) graphsim.Fault {
			return onlyIf(r.Operation == "listParticipants", graphsim.Fault{Status: http.StatusGone})
		}, "link to the next page has expired"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newRecordsWorld(t, given(aRecord(1, 1, 2, 2), aRecord(2, 1, 150, 300), aRecord(3, 1, 1, 1)))
			w.sim.SetFaults(onRecord(2, test.fault))
			for range 3 {
				w.once()
				w.advance(20 * time.Minute)
			}
			w.is("whole", w.query(`SELECT string_agg(right(id::text, 1), ' ' ORDER BY id) FROM teams.call_records WHERE details_version = version`), "1 3")
			w.is("state", w.query(`SELECT state || ' ' || attempts FROM ingest.details_retries`), "parked 3")
			if got := w.query(`SELECT error FROM ingest.details_retries`); !strings.Contains(got, test.says) {
				t.Errorf("error %q does not say %q", got, test.says)
			}
			survey, err := w.job.Survey(t.Context(), w.now)
			if err != nil || len(survey.RecordsParked) != 1 || survey.Pending != 1 {
				t.Errorf("survey %+v, %v", survey, err)
			}
			w.is("watermark", survey.Watermark.Format(time.DateTime), "2026-06-12 08:00:02")

			before := w.details()
			w.once()
			w.is("details while parked", fmt.Sprint(w.details()), fmt.Sprint(before))
			w.sim.SetFaults(nil)
			w.advance(25 * time.Hour)
			w.once()
			w.wantRecords()
			w.is("retries", w.query(`SELECT count(*) FROM ingest.details_retries`), "0")
			w.wantHonestLedger(w.job)
		})
	}
}

// TestOutageParksNoRecord is a Graph that lists records and fails to serve any.
func TestOutageParksNoRecord(t *testing.T) {
	w := newRecordsWorld(t, given(aRecord(1, 1, 1, 1), aRecord(2, 1, 1, 1), aRecord(3, 1, 1, 1), aRecord(4, 1, 1, 1), aRecord(5, 1, 1, 1), aRecord(6, 1, 1, 1)))
	w.sim.SetFaults(func(r graphsim.Request) graphsim.Fault {
		return onlyIf(r.CallID != "", graphsim.Fault{Status: http.StatusInternalServerError})
	})
	for range 4 {
		w.once()
		w.advance(20 * time.Minute)
	}
	w.is("states", w.query(`SELECT string_agg(DISTINCT state || ' ' || attempts, ', ') FROM ingest.details_retries`), "waiting 4")
	w.sim.SetFaults(nil)
	w.once()
	w.wantRecords()
}

func onlyIf(condition bool, f graphsim.Fault) graphsim.Fault {
	if condition {
		return f
	}
	return graphsim.Fault{}
}

// TestRecordExpiresWhilePending is a record that Graph lists and never serves,
// until it drops it.
func TestRecordExpiresWhilePending(t *testing.T) {
	w := newRecordsWorld(t, given(aRecord(1, 1, 2, 2), aRecord(2, 3, 1, 1)))
	w.sim.SetFaults(onRecord(2, always(graphsim.Fault{Status: http.StatusNotFound})))
	w.once()
	w.advance(10 * time.Minute)
	w.once()
	w.is("state", w.query(`SELECT state || ' ' || attempts FROM ingest.details_retries`), "waiting 2")
	for range 3 {
		w.advance(9 * 24 * time.Hour)
		w.once()
	}
	w.sim.SetFaults(nil)
	w.advance(24 * time.Hour)
	report := w.once()
	w.is("state", w.query(`SELECT state FROM ingest.endpoints`), "late")
	if len(report.Gone) != 1 || report.Gone[0].ID.String() != recordID(2) || report.Gone[0].Version != 3 {
		t.Errorf("lost %+v, want the record %s", report.Gone, recordID(2))
	}
	w.is("watermark", report.Watermark.Format(time.DateTime), "2026-06-12 08:00:02")
	w.is("whole", w.query(`SELECT string_agg(right(id::text, 1), ' ') FROM teams.call_records WHERE details_version = version`), "1")
	before := w.details()
	w.advance(24 * time.Hour)
	w.once()
	w.is("details once it is lost", fmt.Sprint(w.details()), fmt.Sprint(before))
}

// TestOlderAnswer is a server that does not know yet of the version that the
// list shows.
func TestOlderAnswer(t *testing.T) {
	old := aRecord(1, 1, 1, 1)
	w := newRecordsWorld(t, given(old))
	w.once()
	w.is("version", w.query(`SELECT version || ' ' || details_version FROM teams.call_records`), "1 1")
	if _, err := w.conn.Exec(t.Context(), `UPDATE teams.call_records SET version = 2`); err != nil { // as the list said
		t.Fatal(err)
	}
	w.advance(time.Hour)
	w.once()
	w.is("version", w.query(`SELECT version || ' ' || details_version FROM teams.call_records`), "2 1")
	w.is("retries", w.query(`SELECT state || ' ' || error FROM ingest.details_retries`), "waiting Graph answers with an older version than it listed, or with two; it is asked again later")
	w.wantRecord(withVersion(old.JSON, 2)) // the details stored are untouched
}

func withVersion(document []byte, version int) []byte {
	return []byte(strings.Replace(string(document), `"version":1`, fmt.Sprintf(`"version":%d`, version), 1))
}

// TestKilledDetailsResume stops the daemon again and again and sees to it
// that no record that was whole is asked for once more.
func TestKilledDetailsResume(t *testing.T) {
	w := newRecordsWorld(t, graphsim.Config{Seed: 9, Users: 40, RecordsPerDay: 20, History: 7 * 24 * time.Hour})
	var mu sync.Mutex
	asked := map[string]int{}
	whole := map[string]bool{}
	w.sim.SetFaults(func(r graphsim.Request) graphsim.Fault {
		mu.Lock()
		defer mu.Unlock()
		if r.CallID != "" {
			asked[r.CallID]++
			if whole[r.CallID] {
				t.Errorf("%s is asked for although it is whole", r.CallID)
			}
		}
		return graphsim.Fault{}
	})
	for stops := 1; ; stops++ {
		ctx, cancel := context.WithCancel(t.Context())
		mu.Lock()
		enough := len(asked) + 15
		mu.Unlock()
		go func() {
			for ctx.Err() == nil {
				mu.Lock()
				n := len(asked)
				mu.Unlock()
				if n > enough {
					cancel()
				}
				time.Sleep(time.Millisecond)
			}
		}()
		_, err := schedule.Once(ctx, w.job, "once")
		cancel()
		rows, queryErr := w.conn.Query(t.Context(), `SELECT id::text FROM teams.call_records WHERE details_version = version`)
		if queryErr != nil {
			t.Fatal(queryErr)
		}
		mu.Lock()
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				t.Fatal(err)
			}
			whole[id] = true
		}
		mu.Unlock()
		if err == nil {
			t.Logf("stopped %d times, %d records", stops-1, len(whole))
			break
		}
	}
	mu.Lock()
	w.sim.SetFaults(nil)
	again := slices.Collect(maps.Values(asked))
	mu.Unlock()
	t.Logf("requests for a record: at most %d", slices.Max(again))
	w.settleRecords()
	w.wantRecords()
}

// TestListOfOneMinuteIsUnservable parks an hour of the list, and stores all of
// it but the minute that Graph cannot serve.
func TestListOfOneMinuteIsUnservable(t *testing.T) {
	var records []graphsim.CallRecord
	for n := range 60 {
		r := aRecord(n, 1, 1, 1)
		r.Start = time.Date(2026, 6, 12, 8, n, 30, 0, time.UTC)
		r.JSON = []byte(strings.Replace(string(r.JSON), `"startDateTime":"2026-06-12T08:00:`, fmt.Sprintf(`"startDateTime":"2026-06-12T08:%02d:`, n), 1))
		records = append(records, r)
	}
	w := newRecordsWorld(t, given(records...))
	bad := time.Date(2026, 6, 12, 8, 17, 0, 0, time.UTC)
	w.sim.SetFaults(func(r graphsim.Request) graphsim.Fault {
		holds := r.Operation == "listCallRecords" && r.From.Before(bad.Add(time.Minute)) && r.To.After(bad)
		return onlyIf(holds, graphsim.Fault{Status: http.StatusNotAcceptable})
	})
	report, err := schedule.Once(t.Context(), w.job, "once")
	w.wantError(err, fetch.Refused, "406 Not Acceptable")
	w.is("watermark", report.Watermark.Format(time.DateTime), "2026-06-12 08:00:00")
	w.is("records", w.query(`SELECT count(*) FROM teams.call_records WHERE details_version = version`), "59")
	w.is("failing slots", w.query(`SELECT string_agg(slot_from::text, ' ') FROM ingest.parked`), "2026-06-12 08:00:00+00")
	w.sim.SetFaults(nil)
	w.advance(time.Hour)
	w.once()
	w.wantRecords()
	w.wantHonestLedger(w.job)
}

func TestPeopleInCallsBecomeUsers(t *testing.T) {
	w := newRecordsWorld(t, given(aRecord(1, 1, 1, 3)))
	w.once()
	w.is("users", w.query(`SELECT string_agg(right(user_id::text, 1) || ' ' || source || ' ' || last_seen_on, ', ' ORDER BY user_id) FROM teams.users`),
		"0 call_records 2026-06-12, 1 call_records 2026-06-12, 2 call_records 2026-06-12")
}
