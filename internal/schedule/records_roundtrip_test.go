package schedule_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/mapping"
	"ingestd/internal/mapping/mappingtest"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// readable makes a document one that the daemon takes: both arrays are there,
// and it began within Graph's reach, if it says when. That the daemon refuses
// others is shown elsewhere.
func readable(t *testing.T, document string, start time.Time) graphsim.CallRecord {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(document), &members); err != nil {
		t.Fatalf("%v in %s", err, document)
	}
	for _, array := range []string{"sessions", "participants_v2"} {
		var objects []map[string]json.RawMessage
		if err := json.Unmarshal(members[array], &objects); err != nil || objects == nil || bytes.Contains(members[array], []byte("@odata.nextLink")) {
			members[array] = json.RawMessage("[]")
		}
	}
	if _, ok := members["startDateTime"]; ok {
		members["startDateTime"] = fmt.Appendf(nil, "%q", start.Format(time.RFC3339Nano))
	}
	var text bytes.Buffer
	for name, value := range members {
		fmt.Fprintf(&text, ",%s:%s", quoted(name), value)
	}
	return graphsim.CallRecord{Start: start, JSON: append(append([]byte("{"), text.Bytes()[1:]...), '}')}
}

func quoted(name string) string {
	text, _ := json.Marshal(name)
	return string(text)
}

// TestRoundTripOfGeneratedCallRecords serves documents of all that Graph may
// say, and more, page by page, and finds each of them again in the tables.
func TestRoundTripOfGeneratedCallRecords(t *testing.T) {
	generator := mappingtest.CallRecord(properties(t))
	start := time.Date(2026, 6, 12, 0, 0, 0, 0, time.UTC)
	var records []graphsim.CallRecord
	n := documents()
	for i := range n {
		records = append(records, readable(t, generator.Example(i), start.Add(time.Duration(i)*time.Second)))
	}
	w := newRecordsWorld(t, given(records...))
	w.once()
	w.is("records", fmt.Sprint(w.wantRecords()), fmt.Sprint(n))
	t.Logf("%s rows, %s rejects that are stored too", w.query(`SELECT (SELECT count(*) FROM teams.sessions) + (SELECT count(*) FROM teams.segments) + (SELECT count(*) FROM teams.media_streams) +
		(SELECT count(*) FROM teams.call_participants) + (SELECT count(*) FROM teams.session_endpoints) + (SELECT count(*) FROM teams.segment_endpoints) + (SELECT count(*) FROM teams.media_endpoints)`),
		w.query(`SELECT count(*) FROM ingest.rejects WHERE stored`))
	w.is("rejects not stored", w.query(`SELECT count(*) FROM ingest.rejects WHERE NOT stored`), "0")
}

func TestRoundTripOfOwnCallRecords(t *testing.T) {
	files, err := filepath.Glob("../../testdata/call_records/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no documents", err)
	}
	var records []graphsim.CallRecord
	for _, file := range files {
		document, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, readable(t, string(document), time.Date(2026, 6, 12, 8, 0, 0, 0, time.UTC)))
	}
	w := newRecordsWorld(t, given(records...))
	w.once()
	w.is("records", fmt.Sprint(w.wantRecords()), fmt.Sprint(len(files)))
}

// TestRoundTripOfPublishedCallRecords stores the published examples of single
// records as they are: some lack sessions, as nobody asked for them.
func TestRoundTripOfPublishedCallRecords(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob(filepath.Join(graphFacts(t), "examples", "get-callrecord-*.json"))
	if len(files) < 5 {
		t.Fatalf("%d examples", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t)
			db, conn := storetest.Connect(t, url), storetest.Conn(t, url)
			document, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			b := encode(t, fetch.CallRecords, []string{string(document)}, time.Unix(0, 0))
			for range 2 {
				saveDetails(t, db, b)
				rebuilt, err := db.Rebuild(t.Context(), fetch.CallRecords.Rows, tenantID, idOf(document))
				if err != nil {
					t.Fatal(err)
				}
				mappingtest.Same(t, document, rebuilt)
				storetest.NoOrphans(t, conn, fetch.CallRecords.Rows)
			}
		})
	}
}

// saveDetails names a record and stores it whole.
func saveDetails(t *testing.T, db *store.DB, b *mapping.Batch) {
	t.Helper()
	target, err := store.NewTarget(tenantID, "call_records", fetch.CallRecords.Rows, "start_at")
	if err != nil {
		t.Fatal(err)
	}
	run, err := db.StartRun(t.Context(), tenantID, "call_records", "once", time.Unix(0, 0), time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Announce(t.Context(), run, target, b, store.Reading{Pages: 1}); err != nil {
		t.Fatal(err)
	}
	if err := db.SaveDetails(t.Context(), run, target, []*mapping.Batch{b})[0]; err != nil && !errors.Is(err, store.ErrNewer) {
		t.Fatal(err)
	}
}
