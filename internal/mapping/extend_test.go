package mapping_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	. "ingestd/internal/mapping"
	"ingestd/internal/mapping/mappingtest"
)

// An extension is a call to Extend.
type extension struct {
	name, elements string
	first          int
	err            string // that it has to return
}

func extend(t testing.TB, b *Batch, pages ...extension) {
	t.Helper()
	for _, p := range pages {
		got := ""
		if err := b.Extend(p.name, parse(t, p.elements), p.first); err != nil {
			got = err.Error()
		}
		if got != p.err {
			t.Errorf("Extend of %s from %d: %q, want %q", p.name, p.first, got, p.err)
		}
	}
}

func TestExtend(t *testing.T) {
	t.Parallel()
	const a, b, c = `{"answered": true, "streams": [{"packets": 1}, {"packets": 2}]}`,
		`{"answered": false, "caller": {"who": {"user": {"name": "x"}}}}`,
		`{"new": [1], "streams": [{"loss": 0.5, "new": 1}]}`
	legs := func(elements ...string) string { return `{` + id + `, "legs": [` + strings.Join(elements, ", ") + `]}` }
	list := func(elements ...string) string { return `[` + strings.Join(elements, ", ") + `]` }
	tests := []struct {
		name, element string
		pages         []extension
		whole         string
	}{
		{"nothing more", legs(a), nil, legs(a)},
		{"a second page", legs(a), []extension{{"legs", list(b, c), 1, ""}}, legs(a, b, c)},
		{"pages of one", legs(a), []extension{{"legs", list(b), 1, ""}, {"legs", list(c), 2, ""}}, legs(a, b, c)},
		{"all pages apart", `{` + id + `}`, []extension{{"legs", list(a, b), 0, ""}, {"legs", list(c), 2, ""}},
			legs(a, b, c)},
		{"served empty", `{` + id + `}`, []extension{{"legs", `[]`, 0, ""}}, legs()},
		{"served empty beside unknown members", `{` + id + `, "new": {"a": 1}}`, []extension{{"legs", `[]`, 0, ""}},
			`{` + id + `, "new": {"a": 1}, "legs": []}`},
		{"empty last page", legs(a), []extension{{"legs", `[]`, 1, ""}}, legs(a)},
		{"first page empty", legs(), []extension{{"legs", list(a), 0, ""}}, legs(a)},
		{"first page kept whole", legs(a, `7`), []extension{{"legs", list(b, c), 2, ""}}, legs(a, `7`, b, c)},
		{"first page kept whole, second empty", legs(a, `7`), []extension{{"legs", `[]`, 0, ""}}, legs(a, `7`)},
		{"objects without members", legs(`{}`), []extension{{"legs", list(`{}`, `{}`), 1, ""}}, legs(`{}`, `{}`, `{}`)},
		{"the last ordinals", `{` + id + `}`, []extension{{"legs", list(a, b), math.MaxInt32 - 1, ""}}, legs(a, b)},
		{"element there already", legs(a, b), []extension{{"legs", list(c), 1, "legs: element 1 is there already"}},
			legs(a, b)},
		{"no array", legs(a), []extension{{"legs", `{}`, 1, "legs: not a JSON array"}}, legs(a)},
		{"unknown array", legs(a), []extension{{"paws", `[]`, 0, "calls has no rows for paws"}}, legs(a)},
		{"array of a child", legs(a), []extension{{"streams", `[]`, 0, "calls has no rows for streams"}}, legs(a)},
		{"list", legs(a), []extension{{"modalities", `[]`, 0, "calls has no rows for modalities"}}, legs(a)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := store(t, calls, tt.element)
			misfits, unknown := b.Misfits, b.Unknown
			extend(t, b, tt.pages...)
			mappingtest.Same(t, []byte(tt.whole), []byte(rebuild(t, b)))
			if len(b.Rejects) > 0 {
				t.Errorf("rejects %+v", b.Rejects)
			}
			if tt.whole == tt.element && (b.Misfits != misfits || b.Unknown != unknown) {
				t.Error("pages that were not stored are counted")
			}
		})
	}
}

// The hash of a document does not depend on how it is cut into pages, but on what is where in them.
func TestHashOfPages(t *testing.T) {
	t.Parallel()
	const a, b = `{"answered": true}`, `{"answered": false}`
	hash := func(element string, pages ...extension) int64 {
		batch := store(t, calls, element)
		extend(t, batch, pages...)
		return batch.Elements[0].Hash
	}
	whole := hash(`{` + id + `, "legs": [` + a + `, ` + b + `]}`)
	for _, tt := range []struct {
		name    string
		element string
		pages   []extension
		same    bool
	}{
		{"second page", `{` + id + `, "legs": [` + a + `]}`, []extension{{"legs", `[` + b + `]`, 1, ""}}, true},
		{
			"two pages", `{` + id + `}`,
			[]extension{{"legs", `[` + a + `]`, 0, ""}, {"legs", `[` + b + `]`, 1, ""}}, true,
		},
		{"empty last page", `{` + id + `, "legs": [` + a + `, ` + b + `]}`, []extension{{"legs", `[]`, 2, ""}}, true},
		{"other order", `{` + id + `, "legs": [` + b + `]}`, []extension{{"legs", `[` + a + `]`, 1, ""}}, false},
		{"page missing", `{` + id + `, "legs": [` + a + `]}`, nil, false},
		{"page twice", `{` + id + `, "legs": [` + a + `]}`,
			[]extension{{"legs", `[` + b + `]`, 1, ""}, {"legs", `[` + b + `]`, 2, ""}}, false},
	} {
		if same := hash(tt.element, tt.pages...) == whole; same != tt.same {
			t.Errorf("%s: same hash = %v, want %v", tt.name, same, tt.same)
		}
	}
	if hash(`{`+id+`}`, extension{"legs", `[]`, 0, ""}) != hash(`{`+id+`, "legs": []}`) {
		t.Error("a page of none has another hash than an empty array")
	}
}

func TestExtendWithLosses(t *testing.T) {
	t.Parallel()
	const nul, twice = `{"streams": [{"tokens": "a\u0000"}]}`, `{"new": 1, "new": 2}`
	b := store(t, calls, `{`+id+`}`)
	extend(t, b, extension{"legs", `[{"answered": true}, ` + nul + `, ` + twice + `]`, 0, ""})
	want := []Reject{
		{
			Raw:    []byte(nul),
			Reason: "text that PostgreSQL cannot store",
			Key:    b.Elements[0].Key,
			Stored: true,
			At:     served,
		},
		{Raw: []byte(twice), Reason: "member name twice", Key: b.Elements[0].Key, Stored: true, At: served},
	}
	if diff := cmp.Diff(want, b.Rejects); diff != "" {
		t.Errorf("rejects (-want +got):\n%s", diff)
	}
	mappingtest.Same(t, []byte(`{`+id+`, "legs": [{"answered": true}, `+nul+`, {"new": 2}]}`), []byte(rebuild(t, b)))
	extend(t, b, extension{"legs", `[{}]`, 2, "legs: element 2 is there already"})
	if len(b.Rejects) != 2 {
		t.Errorf("a page too many left %d rejects", len(b.Rejects)-2)
	}
}

// A page with an element that cannot be stored makes the record a reject, with all that was served of it. What its
// pages had become rejects for, marked stored, is not stored any more.
func TestExtendByWhatCannotBeStored(t *testing.T) {
	t.Parallel()
	const first = `{"id": "1e7c4a52-5d1f-4b6e-9d39-6f2d9a3c1b01", "legs": [{"new": "a\u0000"}]}`
	for _, tt := range []struct {
		name   string
		page   extension
		legs   string
		reason string
	}{
		{"no object", extension{"legs", `[{}, 7]`, 2, "legs 3: not a JSON object"}, `{"new": "\ud800"},{}, 7`,
			"legs 3: not a JSON object"},
		{"ordinal too large", extension{"legs", `[{"answered": true}, {}]`, math.MaxInt32, "more than 2147483648 legs"},
			`{"new": "\ud800"},{"answered": true}, {}`, "more than 2147483648 legs"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := calls.NewBatch()
			appendTo(t, b, first)
			appendTo(t, b, `{`+id+`}`)
			extend(t, b, extension{"legs", `[{"answered": true}, {"new": "\ud800"}]`, 0, ""})
			key := b.Elements[1].Key
			extend(t, b, tt.page)
			want := []Reject{
				{
					Raw:    []byte(first),
					Reason: "text that PostgreSQL cannot store",
					Key:    b.Elements[0].Key,
					Stored: true,
					At:     served,
				},
				{
					Raw: []byte(
						`{"id":"0e7c4a52-5d1f-4b6e-9d39-6f2d9a3c1b01","legs":[{"answered": true}, ` + tt.legs + `]}`,
					),
					Reason: tt.reason,
					Key:    key,
					At:     served,
				},
			}
			if diff := cmp.Diff(want, b.Rejects); diff != "" {
				t.Errorf("rejects (-want +got):\n%s", diff)
			}
			if len(b.Elements) != 1 || len(encoded(b, 1)) != 1 {
				t.Error("the record has left rows behind, or took others with it")
			}
			extend(t, b, extension{"legs", `[{}]`, 2, "no element to extend"})
		})
	}
}

// A record taken back is kept once, as not stored, whatever it had become a reject for before.
func TestRejectLast(t *testing.T) {
	t.Parallel()
	const bad = `{` + id + `, "userBlockMode": "a\u0000b"}`
	b := store(t, calls, bad)
	appendTo(t, b, `{"id": 7}`)
	b.RejectLast("for once")
	want := []Reject{
		{Raw: []byte(`{"id": 7}`), Reason: "no key: id does not fit its column", At: served},
		{Raw: []byte(bad), Reason: "for once", Key: store(t, calls, bad).Elements[0].Key, At: served},
	}
	if diff := cmp.Diff(want, b.Rejects); diff != "" {
		t.Errorf("rejects (-want +got):\n%s", diff)
	}
}

// Of two elements with one key the store keeps the later and rejects the earlier, which may be a reject already.
func TestAddReject(t *testing.T) {
	t.Parallel()
	b := store(t, calls, `{`+id+`, "userBlockMode": "a\u0000"}`)
	appendTo(t, b, `{`+id+`, "userBlockMode": "b\u0000"}`)
	earlier, later := b.Elements[0], b.Rejects[1]
	got := AddReject(b.Rejects, earlier.Reject("key collision"))
	want := []Reject{later, {Raw: earlier.Raw, Reason: "key collision", Key: earlier.Key, At: served}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rejects (-want +got):\n%s", diff)
	}
}

// Only the element that was appended last can be extended: a page of one that was rejected must not go to the one
// before it.
func TestExtendOnlyTheLast(t *testing.T) {
	t.Parallel()
	const refused = "no element to extend"
	extend(t, calls.NewBatch(), extension{"legs", `[{}]`, 0, refused})
	b := store(t, calls, `{`+id+`}`)
	appendTo(t, b, `{"id": 7}`)
	extend(t, b, extension{"legs", `[{}]`, 0, refused})
	appendTo(t, b, `{"id": "1e7c4a52-5d1f-4b6e-9d39-6f2d9a3c1b01", "legs": [{}]}`)
	extend(t, b, extension{"legs", `[{}, {}]`, 1, ""})
	for element, want := range []int{0, 3} {
		legs := 0
		for row := range b.Rows(element, 1) {
			if legs++; !strings.HasPrefix(string(row), b.Elements[element].Key) {
				t.Errorf("a leg of element %d has another's key", element)
			}
		}
		if legs != want {
			t.Errorf("element %d has %d legs, want %d", element, legs, want)
		}
	}
	b.RejectLast("for once")
	extend(t, b, extension{"legs", `[{}]`, 0, refused})
	b.Reset()
	extend(t, b, extension{"legs", `[{}]`, 0, refused})
}

// However a document is cut, its rows are those of the whole.
func TestPagesMakeTheRowsOfTheWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		legs := rapid.SliceOfN(rapid.SampledFrom([]string{
			`{}`, `{"length": "PT1M", "new": 7}`, `{"caller": {"who": {"phone": {"name": "x"}}}, "callee": {}}`,
			`{"streams": [{"packets": 1}, {"linkSpeed": "x"}]}`,
		}), 0, 9).Draw(rt, "legs")
		whole := store(t, calls, fmt.Sprintf(`{%s, "legs": [%s]}`, id, strings.Join(legs, ", ")))
		cut := rapid.IntRange(0, len(legs)).Draw(rt, "cut")
		paged := store(t, calls, fmt.Sprintf(`{%s, "legs": [%s]}`, id, strings.Join(legs[:cut], ", ")))
		if cut == 0 {
			paged = store(t, calls, `{`+id+`}`)
		}
		extend(t, paged, extension{"legs", "[" + strings.Join(legs[cut:], ", ") + "]", cut, ""})
		for table, layout := range calls.Tables {
			if diff := cmp.Diff(encoded(whole, table), encoded(paged, table)); diff != "" {
				rt.Fatalf("%s (-whole +paged):\n%s", layout.Name, diff)
			}
		}
		if whole.Elements[0].Hash != paged.Elements[0].Hash || whole.Misfits != paged.Misfits ||
			whole.Unknown != paged.Unknown {
			rt.Fatal("hash or counts differ")
		}
	})
}

func encoded(b *Batch, table int) (rows []string) {
	for row := range b.Rows(0, table) {
		rows = append(rows, string(row))
	}
	return rows
}

// A record of an agent, who is known by a code or a GUID.
var agents = Table("agents",
	Key("id", "id", UUID),
	In(
		"agent",
		Derived("agent_name", Text, func(agent Value) string {
			name, _ := agent.Member("name").Text()
			return strings.ToUpper(name)
		}),
		Derived(
			"agent_user_id",
			UUID,
			func(agent Value) string { code, _ := agent.Member("code").Text(); return code },
		),
		Col("code", "agent_code", Text),
	))

func TestDerived(t *testing.T) {
	t.Parallel()
	const guid = "7f0a3c52-1d2e-4f7b-8a55-52d1b8b00001"
	for _, tt := range []struct{ name, agent, text, uuid, unknown string }{
		{"both", `{"name": "x", "code": "` + guid + `"}`, `"X"`, `"` + guid + `"`, `{"agent":{"name":"x"}}`},
		{"in upper case", `{"code": "7F0A3C52-1D2E-4F7B-8A55-52D1B8B00001"}`, `NULL`, `"` + guid + `"`, `NULL`},
		{"no uuid", `{"name": "x", "code": "seven"}`, `"X"`, `NULL`, `{"agent":{"name":"x"}}`},
		{"of the wrong type", `{"name": 7, "code": 7}`, `NULL`, `NULL`, `{"agent":{"code":7,"name":7}}`},
		{"last of two", `{"name": "x", "name": "y"}`, `"Y"`, `NULL`, `{"agent":{"name":"y"}}`},
		{
			"text that cannot be stored", `{"name": "a\u0000"}`, "\"A\uFFFD\"", `NULL`,
			"{\"agent\":{\"name\":\"a\uFFFD\"}}",
		},
		{"object without members", `{}`, `NULL`, `NULL`, `{"agent":{}}`},
		{"no object", `"x"`, `NULL`, `NULL`, `{"agent":"x"}`},
		{"absent", `null`, `NULL`, `NULL`, `NULL`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			element := `{` + id + `, "agent": ` + tt.agent + `}`
			b := store(t, agents, element)
			for name, want := range map[string]string{
				"agent_name": tt.text, "agent_user_id": tt.uuid, "unknown_fields": tt.unknown,
			} {
				if got := column(t, b, "agents", name); got != want {
					t.Errorf("%s = %s, want %s", name, got, want)
				}
			}
			mappingtest.Same(t, []byte(element), []byte(rebuild(t, b)))
		})
	}
}

func TestField(t *testing.T) {
	t.Parallel()
	b := store(t, calls, `{`+id+`, "version": 7, "userBlockMode": ""}`)
	for column, want := range map[int]string{
		0: "\x0e\x7c\x4a\x52\x5d\x1f\x4b\x6e\x9d\x39\x6f\x2d\x9a\x3c\x1b\x01",
		1: "\x00\x00\x00\x00\x00\x00\x00\x07",
		2: "",
	} {
		if got := b.Field(0, column); string(got) != want || (want == "") != (got == nil) {
			t.Errorf("column %d = %q, want %q", column, got, want)
		}
	}
	if _, ok := b.Time(0, 2); ok {
		t.Error("a NULL is a time")
	}
	extend(t, b, extension{"legs", `[]`, 0, ""}, extension{"legs", `[{}]`, 0, ""})
	if got := b.Field(0, len(calls.Tables[0].Columns)-1); string(got) != "\x01"+`{"legs":[]}` {
		t.Errorf("the last column = %q", got)
	}
}

// What a batch holds is at least the bytes of its rows, and grows with its pages.
func TestHeld(t *testing.T) {
	t.Parallel()
	b := calls.NewBatch()
	b.Append(parse(t, `{`+id+`}`), time.Unix(0, 0))
	before := b.Held()
	extend(t, b, extension{"legs", `[` + strings.Repeat(`{"answered": true},`, 999) + `{}]`, 0, ""})
	var rows int64
	for table := range b.Model.Tables {
		for row := range b.Rows(0, table) {
			rows += int64(len(row))
		}
	}
	if before <= 0 || b.Held() < rows || b.Held() > 8*rows {
		t.Errorf("%d bytes are held, and %d before the page; the rows have %d", b.Held(), before, rows)
	}
}
