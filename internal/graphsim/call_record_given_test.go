package graphsim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestGivenRecordsAreServedByteForByte(t *testing.T) {
	t.Parallel()
	at := noon.AddDate(0, 0, -2)
	header := []string{
		`"version" : 7`,
		`"id":"odd"`,
		`"x": "\ud800"`,
		`"y":1e400`,
		`"x" : [ 1,  {"sessions":2}]`,
		`"organizer_v2": {"id" :null}`,
	}
	const session = `{ "id":"s", "segments" : [ {"id" : "1"} ], "z":0 }`
	document := "\n { " + `"sessions@odata.nextLink":"https://elsewhere.example/", ` +
		`"sess\u0069ons": [` + session + `, 17 , {"id":"t"}] ,` +
		strings.Join(header, " ,\n") + `, "@odata.context":"c", "participants_v2":[]}` + " \n"
	a := start(t, Config{CallsPerDay: -1, Records: []CallRecord{{Start: at, Available: at, JSON: []byte(document)}}})
	whole := strings.Join(header, ",")
	context := `{"@odata.context":"` + a.GraphURL() + "/v1.0/$metadata#communications/callRecords"
	for path, want := range map[string]string{
		"":     context + `","value":[{` + whole + `}]}`,
		"/odd": context + `/$entity",` + whole + `}`,
		"/odd?$expand=sessions($expand=segments)": context + `(sessions(segments()))/$entity",` + whole +
			`,"sessions":[` + session + `,17,{"id":"t"}]}`,
		"/odd?$expand=sessions": context + `/$entity",` + whole +
			`,"sessions":[{"id":"s","z":0},17,{"id":"t"}]}`,
		"/odd?$expand=participants_v2":   context + `/$entity",` + whole + `,"participants_v2":[]}`,
		"/odd/sessions?$expand=segments": context + `('odd')/sessions","value":[` + session + `,17,{"id":"t"}]}`,
	} {
		if _, body := a.get(t, a.recordURL(path)); string(body) != want {
			t.Errorf("%s\n got %s\nwant %s", path, body, want)
		}
	}
	truth, ok := a.CallRecord("odd")
	if !ok || string(truth) != document {
		t.Errorf("the truth is %s", truth)
	}
	truth[5] = 'x'
	for again := range a.CallRecords(at, at) {
		if string(again) != document {
			t.Error("who reads the truth can change it")
		}
	}
}

func TestGivenRelationshipsStayAsTheyAre(t *testing.T) {
	t.Parallel()
	at := noon.AddDate(0, 0, -2)
	for name, c := range map[string]struct{ member, expanded, pages string }{
		"absent":      {``, `}`, `[]`},
		"empty":       {`,"sessions":[]`, `,"sessions":[]}`, `[]`},
		"null":        {`,"sessions":null`, `,"sessions":null}`, `null`},
		"no array":    {`,"sessions": {"a" : 1}`, `,"sessions":{"a" : 1}}`, `{"a" : 1}`},
		"two of them": {`,"sessions":[1],"sessions":[2]`, `,"sessions":[2]}`, `[2]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := start(
				t,
				Config{
					CallsPerDay: -1,
					Records:     []CallRecord{{Start: at, Available: at, JSON: []byte(`{"id":"x"` + c.member + `}`)}},
				},
			)
			if _, body := a.get(t, a.recordURL("/x?$expand=sessions($expand=segments)")); !strings.HasSuffix(
				string(body),
				`"id":"x"`+c.expanded,
			) {
				t.Errorf("expanded: %s", body)
			}
			if _, body := a.get(t, a.recordURL("/x/sessions?$expand=segments")); !strings.HasSuffix(
				string(body),
				`"value":`+c.pages+`}`,
			) {
				t.Errorf("pages: %s", body)
			}
		})
	}
}

func TestGivenVersionsReplaceEachOther(t *testing.T) {
	t.Parallel()
	var c clock
	c.set(noon)
	at := noon.AddDate(0, 0, -1)
	a := start(t, Config{CallsPerDay: -1, Now: c.now, Records: []CallRecord{
		given("x", 3, at, noon.Add(2*time.Minute)), given("x", 1, at, noon.Add(time.Minute)), given("y", 1, at, at)}})
	for i, want := range []string{"y1", "x1 y1", "x3 y1", "x3 y1"} {
		c.set(noon.Add(time.Duration(i) * time.Minute))
		var got []string
		for record := range a.CallRecords(at, at) {
			r := decodeRecord(t, record)
			got = append(got, fmt.Sprint(r.ID, r.Version))
			_, body := a.get(t, a.recordURL("/"+r.ID))
			if read := decodeRecord(t, body); read.Version != r.Version {
				t.Errorf("%s: version %d listed, %d read", r.ID, r.Version, read.Version)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("after %d minutes: %v, want %s", i, got, want)
		}
	}
}

func TestGivenRecordsArePaged(t *testing.T) {
	t.Parallel()
	at := noon.AddDate(0, 0, -1)
	list := strings.TrimSuffix(strings.Repeat(`{"id":"s"},`, 150), ",")
	document := []byte(`{"id":"big","participants_v2":[` + list + `],"sessions":[` + list + `]}`)
	a := start(t, Config{CallsPerDay: -1, Records: []CallRecord{{Start: at, Available: at, JSON: document}}})
	_, sizes, _ := a.follow(t, a.recordURL("/big/sessions"))
	_, more, _ := a.follow(t, a.recordURL("/big/participants_v2"))
	if got := fmt.Sprint(sizes, more); got != "[60 60 30] [130 20]" {
		t.Errorf("pages of %s", got)
	}
}

func TestWhatIsNoCallRecordIsRefused(t *testing.T) {
	t.Parallel()
	for name, document := range map[string]string{
		"empty": "", "cut": `{"id":"x"`, "array": `[{"id":"x"}]`, "trailing": `{"id":"x"} {}`,
		"no id": `{"version":1}`, "id null": `{"id":null}`, "id a number": `{"id":1}`,
	} {
		if s, err := Start(Config{Records: []CallRecord{{JSON: []byte(document)}}}); err == nil {
			t.Errorf("%s: no error", name)
			_ = s.Close()
		}
	}
}

func TestMembersKeepTheirText(t *testing.T) {
	t.Parallel()
	list, err := membersOf([]byte("{\n\"a\" :1 , \"\\u0062\":[ 2 ]\t,\"\":null}"))
	if err != nil {
		t.Fatal(err)
	}
	var got []byte
	for _, m := range list {
		got = fmt.Appendf(got, "<%s|%s|%s>", m.name, m.text, m.value)
	}
	if want := "<a|\"a\" :1|1><b|\"\\u0062\":[ 2 ]|[ 2 ]><|\"\":null|null>"; !bytes.Equal(got, []byte(want)) {
		t.Errorf("%s, want %s", got, want)
	}
	if got := without(json.RawMessage(`17`), "a"); string(got) != "17" {
		t.Errorf("what is no object became %s", got)
	}
}
