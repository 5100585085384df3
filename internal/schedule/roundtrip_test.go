package schedule_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
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

// rowTypes names Graph's type of each endpoint's elements.
var rowTypes = map[string]string{"pstn_calls": "pstnCallLogRow"}

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
	run := &store.Run{Tenant: tenantID, Endpoint: e.Name, Model: e.Rows, EventTime: e.EventTime}
	if err := db.StartRun(t.Context(), run, "once", time.Unix(0, 0), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	b := e.Rows.NewBatch()
	for _, element := range elements {
		var doc mapping.Document
		if err := doc.Parse([]byte(element)); err != nil {
			t.Fatalf("%v in %s", err, element)
		}
		b.Append(doc.Root(), time.Unix(0, 0))
	}
	if len(b.Elements) != len(elements) {
		t.Fatalf("%d of %d elements can be stored; the first reject: %s", len(b.Elements), len(elements), b.Rejects[0].Reason)
	}
	if counts, err := db.Save(t.Context(), run, b, nil, 1); err != nil || counts.New != int64(len(elements)) {
		t.Fatalf("%+v %v", counts, err)
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

func elementsOf(t *testing.T, file string) []string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
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

func TestRoundTripOfOwnDocuments(t *testing.T) {
	t.Parallel()
	for _, e := range fetch.Endpoints {
		for _, api := range e.APIs {
			t.Run(e.Name+" "+api, func(t *testing.T) {
				t.Parallel()
				elements := elementsOf(t, filepath.Join("../../testdata", e.Name, api+".json"))
				roundTrip(t, e, elements)
				for _, p := range properties(t) {
					if p.Type == rowTypes[e.Name] && slices.Contains(p.APIs, api) && !strings.Contains(elements[0], `"`+p.Name+`"`) {
						t.Errorf("the first document lacks %s", p.Name)
					}
				}
			})
		}
	}
}

func TestRoundTripOfGeneratedDocuments(t *testing.T) {
	t.Parallel()
	for _, e := range fetch.Endpoints {
		for _, api := range e.APIs {
			t.Run(e.Name+" "+api, func(t *testing.T) {
				t.Parallel()
				generator := mappingtest.Element(properties(t), rowTypes[e.Name], api, "id")
				elements := make([]string, 2000)
				for i := range elements {
					elements[i] = generator.Example(i)
				}
				roundTrip(t, e, elements)
			})
		}
	}
}

func TestRoundTripOfPublishedExamples(t *testing.T) {
	t.Parallel()
	facts := graphFacts(t)
	files, err := filepath.Glob(filepath.Join(facts, "examples", "getPstnCalls-*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples in %s", facts)
	}
	for _, file := range files {
		if !strings.HasSuffix(file, ".invalid.json") {
			roundTrip(t, fetch.Endpoints[0], elementsOf(t, file))
		}
	}
}

// Every property that Graph declares has a column, and no column stands for a
// property that Graph does not declare.
func TestMappingsCoverTheProperties(t *testing.T) {
	t.Parallel()
	for _, e := range fetch.Endpoints {
		var declared []string
		for _, p := range properties(t) {
			if p.Type == rowTypes[e.Name] {
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
				AND column_name <> ALL ('{tenant_id,ingested_at,updated_at,run_id,row_hash,change_xid}')`, layout.Name)
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-mapping +table):\n%s", layout.Name, diff)
			}
			key := append([]string{"tenant_id"}, layout.ColumnNames()[:layout.Key]...)
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
	want := map[string]*mappingtest.Property{}
	for _, api := range []string{"v1.0", "beta"} {
		types := readMetadata(t, filepath.Join(facts, "callRecords."+api+".csdl.xml"))
		for _, name := range rowTypes {
			for typ := name; typ != ""; typ = types[typ].base() {
				for _, p := range types[typ].Properties {
					key := name + "." + p.Name
					if want[key] == nil {
						want[key] = &mappingtest.Property{Type: name, Name: p.Name, Edm: strings.ReplaceAll(p.Type, "microsoft.graph.callRecords.", ""), Nullable: p.Nullable != "false"}
					}
					want[key].APIs = append(want[key].APIs, api)
				}
			}
		}
	}
	got := map[string]*mappingtest.Property{}
	for _, p := range properties(t) {
		got[p.Type+"."+p.Name] = &p
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-metadata +properties.tsv):\n%s", diff)
	}
}

type metadataType struct {
	Name       string `xml:",attr"`
	BaseType   string `xml:",attr"`
	Properties []struct {
		Name     string `xml:",attr"`
		Type     string `xml:",attr"`
		Nullable string `xml:",attr"`
	} `xml:"Property"`
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
