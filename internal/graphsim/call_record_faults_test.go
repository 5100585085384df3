package graphsim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// someRecords are three small ones and one of many pages.
func someRecords() (records []CallRecord) {
	at := noon.AddDate(0, 0, -2)
	for _, id := range []string{"a", "b", "c"} {
		records = append(records, given(id, 1, at, at))
	}
	var list []string
	for i := range 150 {
		list = append(list, fmt.Sprintf(`{"id":"s%d"}`, i))
	}
	return append(
		records,
		CallRecord{Start: at, Available: at, JSON: []byte(`{"id":"big","sessions":[` + strings.Join(list, ",") + `]}`)},
	)
}

func TestPublishedLimitsOfCallRecords(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path    func(i int) string
		allowed int
		peak    string
	}{
		"list": {func(int) string { return "" }, 40, "listCallRecords"},
		"one record": {
			func(i int) string { return "/a" + [...]string{"", "/sessions", "/participants_v2"}[i%3] },
			40, "callRecord",
		},
		"together": {func(i int) string { return fmt.Sprintf("/%d", i/40) }, 1500, "callRecords"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// As many in ten times the time, which a busy machine needs.
			a := start(t, Config{CallsPerDay: -1, LimitFactor: 0.1, LimitSpeed: 0.1, Records: someRecords()})
			for i := range c.allowed {
				if res, _ := a.get(t, a.recordURL(c.path(i))); res.StatusCode == 429 {
					t.Fatalf("request %d: %s", i+1, res.Status)
				}
			}
			if res, _ := a.get(t, a.recordURL(c.path(c.allowed))); res.StatusCode != 429 ||
				res.Header.Get("Retry-After") == "" {
				t.Errorf("one too many: %s, Retry-After %q", res.Status, res.Header.Get("Retry-After"))
			}
			if got := a.Requests().Peak; got[c.peak] != c.allowed+1 || got["callRecords"] != c.allowed+1 ||
				got["callRecord"] > 41 {
				t.Errorf("peaks %v", got)
			}
		})
	}
}

func TestLimitsOfRecordsAreForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := limitPerID{allowed: 2, per: 20 * time.Second}
		for range 3 {
			l.of("busy").take()
		}
		for i := range 100 {
			l.of(fmt.Sprint(i)).take()
		}
		time.Sleep(15 * time.Second)
		l.of("99").take()
		time.Sleep(6 * time.Second)
		if wait := l.of("busy").take(); wait != 0 || len(l.kept) != 2 || len(l.uses) != 2 || l.highest() != 3 {
			t.Errorf("wait %v; %d limits kept for %d uses, highest %d", wait, len(l.kept), len(l.uses), l.highest())
		}
		if l.of("99").take(); l.kept["99"].highest() != 2 {
			t.Errorf("the use of 15 s ago counts for %d", l.kept["99"].highest())
		}
	})
}

func TestCallRecordsAreDenied(t *testing.T) {
	t.Parallel()
	for name, operations := range map[string][]string{"alone": {"callRecords"}, "with all": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := start(t, Config{CallsPerDay: -1, Records: someRecords()})
			log := a.pstnURL("v1.0", "2026-03-10", "2026-03-11")
			for _, denied := range []bool{true, false} {
				a.SetDenied(denied, operations...)
				for _, path := range []string{"", "/a", "/a/sessions", "/a/participants_v2", "/unknown"} {
					if res, _ := a.get(t, a.recordURL(path)); (res.StatusCode == 403) != denied {
						t.Errorf("%q, denied %v: %s", path, denied, res.Status)
					}
				}
				if res, _ := a.get(t, log); (res.StatusCode == 403) != (denied && operations == nil) {
					t.Errorf("a log, denied %v: %s", denied, res.Status)
				}
			}
		})
	}
	a := start(t, Config{CallsPerDay: -1, Records: someRecords()})
	a.token = "guess"
	if res, _ := a.get(t, a.recordURL("/a")); res.StatusCode != 401 {
		t.Errorf("a wrong token: %s", res.Status)
	}
}

func TestRequestsForCallRecordsAreCounted(t *testing.T) {
	t.Parallel()
	a := start(t, Config{CallsPerDay: -1, Records: someRecords()})
	for _, path := range []string{
		"", "?$expand=x", "/a", "/big?$expand=sessions", "/b/sessions", "/big/sessions", "/a/participants_v2",
		"/x", "/x",
	} {
		a.get(t, a.recordURL(path))
	}
	got := a.Requests()
	maps.DeleteFunc(got.Answers, func(name string, _ map[int]int) bool { return name == "token" })
	want := map[string]map[int]int{
		"listCallRecords":  {200: 1, 400: 1},
		"getCallRecord":    {200: 2, 404: 2},
		"listSessions":     {200: 2},
		"listParticipants": {200: 1},
	}
	if diff := cmp.Diff(want, got.Answers); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if got.Rows["listCallRecords"] != 4 || got.Rows["getCallRecord"] != 2 || got.Rows["listSessions"] != 60 {
		t.Errorf("rows %v", got.Rows)
	}
}

func TestTheSwitchboardKnowsTheRecord(t *testing.T) {
	t.Parallel()
	a := start(t, Config{CallsPerDay: -1, Records: someRecords()})
	var mu sync.Mutex
	var seen []Request
	a.SetFaults(func(r Request) Fault {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, r)
		return Fault{}
	})
	from, to := noon.AddDate(0, 0, -3), noon.AddDate(0, 0, -1)
	var want []Request
	for _, r := range []Request{
		{Operation: "listCallRecords", URL: between(from, to), From: from, To: to.Add(-tick)},
		{Operation: "listCallRecords", N: 1, URL: "?$skiptoken=1", Skip: 1},
		{Operation: "getCallRecord", URL: "/big?$expand=sessions", CallID: "big"},
		{Operation: "listSessions", URL: "/big/sessions?$skiptoken=60", CallID: "big", Skip: 60},
		{Operation: "listParticipants", URL: "/a/participants_v2", CallID: "a"},
	} {
		r.URL, r.API, r.Now = a.recordURL(r.URL), "v1.0", noon
		a.get(t, r.URL)
		want = append(want, r)
	}
	a.get(t, a.recordURL("/x"))
	a.get(t, a.recordURL("/a?$expand=x"))
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFaultsOfCallRecords(t *testing.T) {
	t.Parallel()
	about := func(operation, id string, skip int, f Fault) func(Request) Fault {
		return func(r Request) Fault {
			if r.Operation == operation && r.CallID == id && r.Skip == skip {
				return f
			}
			return Fault{}
		}
	}
	link := func(g got) string { return decodeRecord(t, g.body).SessionsLink }
	number := Fault{Poison: [][]byte{[]byte(`17`)}}
	for name, c := range map[string]struct {
		decide func(Request) Fault
		path   string
		see    func(got) string
		want   string // of the spoiled answer
	}{
		"one record": {about(getCallRecord, "b", 0, Fault{Status: 400}), "/b", shape, "error BadRequest"},
		"a page of sessions": {
			about(listSessions, "big", 60, Fault{Body: GarbageBody}), "/big/sessions?$skiptoken=60", shape, "not JSON",
		},
		"cut": {
			about(getCallRecord, "big", 0, Fault{Cut: 99}), "/big?$expand=sessions", shape, "unexpected EOF",
		},
		"the list":        {about(listCallRecords, "", 0, Fault{Body: ErrorBody}), "", shape, "error OK"},
		"lost link":       {about(listCallRecords, "", 2, Fault{Status: 410}), "?$skiptoken=2", status, "410"},
		"participants":    {about(listParticipants, "a", 0, number), "/a/participants_v2", tail, `"value":[17]}`},
		"expanded poison": {about(getCallRecord, "a", 0, number), "/a?$expand=sessions", tail, `ssions":[17]}`},
		"expanded link":   {about(getCallRecord, "c", 0, Fault{NextLink: "x"}), "/c?$expand=sessions", link, "x"},
		"shift": {
			about(listSessions, "big", 60, Fault{Shift: 60}), "/big/sessions?$skiptoken=60", tail, `"id":"s59"}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := start(t, Config{CallsPerDay: -1, Records: someRecords()})
			a.SetFaults(c.decide)
			if got := c.see(a.fetch(t, a.recordURL(c.path), "identity")); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			for _, other := range []string{
				"", "/a", "/b", "/c", "/big", "/a/sessions", "/big/sessions", "/big/sessions?$skiptoken=60",
				"/a/participants_v2",
			} {
				if g := a.fetch(t, a.recordURL(other), "identity"); other != c.path &&
					(g.res.StatusCode != 200 || strings.HasPrefix(shape(g), "not")) {
					t.Errorf("%s: %s, %s", other, g.res.Status, shape(g))
				}
			}
		})
	}
}

func tail(g got) string { return string(g.body[max(0, len(g.body)-len(`"value":[17]}`)):]) }

// Requests for call records are spoiled as those for logs are, and answered
// well in the end.
func TestRandomFaultsOfCallRecords(t *testing.T) {
	t.Parallel()
	kinds := slices.DeleteFunc(
		slices.Clone(allKinds),
		func(k Kind) bool { return k == Stalls || k == Oversize },
	) // these take long
	a := start(t, Config{CallsPerDay: -1, Records: someRecords()})
	for operation, path := range map[string]string{
		listCallRecords:  "?$skiptoken=1",
		getCallRecord:    "/big?$expand=sessions",
		listSessions:     "/big/sessions?$skiptoken=60",
		listParticipants: "/a/participants_v2?$skiptoken=1",
	} {
		a.SetFaults(nil)
		whole := text(a.fetch(t, a.recordURL(path), "gzip"))
		a.SetFaults(RandomFaults(1, 0.5, kinds...))
		bad, good := 0, 0
		for range 60 {
			if text(a.fetch(t, a.recordURL(path), "gzip")) == whole {
				good++
			} else {
				bad++
			}
		}
		if bad < 10 || good < 20 {
			t.Errorf("%s: %d good answers, %d bad", operation, good, bad)
		}
	}
}
