package mapping_test

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	. "ingestd/internal/mapping"
	"ingestd/internal/mapping/mappingtest"
)

const id = `"id": "0e7c4a52-5d1f-4b6e-9d39-6f2d9a3c1b01"`

func TestColumnValue(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, table, column, element, want string }{
		{"text in lower case", "calls", "block_mode", `{` + id + `, "userBlockMode": "ByotIn"}`, `"byotin"`},
		{"empty text is null", "calls", "block_mode", `{` + id + `, "userBlockMode": ""}`, `NULL`},
		{"NUL becomes U+FFFD", "calls", "block_mode", `{` + id + `, "userBlockMode": "a\u0000b"}`, "\"a\uFFFDb\""},
		{
			"lone surrogate becomes U+FFFD",
			"calls",
			"block_mode",
			`{` + id + `, "userBlockMode": "a\ud800b"}`,
			"\"a\uFFFDb\"",
		},
		{"bad UTF-8 becomes U+FFFD", "calls", "block_mode", `{` + id + `, "userBlockMode": "a` + "\xff" + `b"}`,
			"\"a\uFFFDb\""},
		{"number in a text column", "calls", "block_mode", `{` + id + `, "userBlockMode": 5}`, `NULL`},
		{
			"last of two names wins",
			"calls",
			"block_mode",
			`{"userBlockMode": "a", ` + id + `, "userBlockMode": "b"}`,
			`"b"`,
		},
		{"name in another case", "calls", "block_mode", `{` + id + `, "UserBlockMode": "a"}`, `NULL`},
		{"name in another case is kept", "calls", "unknown_fields", `{` + id + `, "UserBlockMode": "a"}`,
			`{"UserBlockMode":"a"}`},
		{"escaped name", "calls", "block_mode", `{` + id + `, "userBlock\u004dode": "a"}`, `"a"`},
		{"GUID in lower case", "calls", "id", `{"id": "0E7C4A52-5D1F-4B6E-9D39-6F2D9A3C1B01"}`,
			`"0e7c4a52-5d1f-4b6e-9d39-6f2d9a3c1b01"`},
		{"seventh digit is cut, not rounded", "calls", "start_at", `{` + id +
			`, "startDateTime": "2026-01-31T23:59:59.9999999Z"}`, `"2026-01-31T23:59:59.999999Z"`},
		{"offset", "calls", "start_at", `{` + id + `, "startDateTime": "2026-01-31T23:59:59+05:30"}`,
			`"2026-01-31T18:29:59Z"`},
		{"year 1", "calls", "start_at", `{` + id + `, "startDateTime": "0001-01-01T00:00:00Z"}`, `NULL`},
		{"date without time", "calls", "start_at", `{` + id + `, "startDateTime": "2026-01-31"}`, `NULL`},
		{"time without a zone", "calls", "start_at", `{` + id + `, "startDateTime": "2026-01-31T23:59:59"}`, `NULL`},
		{"year of six digits", "calls", "start_at", `{` + id + `, "startDateTime": "300000-01-01T00:00:00Z"}`, `NULL`},
		{"money keeps its scale", "calls", "charge", `{` + id + `, "charge": 10.500}`, `10.500`},
		{"money of many digits", "calls", "charge", `{` + id + `, "charge": -12345678901234567890.000000012}`,
			`-12345678901234567890.000000012`},
		{"money with an exponent", "calls", "charge", `{` + id + `, "charge": 1.5E-7}`, `0.00000015`},
		{"money as a string", "calls", "charge", `{` + id + `, "charge": "0.50"}`, `0.50`},
		{"money as a string with a blank", "calls", "charge", `{` + id + `, "charge": " 1234"}`, `NULL`},
		{"not a number", "calls", "charge", `{` + id + `, "charge": "NaN"}`, `NULL`},
		{"money of a million digits", "calls", "charge", `{` + id + `, "charge": 1e1000000}`, `NULL`},
		{"integer above 32 bits", "streams", "packets", leg(`"streams": [{"packets": 2147483648}]`), `NULL`},
		{"integer with a fraction", "streams", "packets", leg(`"streams": [{"packets": 1.0}]`), `NULL`},
		{"bigint as a string", "calls", "version", `{` + id + `, "version": "9007199254740993"}`, `9007199254740993`},
		{"ratio as written", "streams", "loss", leg(`"streams": [{"loss": 0.1}]`), `0.1`},
		{"infinite ratio", "streams", "loss", leg(`"streams": [{"loss": "INF"}]`), `NULL`},
		{"ratio out of range", "streams", "loss", leg(`"streams": [{"loss": 1e999}]`), `NULL`},
		{"unknown link speed", "streams", "link_speed", leg(`"streams": [{"linkSpeed": 4294967295}]`), `NULL`},
		{"address", "streams", "address", leg(`"streams": [{"address": "2001:DB8::1"}]`), `"2001:db8::1"`},
		{"address with a zone", "streams", "address", leg(`"streams": [{"address": "fe80::1%eth0"}]`), `NULL`},
		{"duration", "legs", "length_ms", leg(`"length": "PT0.016S"`), `"PT0.016S"`},
		{"duration of days", "legs", "length_ms", leg(`"length": "-P1DT1H1M1.5S"`), `"-PT90061.5S"`},
		{"duration without a unit", "legs", "length_ms", leg(`"length": "PT"`), `NULL`},
		{"list", "calls", "modalities", `{` + id + `, "modalities": ["audio", null, ""]}`, `["audio",null,""]`},
		{"empty list", "calls", "modalities", `{` + id + `, "modalities": []}`, `[]`},
		{"list with a number", "calls", "modalities", `{` + id + `, "modalities": ["audio", 7]}`, `NULL`},
		{"list of objects", "calls", "unit_ids", `{` + id + `, "units": [{"id": "a"}, {}, {"id": "b", "more": 1}]}`,
			`["a",null,"b"]`},
		{"list of objects with a string", "calls", "unit_ids", `{` + id + `, "units": ["a"]}`, `NULL`},
		{
			"year 10000 in UTC",
			"calls",
			"start_at",
			`{` + id + `, "startDateTime": "9999-12-31T23:59:59-12:00"}`,
			`NULL`,
		},
		{"kind of the one object", "calls", "organizer_kind", `{` + id +
			`, "organizer": {"identity": {"user": null, "phone": {"displayName": "x"}}}}`, `"phone"`},
		{"member of the one object", "calls", "organizer_name", `{` + id +
			`, "organizer": {"identity": {"user": {"displayName": "x"}}}}`, `"x"`},
		{"two objects where one may be", "calls", "organizer_kind", `{` + id +
			`, "organizer": {"identity": {"user": {}, "phone": {}}}}`, `NULL`},
		{"side", "leg_parties", "side", leg(`"callee": {}`), `"callee"`},
		{"no side", "leg_parties", "side", leg(`"callee": null`), `no row`},
		{
			"annotation with a column",
			"leg_parties",
			"party_type",
			leg(`"callee": {"@odata.type": "#service"}`),
			`"#service"`,
		},
		{"id served", "messages", "id", `{"id": "A", "smsId": "s"}`, `"A"`},
		{"where the id is from", "messages", "id_source", `{"id": "A", "smsId": "s"}`, `"graph"`},
		{"id missing", "messages", "id_source", `{"smsId": "s"}`, `"hash"`},
		{"id null", "messages", "id_source", `{"id": null, "smsId": "s"}`, `"hash"`},
		{"id empty", "messages", "id_source", `{"id": "", "smsId": "s"}`, `"hash"`},
		{"hashed members have columns too", "messages", "sms_id", `{"smsId": "s"}`, `"s"`},
		{"misfit that is not needed for the key", "messages", "unknown_fields", `{"id": "A", "units": "many"}`,
			`{"units":"many"}`},
		{"unknown members", "calls", "unknown_fields", `{` + id +
			`, "a": {"b": [1.50, null]}, "c": null, "d": "", "x@odata.count": 1}`, `{"a":{"b":[1.50,null]},"d":""}`},
		{"unknown inside an object", "calls", "unknown_fields", `{` + id + `, "organizer": {"id": "x", "new": true}}`,
			`{"organizer":{"new":true}}`},
		{
			"object without a trace",
			"calls",
			"unknown_fields",
			`{` + id + `, "organizer": {"id": null}}`,
			`{"organizer":{}}`,
		},
		{"misfit under its own name", "calls", "unknown_fields", `{` + id + `, "startDateTime": "soon"}`,
			`{"startDateTime":"soon"}`},
		{"nothing unknown", "calls", "unknown_fields", `{` + id + `, "organizer": null}`, `NULL`},
		{"array with something else", "calls", "unknown_fields", `{` + id + `, "legs": [{"answered": true}, 7]}`,
			`{"legs":[{"answered":true},7]}`},
		{"number beyond jsonb", "calls", "unknown_fields", `{` + id + `, "new": 1e1000000}`, `{"new":"1e1000000"}`},
		{"nested beyond reason", "calls", "unknown_fields", `{` + id + `, "new": ` + strings.Repeat("[", 65) +
			strings.Repeat(
				"]",
				65,
			) + `}`, `{"new":` + strings.Repeat("[", 64) + `"[]"` + strings.Repeat("]", 64) + `}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := column(t, store(t, modelOf(tt.table), tt.element), tt.table, tt.column); got != tt.want {
				t.Errorf("%s.%s = %s, want %s", tt.table, tt.column, got, tt.want)
			}
		})
	}
}

func modelOf(table string) *Model {
	if table == "messages" {
		return messages
	}
	return calls
}

func leg(members string) string { return `{` + id + `, "legs": [{` + members + `}]}` }

func TestReject(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 2001)
	tests := []struct {
		name, element, reason string
		stored                bool
	}{
		{"no object", `7`, "not a JSON object", false},
		{"no key", `{"version": 1}`, "no key: id is missing", false},
		{"null key", `{"id": null}`, "no key: id is missing", false},
		{"misfit in the key", `{"id": "not a guid"}`, "no key: id does not fit its column", false},
		{"NUL", `{` + id + `, "userBlockMode": "a\u0000b"}`, "text that PostgreSQL cannot store", true},
		{
			"NUL in an unknown member",
			`{` + id + `, "new": {"a": ["\u0000"]}}`,
			"text that PostgreSQL cannot store",
			true,
		},
		{"NUL in an unknown name", `{` + id + `, "n\u0000w": 1}`, "text that PostgreSQL cannot store", true},
		{
			"lone surrogate in a list",
			`{` + id + `, "modalities": ["\udfff"]}`,
			"text that PostgreSQL cannot store",
			true,
		},
		{"bad UTF-8 in a row of rows", leg(`"streams": [{"tokens": {"a": "` + "\xc3" + `"}}]`),
			"text that PostgreSQL cannot store", true},
		{"name twice", `{` + id + `, "new": 1, "new": 2}`, "member name twice", true},
		{"name twice deep inside", leg(`"streams": [{"packets": 1, "packets": 2}]`), "member name twice", true},
		{"text too long for its index is a misfit only", `{` + id + `, "organizer": {"id": "` + long + `"}}`, "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := store(t, calls, tt.element)
			if tt.reason == "" {
				if len(b.Rejects) != 0 || b.Misfits != 1 {
					t.Fatalf("rejects %+v and %d misfits, want none and 1", b.Rejects, b.Misfits)
				}
				return
			}
			if len(b.Rejects) != 1 || b.Rejects[0].Reason != tt.reason || b.Rejects[0].Stored != tt.stored ||
				string(b.Rejects[0].Raw) != tt.element {
				t.Fatalf("rejects = %+v, want one of %q", b.Rejects, tt.reason)
			}
			if stored := len(b.Elements) == 1; stored != tt.stored {
				t.Errorf("stored = %v, want %v", stored, tt.stored)
			}
		})
	}
}

// What there is no room for is counted by its name: values that do not fit, and members without a column.
func TestTakeStrange(t *testing.T) {
	t.Parallel()
	b := calls.NewBatch()
	for range 2 {
		appendTo(t, b, `{`+id+`, "startDateTime": "soon", "tariff": 1, "legs": [{"answered": 7}, {"mood": 2}]}`)
	}
	want := map[Strange]int{
		{Table: "calls", Member: "startDateTime", Misfit: true}: 2,
		{Table: "calls", Member: "tariff"}:                      2,
		{Table: "legs", Member: "answered", Misfit: true}:       2,
		{Table: "legs", Member: "mood"}:                         2,
	}
	if diff := cmp.Diff(want, b.TakeStrange()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if again := b.TakeStrange(); again != nil {
		t.Errorf("counted again: %v", again)
	}
}

// A reject takes nothing of its neighbours with it, and leaves nothing behind.
func TestRejectAmongNeighbours(t *testing.T) {
	t.Parallel()
	var doc Document
	good := `{%s, "version": %d, "legs": [{"streams": [{}, {}]}]}`
	late := `{"legs": [{"streams": [{}]}, {}], "id": "nobody"}`
	page := "[" + fmt.Sprintf(good, id, 1) + "," + late + `,{"id": 7},` + fmt.Sprintf(good, id, 2) + "]"
	if err := doc.Parse([]byte(page)); err != nil {
		t.Fatal(err)
	}
	b := calls.NewBatch()
	for element := range doc.Root().Elements() {
		b.Append(element, served)
	}
	if len(b.Elements) != 2 || len(b.Rejects) != 2 {
		t.Fatalf("%d elements and %d rejects, want 2 and 2", len(b.Elements), len(b.Rejects))
	}
	for i := range b.Elements {
		for table, want := range map[int]int{0: 1, 1: 1, 3: 2} {
			got := 0
			for range b.Rows(i, table) {
				got++
			}
			if got != want {
				t.Errorf("element %d has %d rows of %s, want %d", i, got, calls.Tables[table].Name, want)
			}
		}
	}
}

// Ordinals do not end where 16 bits do.
func TestManyElements(t *testing.T) {
	t.Parallel()
	const count = 1<<16 + 1
	element := `{` + id + `, "legs": [{"answered": true}` + strings.Repeat(`,{}`, count-2) + `,{"answered": false}]}`
	b := store(t, calls, element)
	ordinal := 0
	for row := range b.Rows(0, 1) {
		if got := binary.BigEndian.Uint32(fields(row)[1]); got != uint32(ordinal) {
			t.Fatalf("leg %d has ordinal %d", ordinal, got)
		}
		ordinal++
	}
	if ordinal != count {
		t.Fatalf("%d legs, want %d", ordinal, count)
	}
	mappingtest.Same(t, []byte(element), []byte(rebuild(t, b)))
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		element := call().Draw(rt, "call")
		b := store(t, calls, element)
		mappingtest.Same(t, []byte(element), []byte(rebuild(t, b)))
		if t.Failed() {
			rt.Fatal("see above")
		}
	})
}

// call generates an element for calls with all that can be wrong with it.
func call() *rapid.Generator[string] {
	value := func(edm string) *rapid.Generator[string] { return mappingtest.Value(edm) }
	who := object(map[string]*rapid.Generator[string]{
		"id": value("Edm.String"), "user": object(map[string]*rapid.Generator[string]{"name": value("Edm.String"),
			"home": value("Edm.String"), "new": value("Edm.Int32")}),
		"phone": rapid.Just("null"), "guest": rapid.SampledFrom([]string{"", "{}", "null", `"text"`}),
	})
	side := object(map[string]*rapid.Generator[string]{"@odata.type": rapid.Just(`"#x"`), "who": who,
		"new": value("Edm.String")})
	stream := object(map[string]*rapid.Generator[string]{
		"loss": value("Edm.Double"), "packets": value("Edm.Int32"), "address": value("Edm.String"),
		"linkSpeed": value("Edm.Int64"), "tokens": value("Edm.Int32"), "new": value("Edm.Int64"),
	})
	leg := object(map[string]*rapid.Generator[string]{
		"length": value("Edm.Duration"), "answered": value("Edm.Boolean"), "caller": side, "callee": side,
		"streams": list(stream), "new": value("Edm.String"),
	})
	return rapid.Map(object(map[string]*rapid.Generator[string]{
		"version": value("Edm.Int64"), "startDateTime": value("Edm.DateTimeOffset"), "charge": value("Edm.Decimal"),
		"userBlockMode": rapid.SampledFrom([]string{"", `"Blocked"`, `"blocked"`, `"a\u0000"`, `7`}),
		"modalities":    value("Edm.String"), "units": value("Collection(administrativeUnitInfo)"), "legs": list(leg),
		"new": value("Edm.Decimal"),
		"organizer": object(map[string]*rapid.Generator[string]{"id": value("Edm.String"), "identity": who,
			"new": value("Edm.Boolean")}),
	}), func(s string) string {
		if s == "" || s == "null" || s == "{}" || s[0] != '{' {
			return "{" + id + "}"
		}
		return "{" + id + "," + s[1:]
	})
}

// object generates an object of members, or now and then none or no object.
func object(members map[string]*rapid.Generator[string]) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		switch rapid.IntRange(0, 9).Draw(t, "case") {
		case 0:
			return ""
		case 1:
			return "null"
		case 2:
			return rapid.SampledFrom([]string{"{}", "7", "[]", `""`}).Draw(t, "odd")
		}
		var out []string
		for _, name := range slices.Sorted(maps.Keys(members)) {
			if text := members[name].Draw(t, name); text != "" {
				out = append(out, `"`+name+`": `+text)
			}
		}
		return "{" + strings.Join(out, ", ") + "}"
	})
}

// someObject generates an object of members, or no object, but always something.
func someObject(members map[string]*rapid.Generator[string]) *rapid.Generator[string] {
	return object(members).Filter(func(s string) bool { return s != "" })
}

func list(element *rapid.Generator[string]) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		var elements []string
		for _, e := range rapid.SliceOfN(element, 0, 3).Draw(t, "elements") {
			if e != "" {
				elements = append(elements, e)
			}
		}
		return "[" + strings.Join(elements, ", ") + "]"
	})
}

func FuzzAppend(f *testing.F) {
	f.Add([]byte(`{` + id +
		`, "userBlockMode": "a\u0000", "legs": [{"caller": {"who": {"user": {}}}, "streams": [{"loss": 1e-7}]}]}`))
	f.Add([]byte(`{"id": "0E7C4A52-5D1F-4B6E-9D39-6F2D9A3C1B01", "charge": 1E+3, "charge": "\ud800"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var doc Document
		if doc.Parse(text) != nil {
			return
		}
		b := calls.NewBatch()
		b.Append(doc.Root(), served)
		if len(b.Elements)+len(b.Rejects) == 0 {
			t.Fatal("the element is neither stored nor a reject")
		}
		if len(b.Elements) == 1 && len(b.Rejects) == 0 {
			mappingtest.Same(t, text, []byte(rebuild(t, b)))
		}
	})
}
