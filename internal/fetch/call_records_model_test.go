package fetch

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ingestd/internal/bench"
	"ingestd/internal/mapping"
	"ingestd/internal/mapping/mappingtest"
)

const recordURL = "https://graph.example/v1.0/communications/callRecords/x"

// parse reads a document that has to be JSON.
func parse(t testing.TB, text []byte) mapping.Value {
	t.Helper()
	var doc mapping.Document
	if err := doc.Parse(text); err != nil {
		t.Fatalf("%v in %.300s", err, text)
	}
	return doc.Root()
}

// appendParts stores a call record as it is served: a record and its pages.
func appendParts(t testing.TB, parts mappingtest.Parts) *mapping.Batch {
	t.Helper()
	b := callRecordRows.NewBatch()
	record := parse(t, parts.Record)
	b.Append(record, time.Unix(0, 0))
	if len(b.Elements) != 1 {
		t.Fatalf("the record is not stored: %+v", b.Rejects)
	}
	extend(t, b, "sessions", parts.Sessions, record.Member("sessions").Len())
	extend(t, b, "participants_v2", parts.Participants, 0)
	return b
}

func extend(t testing.TB, b *mapping.Batch, name string, pages [][]byte, first int) {
	t.Helper()
	for _, page := range pages {
		elements := parse(t, page).Member("value")
		if err := b.Extend(name, elements, first); err != nil {
			t.Fatal(err)
		}
		first += elements.Len()
	}
}

// rows are the rows of a batch's one record, table by table.
func rows(b *mapping.Batch) [][]mapping.Row {
	tables := make([][]mapping.Row, len(b.Model.Tables))
	for table := range tables {
		for encoded := range b.Rows(0, table) {
			tables[table] = append(tables[table], slices.Collect(mapping.Fields(encoded)))
		}
	}
	return tables
}

func rebuild(t testing.TB, b *mapping.Batch) []byte {
	t.Helper()
	document, err := callRecordRows.Rebuild(rows(b))
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func properties(t testing.TB) []mappingtest.Property {
	t.Helper()
	file, err := os.Open("../../testdata/properties.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	list, err := mappingtest.ReadProperties(file)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// ownCallRecords are the documents in testdata by name.
func ownCallRecords(t testing.TB) map[string][]byte {
	t.Helper()
	files, _ := filepath.Glob("../../testdata/call_records/*.json")
	documents := map[string][]byte{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		documents[strings.TrimSuffix(filepath.Base(file), ".json")] = content
	}
	if len(documents) == 0 {
		t.Fatal("no documents")
	}
	return documents
}

// checkRoundTrip stores a document as it is served, and rebuilds it.
func checkRoundTrip(t testing.TB, document []byte, sessions, participants int) {
	t.Helper()
	parts, err := mappingtest.Cut(document, recordURL, sessions, participants)
	if err != nil {
		t.Fatal(err)
	}
	b := appendParts(t, parts)
	mappingtest.Same(t, document, rebuild(t, b))
	if diff := cmp.Diff(servedRows(t, document), countRows(b)); diff != "" {
		t.Errorf("rows (-served +stored):\n%s", diff)
	}
	checkSameRows(t, b, document)
	checkSameRows(t, b, b.Raw(0))
}

// checkSameRows compares a batch's one record with another document of it.
func checkSameRows(t testing.TB, b *mapping.Batch, document []byte) {
	t.Helper()
	whole := callRecordRows.NewBatch()
	whole.Append(parse(t, document), time.Unix(0, 0))
	if b.Elements[0].Hash != whole.Elements[0].Hash || b.Elements[0].Key != whole.Elements[0].Key {
		t.Error("the pages have another hash or key than the whole document")
	}
	for table := 1; table < len(callRecordRows.Tables); table++ {
		if !slices.EqualFunc(slices.Collect(b.Rows(0, table)), slices.Collect(whole.Rows(0, table)), bytes.Equal) {
			t.Errorf("the pages make other rows of %s than the whole document", callRecordRows.Tables[table].Name)
		}
	}
}

func countRows(b *mapping.Batch) map[string]int {
	count := map[string]int{}
	for i, table := range rows(b) {
		if len(table) > 0 {
			count[callRecordRows.Tables[i].Name] = len(table)
		}
	}
	return count
}

// servedRows counts what a document serves for each table, by a reading of its
// own.
func servedRows(t testing.TB, document []byte) map[string]int {
	t.Helper()
	var record map[string]any
	dec := json.NewDecoder(bytes.NewReader(document))
	dec.UseNumber()
	if err := dec.Decode(&record); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{"call_records": 1}
	add := func(table string, n int) {
		if n > 0 {
			count[table] += n
		}
	}
	sides := func(object map[string]any, callers, callees []string) int {
		there := func(name string) bool { return object[name] != nil }
		n := 0
		if slices.ContainsFunc(callers, there) {
			n++
		}
		if slices.ContainsFunc(callees, there) {
			n++
		}
		return n
	}
	caller, callee := []string{"caller"}, []string{"callee"}
	add("call_participants", len(list(record["participants_v2"])))
	for _, session := range list(record["sessions"]) {
		add("sessions", 1)
		add("session_endpoints", sides(session, caller, callee))
		for _, segment := range list(session["segments"]) {
			add("segments", 1)
			add("segment_endpoints", sides(segment, caller, callee))
			for _, media := range list(segment["media"]) {
				add("segment_media", 1)
				add(
					"media_endpoints",
					sides(media, []string{"callerDevice", "callerNetwork"}, []string{"calleeDevice", "calleeNetwork"}),
				)
				add("media_streams", len(list(media["streams"])))
			}
		}
	}
	return count
}

// list returns the elements of an array of objects; others make no rows.
func list(array any) (elements []map[string]any) {
	values, _ := array.([]any)
	for _, value := range values {
		element, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		elements = append(elements, element)
	}
	return elements
}

func TestCallRecordRoundTrip(t *testing.T) {
	t.Parallel()
	generator, seen := mappingtest.CallRecord(properties(t)), map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		document := []byte(generator.Draw(rt, "record"))
		checkRoundTrip(t, document, mappingtest.SessionsPerPage, mappingtest.ParticipantsPerPage)
		if t.Failed() {
			rt.Fatal("see above")
		}
		for table, n := range servedRows(t, document) {
			seen[table] += n
		}
	})
	if len(seen) != len(callRecordRows.Tables) {
		t.Errorf("some tables had no rows: %v", seen)
	}
}

func TestCallRecordOfManyPages(t *testing.T) {
	t.Parallel()
	for _, size := range []struct{ sessions, participants int }{{60, 130}, {61, 131}, {120, 260}, {150, 300}} {
		var record map[string]any
		if err := json.Unmarshal(ownCallRecords(t)["meeting"], &record); err != nil {
			t.Fatal(err)
		}
		for name, n := range map[string]int{"sessions": size.sessions, "participants_v2": size.participants} {
			served := record[name].([]any)
			record[name] = slices.Repeat(served, n/len(served)+1)[:n]
		}
		document, err := json.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		checkRoundTrip(t, document, mappingtest.SessionsPerPage, mappingtest.ParticipantsPerPage)
		if rows := servedRows(t, document); rows["sessions"] != size.sessions ||
			rows["call_participants"] != size.participants {
			t.Errorf("%v makes %v", size, rows)
		}
	}
}

func TestCallRecordRoundTripOfOwnDocuments(t *testing.T) {
	t.Parallel()
	for name, document := range ownCallRecords(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkRoundTrip(t, document, mappingtest.SessionsPerPage, mappingtest.ParticipantsPerPage)
			checkRoundTrip(t, document, 2, 2)
		})
	}
}

func TestCallRecordRoundTripOfPublishedExamples(t *testing.T) {
	t.Parallel()
	facts := os.Getenv("INGESTD_GRAPH_FACTS")
	if facts == "" {
		t.Skip("INGESTD_GRAPH_FACTS is not set")
	}
	const page = `{"id": "0e7c4a52-5d1f-4b6e-9d39-6f2d9a3c1b01", "version": 1, "%s": %s}`
	for pattern, documents := range map[string]func(mapping.Value) []string{
		"get-callrecord-*": func(v mapping.Value) []string { return []string{string(v.Raw())} },
		"list-callrecords-v1.0-*": func(v mapping.Value) (list []string) {
			for element := range v.Member("value").Elements() {
				list = append(list, string(element.Raw()))
			}
			return list
		},
		"list-sessions-*": func(v mapping.Value) []string {
			return []string{fmt.Sprintf(page, "sessions", v.Member("value").Raw())}
		},
		"list-participants_v2-*": func(v mapping.Value) []string {
			return []string{fmt.Sprintf(page, "participants_v2", v.Member("value").Raw())}
		},
	} {
		files, _ := filepath.Glob(filepath.Join(facts, "examples", pattern+".json"))
		if len(files) == 0 {
			t.Errorf("no examples %s", pattern)
		}
		for _, file := range files {
			t.Run(filepath.Base(file), func(t *testing.T) {
				t.Parallel()
				content, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				for _, document := range documents(parse(t, content)) {
					checkRoundTrip(t, []byte(document), mappingtest.SessionsPerPage, mappingtest.ParticipantsPerPage)
				}
			})
		}
	}
}

// The own documents together hold every property of call records, and nothing
// in them lacks a column but what is deprecated.
func TestOwnCallRecordsHoldEveryProperty(t *testing.T) {
	t.Parallel()
	documents := ownCallRecords(t)
	all := string(slices.Concat(slices.Collect(maps.Values(documents))...))
	logRow := regexp.MustCompile(`Row$|Report$`)
	for _, p := range properties(t) {
		if !logRow.MatchString(p.Type) && !slices.Contains(p.APIs, "open") && p.Edm != "identity" &&
			!strings.Contains(all, `"`+p.Name+`"`) {
			t.Errorf("no document has %s.%s", p.Type, p.Name)
		}
	}
	for name, document := range documents {
		b := callRecordRows.NewBatch()
		b.Append(parse(t, document), time.Unix(0, 0))
		if len(b.Rejects) > 0 || b.Misfits > 0 {
			t.Errorf("%s: %d misfits, rejects %+v", name, b.Misfits, b.Rejects)
		}
		if b.Unknown > 0 && name != "queue" {
			t.Errorf("%s has %d members without a column", name, b.Unknown)
		}
	}
}

// Every column is fed by some member of the own documents.
func TestOwnCallRecordsFillEveryColumn(t *testing.T) {
	t.Parallel()
	filled := map[string]bool{}
	for _, document := range ownCallRecords(t) {
		b := callRecordRows.NewBatch()
		b.Append(parse(t, document), time.Unix(0, 0))
		for i, table := range rows(b) {
			for _, row := range table {
				for c, value := range row {
					layout := callRecordRows.Tables[i]
					filled[layout.Name+"."+layout.Columns[c].Name] = filled[layout.Name+"."+layout.Columns[c].Name] ||
						value != nil
				}
			}
		}
	}
	for column, ok := range filled {
		if !ok && !strings.HasSuffix(column, ".unknown_fields") {
			t.Errorf("%s is empty everywhere", column)
		}
	}
}

// What is deprecated or has no column is kept under its name and nesting.
func TestDeprecatedMembersAreKept(t *testing.T) {
	t.Parallel()
	b := callRecordRows.NewBatch()
	b.Append(parse(t, ownCallRecords(t)["queue"]), time.Unix(0, 0))
	tables := rows(b)
	for _, tt := range []struct{ table, want string }{
		{
			"call_records",
			`{"organizer_v2":{"identity":{"endpointType":"skypeForBusiness"}},` +
				`"organizer":{"applicationInstance":{"id":"1d2c3b4a-5968-4776-8594-a3b2c1d0e003",` +
				`"displayName":"Main line","tenantId":"2f0c6a10-52d7-4b1c-9a34-6a1f0d9e7b01"}},` +
				`"participants":[{"phone":{"id":"+33145678901"}},` +
				`{"user":{"id":"7f0a3c52-1d2e-4f7b-8a55-52d1b8b00004","displayName":"User 0004",` +
				`"tenantId":"2f0c6a10-52d7-4b1c-9a34-6a1f0d9e7b01"}}]}`,
		},
		{
			"session_endpoints",
			`{"caller":{"identity":{"phone":{"id":"+33145678901","displayName":null,"tenantId":null}}}}`,
		},
	} {
		i := slices.IndexFunc(callRecordRows.Tables, func(l *mapping.Layout) bool { return l.Name == tt.table })
		row := tables[i][0]
		if got := string(row[len(row)-1][1:]); got != tt.want {
			t.Errorf("unknown_fields of %s:\n%s, want\n%s", tt.table, got, tt.want)
		}
	}
}

// BenchmarkCallRecord turns a record of 60 sessions into COPY rows, side by
// side with encoding/json reading it into maps, which is less: it prints the
// ratio of the two times.
func BenchmarkCallRecord(b *testing.B) {
	var record map[string]any
	if err := json.Unmarshal(ownCallRecords(b)["peer_to_peer"], &record); err != nil {
		b.Fatal(err)
	}
	record["sessions"] = slices.Repeat(record["sessions"].([]any), 60)
	text, err := json.Marshal(record)
	if err != nil {
		b.Fatal(err)
	}
	var mapped, generic time.Duration
	var doc mapping.Document
	batch := callRecordRows.NewBatch()
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		start := time.Now()
		if err := doc.Parse(text); err != nil {
			b.Fatal(err)
		}
		batch.Reset()
		batch.Append(doc.Root(), start)
		mapped += time.Since(start)
		b.StopTimer()
		start = time.Now()
		var tree any
		if err := json.Unmarshal(text, &tree); err != nil {
			b.Fatal(err)
		}
		generic += time.Since(start)
		b.StartTimer()
	}
	if len(batch.Elements) != 1 || countRows(batch)["sessions"] != 60 {
		b.Fatal(batch.Rejects)
	}
	bench.Report(b, float64(mapped)/float64(generic), "x-encoding/json")
}
