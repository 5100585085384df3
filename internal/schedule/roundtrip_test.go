package schedule_test

import (
	"encoding/json"
	"encoding/xml"
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
	"github.com/jackc/pgx/v5"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/mapping/mappingtest"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// inGraph says what Graph calls each endpoint's elements and the function that
// lists them, and which members identify an element: the first of a list and
// those of the others that are there. Ids that may be missing make two lists.
var inGraph = map[string]struct {
	rowType, function string
	keys              [][]string
}{
	"pstn_calls":           {"pstnCallLogRow", "getPstnCalls", [][]string{{"id"}}},
	"direct_routing_calls": {"directRoutingLogRow", "getDirectRoutingCalls", [][]string{{"id"}}},
	"sms_messages": {"smsLogRow", "getSmsLog", [][]string{{"id"},
		{"smsId", "id", "sentDateTime", "sourceNumber", "destinationNumber", "smsType"}}},
	"pstn_blocked_users_log": {"pstnBlockedUsersLogRow", "getPstnBlockedUsersLog", [][]string{
		{"userId", "blockDateTime", "userBlockMode", "userTelephoneNumber", "remediationId"}}},
	"dialout_report": {"pstnOnlineMeetingDialoutReport", "getPstnOnlineMeetingDialoutReport", [][]string{
		{"userId", "usageLocation", "destinationContext", "currency"}}},
}

// callRecordTypes are the types that call records are made of.
var callRecordTypes = []string{
	"callRecord", "organizer", "participant", "communicationsIdentitySet", "identitySet", "identity", "administrativeUnitInfo",
	"session", "segment", "participantEndpoint", "serviceEndpoint", "clientUserAgent", "serviceUserAgent", "failureInfo",
	"userFeedback", "feedbackTokenSet", "media", "mediaStream", "networkInfo", "deviceInfo", "traceRouteHop",
}

// graphFacts is a folder of published examples and metadata; tests that need
// it skip where it is not.
func graphFacts(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("INGESTD_GRAPH_FACTS")
	if dir == "" {
		t.Skip("INGESTD_GRAPH_FACTS is not set")
	}
	return dir
}

func properties(t *testing.T) []mappingtest.Property {
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

// roundTrip stores the elements, reads them back and compares.
func roundTrip(t *testing.T, e fetch.Endpoint, elements []string) {
	t.Helper()
	db := storetest.Open(t)
	b := encode(t, e, elements, time.Unix(0, 0))
	if counts := saveRun(t, db, e, b); counts.New != int64(len(elements)) {
		t.Fatalf("%d elements make %+v", len(elements), counts)
	}
	for _, element := range b.Elements {
		var key string
		for field := range mapping.Fields([]byte(element.Key)) {
			key = string(field)
		}
		rebuilt, err := db.Rebuild(t.Context(), e.Rows, tenantID, key)
		if err != nil {
			t.Fatal(err)
		}
		mappingtest.Same(t, element.Raw, rebuilt)
		if t.Failed() {
			t.FailNow()
		}
	}
}

// encode makes a batch of elements, all of which can be stored.
func encode(t testing.TB, e fetch.Endpoint, elements []string, at time.Time) *mapping.Batch {
	t.Helper()
	b := e.Rows.NewBatch()
	for _, element := range elements {
		var doc mapping.Document
		if err := doc.Parse([]byte(element)); err != nil {
			t.Fatalf("%v in %s", err, element)
		}
		b.Append(doc.Root(), at)
	}
	if len(b.Elements) != len(elements) {
		t.Fatalf("%d of %d elements can be stored; the first reject: %s", len(b.Elements), len(elements), b.Rejects[0].Reason)
	}
	return b
}

// saveRun saves a batch in a run of its own.
func saveRun(t *testing.T, db *store.DB, e fetch.Endpoint, b *mapping.Batch) store.Counts {
	t.Helper()
	target, err := store.NewTarget(tenantID, e.Name, e.Rows, e.EventTime)
	if err != nil {
		t.Fatal(err)
	}
	run, err := db.StartRun(t.Context(), tenantID, e.Name, "once", time.Unix(0, 0), time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	slot := store.Slot{From: time.Unix(0, 0), To: time.Unix(86400, 0), ReadAt: b.Elements[0].At}
	if e.Aggregate {
		_, err = db.ReplaceDay(t.Context(), run, target, b, slot, 1)
	} else {
		_, err = db.SaveRows(t.Context(), run, target, b, store.Reading{Read: []store.Slot{slot}, Pages: 1})
	}
	if err != nil {
		t.Fatal(err)
	}
	counts, err := db.EndRun(t.Context(), run, store.Outcome{Result: "ok"})
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

// trailingComma is what is wrong with published examples that are no JSON.
var trailingComma = regexp.MustCompile(`,(\s*[}\]])`)

func elementsOf(t *testing.T, file string) []string {
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
	var list []string
	for _, element := range page.Value {
		list = append(list, string(element))
	}
	return list
}

func ownElements(t *testing.T, e fetch.Endpoint, api string) []string {
	t.Helper()
	return elementsOf(t, filepath.Join("../../testdata", e.Name, api+".json"))
}

func TestRoundTripOfOwnDocuments(t *testing.T) {
	t.Parallel()
	for _, e := range logs() {
		for _, api := range e.APIs {
			t.Run(e.Name+" "+api, func(t *testing.T) {
				t.Parallel()
				elements := ownElements(t, e, api)
				roundTrip(t, e, elements)
				for _, p := range properties(t) {
					if p.Type == inGraph[e.Name].rowType && slices.Contains(p.APIs, api) && !strings.Contains(elements[0], `"`+p.Name+`"`) {
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
			for _, keys := range inGraph[e.Name].keys {
				t.Run(e.Name+" "+api+" by "+keys[0], func(t *testing.T) {
					t.Parallel()
					roundTrip(t, e, generated(t, e, api, keys, documents()))
				})
			}
		}
	}
}

// documents is how many generated documents go through a round trip.
func documents() int {
	if storetest.Race() {
		return 300 // each takes ten times as long
	}
	return 2000
}

func generated(t *testing.T, e fetch.Endpoint, api string, keys []string, n int) []string {
	generator := mappingtest.Element(properties(t), inGraph[e.Name].rowType, api, keys...)
	elements := make([]string, n)
	for i := range elements {
		elements[i] = generator.Example(i)
	}
	return elements
}

func TestRoundTripOfPublishedExamples(t *testing.T) {
	t.Parallel()
	facts, found := graphFacts(t), 0
	for _, e := range logs() {
		files, _ := filepath.Glob(filepath.Join(facts, "examples", inGraph[e.Name].function+"-*.json"))
		found += len(files)
		for _, file := range files {
			t.Run(filepath.Base(file), func(t *testing.T) {
				t.Parallel()
				roundTrip(t, e, elementsOf(t, file))
			})
		}
	}
	if found == 0 {
		t.Errorf("no examples in %s", facts)
	}
}

// Elements that are served again unchanged leave every row as it is, those of
// their users too.
func TestSavingAgainWritesNothing(t *testing.T) {
	t.Parallel()
	for _, e := range logs() {
		for _, keys := range inGraph[e.Name].keys {
			t.Run(e.Name+" by "+keys[0], func(t *testing.T) {
				t.Parallel()
				url := storetest.URL(t)
				db, conn := storetest.Connect(t, url), storetest.Conn(t, url)
				state := func() string {
					return storetest.Query[string](t, conn, fmt.Sprintf(`SELECT
						(SELECT md5(string_agg(t.xmin || t.xmax::text || t.ctid || t.change_xid || t.updated_at, ',' ORDER BY ctid)) FROM teams.%s t) ||
						(SELECT md5(string_agg(u.xmin || u.ctid::text, ',' ORDER BY ctid)) FROM teams.users u)`, e.Name))
				}
				elements := append(ownElements(t, e, "beta"), generated(t, e, "beta", keys, 500)...)
				saveRun(t, db, e, encode(t, e, elements, time.Unix(0, 0)))
				before := state()
				counts := saveRun(t, db, e, encode(t, e, elements, time.Unix(3600, 0)))
				n := int64(len(elements))
				if want := (store.Counts{Pages: 1, Seen: n, Unchanged: n}); counts != want || state() != before {
					t.Errorf("saved again: %+v, want %+v; rows untouched: %v", counts, want, state() == before)
				}
			})
		}
	}
}

// The users of every endpoint's rows are in teams.users.
func TestUsersOfEveryEndpoint(t *testing.T) {
	t.Parallel()
	for _, e := range logs() {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t)
			db, conn := storetest.Connect(t, url), storetest.Conn(t, url)
			saveRun(t, db, e, encode(t, e, ownElements(t, e, "beta"), time.Unix(0, 0)))
			got := collect(t, conn, `SELECT concat_ws(' ', user_id, first_seen_on, source) FROM teams.users ORDER BY 1`)
			want := collect(t, conn, fmt.Sprintf(`SELECT concat_ws(' ', user_id, min(%s)::date, '%s') FROM teams.%[2]s WHERE user_id IS NOT NULL GROUP BY user_id ORDER BY 1`, e.EventTime, e.Name))
			if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
				t.Errorf("users (-want +got):\n%s", diff)
			}
		})
	}
}

// Every property that Graph declares has a column, and no column stands for a
// property that Graph does not declare.
func TestMappingsCoverTheProperties(t *testing.T) {
	t.Parallel()
	for _, e := range logs() {
		var declared []string
		for _, p := range properties(t) {
			if p.Type == inGraph[e.Name].rowType {
				declared = append(declared, p.Name)
			}
		}
		mapped := e.Rows.JSONNames()
		slices.Sort(declared)
		slices.Sort(mapped)
		if diff := cmp.Diff(declared, mapped); diff != "" {
			t.Errorf("%s (-declared +mapped):\n%s", e.Name, diff)
		}
	}
}

// Each mapping's tables have its columns with its types, and its key for a
// primary key.
func TestMappingsFitTheTables(t *testing.T) {
	t.Parallel()
	conn := storetest.Conn(t, storetest.URL(t))
	for _, e := range fetch.Endpoints {
		for _, layout := range e.Rows.Tables {
			want := []string{}
			for _, c := range layout.Columns {
				want = append(want, c.Name+" "+c.Type.Name)
			}
			got := collect(t, conn, `SELECT column_name || ' ' || data_type FROM information_schema.columns WHERE table_schema = 'teams' AND table_name = $1
				AND column_name <> ALL ('{tenant_id,window_from,window_to,ingested_at,updated_at,run_id,row_hash,change_xid,session_count,details_version,details_at,pending}')`, layout.Name)
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-mapping +table):\n%s", layout.Name, diff)
			}
			key := []string{"tenant_id"}
			if e.Aggregate {
				key = append(key, "window_from", "window_to")
			}
			key = append(key, layout.ColumnNames()[:layout.Key]...)
			primary := collect(t, conn, `SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'p' AND conrelid = ('teams.' || $1)::regclass`, layout.Name)
			if want := fmt.Sprintf("[PRIMARY KEY (%s)]", strings.Join(key, ", ")); fmt.Sprint(primary) != want {
				t.Errorf("%s has %v, want %s", layout.Name, primary, want)
			}
		}
	}
}

func collect(t *testing.T, conn *pgx.Conn, sql string, args ...any) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// testdata/properties.tsv says what Graph's metadata says.
func TestPropertiesMatchTheMetadata(t *testing.T) {
	t.Parallel()
	facts := graphFacts(t)
	want, types := map[string]*mappingtest.Property{}, map[string]metadataType{}
	rowTypes := slices.Clone(callRecordTypes)
	for _, e := range inGraph {
		rowTypes = append(rowTypes, e.rowType)
	}
	for _, api := range []string{"v1.0", "beta"} {
		maps.Copy(types, readMetadata(t, filepath.Join(facts, "callRecords."+api+".csdl.xml"))) // what beta leaves out is as in v1.0
		for _, name := range rowTypes {
			for typ := name; typ != ""; typ = types[typ].base() {
				for _, p := range slices.Concat(types[typ].Properties, types[typ].Navigation) {
					key := name + "." + p.Name
					if want[key] == nil {
						want[key] = &mappingtest.Property{Type: name, Name: p.Name, Edm: withoutNamespace.ReplaceAllString(p.Type, ""), Nullable: p.Nullable != "false"}
					}
					want[key].APIs = append(want[key].APIs, api)
				}
			}
		}
	}
	got := map[string]*mappingtest.Property{}
	for _, p := range properties(t) {
		if !slices.Contains(p.APIs, "open") {
			got[p.Type+"."+p.Name] = &p
		} else if types[p.Type].Open != "true" || want[p.Type+"."+p.Name] != nil {
			t.Errorf("%s.%s is marked as a member of an open type that the metadata does not declare", p.Type, p.Name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-metadata +properties.tsv):\n%s", diff)
	}
}

var withoutNamespace = regexp.MustCompile(`(microsoft\.)?graph\.(callRecords\.)?`)

type metadataType struct {
	Name       string             `xml:",attr"`
	BaseType   string             `xml:",attr"`
	Open       string             `xml:"OpenType,attr"`
	Properties []metadataProperty `xml:"Property"`
	Navigation []metadataProperty `xml:"NavigationProperty"`
}

type metadataProperty struct {
	Name     string `xml:",attr"`
	Type     string `xml:",attr"`
	Nullable string `xml:",attr"`
}

func (m metadataType) base() string {
	return m.BaseType[strings.LastIndex(m.BaseType, ".")+1:]
}

func readMetadata(t *testing.T, file string) map[string]metadataType {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Schemas []struct {
			Complex []metadataType `xml:"ComplexType"`
			Entity  []metadataType `xml:"EntityType"`
		} `xml:"DataServices>Schema"`
	}
	if err := xml.Unmarshal(content, &doc); err != nil {
		t.Fatal(err)
	}
	types := map[string]metadataType{}
	for _, s := range doc.Schemas {
		for _, typ := range append(s.Complex, s.Entity...) {
			types[typ.Name] = typ
		}
	}
	return types
}
