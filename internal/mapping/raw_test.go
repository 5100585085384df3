package mapping_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	. "ingestd/internal/mapping"
	"ingestd/internal/mapping/mappingtest"
)

// visits have two arrays of their own.
var visits = Table("visits", Key("id", "id", UUID), Col("who", "who", Text),
	Rows("rooms", "rooms", "room_index", Col("name", "name", Text)),
	Rows("guests", "guests", "guest_index", Col("name", "name", Text)))

func TestRaw(t *testing.T) {
	t.Parallel()
	const rest = `"who":"a\u0000"`
	pages := []extension{{"rooms", ` [ {"name": "b"} , {"new": 1} ] `, 1, ""}, {"guests", `[{"name": "x"}]`, 0, ""},
		{"rooms", `[{}]`, 3, ""}, {"rooms", `[ ]`, 4, ""}}
	for _, tt := range []struct {
		name, element string
		pages         []extension
		raw           string
	}{
		{"no pages", `{` + id + `, ` + rest + ` }`, nil, `{` + id + `, ` + rest + ` }`},
		{"two arrays", `{` + id + `, "rooms": [ {"name":"a"} ], "rooms@odata.nextLink": "l", ` +
			`"x@odata.nextLink": "m", ` + rest + `}`, pages,
			`{ID,"rooms":[{"name":"a"},{"name": "b"} , {"new": 1},{}],"x@odata.nextLink":"m",` + rest +
				`,"guests":[{"name": "x"}]}`},
		{"links of any spelling", `{"Rooms@odata.NEXTLINK": "l", "@odata.nextLink": "m", ` + id + `, "rooms": [{}]}`,
			pages[:1],
			`{ID,"rooms":[{},{"name": "b"} , {"new": 1}]}`},
		{"array served as null", `{` + id + `, "guests": null}`, []extension{{"guests", `[{}]`, 0, ""}},
			`{ID,"guests":[{}]}`},
		{"array served empty", `{"guests": [], ` + id + `}`, []extension{{"guests", `[]`, 0, ""}}, `{"guests":[],ID}`},
		{"array served as a page", `{` + id + `}`, []extension{{"guests", `[]`, 0, ""}}, `{ID,"guests":[]}`},
		{"array of something else", `{` + id + `, "guests": 7}`, []extension{{"guests", `[{}]`, 0, ""}},
			`{ID,"guests":[7,{}]}`},
		{"name twice, and with escapes", `{"\u0067uests": [7], ` + id + `, "guests": [{}]}`,
			[]extension{{"guests", `[{}]`, 1, ""}},
			`{"\u0067uests":[7],ID,"guests":[{},{}]}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := store(t, visits, `{"id": "1e7c4a52-5d1f-4b6e-9d39-6f2d9a3c1b01"}`)
			extend(t, b, extension{"rooms", `[{"name": "another's"}]`, 0, ""})
			appendTo(t, b, tt.element)
			extend(t, b, tt.pages...)
			want := strings.Replace(tt.raw, "ID", strings.ReplaceAll(id, " ", ""), 1)
			if got := string(b.Raw(1)); got != want {
				t.Errorf("raw text\n%s, want\n%s", got, want)
			}
		})
	}
}

// A record kept raw can be stored later: its one document makes the rows that its pages made.
func TestRawMakesTheRows(t *testing.T) {
	t.Parallel()
	leg := rapid.SampledFrom([]string{`{}`, `{"length": "PT1M", "new": 7}`,
		`{"caller": {"who": {"phone": {"name": "x"}}}}`, `{"streams": [{"tokens": "\u0000"}]}`, "{\"new\": \"\xff\"}"})
	rapid.Check(t, func(rt *rapid.T) {
		first := rapid.SliceOfN(leg, 0, 3).Draw(rt, "first")
		element := `{"legs@odata.nextLink": "x", ` + id + `, "new": 1}`
		if len(first) > 0 {
			element = `{"legs": [` + strings.Join(first, " ,") + `], ` + id + `, "legs@odata.nextLink": "x"}`
		}
		b, count := store(t, calls, element), len(first)
		for _, page := range rapid.SliceOfN(rapid.SliceOfN(leg, 0, 3), 0, 3).Draw(rt, "pages") {
			extend(t, b, extension{"legs", "[" + strings.Join(page, ", ") + "]", count, ""})
			count += len(page)
			if count == 0 {
				break
			}
		}
		again := store(t, calls, string(b.Raw(0)))
		if diff := cmp.Diff(rowsOf(rt, b), rowsOf(rt, again)); diff != "" {
			rt.Fatalf("%s makes other rows (-pages +raw):\n%s", b.Raw(0), diff)
		}
		if b.Elements[0].Hash != again.Elements[0].Hash || (len(b.Rejects) > 0) != (len(again.Rejects) > 0) {
			rt.Fatalf("%s has another hash, or another loss", b.Raw(0))
		}
	})
}

// hostile generates what may stand for an element, or for a member of one.
func hostile() *rapid.Generator[string] {
	nest := func(open, shut string, depth int) string {
		return strings.Repeat(open, depth) + "7" + strings.Repeat(shut, depth)
	}
	return rapid.OneOf(call(), mappingtest.Value("Edm.String"), rapid.SampledFrom([]string{
		`null`, `true`, `[]`, `""`, `-0`, `1e-400`, `1E+999999999999999999999`, strings.Repeat("9", 5000),
		"0." + strings.Repeat(
			"1",
			5000,
		), `"` + strings.Repeat("x", 100000) + `"`, `"` + strings.Repeat(`\u0000`, 3000) + `"`,
		nest("[", "]", 63), nest("[", "]", 70), nest("[", "]", 9000), nest(`{"a":`, "}", 9000),
		nest(`[{"a\u0000":`, "}]", 40), "\"\xff\xfe\"", `"\ud800\udc00\udc00"`,
		`{"a": 1, "a": {"a": 1, "\u0061": 2}}`, "{\"\xff\": 1, \"\xfe\": 2}", `{"\u0000": 1, "\ufffd": 2}`,
		`{"": {"": null}}`, `[null, {}, [{}], "x"]`,
		`"0001-01-01T00:00:00Z"`, `"2026-02-30T25:61:61Z"`, `"P99999999999999999999D"`, `"::ffff:1.2.3.4"`,
		`"1.2.3.4/8"`,
		`"0E7C4A52-5D1F-4B6E-9D39-6F2D9A3C1B0"`,
	})).Filter(func(s string) bool { return s != "" })
}

// Whatever Graph serves is stored in rows that PostgreSQL can take, or kept raw, and never neither.
func TestNothingIsDropped(t *testing.T) {
	t.Parallel()
	names := rapid.SampledFrom([]string{
		"id", "version", "startDateTime", "userBlockMode", "charge", "modalities", "units",
		"organizer", "legs", "smsId",
		"userId", "mode", "new", "\xff", `n\u0000w`, `\u0069d`})
	rapid.Check(t, func(rt *rapid.T) {
		model := rapid.SampledFrom([]*Model{calls, blocks, messages}).Draw(rt, "model")
		b, served := model.NewBatch(), []string{}
		for range rapid.IntRange(1, 5).Draw(rt, "elements") {
			element := hostile().Draw(rt, "element")
			if rapid.Bool().Draw(rt, "object") {
				members := []string{`"id": "0E7C4A52-5D1F-4B6E-9D39-6F2D9A3C1B01"`}
				members = members[:rapid.IntRange(0, 1).Draw(rt, "keys")]
				for range rapid.IntRange(0, 4).Draw(rt, "members") {
					members = append(members, `"`+names.Draw(rt, "name")+`":`+hostile().Draw(rt, "value"))
				}
				element = "{" + strings.Join(rapid.Permutation(members).Draw(rt, "order"), ",") + "}"
			}
			appendTo(t, b, element)
			served = append(served, element)
		}
		checkKept(rt, b, served)
	})
}

// checkKept fails the test unless each text is that of an element or of a reject that is not stored, in its order.
func checkKept(t rapid.TB, b *Batch, served []string) {
	t.Helper()
	var stored, rejected []string
	for i, e := range b.Elements {
		stored = append(stored, string(e.Raw))
		checkRows(t, b, i)
	}
	for _, r := range b.Rejects {
		switch {
		case r.Reason == "" || r.Stored && !strings.Contains(strings.Join(stored, "\n"), string(r.Raw)):
			t.Errorf("reject %+v", r)
		case !r.Stored:
			rejected = append(rejected, string(r.Raw))
		}
	}
	for _, text := range served {
		switch {
		case len(stored) > 0 && stored[0] == text:
			stored = stored[1:]
		case len(rejected) > 0 && rejected[0] == text:
			rejected = rejected[1:]
		default:
			t.Fatalf("neither stored nor kept: %.300s", text)
		}
	}
	if len(stored)+len(rejected) > 0 {
		t.Errorf("%d texts too many are stored or kept", len(stored)+len(rejected))
	}
}

// checkRows fails the test on a row that PostgreSQL would not take.
func checkRows(t rapid.TB, b *Batch, element int) {
	t.Helper()
	for table, layout := range b.Model.Tables {
		for encoded := range b.Rows(element, table) {
			row := fields(encoded)
			if len(row) != len(layout.Columns) {
				t.Fatalf("%s: %d fields, want %d", layout.Name, len(row), len(layout.Columns))
			}
			for i, c := range layout.Columns {
				if row[i] != nil && !acceptable(c.Type, row[i]) {
					t.Fatalf("%s.%s = %.300q", layout.Name, c.Name, row[i])
				}
			}
		}
	}
}

// acceptable reports whether PostgreSQL takes a text or a jsonb: neither holds bad UTF-8 or NUL, written out or
// escaped.
func acceptable(typ Type, value []byte) bool {
	switch typ.OID {
	case Text.OID:
		return utf8.Valid(value) && bytes.IndexByte(value, 0) < 0
	case JSON.OID:
		valid := jsontext.Value(value[1:]).IsValid(jsontext.AllowDuplicateNames(true))
		escapes := bytes.ReplaceAll(value, []byte(`\\`), nil)
		return valid && !bytes.Contains(escapes, []byte(`\u0000`))
	}
	return true
}
