package mapping_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	. "ingestd/internal/mapping"
	"ingestd/internal/mapping/mappingtest"
)

// The hash is over what is stored: a null or an annotation, which leaves no trace, does not count; an empty text that
// is kept does.
func TestContentHash(t *testing.T) {
	t.Parallel()
	base := `{` + id + `, "userBlockMode": "a", "startDateTime": ` +
		`"2026-01-01T00:00:00.1234567Z", "new": [1, {"b": "c"}]}`
	tests := []struct {
		name, element string
		same          bool
	}{
		{"again", base, true},
		{"other order",
			`{"new": [1, {"b": "c"}], "startDateTime": "2026-01-01T00:00:00.1234567Z", ` +
				`"userBlockMode": "a", ` + id + `}`, true},
		{"null and annotations", base[:len(base)-1] + `, "charge": null, "other": null, "new@odata.type": "x"}`, true},
		{"empty text where the column is NULL", base[:len(base)-1] + `, "modalities": ""}`, true},
		{"empty text without a column", base[:len(base)-1] + `, "other": ""}`, false},
		{"enumeration in another case", strings.Replace(base, `"a"`, `"A"`, 1), true},
		{"unknown member in another case", strings.Replace(base, `"c"`, `"C"`, 1), false},
		{"text with escapes", strings.Replace(base, `"c"`, `"\u0063"`, 1), true},
		{"name with escapes", strings.Replace(base, `"userBlockMode"`, `"userBlock\u004dode"`, 1), true},
		{"number written otherwise", strings.Replace(base, `[1,`, `[10e-1,`, 1), false},
		{"number with an exponent", strings.Replace(base, `[1,`, `[1e0,`, 1), true},
		{"number with a fraction, as jsonb keeps it", strings.Replace(base, `[1,`, `[1.0,`, 1), false},
		{"seventh digit", strings.Replace(base, "4567Z", "4569Z", 1), true},
		{"GUID in upper case", strings.Replace(base, "5d1f", "5D1F", 1), true},
		{"time with an offset of zero", strings.Replace(base, "4567Z", "4567+00:00", 1), true},
		{
			"same time with another offset",
			strings.Replace(base, "00:00:00.1234567Z", "01:00:00.1234567+01:00", 1),
			true,
		},
		{"time with another offset", strings.Replace(base, "4567Z", "4567+01:00", 1), false},
		{"sixth digit", strings.Replace(base, "4567Z", "4667Z", 1), false},
		{"changed column", strings.Replace(base, `"a"`, `"b"`, 1), false},
		{"changed unknown member", strings.Replace(base, `"c"`, `"d"`, 1), false},
		{"other order in an array", strings.Replace(base, `[1, {"b": "c"}]`, `[{"b": "c"}, 1]`, 1), false},
		{"value under another name", strings.Replace(base, `"userBlockMode"`, `"userBlockKind"`, 1), false},
		{"number and string", strings.Replace(base, `[1,`, `["1",`, 1), false},
		{"member gone", strings.Replace(base, `"userBlockMode": "a", `, ``, 1), false},
		{"empty object added", base[:len(base)-1] + `, "organizer": {}}`, false},
	}
	want := store(t, calls, base).Elements[0].Hash
	for _, tt := range tests {
		if same := store(t, calls, tt.element).Elements[0].Hash == want; same != tt.same {
			t.Errorf("%s: same hash = %v, want %v", tt.name, same, tt.same)
		}
	}
}

// Members that are stored alike, whatever was served.
func TestSpellingsOfOneRow(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, one, other string }{
		{"block mode", `"userBlockMode": "Blocked"`, `"userBlockMode": "blocked"`},
		{"year 1 and none", `"startDateTime": "0001-01-01T00:00:00Z"`, `"startDateTime": null`},
		{
			"zeros of a time",
			`"startDateTime": "2026-01-01T00:00:00.1200000Z"`, `"startDateTime": "2026-01-01T00:00:00.12Z"`,
		},
		{"a time of whole seconds", `"startDateTime": "2026-01-01T00:00:00.0000009Z"`,
			`"startDateTime": "2026-01-01T00:00:00Z"`},
		{"plus sign as .NET escapes it", `"startDateTime": "2026-01-01T00:00:00\u002B00:00"`,
			`"startDateTime": "2026-01-01T00:00:00Z"`},
		{"money in two notations", `"charge": 15e-1`, `"charge": 1.5`},
		{"no money", `"charge": -0.00`, `"charge": 0.00`},
		{"whole number in two notations", `"version": 1e2`, `"version": 100`},
		{
			"ratio in two notations",
			`"legs": [{"streams": [{"loss": 0.50}]}]`, `"legs": [{"streams": [{"loss": 5e-1}]}]`,
		},
		{"no ratio", `"legs": [{"streams": [{"loss": -0.0}]}]`, `"legs": [{"streams": [{"loss": 0}]}]`},
		{
			"unknown link speed and none",
			`"legs": [{"streams": [{"linkSpeed": 4294967295}]}]`, `"legs": [{"streams": [{}]}]`,
		},
		{"object without a trace", `"organizer": {"id": ""}`, `"organizer": {"id": null, "@odata.type": "x"}`},
		{"ids of a list", `"units": [{"id": "a"}, {}]`, `"units": [{"id": "a", "@odata.type": "x"}, {"id": null}]`},
		{"repeated name", `"new": 1, "new": {"a": 1, "a": 2}`, `"new": {"a": 2}`},
		{"repeated name without a value", `"new": 1, "new": null`, `"new": null`},
		{"names that become one", `"new": {"a\u0000": 1, "a\ufffd": 2}`, `"new": {"a\ufffd": 2}`},
		{"members whose names become one", `"a\u0000": 1, "a\ufffd": 2`, `"a\ufffd": 2`},
		{"number beyond jsonb", `"new": 1e1000000`, `"new": "1e1000000"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			one, other := store(t, calls, `{`+id+`, `+tt.one+`}`), store(t, calls, `{`+id+`, `+tt.other+`}`)
			if diff := cmp.Diff(rowsOf(t, one), rowsOf(t, other)); diff != "" {
				t.Errorf("rows differ:\n%s", diff)
			}
			if one.Elements[0].Hash != other.Elements[0].Hash {
				t.Error("hashes differ")
			}
		})
	}
}

// Rows that differ although a document would be rebuilt alike.
func TestHashTellsRowsApart(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		model      *Model
		one, other string
	}{
		{
			"number that is kept as text, and that text", calls,
			`"userBlockMode": 1e1000000`, `"userBlockMode": "1e1000000"`,
		},
		{"the same in a list", calls, `"modalities": [1e1000000]`, `"modalities": ["1e1000000"]`},
		{"what a column is derived from", parties, `"@odata.type": "#user"`, `"@odata.type": "#bot"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			one, other := store(t, tt.model, `{`+id+`, `+tt.one+`}`), store(t, tt.model, `{`+id+`, `+tt.other+`}`)
			if one.Elements[0].Hash == other.Elements[0].Hash {
				t.Errorf("one hash for\n%q\n%q", rowsOf(t, one), rowsOf(t, other))
			}
		})
	}
}

// parties are of a type that only an annotation says.
var parties = Table("parties", Key("id", "id", UUID),
	Derived("type", Text, func(party Value) string { text, _ := party.Member("@odata.type").Text(); return text }))

// Elements hash alike if, and only if, all of their rows are alike: a row is never written for nothing, and no change
// is missed.
func TestHashIsOfTheRows(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		model   *Model
		element *rapid.Generator[string]
	}{
		{calls, call()}, {blocks, block()}, {messages, message()}, {agents, agent()},
	} {
		t.Run(tt.model.Tables[0].Name, func(t *testing.T) {
			t.Parallel()
			pairs := map[bool]int{}
			rapid.Check(t, func(rt *rapid.T) {
				one := parse(rt, tt.element.Draw(rt, "one"))
				other := respelled(rt, one)
				a, b := store(t, tt.model, string(one.Raw())), store(t, tt.model, other)
				if len(a.Elements) == 0 || len(b.Elements) == 0 {
					return
				}
				diff := cmp.Diff(rowsOf(rt, a), rowsOf(rt, b))
				pairs[diff == ""]++
				if same := a.Elements[0].Hash == b.Elements[0].Hash; same != (diff == "") {
					rt.Fatalf("%s\n%s\nsame hash = %v, but rows (-one +other):\n%s", one.Raw(), other, same, diff)
				}
			})
			if pairs[true] == 0 || pairs[false] == 0 {
				t.Errorf("pairs with equal rows or not: %v; the test shows nothing", pairs)
			}
		})
	}
}

func block() *rapid.Generator[string] {
	value := mappingtest.Value
	return someObject(map[string]*rapid.Generator[string]{
		"userId": value("Edm.String"), "blockDateTime": value("Edm.DateTimeOffset"),
		"mode": value("Edm.String"), "reason": value("Edm.String"),
	})
}

func message() *rapid.Generator[string] {
	value := mappingtest.Value
	return someObject(map[string]*rapid.Generator[string]{
		"id": value("Edm.String"), "smsId": value("Edm.String"), "sentDateTime": value("Edm.DateTimeOffset"),
		"units": value("Edm.Int32"), "text": value("Edm.String"), "new": value("Edm.Decimal"),
	})
}

func agent() *rapid.Generator[string] {
	agent := someObject(map[string]*rapid.Generator[string]{
		"name": rapid.SampledFrom([]string{`"x"`, `"X"`, `7`}), "code": mappingtest.Value("Edm.String")})
	return rapid.Map(agent, func(agent string) string { return `{` + id + `, "agent": ` + agent + `}` })
}

// A document that is rebuilt from rows makes these rows again, and hashes alike with columns and without: a column that
// is added later changes no hash but where it gives a value another form.
func TestHashIgnoresDeclaration(t *testing.T) {
	t.Parallel()
	narrow := Table("calls", Key("id", "id", UUID))
	rapid.Check(t, func(rt *rapid.T) {
		first := store(t, calls, call().Draw(rt, "call"))
		rebuilt := rebuild(t, first)
		again := store(t, calls, rebuilt)
		if len(first.Rejects) > 0 {
			return // of what is stored as another type, as text for a number
		}
		diff := cmp.Diff(rowsOf(rt, first), rowsOf(rt, again))
		if diff != "" || first.Elements[0].Hash != again.Elements[0].Hash {
			rt.Fatalf("%s makes other rows (-first +again):\n%s", rebuilt, diff)
		}
		if again.Misfits == 0 && again.Elements[0].Hash != store(t, narrow, rebuilt).Elements[0].Hash {
			rt.Fatalf("a declaration changes the hash of %s", rebuilt)
		}
	})
}

// rowsOf returns all rows of a batch's only element as PostgreSQL stores them: jsonb by what it says.
func rowsOf(t rapid.TB, b *Batch) (rows []string) {
	t.Helper()
	for table, layout := range b.Model.Tables {
		for encoded := range b.Rows(0, table) {
			row := layout.Name
			for i, value := range slices.Collect(Fields(encoded)) {
				if value != nil && layout.Columns[i].Type.OID == JSON.OID {
					value = jsonb(t, value[1:])
				}
				row += fmt.Sprintf(" %s=%q/%v", layout.Columns[i].Name, value, value == nil)
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// jsonb writes a document as PostgreSQL prints it once stored, but for the order of members.
func jsonb(t rapid.TB, text []byte) []byte {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	out, err := json.Marshal(numeric(v))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func numeric(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name := range v {
			v[name] = numeric(v[name])
		}
	case []any:
		for i := range v {
			v[i] = numeric(v[i])
		}
	case json.Number:
		mantissa, exponent, _ := strings.Cut(strings.ToLower(string(v)), "e")
		_, fraction, _ := strings.Cut(mantissa, ".")
		shift, _ := strconv.Atoi(exponent)
		r, _ := new(big.Rat).SetString(string(v))
		return json.Number(r.FloatString(max(len(fraction)-shift, 0)))
	}
	return v
}

// respelled writes a value anew, here and there in other words, which may mean the same or not.
func respelled(t *rapid.T, v Value) string {
	raw := string(v.Raw())
	if rapid.IntRange(0, 30).Draw(t, "replaced") == 0 {
		return rapid.SampledFrom([]string{`null`, `""`, `{}`, `[]`, `"text"`, `4294967295`, `"0001-01-01T00:00:00Z"`,
			`1e1000`, `"1e1000"`}).Draw(t, "value")
	}
	switch v.Kind() {
	case '{':
		return respelledObject(t, v)
	case '[':
		var elements []string
		for element := range v.Elements() {
			elements = append(elements, respelled(t, element))
		}
		return "[" + strings.Join(elements, " , ") + "]"
	case '"':
		text, _ := v.Text()
		return respelledText(t, raw, text)
	case '0':
		return rapid.SampledFrom([]string{raw, raw, raw, raw, `"` + raw + `"`, raw + ".0", raw + "0",
			raw + "e0", raw + "e1", "-0"}).
			Filter(func(s string) bool { return json.Valid([]byte(s)) }).Draw(t, "number")
	}
	return raw
}

func respelledText(t *rapid.T, raw, text string) string {
	escapes := ""
	for _, unit := range utf16.Encode([]rune(text)) {
		escapes += fmt.Sprintf(`\u%04x`, unit)
	}
	zone := strings.NewReplacer(`+00:00"`, `Z"`, `Z"`, `0\u002B00:00"`).Replace(raw)
	digits := strings.NewReplacer(`Z"`, `00Z"`).Replace(raw)
	forms := []string{raw, raw, raw, raw, `"` + escapes + `"`, zone, digits}
	if !strings.Contains(raw, `\`) {
		forms = append(forms, strings.ToUpper(raw), strings.ToLower(raw))
	}
	return rapid.SampledFrom(forms).Draw(t, "text")
}

func respelledObject(t *rapid.T, v Value) string {
	var members []string
	for name, value := range v.Members() {
		members = append(members, string(name.Raw())+" : "+respelled(t, value))
	}
	members = rapid.Permutation(members).Draw(t, "members")
	extra := []string{`"more": null`, `"more": ""`, `"more": 1.50`, `"mor\u0065": {"x": null}`, `"x@odata.count": 1`,
		`"user": {}`, `"phone": {"name": "x"}`, `"a\u0000": 1`}
	for range rapid.SampledFrom([]int{0, 0, 0, 0, 1, 2}).Draw(t, "extras") {
		members = append(members, rapid.SampledFrom(extra).Draw(t, "extra"))
	}
	if rapid.IntRange(0, 9).Draw(t, "twice") == 0 && len(members) > 0 { // the last one wins
		name, _, _ := strings.Cut(members[len(members)-1], ":")
		members = append([]string{name + `: "first"`}, members...)
	}
	return "{" + strings.Join(members, ", ") + "}"
}
