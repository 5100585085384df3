package schedule_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/mapping/mappingtest"
	"ingestd/internal/schedule"
	"ingestd/internal/store/storetest"
)

// newRecordsWorld is a world whose one job is that of call records.
func newRecordsWorld(t *testing.T, c graphsim.Config) *world {
	t.Parallel()
	return makeRecordsWorld(t, c)
}

func makeRecordsWorld(t testing.TB, c graphsim.Config) *world {
	w := makeWorld(t, c)
	w.now = w.now.Add(20 * time.Minute) // off the hour, at which slots settle
	w.job = w.newJob(fetch.CallRecords)
	w.jobs = []*schedule.Job{w.job}
	w.restart()
	return w
}

// settleRecords reads until Graph has served what it lists: some records show
// in the list before they can be read.
func (w *world) settleRecords() {
	w.Helper()
	for range 20 {
		w.once()
		if w.query(`SELECT count(*) FROM ingest.details_retries`) == "0" {
			return
		}
		w.advance(10 * time.Minute)
	}
	w.Fatalf("still failing: %s", w.query(`SELECT string_agg(call_id || ': ' || error, E'\n') FROM ingest.details_retries`))
}

// wantRecords fails unless all records served now are stored whole, as they are
// served, and nothing else is. It returns how many there are.
func (w *world) wantRecords() int {
	w.Helper()
	w.is("failures", w.query(`SELECT string_agg(call_id || ': ' || error, E'\n') FROM ingest.details_retries`), "null")
	served := 0
	for document := range w.sim.CallRecords(w.now.Add(-30*24*time.Hour), w.now) {
		served++
		w.wantRecord(document)
	}
	w.is("records", w.query(`SELECT count(*) FROM teams.call_records`), fmt.Sprint(served))
	w.is("records stored whole", w.query(`SELECT count(*) FROM teams.call_records WHERE details_version = version`), fmt.Sprint(served))
	storetest.NoOrphans(w, w.conn, fetch.CallRecords.Rows)
	return served
}

func (w *world) wantRecord(document []byte) {
	w.Helper()
	rebuilt, err := w.db.Rebuild(w.Context(), fetch.CallRecords.Rows, tenantID, idOf(document))
	if err != nil {
		w.Fatalf("%s: %v", idOf(document), err)
	}
	mappingtest.Same(w, document, rebuilt)
	if w.Failed() {
		w.FailNow()
	}
}

// details counts the requests for records, in all their parts.
func (w *world) details() int {
	n := 0
	for operation, answers := range w.sim.Requests().Answers {
		if operation == "getCallRecord" || operation == "listSessions" || operation == "listParticipants" {
			for _, count := range answers {
				n += count
			}
		}
	}
	return n
}

// aRecord is a call record with so many sessions and participants.
func aRecord(n, version, sessions, participants int) graphsim.CallRecord {
	start := time.Date(2026, 6, 12, 8, 0, n, 0, time.UTC)
	type object = map[string]any
	document := object{
		"id": recordID(n), "version": version, "type": "groupCall", "modalities": []string{"audio"},
		"startDateTime": start, "endDateTime": start.Add(time.Minute), "lastModifiedDateTime": start.Add(time.Hour),
		"sessions": []object{}, "participants_v2": []object{},
	}
	for i := range sessions {
		document["sessions"] = append(document["sessions"].([]object), object{"id": recordID(i), "startDateTime": start, "failureInfo": object{"reason": fmt.Sprint("version ", version)},
			"segments": []object{{"id": recordID(i), "media": []object{{"label": "main-audio", "streams": []object{{"streamId": fmt.Sprint(i)}}}}}}})
	}
	for i := range participants {
		document["participants_v2"] = append(document["participants_v2"].([]object), object{"id": recordID(i), "identity": object{"user": object{"id": recordID(i)}, "phone": nil}})
	}
	text, _ := json.Marshal(document)
	return graphsim.CallRecord{Start: start, JSON: text}
}

func recordID(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

func given(records ...graphsim.CallRecord) graphsim.Config {
	return graphsim.Config{CallsPerDay: -1, Records: records}
}
