package schedule_test

import (
	"encoding/xml"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping/mappingtest"
	"ingestd/internal/store/storetest"
)

// rowTypes are what Graph calls the elements of an endpoint.
var rowTypes = map[string]string{
	"pstn_calls":             "pstnCallLogRow",
	"direct_routing_calls":   "directRoutingLogRow",
	"sms_messages":           "smsLogRow",
	"pstn_blocked_users_log": "pstnBlockedUsersLogRow",
	"dialout_report":         "pstnOnlineMeetingDialoutReport",
}

// keyMembers are the members that identify an element: the first of a list and those of the others that are there. An
// id that may be missing makes two lists.
var keyMembers = map[string][][]string{
	"pstn_calls":             {{"id"}},
	"direct_routing_calls":   {{"id"}},
	"sms_messages":           {{"id"}, {"smsId", "id", "sentDateTime", "sourceNumber", "destinationNumber", "smsType"}},
	"pstn_blocked_users_log": {{"userId", "blockDateTime", "userBlockMode", "userTelephoneNumber", "remediationId"}},
	"dialout_report":         {{"userId", "usageLocation", "destinationContext", "currency"}},
}

// callRecordTypes are the types that call records are made of.
var callRecordTypes = []string{
	"callRecord", "organizer", "participant", "communicationsIdentitySet", "identitySet", "identity",
	"administrativeUnitInfo", "session", "segment", "participantEndpoint", "serviceEndpoint", "clientUserAgent",
	"serviceUserAgent", "failureInfo",
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

// Every property that Graph declares has a column, and no column stands for a
// property that Graph does not declare.
func TestMappingsCoverTheProperties(t *testing.T) {
	t.Parallel()
	for _, e := range logs() {
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

// ownColumns are the columns of tables that stand for nothing in Graph.
var ownColumns = []string{
	"tenant_id", "window_from", "window_to", "ingested_at", "updated_at", "run_id", "row_hash", "change_xid",
	"session_count", "call_kind", "details_version", "details_at", "details_month", "reach_from", "pending",
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
			got := texts(t, conn, `
				SELECT column_name || ' ' || data_type FROM information_schema.columns
				WHERE table_schema = 'teams' AND table_name = $1 AND column_name <> ALL ($2)`, layout.Name, ownColumns)
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
			primary := texts(t, conn, `SELECT pg_get_constraintdef(oid) FROM pg_constraint
				WHERE contype = 'p' AND conrelid = ('teams.' || $1)::regclass`, layout.Name)
			if want := fmt.Sprintf("[PRIMARY KEY (%s)]", strings.Join(key, ", ")); fmt.Sprint(primary) != want {
				t.Errorf("%s has %v, want %s", layout.Name, primary, want)
			}
		}
	}
}

// texts are the results of a query of one column.
func texts(t *testing.T, conn *pgx.Conn, sql string, args ...any) []string {
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
	elementTypes := slices.Concat(callRecordTypes, slices.Collect(maps.Values(rowTypes)))
	for _, api := range []string{"v1.0", "beta"} {
		// What beta leaves out is as in v1.0.
		maps.Copy(types, readMetadata(t, filepath.Join(facts, "callRecords."+api+".csdl.xml")))
		for _, name := range elementTypes {
			for typ := name; typ != ""; typ = types[typ].base() {
				for _, p := range slices.Concat(types[typ].Properties, types[typ].Navigation) {
					key := name + "." + p.Name
					if want[key] == nil {
						want[key] = &mappingtest.Property{
							Type: name, Name: p.Name, Edm: withoutNamespace.ReplaceAllString(p.Type, ""),
							Nullable: p.Nullable != "false",
						}
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
