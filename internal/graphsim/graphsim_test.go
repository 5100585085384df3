package graphsim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
)

func TestSameSeedSameCalls(t *testing.T) {
	t.Parallel()
	a := start(t, Config{Seed: 7})
	b := start(t, Config{Seed: 7, Now: at(noon.AddDate(0, 0, 5)), History: 40 * 24 * time.Hour})
	other := start(t, Config{Seed: 8})
	from, to := noon.AddDate(0, 0, -20), noon.AddDate(0, 0, -10)
	want := served(a, from, to)
	if len(want) < 3500 {
		t.Fatalf("%d rows in ten days of 600 calls", len(want))
	}
	if diff := cmp.Diff(want, served(b, from, to)); diff != "" {
		t.Errorf("same seed and days, started on another day (-want +got):\n%s", diff)
	}
	if cmp.Equal(want, served(other, from, to)) {
		t.Error("another seed serves the same calls")
	}
}

func TestPagesAreCompleteAndDoNotRepeat(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	for _, version := range []string{"v1.0", "beta"} {
		t.Run(version, func(t *testing.T) {
			from, to := noon.AddDate(0, 0, -30).Truncate(24*time.Hour), noon.Truncate(24*time.Hour)
			rows, pages := a.window(t, version, from.Format(time.DateOnly), to.Format(time.DateOnly))
			seen := make(map[string]bool)
			for _, row := range rows {
				seen[idOf(row)] = true
			}
			want := served(a, from, to)
			if len(seen) != len(want) || len(rows) != len(want) {
				t.Errorf("%d rows with %d ids, want %d", len(rows), len(seen), len(want))
			}
			if version == "v1.0" {
				if diff := cmp.Diff(want, rows); diff != "" {
					t.Errorf("PSTNCalls and the pages differ:\n%s", diff)
				}
			}
			checkLinks(t, a, version, pages)
		})
	}
	if got, want := a.Requests().Answers["getPstnCalls"][200], 2*13; got < want {
		t.Errorf("%d pages counted, want at least %d", got, want)
	}
}

func TestSkipLeavesOutTheFirstRows(t *testing.T) {
	t.Parallel()
	extra := Row{Start: noon.AddDate(0, 0, -6), JSON: []byte(`{}`)}
	p := newEventLog(pstnCalls{newCompany(Config{Now: at(noon)}.withDefaults())}, pstnReach, []Row{extra})
	w := window{from: ticks(noon.AddDate(0, 0, -20)), to: ticks(noon), now: ticks(noon)}
	var all []int64 // starts; the last days are not settled
	for c := range p.served(w, 0) {
		all = append(all, c.common().start)
	}
	for skip := 0; skip <= len(all)+100; skip += 97 {
		var rest []int64
		for c := range p.served(w, skip) {
			rest = append(rest, c.common().start)
		}
		if want := all[min(skip, len(all)):]; !slices.Equal(rest, want) {
			t.Errorf("skip %d of %d: %d rows, want %d", skip, len(all), len(rest), len(want))
		}
	}
}

// checkLinks wants the link on both sides of the rows, and none on the last
// page.
func checkLinks(t *testing.T, a *app, version string, pages []string) {
	t.Helper()
	if len(pages) < 3 {
		t.Fatalf("%d pages", len(pages))
	}
	for i, page := range pages {
		link := strings.Index(page, `"@odata.nextLink"`)
		if i == len(pages)-1 {
			if link >= 0 {
				t.Error("the last page has a link")
			}
			continue
		}
		want := `"@odata.nextLink":"` + a.GraphURL() + "/" + version +
			`/communications/callRecords/getPstnCalls(from=2026-02-16,to=2026-03-18)` +
			`?$skip=` + strconv.Itoa((i+1)*1000) + `"`
		if !strings.Contains(page, want) {
			t.Errorf("page %d lacks the link %s", i, want)
		}
		if before := link < strings.Index(page, `"value"`); before != (i%2 == 1) {
			t.Errorf("page %d: link before the rows: %v", i, before)
		}
	}
}

func TestWindowIncludesBothEnds(t *testing.T) {
	t.Parallel()
	row := func(name string, start time.Time) Row { return Row{Start: start, JSON: []byte(strconv.Quote(name))} }
	from, to := noon.AddDate(0, 0, -8), noon.AddDate(0, 0, -7)
	a := start(t, Config{CallsPerDay: -1, Extra: []Row{
		row("after", to.Add(tick)), row("at to", to), row("between", from.Add(time.Hour)),
		row("at from", from), row("before", from.Add(-tick)),
	}})
	full := "2006-01-02T15:04:05.0000000Z"
	for name, call := range map[string]string{
		"full times":  a.pstnURL("v1.0", from.Format(full), to.Format(full)),
		"short times": a.pstnURL("v1.0", from.Format(time.RFC3339), to.Format(time.RFC3339)),
		"names of a next link": a.GraphURL() + "/v1.0/communications/callRecords/getPstnCalls" +
			"(from=2026-03-10T12:00:00Z,to=2026-03-11T12:00:00Z)",
		"qualified, other order": a.GraphURL() + "/beta/communications/callRecords/microsoft.graph.callRecords." +
			"getPstnCalls(toDateTime=2026-03-11T12:00:00Z,fromDateTime=2026-03-10T12:00:00Z)",
	} {
		t.Run(name, func(t *testing.T) {
			_, body := a.get(t, call)
			var page pageBody
			if err := json.Unmarshal(body, &page); err != nil {
				t.Fatal(err)
			}
			want := []json.RawMessage{[]byte(`"at from"`), []byte(`"between"`), []byte(`"at to"`)}
			if diff := cmp.Diff(want, page.Value); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestExtraRowsAreServedVerbatim(t *testing.T) {
	t.Parallel()
	odd := `{ "id" : 1e400, "x": "\ud800", "id": null }`
	day := noon.AddDate(0, 0, -5)
	a := start(t, Config{Extra: []Row{{Start: day, JSON: []byte(odd)}}})
	res, body := a.get(t, a.pstnURL("v1.0", day.Format(time.RFC3339), day.Format(time.RFC3339)))
	if res.StatusCode != 200 || !strings.Contains(string(body), `"value":[`+odd+`]`) {
		t.Errorf("got %s", body)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	call := func(arguments string) string {
		return a.GraphURL() + "/v1.0/communications/callRecords/getPstnCalls" + arguments
	}
	between := func(from, to string) string { return call("(fromDateTime=" + from + ",toDateTime=" + to + ")") }
	other := func(version, name string) string {
		return a.GraphURL() + "/" + version + "/communications/callRecords/" + name +
			"(fromDateTime=2026-01-01,toDateTime=2026-01-02)"
	}
	const eightDigits = "2026-01-01T00:00:00.00000001Z"
	const bad, notFound = "BadRequest", "ResourceNotFound"
	for name, c := range map[string]struct {
		url           string
		status        int
		code, message string
	}{
		"no arguments":     {call(""), 400, bad, "Expression expected at position 0 in ''."},
		"empty arguments":  {between("", ""), 400, bad, "at position 13 in 'fromDateTime=,toDateTime='."},
		"empty to":         {between("2026-01-01", ""), 400, bad, "Expression expected at position 35"},
		"missing to":       {call("(fromDateTime=2026-01-01)"), 400, bad, "required"},
		"no date":          {between("'2026-01-01'", "2026-01-02"), 400, bad, "not a DateTimeOffset"},
		"eight digits":     {between(eightDigits, "2026-01-02"), 400, bad, "not a DateTimeOffset"},
		"unknown argument": {between("2026-01-01", "2026-01-02,x=2026-01-02"), 400, bad, "'x'"},
		"from after to":    {between("2026-01-02", "2026-01-01"), 400, bad, "later"},
		"bad skip":         {between("2026-01-01", "2026-01-02") + "?$skip=-1", 400, bad, "$skip"},
		"ninety days":      {between("2026-01-01", "2026-04-01"), 200, "", ""},
		"above 90 days":    {between("2026-01-01", "2026-04-01T00:00:01Z"), 406, "NotAcceptable", "90 days"},
		"ignored filter":   {between("2026-01-01", "2026-01-02") + "?$filter=nonsense", 200, "", ""},
		"unknown function": {other("v1.0", "getNothing"), 404, notFound, "getNothing"},
		"unknown version":  {other("v2.0", "getPstnCalls"), 404, notFound, ""},
		"unknown path":     {a.GraphURL() + "/v1.0/users", 404, notFound, "users"},
		"root":             {a.GraphURL() + "/v1.0/", 200, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			res, body := a.get(t, c.url, "client-request-id", "mine")
			if res.StatusCode != c.status {
				t.Fatalf("%s, want %d: %.300s", res.Status, c.status, body)
			}
			checkHeaders(t, res)
			if c.code != "" {
				checkError(t, res, body, c.code, c.message)
			}
		})
	}
}

func checkHeaders(t *testing.T, res *http.Response) {
	t.Helper()
	if got := res.Header.Get("Date"); got != "Wed, 18 Mar 2026 12:00:00 GMT" {
		t.Errorf("Date %q is not Graph's clock", got)
	}
	if got := res.Header.Get("client-request-id"); got != "mine" {
		t.Errorf("client-request-id %q, want the one sent", got)
	}
	if got := res.Header.Get("Content-Type"); !strings.HasPrefix(got, "application/json;odata.metadata=minimal;") {
		t.Errorf("Content-Type %q", got)
	}
}

func checkError(t *testing.T, res *http.Response, body []byte, code, message string) {
	t.Helper()
	var e struct {
		Error struct {
			Code, Message string
			InnerError    map[string]string
		}
	}
	if err := json.Unmarshal(body, &e); err != nil {
		t.Fatal(err)
	}
	if e.Error.Code != code || !strings.Contains(e.Error.Message, message) {
		t.Errorf("error %s %q, want %s %q", e.Error.Code, e.Error.Message, code, message)
	}
	want := map[string]string{
		"date":              "2026-03-18T12:00:00",
		"request-id":        res.Header.Get("request-id"),
		"client-request-id": "mine",
	}
	if diff := cmp.Diff(want, e.Error.InnerError); diff != "" {
		t.Errorf("innerError (-want +got):\n%s", diff)
	}
}

func TestGzipHoldsTheSameRows(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	url := a.pstnURL("v1.0", "2026-03-01", "2026-03-10")
	_, plain := a.get(t, url)
	res, packed := a.get(t, url, "Accept-Encoding", "gzip")
	if got := res.Header.Get("Content-Encoding"); got != "gzip" {
		t.Fatalf("Content-Encoding %q", got)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	var unpacked bytes.Buffer
	if _, err := unpacked.ReadFrom(z); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(plain, unpacked.Bytes()) {
		t.Error("the compressed page differs from the plain one")
	}
}

func TestNonsenseIsRefused(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]Config{"users": {Users: -1}, "history": {History: -1}, "limit": {LimitFactor: -1},
		"extra": {Extra: []Row{{Operation: "getNothing"}}}} {
		t.Run(name, func(t *testing.T) {
			if _, err := Start(cfg); err == nil {
				t.Error("no error")
			}
		})
	}
}
