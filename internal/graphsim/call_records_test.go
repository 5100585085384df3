package graphsim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

const recordPath = "/communications/callRecords"

func (a *app) recordURL(rest string) string { return a.GraphURL() + "/v1.0" + recordPath + rest }

func between(from, to time.Time) string {
	return "?$filter=" + url.QueryEscape(
		"startDateTime ge "+from.Format(time.RFC3339)+" and startDateTime lt "+to.Format(time.RFC3339),
	)
}

// follow reads an array by its pages, with how many elements each had.
func (a *app) follow(tb testing.TB, first string, header ...string) (
	elements []json.RawMessage, sizes []int, pages []string,
) {
	tb.Helper()
	for next := first; next != ""; {
		res, body := a.get(tb, next, header...)
		if res.StatusCode != 200 || len(pages) == 200 {
			tb.Fatalf("page %d: %s: %.300s", len(pages), res.Status, body)
		}
		page := decodePage(tb, body)
		elements = append(elements, page.Value...)
		sizes = append(sizes, len(page.Value))
		pages = append(pages, string(body))
		next = page.Next
	}
	return elements, sizes, pages
}

// recordBody is what tests look at of a record.
type recordBody struct {
	ID, Type             string
	Version              int
	StartDateTime        time.Time
	EndDateTime          time.Time
	LastModifiedDateTime time.Time
	Modalities           []string
	Sessions             []json.RawMessage
	SessionsLink         string            `json:"sessions@odata.nextLink"`
	Participants         []json.RawMessage `json:"participants_v2"`
	ParticipantsLink     string            `json:"participants_v2@odata.nextLink"`
}

func decodeRecord(tb testing.TB, body []byte) (r recordBody) {
	tb.Helper()
	if err := json.Unmarshal(body, &r); err != nil {
		tb.Fatalf("%v: %.300s", err, body)
	}
	return r
}

func TestTheListIsComplete(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	from, to := noon.AddDate(0, 0, -6).Truncate(24*time.Hour), noon.AddDate(0, 0, -2).Truncate(24*time.Hour)
	var want []recordBody
	for record := range a.CallRecords(from, to.Add(-tick)) {
		want = append(want, decodeRecord(t, record))
	}
	for name, c := range map[string]struct {
		version, prefer string
		size            int
	}{
		"v1.0":              {"v1.0", "", 60},
		"beta":              {"beta", "", 60},
		"small pages":       {"v1.0", "odata.maxpagesize=17", 17},
		"several wishes":    {"v1.0", "include-unknown-enum-members, odata.maxpagesize=31", 31},
		"more than allowed": {"v1.0", "odata.maxpagesize=61", 60},
		"nonsense":          {"v1.0", "odata.maxpagesize=-1", 60},
	} {
		t.Run(name, func(t *testing.T) {
			records, sizes, pages := a.follow(
				t,
				a.GraphURL()+"/"+c.version+recordPath+between(from, to),
				"Prefer",
				c.prefer,
			)
			if len(records) != len(want) {
				t.Fatalf("%d records, want %d", len(records), len(want))
			}
			before := time.Time{}
			for i, record := range records {
				r, w := decodeRecord(t, record), want[i]
				if r.ID != w.ID || r.Version != w.Version || r.StartDateTime.Before(before) {
					t.Fatalf("record %d is %s, version %d, want %s, version %d", i, r.ID, r.Version, w.ID, w.Version)
				}
				before = r.StartDateTime
				for _, missing := range []string{`"sessions`, `"participants_v2`} {
					if strings.Contains(string(record), missing) {
						t.Fatalf("%s in %s", missing, record)
					}
				}
				context := `"organizer_v2@odata.context":"` + a.GraphURL() + "/" + c.version +
					`/$metadata#communications/callRecords('` + r.ID + `')/organizer_v2/$entity"`
				if !strings.Contains(string(record), context) {
					t.Fatalf("%s lacks %s", record, context)
				}
			}
			checkTurns(t, pages, "@odata.nextLink", "value")
			for i, size := range sizes[:len(sizes)-1] {
				if size != c.size {
					t.Errorf("page %d has %d records, want %d", i, size, c.size)
				}
			}
		})
	}
}

// checkTurns wants the link on either side of the array by turns, and none on
// the last page.
func checkTurns(t *testing.T, pages []string, link, array string) {
	t.Helper()
	for i, page := range pages {
		l, v := strings.Index(page, `"`+link+`"`), strings.Index(page, `"`+array+`"`)
		if last := i == len(pages)-1; v < 0 || last != (l < 0) || !last && (l < v) != (i%2 == 1) {
			t.Errorf("page %d of %d: link at %d, array at %d", i, len(pages), l, v)
		}
	}
}

func given(id string, version int, start, available time.Time) CallRecord {
	return CallRecord{Start: start, Available: available,
		JSON: fmt.Appendf(nil, `{"id": %q, "version": %d, "sessions": [], "participants_v2": []}`, id, version)}
}

func TestFilter(t *testing.T) {
	t.Parallel()
	at := noon.AddDate(0, 0, -3)
	a := start(t, Config{CallsPerDay: -1, Records: []CallRecord{
		given("after", 1, at.Add(tick), at), given("at", 1, at, at), given("before", 1, at.Add(-tick), at),
		given("gone", 1, noon.AddDate(0, 0, -30).Add(-tick), at), given("last", 1, noon.AddDate(0, 0, -30), at),
		{Start: at, Available: at, JSON: []byte(`{"id": "attended", "participants_v2": [{"id": "` + acsApp + `"}]}`)},
	}})
	moment := at.Format("2006-01-02T15:04:05.0000000Z")
	for filter, want := range map[string]string{
		"":                           "last before at attended after",
		"startDateTime ge " + moment: "at attended after",
		"startDateTime gt " + moment: "after",
		"startDateTime le " + moment: "last before at attended",
		"startDateTime lt " + moment: "last before",
		"startDateTime ge " + moment + " and startDateTime lt " + moment: "",
		"startDateTime le " + moment + " and startDateTime ge " + moment: "at attended",
		"startDateTime gt 2026-03-15 and startDateTime lt 2026-03-16":    "before at attended after",
		"participants_v2/any(p:p/id eq '" + acsApp + "')":                "attended",
		"participants_v2/any(p:p/id eq '" + elsewhere + "')":             "",
	} {
		t.Run(filter, func(t *testing.T) {
			var ids []string
			records, _, _ := a.follow(
				t,
				a.recordURL("?$filter="+url.QueryEscape(filter)),
				"Prefer",
				"odata.maxpagesize=1",
			)
			for _, record := range records {
				ids = append(ids, decodeRecord(t, record).ID)
			}
			if got := strings.Join(ids, " "); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
}

// The list can be narrowed to the calls of a person, in some span, and to some members.
func TestCallsOfAPerson(t *testing.T) {
	t.Parallel()
	a := start(t, Config{Users: 30})
	from, to := noon.AddDate(0, 0, -6), noon.AddDate(0, 0, -2)
	who, want := "", []string{}
	for record := range a.CallRecords(from, to.Add(-tick)) {
		var r struct {
			ID           string
			Participants []struct{ ID string } `json:"participants_v2"`
		}
		if err := json.Unmarshal(record, &r); err != nil {
			t.Fatal(err)
		}
		for _, p := range r.Participants {
			if who == "" && len(p.ID) == len(elsewhere) {
				who = p.ID
			}
			if p.ID == who {
				want = append(want, r.ID)
			}
		}
	}
	filter := " and participants_v2/any(p:p/id eq '" + strings.ToUpper(who) + "')"
	list := a.recordURL(between(from, to) + url.QueryEscape(filter) + "&$select=id,version")
	records, _, _ := a.follow(t, list, "Prefer", "odata.maxpagesize=3")
	var ids []string
	for _, record := range records {
		r := decodeRecord(t, record)
		ids = append(ids, r.ID)
		if text := fmt.Sprintf(`{"id":%q,"version":%d}`, r.ID, r.Version); string(record) != text {
			t.Errorf("%s, want %s", record, text)
		}
	}
	if len(want) < 7 || !slices.Equal(ids, want) {
		t.Errorf("%d calls are not the %d of %s", len(ids), len(want), who)
	}
}

func TestARecordByItsID(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	for record := range a.CallRecords(noon.AddDate(0, 0, -4), noon.AddDate(0, 0, -3)) {
		want := decodeRecord(t, record)
		for _, c := range []struct {
			query                  string
			sessions, participants []json.RawMessage
			segments               bool
		}{
			{"", nil, nil, false},
			{"?=sessions(=segments)", nil, nil, false}, // what a shell makes of the dollar signs
			{"?$expand=sessions", want.Sessions, nil, false},
			{"?$expand=sessions($expand=segments)", want.Sessions, nil, true},
			{"?$expand=participants_v2", nil, want.Participants, false},
		} {
			res, body := a.get(t, a.recordURL("/"+want.ID+c.query))
			got := decodeRecord(t, body)
			if res.StatusCode != 200 || got.ID != want.ID || got.Version != want.Version ||
				len(got.Sessions) != min(60, len(c.sessions)) ||
				len(got.Participants) != min(130, len(c.participants)) {
				t.Fatalf(
					"%s%s: %s, version %d, %d sessions, %d participants",
					want.ID,
					c.query,
					res.Status,
					got.Version,
					len(got.Sessions),
					len(got.Participants),
				)
			}
			for i, session := range got.Sessions {
				if has := strings.Contains(string(session), `"segments":`); has != c.segments ||
					has && string(session) != string(c.sessions[i]) {
					t.Fatalf("%s%s: session %d is %.500s", want.ID, c.query, i, session)
				}
			}
		}
	}
}

func TestRelationshipsArePaged(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	want := townHall(t, a)
	for name, c := range map[string]struct {
		path, array, prefer string
		want                []json.RawMessage
		size                int
	}{
		"sessions":              {"/sessions?$expand=segments", "", "", want.Sessions, 60},
		"participants":          {"/participants_v2", "", "", want.Participants, 130},
		"sessions, fewer":       {"/sessions?$expand=segments", "", "odata.maxpagesize=25", want.Sessions, 25},
		"sessions expanded":     {"?$expand=sessions($expand=segments)", sessions, "", want.Sessions, 60},
		"participants expanded": {"?$expand=participants_v2", participants, "", want.Participants, 130},
	} {
		t.Run(name, func(t *testing.T) {
			var all []json.RawMessage
			first := a.recordURL("/" + want.ID + c.path)
			if c.array != "" {
				_, body := a.get(t, first)
				r := decodeRecord(t, body)
				all, first = append(r.Sessions, r.Participants...), r.SessionsLink+r.ParticipantsLink
			}
			rest, sizes, _ := a.follow(t, first, "Prefer", c.prefer)
			if all = append(all, rest...); !slices.EqualFunc(
				all,
				c.want,
				func(a, b json.RawMessage) bool { return bytes.Equal(a, b) },
			) {
				t.Errorf("%d elements are not the %d of the record", len(all), len(c.want))
			}
			if sizes[0] != c.size || len(sizes) < 5 {
				t.Errorf("pages of %v", sizes)
			}
		})
	}
}

// The side of the link changes from page to page, and from record to record.
func TestLinksOfRelationships(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	_, _, pages := a.follow(t, a.recordURL("/"+townHall(t, a).ID+"/sessions"))
	checkTurns(t, pages, "@odata.nextLink", "value")
	first := map[bool]int{}
	for _, d := range a.records.listed(a.Server.window("v1.0", noon.AddDate(0, 0, -29), noon)) {
		if d.relation(sessions).size > 60 {
			_, body := a.get(t, a.recordURL("/"+d.id()+"?$expand=sessions"))
			link := strings.Index(string(body), `"sessions@odata.nextLink"`)
			first[link < strings.Index(string(body), `"sessions":`)]++
		}
	}
	if first[true] == 0 || first[false] == 0 {
		t.Errorf("links before and after the sessions: %v", first)
	}
}

func TestRefusedQueriesOfCallRecords(t *testing.T) {
	t.Parallel()
	at := noon.AddDate(0, 0, -2)
	a := start(
		t,
		Config{CallsPerDay: -1, Records: []CallRecord{given("known", 1, at, at), given("later", 1, at, noon.Add(tick)),
			given("expired", 1, noon.AddDate(0, 0, -30).Add(-tick), at)}},
	)
	const unavailable = "Records about calls or online meetings that started more than 30 days ago are not available."
	for path, c := range map[string]struct {
		status        int
		code, message string
	}{
		"?$expand=sessions":                                {400, "BadRequest", "not valid"},
		"?$filter=version%20gt%201":                        {400, "BadRequest", "not valid"},
		"?$filter=startDateTime%20eq%202026-03-17":         {400, "BadRequest", "not valid"},
		"?$filter=startDateTime%20ge%20soon":               {400, "BadRequest", "not valid"},
		"?$filter=startDateTime":                           {400, "BadRequest", "not valid"},
		"?$filter=participants_v2/any(p:p/id%20eq%20'x')":  {400, "BadRequest", "not valid"},
		"?$select=id,participants_v2":                      {400, "BadRequest", "not valid"},
		"/known?$select=":                                  {400, "BadRequest", "not valid"},
		"?$skiptoken=abc":                                  {400, "BadRequest", "not valid"},
		"/known?$expand=sessions,participants_v2":          {400, "BadRequest", "not valid"},
		"/known?$expand=segments":                          {400, "BadRequest", "not valid"},
		"/known?$expand=participants_v2($expand=segments)": {400, "BadRequest", "not valid"},
		"/known/sessions?$expand=media":                    {400, "BadRequest", "not valid"},
		"/known/participants_v2?$expand=segments":          {400, "BadRequest", "not valid"},
		"/known/sessions?$skiptoken=-1":                    {400, "BadRequest", "not valid"},
		"/known":                                           {200, "", ""},
		"/known/segments":                                  {404, "ResourceNotFound", "segments"},
		"/unknown":                                         {404, "NotFound", unavailable},
		"/4b5ac1dd-06f0-4bd7-b6ae-0e5f8d1b2a33":            {404, "NotFound", unavailable},
		"/later":                                           {404, "NotFound", unavailable},
		"/expired":                                         {404, "NotFound", unavailable},
		"/expired/sessions":                                {404, "NotFound", unavailable},
		"/later/participants_v2":                           {404, "NotFound", unavailable},
	} {
		t.Run(path, func(t *testing.T) {
			res, body := a.get(t, a.recordURL(path), "client-request-id", "mine")
			if res.StatusCode != c.status {
				t.Fatalf("%s, want %d: %.300s", res.Status, c.status, body)
			}
			checkHeaders(t, res)
			if c.code != "" {
				checkError(t, res, body, c.code, c.message)
			}
		})
	}
	if res, _ := a.get(t, a.GraphURL()+"/v2.0"+recordPath); res.StatusCode != 404 {
		t.Errorf("an unknown version: %s", res.Status)
	}
}
