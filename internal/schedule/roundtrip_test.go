package schedule_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/mapping/mappingtest"
	"ingestd/internal/schedule/scheduletest"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// documents is how many generated documents go through a round trip.
func documents() int {
	if storetest.Race() {
		return 100 // more of them run no other code at once
	}
	return storetest.Times(100, 2000)
}

// logs are the endpoints whose lists serve rows whole: all but call records.
func logs() []fetch.Endpoint {
	return slices.DeleteFunc(slices.Clone(fetch.Endpoints), func(e fetch.Endpoint) bool { return e.Versioned })
}

func TestRoundTripOfOwnDocuments(t *testing.T) {
	t.Parallel()
	for _, e := range logs() {
		for _, api := range e.APIs {
			t.Run(e.Name+" "+api, func(t *testing.T) {
				t.Parallel()
				elements := ownElements(t, e, api)
				wantStored(t, e, elements)
				for _, p := range properties(t) {
					if p.Type == rowTypes[e.Name] && slices.Contains(p.APIs, api) &&
						!strings.Contains(elements[0], `"`+p.Name+`"`) {
						t.Errorf("the first document lacks %s", p.Name)
					}
				}
			})
		}
	}
}

func TestRoundTripOfGeneratedDocuments(t *testing.T) {
	t.Parallel()
	for _, e := range logs() {
		for _, api := range e.APIs {
			for _, members := range keyMembers[e.Name] {
				t.Run(e.Name+" "+api+" by "+members[0], func(t *testing.T) {
					t.Parallel()
					wantStored(t, e, generated(t, e, api, members, documents()))
				})
			}
		}
	}
}

func TestRoundTripOfPublishedExamples(t *testing.T) {
	t.Parallel()
	facts, found := graphFacts(t), 0
	for _, e := range logs() {
		files, err := filepath.Glob(filepath.Join(facts, "examples", scheduletest.Function(e.Name)+"-*.json"))
		if err != nil {
			t.Fatal(err)
		}
		found += len(files)
		for _, file := range files {
			t.Run(filepath.Base(file), func(t *testing.T) {
				t.Parallel()
				wantStored(t, e, elementsOf(t, file))
			})
		}
	}
	if found == 0 {
		t.Errorf("no examples in %s", facts)
	}
}

// wantStored fails unless all documents are stored as new rows and come back from them.
func wantStored(t *testing.T, e fetch.Endpoint, elements []string) {
	t.Helper()
	db := storetest.Open(t)
	if counts := scheduletest.Save(t, db, e, elements...); counts.New != int64(len(elements)) {
		t.Fatalf("%d elements make %+v", len(elements), counts)
	}
	scheduletest.WantRoundTrip(t, db, e, elements...)
}

func ownElements(t *testing.T, e fetch.Endpoint, api string) []string {
	t.Helper()
	return elementsOf(t, filepath.Join("../../testdata", e.Name, api+".json"))
}

// trailingComma is what is wrong with published examples that are no JSON.
var trailingComma = regexp.MustCompile(`,(\s*[}\]])`)

func elementsOf(t *testing.T, file string) (elements []string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(file, ".invalid.json") {
		content = trailingComma.ReplaceAll(content, []byte("$1"))
	}
	var page struct{ Value []json.RawMessage }
	if err := json.Unmarshal(content, &page); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	for _, element := range page.Value {
		elements = append(elements, string(element))
	}
	return elements
}

func generated(t *testing.T, e fetch.Endpoint, api string, members []string, n int) []string {
	t.Helper()
	generator := mappingtest.Element(properties(t), rowTypes[e.Name], api, members...)
	elements := make([]string, n)
	for i := range elements {
		elements[i] = generator.Example(i)
	}
	return elements
}

// TestRoundTripOfGeneratedCallRecords serves documents of all that Graph may say, and more, page by page, and finds
// each of them again in the tables.
func TestRoundTripOfGeneratedCallRecords(t *testing.T) {
	t.Parallel()
	generator := mappingtest.CallRecord(properties(t))
	var records []graphsim.CallRecord
	for i := range documents() {
		records = append(records, readable(t, generator.Example(i), scheduletest.RecordStart(i)))
	}
	w := newRecords(t, records...)
	w.Once()
	w.WantServed()
	if n := storetest.Query[int](t, w.Conn, `SELECT count(*) FROM ingest.rejects WHERE NOT stored`); n > 0 {
		t.Errorf("%d records were not stored", n)
	}
}

func TestRoundTripOfOwnCallRecords(t *testing.T) {
	t.Parallel()
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
		records = append(records, readable(t, string(document), scheduletest.RecordStart(1)))
	}
	w := newRecords(t, records...)
	w.Once()
	w.WantServed()
}

// TestRoundTripOfPublishedCallRecords stores the published examples of single records as they are: some lack sessions,
// as nobody asked for them.
func TestRoundTripOfPublishedCallRecords(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(graphFacts(t), "examples", "get-callrecord-*.json"))
	if err != nil || len(files) < 5 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			document, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			url := storetest.URL(t)
			db, conn := storetest.Connect(t, url), storetest.Conn(t, url)
			for range 2 {
				scheduletest.Save(t, db, fetch.CallRecords, string(document))
				scheduletest.WantRoundTrip(t, db, fetch.CallRecords, string(document))
				storetest.NoOrphans(t, conn, fetch.CallRecords.Rows)
			}
		})
	}
}

// readable makes a document one that the daemon takes: both arrays are there, and it began within Graph's reach, if it
// says when. That the daemon refuses others is shown elsewhere.
func readable(t *testing.T, document string, start time.Time) graphsim.CallRecord {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(document), &members); err != nil {
		t.Fatalf("%v in %s", err, document)
	}
	for _, array := range []string{"sessions", "participants_v2"} {
		var objects []map[string]json.RawMessage
		err := json.Unmarshal(members[array], &objects)
		if err != nil || objects == nil || bytes.Contains(members[array], []byte("@odata.nextLink")) {
			members[array] = json.RawMessage("[]")
		}
	}
	if _, ok := members["startDateTime"]; ok {
		members["startDateTime"] = fmt.Appendf(nil, "%q", start.Format(time.RFC3339Nano))
	}
	var text bytes.Buffer
	for name, value := range members { // json.Marshal would fail at texts that are no UTF-8
		quoted, err := json.Marshal(name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&text, ",%s:%s", quoted, value)
	}
	return graphsim.CallRecord{Start: start, JSON: append(append([]byte("{"), text.Bytes()[1:]...), '}')}
}

// Elements that are served again unchanged leave every row as it is, those of their users too.
func TestSavingAgainWritesNothing(t *testing.T) {
	t.Parallel()
	for _, e := range logs() {
		for _, members := range keyMembers[e.Name] {
			t.Run(e.Name+" by "+members[0], func(t *testing.T) {
				t.Parallel()
				url := storetest.URL(t)
				db, conn := storetest.Connect(t, url), storetest.Conn(t, url)
				physical := func() string {
					return storetest.Query[string](t, conn, fmt.Sprintf(`SELECT
						(SELECT md5(string_agg(t.xmin || t.xmax::text || t.ctid || t.change_xid || t.updated_at, ','
							ORDER BY ctid)) FROM teams.%s t) ||
						(SELECT md5(string_agg(u.xmin || u.ctid::text, ',' ORDER BY ctid)) FROM teams.users u)`,
						e.Name))
				}
				elements := append(ownElements(t, e, "beta"), generated(t, e, "beta", members, 300)...)
				scheduletest.Save(t, db, e, elements...)
				before := physical()
				counts, n := scheduletest.Save(t, db, e, elements...), int64(len(elements))
				if want := (store.Counts{Pages: 1, Seen: n, Unchanged: n}); counts != want || physical() != before {
					t.Errorf("saved again: %+v, want %+v; rows untouched: %v", counts, want, physical() == before)
				}
			})
		}
	}
}

// The users of every endpoint's rows are in teams.users.
func TestUsersOfEveryEndpoint(t *testing.T) {
	t.Parallel()
	type user struct {
		ID, Source string
		FirstSeen  time.Time
	}
	for _, e := range logs() {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t)
			db, conn := storetest.Connect(t, url), storetest.Conn(t, url)
			scheduletest.Save(t, db, e, ownElements(t, e, "beta")...)
			users := func(sql string) []user {
				rows, err := conn.Query(t.Context(), sql)
				if err != nil {
					t.Fatal(err)
				}
				list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[user])
				if err != nil {
					t.Fatal(err)
				}
				return list
			}
			want := users(fmt.Sprintf(`SELECT user_id::text, '%s', min(%s)::date FROM teams.%[1]s
				WHERE user_id IS NOT NULL GROUP BY user_id ORDER BY 1`, e.Name, e.EventTime))
			got := users(`SELECT user_id::text, source, first_seen_on FROM teams.users ORDER BY 1`)
			if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
				t.Errorf("users (-want +got):\n%s", diff)
			}
		})
	}
}
