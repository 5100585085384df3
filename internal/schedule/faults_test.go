package schedule_test

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/schedule/scheduletest"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// The tests of faults read six slots, 10 to 15 June, each in a window of its own. Calls of the 10th, 11th and 12th are
// served. Faults befall the 11th.
const firstDay, faultyDay = "2026-06-10", "2026-06-11"

func week() scheduletest.Config {
	return scheduletest.Config{
		Graph:     graphsim.Config{Seed: 20, Users: 10, CallsPerDay: 15, History: 5 * day},
		StartFrom: date(firstDay), Span: day,
	}
}

// An aftermath is what runs over the week leave behind. Days are those of the month.
type aftermath struct {
	Lacking  []int       // days of which not all is stored that is served
	Unread   []int       // days whose slots were never read to their last page
	Failures map[int]int // of slots, by day
	Result   string      // of the last run
	State    string      // of the endpoint, and so is the next
	InARow   int         // runs that failed
}

// healed is what is left when nothing went wrong, or all is well again.
var healed = aftermath{Result: "ok", State: "on_time"}

var allDays = []int{10, 11, 12, 13, 14, 15}

func wantAftermath(t *testing.T, w *scheduletest.World, want aftermath) {
	t.Helper()
	endpoint := w.Endpoint()
	got := aftermath{Result: lastRun(w).Result, State: endpoint.State, InARow: endpoint.Failures}
	read, failures := map[int]bool{}, map[int]int{}
	for _, s := range w.Slots() {
		read[s.From.Day()] = !s.ReadAt.IsZero()
		if s.Failures > 0 {
			failures[s.From.Day()] = s.Failures
		}
	}
	if len(failures) > 0 {
		got.Failures = failures
	}
	missing := map[int]bool{}
	for _, row := range w.Missing() {
		missing[row.At.Day()] = true
	}
	for _, d := range allDays {
		if missing[d] {
			got.Lacking = append(got.Lacking, d)
		}
		if !read[d] {
			got.Unread = append(got.Unread, d)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("left behind (-want +got):\n%s", diff)
	}
}

// lastRun is zero where there was none.
func lastRun(w *scheduletest.World) (last scheduletest.Run) {
	for _, run := range w.Runs() {
		last = run
	}
	return last
}

// wantError fails unless the error is of a kind and says so, and so do its run and its endpoint.
func wantError(t *testing.T, w *scheduletest.World, err error, kind fetch.Kind, says string) {
	t.Helper()
	if fetch.KindOf(err) != kind || !strings.Contains(err.Error(), says) {
		t.Errorf("error = %v, want %v and %q", err, kind, says)
	}
	if noted := lastRun(w).Error; !strings.Contains(noted, says) {
		t.Errorf("error of the run = %s, want %q", noted, says)
	}
	if noted := w.Endpoint().LastError; !strings.Contains(noted, says) {
		t.Errorf("error of the endpoint = %s, want %q", noted, says)
	}
}

// wantHealed reads without faults, and fails unless nothing is left of them.
func wantHealed(t *testing.T, w *scheduletest.World) {
	t.Helper()
	w.Graph.SetFaults(nil)
	w.Once()
	wantAftermath(t, w, healed)
	w.WantServed()
}

// A fault says what goes wrong with a request.
type fault = func(graphsim.Request) graphsim.Fault

func always(f graphsim.Fault) fault { return func(graphsim.Request) graphsim.Fault { return f } }

// when spoils the requests that a condition holds for.
func when(condition func(graphsim.Request) bool, f fault) fault {
	return func(r graphsim.Request) graphsim.Fault {
		if condition(r) {
			return f(r)
		}
		return graphsim.Fault{}
	}
}

// onFaultyDay leaves windows alone that do not hold the faulty day.
func onFaultyDay(f fault) fault {
	return when(func(r graphsim.Request) bool {
		return r.API != "" && r.From.Before(date(faultyDay).Add(day)) && r.To.After(date(faultyDay))
	}, f)
}

// onAllDays leaves Entra alone.
func onAllDays(f fault) fault { return when(func(r graphsim.Request) bool { return r.API != "" }, f) }

// onNextPage gives every window a link to a second page, which it spoils.
func onNextPage(f fault) fault {
	return func(r graphsim.Request) graphsim.Fault {
		if r.Skip == 0 {
			return graphsim.Fault{NextLink: r.URL + "?$skip=1000"}
		}
		return f(r)
	}
}

// atFirst spoils the first request alone.
func atFirst(f fault) fault {
	var spoilt atomic.Bool
	return when(func(graphsim.Request) bool { return !spoilt.Swap(true) }, f)
}

// counted counts the requests that the fault is asked about.
func counted(n *atomic.Int64, f fault) fault {
	return func(r graphsim.Request) graphsim.Fault {
		n.Add(1)
		return f(r)
	}
}

// withLink has a link to the next page, which would be right but for one replacement.
func withLink(old, new string) fault {
	return func(r graphsim.Request) graphsim.Fault {
		return graphsim.Fault{NextLink: strings.Replace(r.URL, old, new, 1) + "?$skip=1000"}
	}
}

func linkToItself(r graphsim.Request) graphsim.Fault { return graphsim.Fault{NextLink: r.URL} }

// throttledUntil throttles with a date.
func throttledUntil(later time.Duration) fault {
	return func(r graphsim.Request) graphsim.Fault {
		return graphsim.Fault{Status: 429, RetryAfter: r.Now.Add(later).Format(http.TimeFormat)}
	}
}

// What passes is asked for again within the run, and leaves no trace.
func TestFaultsThatPass(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		fault    fault
		nextPage bool // it befalls the second page
	}{
		{name: "408", fault: always(graphsim.Fault{Status: 408})},
		{name: "500", fault: always(graphsim.Fault{Status: 500})},
		{name: "502 with a proxy's page", fault: always(graphsim.Fault{Status: 502, Body: graphsim.HTMLBody})},
		{name: "503", fault: always(graphsim.Fault{Status: 503})},
		{name: "503 with Retry-After", fault: always(graphsim.Fault{Status: 503, RetryAfter: "30"})},
		{name: "504 without a body", fault: always(graphsim.Fault{Status: 504, Body: graphsim.EmptyBody})},
		{name: "429 in seconds", fault: always(graphsim.Fault{Status: 429, RetryAfter: "30"})},
		{name: "429 in a fraction", fault: always(graphsim.Fault{Status: 429, RetryAfter: "0.128"})},
		{name: "429 with a date", fault: throttledUntil(30 * time.Second)},
		{name: "429 without Retry-After", fault: always(graphsim.Fault{Status: 429})},
		{name: "400 for a next page", fault: always(graphsim.Fault{Status: 400}), nextPage: true},
		{name: "410 for a next page", fault: always(graphsim.Fault{Status: 410}), nextPage: true},
		{name: "500 for a next page", fault: always(graphsim.Fault{Status: 500}), nextPage: true},
		{name: "empty body", fault: always(graphsim.Fault{Body: graphsim.EmptyBody})},
		{name: "null", fault: always(graphsim.Fault{Body: graphsim.NullBody})},
		{name: "no member value", fault: always(graphsim.Fault{Body: graphsim.NoValueBody})},
		{name: "error object with 200", fault: always(graphsim.Fault{Body: graphsim.ErrorBody})},
		{name: "garbage", fault: always(graphsim.Fault{Body: graphsim.GarbageBody})},
		{name: "more after the end", fault: always(graphsim.Fault{Body: graphsim.TrailingBody})},
		{name: "line of a load balancer", fault: always(graphsim.Fault{Body: graphsim.TextBody})},
		{name: "page of a proxy", fault: always(graphsim.Fault{Body: graphsim.HTMLBody})},
		{name: "cut", fault: always(graphsim.Fault{Cut: 20})},
		{name: "no answer", fault: always(graphsim.Fault{Cut: -1})},
		{name: "gzip with a wrong checksum", fault: always(graphsim.Fault{Gzip: graphsim.ChecksumGzip})},
		{name: "gzip that ends early", fault: always(graphsim.Fault{Gzip: graphsim.ShortGzip})},
		{name: "oversized", fault: always(graphsim.Fault{Oversized: 65 << 20})},
	}
	w := scheduletest.New(t, week())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.Forget()
			var asked atomic.Int64
			spoilt := counted(&asked, atFirst(tt.fault))
			if tt.nextPage {
				spoilt = onNextPage(spoilt)
			}
			w.Graph.SetFaults(onFaultyDay(spoilt))
			if result := w.Once(); result.Failed != 0 || asked.Load() < 2 {
				t.Errorf("%d requests and %+v: the fault was not met, or not overcome", asked.Load(), result)
			}
			wantAftermath(t, w, healed)
			w.WantServed()
			if run := lastRun(w); run.Error != "" {
				t.Errorf("run %+v", run)
			}
		})
	}
}

// What lasts costs the slot it befalls and no other, and is noted of it.
func TestFaultsOfOneSlotThatLast(t *testing.T) {
	t.Parallel()
	transient, refused := fetch.Transient, fetch.Refused
	tests := []struct {
		name     string
		fault    fault
		nextPage bool // it befalls the second page
		kind     fetch.Kind
		says     string
		served   bool // the first page was, and is stored
	}{
		{name: "408", fault: always(graphsim.Fault{Status: 408}), kind: transient, says: "408 Request Timeout"},
		{name: "500", fault: always(graphsim.Fault{Status: 500}), kind: transient, says: "500 Internal Server Error"},
		{name: "502 with a proxy's page", fault: always(graphsim.Fault{Status: 502, Body: graphsim.HTMLBody}),
			kind: transient, says: "502 Bad Gateway"},
		{name: "503", fault: always(graphsim.Fault{Status: 503}), kind: transient, says: "503 Service Unavailable"},
		{name: "504 without a body", fault: always(graphsim.Fault{Status: 504, Body: graphsim.EmptyBody}),
			kind: transient, says: "504 Gateway Timeout"},
		{name: "400", fault: always(graphsim.Fault{Status: 400}), kind: refused, says: "400 Bad Request"},
		{name: "404", fault: always(graphsim.Fault{Status: 404}), kind: refused, says: "404 Not Found"},
		{name: "406", fault: always(graphsim.Fault{Status: 406}), kind: refused, says: "406 Not Acceptable"},
		{name: "400 for a next page", fault: always(graphsim.Fault{Status: 400}), nextPage: true,
			kind: refused, says: "link to the next page has expired", served: true},
		{name: "410 for a next page", fault: always(graphsim.Fault{Status: 410}), nextPage: true,
			kind: refused, says: "link to the next page has expired", served: true},
		{name: "500 for a next page", fault: always(graphsim.Fault{Status: 500}), nextPage: true,
			kind: transient, says: "500 Internal Server Error", served: true},
		{name: "empty body", fault: always(graphsim.Fault{Body: graphsim.EmptyBody}), kind: transient, says: "200 OK"},
		{name: "null", fault: always(graphsim.Fault{Body: graphsim.NullBody}), kind: transient, says: "no JSON object"},
		{name: "no member value", fault: always(graphsim.Fault{Body: graphsim.NoValueBody}),
			kind: transient, says: `no array "value"`},
		{name: "error object with 200", fault: always(graphsim.Fault{Body: graphsim.ErrorBody}),
			kind: transient, says: "an error object with status 200"},
		{name: "garbage", fault: always(graphsim.Fault{Body: graphsim.GarbageBody}), kind: transient, says: "200 OK"},
		{name: "more after the end", fault: always(graphsim.Fault{Body: graphsim.TrailingBody}),
			kind: transient, says: "200 OK"},
		{name: "line of a load balancer", fault: always(graphsim.Fault{Body: graphsim.TextBody}),
			kind: transient, says: "200 OK"},
		{
			name:  "page of a proxy",
			fault: always(graphsim.Fault{Body: graphsim.HTMLBody}),
			kind:  transient,
			says:  "200 OK",
		},
		{name: "cut", fault: always(graphsim.Fault{Cut: 20}), kind: transient, says: "unexpected EOF"},
		{name: "no answer", fault: always(graphsim.Fault{Cut: -1}), kind: transient, says: "EOF"},
		{name: "gzip with a wrong checksum", fault: always(graphsim.Fault{Gzip: graphsim.ChecksumGzip}),
			kind: transient, says: "invalid checksum"},
		{name: "gzip that ends early", fault: always(graphsim.Fault{Gzip: graphsim.ShortGzip}),
			kind: transient, says: "unexpected EOF"},
		{name: "oversized", fault: always(graphsim.Fault{Oversized: 65 << 20}), kind: transient, says: "200 OK"},
		{name: "link to its own page", fault: linkToItself, kind: transient, says: "leads back to an earlier page"},
		{name: "link to another host", fault: always(graphsim.Fault{NextLink: "https://graph.example.invalid/v1.0/x"}),
			kind: refused, says: `link leads to https host "graph.example.invalid"`, served: true},
		{name: "link to another port", fault: always(graphsim.Fault{NextLink: "https://127.0.0.1:1/v1.0/x"}),
			kind: refused, says: `link leads to https host "127.0.0.1:1"`, served: true},
		{name: "link without TLS", fault: withLink("https://", "http://"),
			kind: refused, says: "link leads to http host", served: true},
		{name: "link with a user", fault: withLink("https://", "https://user:secret@"),
			kind: refused, says: "carries user information", served: true},
		{
			name:   "relative link",
			fault:  withLink("https://", "/"),
			kind:   refused,
			says:   "link is relative",
			served: true,
		},
		{name: "redirect to another path", fault: always(graphsim.Fault{Redirect: "/elsewhere"}),
			kind: refused, says: "redirected to host"},
		{name: "redirect to another host", fault: always(graphsim.Fault{Redirect: "https://login.example.invalid/"}),
			kind: refused, says: `redirected to host "login.example.invalid"`},
	}
	w := scheduletest.New(t, week())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.Exec(`DELETE FROM teams.pstn_calls; DELETE FROM ingest.slots`)
			spoilt := tt.fault
			if tt.nextPage {
				spoilt = onNextPage(spoilt)
			}
			w.Graph.SetFaults(onFaultyDay(spoilt))
			result, err := w.Try(t.Context())
			wantError(t, w, err, tt.kind, tt.says)
			if result.Failed != 1 {
				t.Errorf("%d windows failed", result.Failed)
			}
			want := aftermath{
				Lacking: []int{11}, Unread: []int{11}, Failures: map[int]int{11: 1},
				Result: "failed", State: "late", InARow: 1,
			}
			if tt.served {
				want.Lacking = nil // what was served is stored, but does not count
			}
			wantAftermath(t, w, want)
			if mark := w.Endpoint().Watermark; !mark.Equal(date(faultyDay)) {
				t.Errorf("watermark %v, want it before the faulty day", mark)
			}
			wantHealed(t, w)
		})
	}
}

// What befalls all windows ends the run, and no slot is noted for it.
func TestFaultsOfAllSlots(t *testing.T) {
	t.Parallel()
	date := func(ahead time.Duration) fault {
		return func(r graphsim.Request) graphsim.Fault { return graphsim.Fault{Date: r.Now.Add(ahead)} }
	}
	tests := []struct {
		name          string
		fault         fault
		kind          fetch.Kind
		says          string
		result, state string
	}{
		{name: "500", fault: always(graphsim.Fault{Status: 500}),
			kind: fetch.Transient, says: "500 Internal Server Error", result: "failed", state: "late"},
		{name: "no answer", fault: always(graphsim.Fault{Cut: -1}),
			kind: fetch.Transient, says: "EOF", result: "failed", state: "late"},
		{name: "503 with Retry-After", fault: always(graphsim.Fault{Status: 503, RetryAfter: "1"}),
			kind: fetch.Throttled, says: "503 Service Unavailable", result: "throttled", state: "throttled"},
		{name: "429 without end", fault: always(graphsim.Fault{Status: 429, RetryAfter: "1"}),
			kind: fetch.Throttled, says: "429 Too Many Requests", result: "throttled", state: "throttled"},
		{name: "429 for long", fault: always(graphsim.Fault{Status: 429, RetryAfter: "600"}),
			kind: fetch.Throttled, says: "429 Too Many Requests", result: "throttled", state: "throttled"},
		{name: "429 until a late date", fault: throttledUntil(10 * time.Minute),
			kind: fetch.Throttled, says: "429 Too Many Requests", result: "throttled", state: "throttled"},
		{name: "401 for fresh tokens", fault: always(graphsim.Fault{Status: 401}),
			kind: fetch.Denied, says: "401 Unauthorized", result: "denied", state: "denied"},
		{name: "403", fault: always(graphsim.Fault{Status: 403}),
			kind: fetch.Denied, says: "403 Forbidden", result: "denied", state: "denied"},
		{name: "404", fault: always(graphsim.Fault{Status: 404}),
			kind: fetch.Refused, says: "404 Not Found", result: "failed", state: "late"},
		{name: "date hours ahead", fault: date(2 * time.Hour),
			kind: fetch.Refused, says: "clock jumped", result: "failed", state: "late"},
		{name: "date hours behind", fault: date(-2 * time.Hour),
			kind: fetch.Refused, says: "clock jumped", result: "failed", state: "late"},
	}
	w := scheduletest.New(t, week())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.Exec(`DELETE FROM teams.pstn_calls; DELETE FROM ingest.slots`)
			w.Graph.SetFaults(onAllDays(tt.fault))
			_, err := w.Try(t.Context())
			wantError(t, w, err, tt.kind, tt.says)
			wantAftermath(t, w, aftermath{
				Lacking: []int{10, 11, 12}, Unread: allDays, Result: tt.result, State: tt.state, InARow: 1,
			})
			w.Advance(10 * time.Minute) // for which some faults asked
			wantHealed(t, w)
		})
	}
}

// A run that meets nothing but failures gives up before it has tried all.
func TestManyFailuresInARowEndTheRun(t *testing.T) {
	t.Parallel()
	c := week()
	c.StartFrom = date(firstDay).Add(-30 * day) // 36 windows
	w := scheduletest.New(t, c)
	var asked atomic.Int64
	w.Graph.SetFaults(onAllDays(onNextPage(counted(&asked, always(graphsim.Fault{Status: 410})))))
	_, err := w.Try(t.Context())
	wantError(t, w, err, fetch.Refused, "link to the next page has expired")
	if n := asked.Load(); n < 6*3 || n > 8*3 { // three readings each, two windows at a time
		t.Errorf("%d next pages were asked for", n)
	}
	if slots := w.Slots(); len(slots) > 0 {
		t.Errorf("slots were noted: %+v", slots)
	}
	if runs := w.Runs(); len(runs) != 1 || runs[0].Result != "failed" {
		t.Errorf("runs %+v", runs)
	}
}

// A database that is full ends the run, wherever that shows first. Nothing is noted of what was being stored, as all
// else would have met it too.
func TestFullDatabaseEndsTheRun(t *testing.T) {
	t.Parallel()
	for _, at := range []struct{ endpoint, table, condition string }{
		{"pstn_calls", "teams.pstn_calls", `NEW.start_at::date = '` + faultyDay + `'`},
		{"call_records", "teams.sessions", `true`},
	} {
		t.Run(at.table, func(t *testing.T) {
			t.Parallel()
			storetest.NotDivided(t, "their triggers are not on months")
			c := week()
			c.Endpoints = []string{at.endpoint}
			c.Graph.Records = []graphsim.CallRecord{scheduletest.Record(0, 1, 1, 1)}
			w := scheduletest.New(t, c)
			w.Exec(refuse("INSERT", at.table, at.condition, "53100"))
			_, err := w.Try(t.Context())
			if err == nil || !strings.Contains(err.Error(), "disk full") {
				t.Fatalf("the run ended with %v", err)
			}
			for _, s := range w.Slots() {
				if s.Failures > 0 {
					t.Errorf("noted as failed: %+v", s)
				}
			}
			wantRetries(t, w)
			if result := lastRun(w).Result; result != "failed" {
				t.Errorf("the run is noted as %q", result)
			}
			w.Exec(`DROP TRIGGER refuse ON ` + at.table)
			w.Once()
			w.WantServed()
		})
	}
}

// A run that was counted as killed, as its process stood still, asks for no more than is on its way, and notes nothing.
func TestRunThatWasEndedStops(t *testing.T) {
	t.Parallel()
	w := scheduletest.New(t, week())
	var asked atomic.Int64
	kill := sync.OnceFunc(func() { w.Exec(`UPDATE ingest.runs SET result = 'killed', finished_at = now()`) })
	w.Graph.SetFaults(counted(&asked, onAllDays(func(graphsim.Request) graphsim.Fault {
		kill()
		return graphsim.Fault{}
	})))
	if _, err := w.Try(t.Context()); !errors.Is(err, store.ErrEnded) {
		t.Fatalf("the run ended with %v", err)
	}
	if n := asked.Load(); n > 5 { // two windows at a time, of six
		t.Errorf("%d requests", n)
	}
	if slots := w.Slots(); len(slots) > 0 {
		t.Errorf("slots were noted: %+v", slots)
	}
	w.Once()
	w.WantServed()
}
