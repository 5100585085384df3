package schedule_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/schedule"
)

// A faulty world has six slots, each a window of its own; there were calls on
// all days but those of the weekend, and faults befall its second day.
const (
	firstDay  = "2026-06-10"
	faultyDay = "2026-06-11"
	dayAfter  = "2026-06-12"
	lastDay   = "2026-06-15"
	noDay     = "null"
	allDays   = "10 11 12 13 14 15"
)

func newFaultyWorld(t *testing.T) *world {
	w := newWorld(t, graphsim.Config{Seed: 20, Users: 10, CallsPerDay: 15, History: 5 * 24 * time.Hour})
	w.job.StartFrom = date(firstDay)
	w.job.Policy.Span = w.job.Policy.Slot
	return w
}

func date(day string) time.Time {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	return t
}

// A decider says what goes wrong with a request.
type decider func(graphsim.Request) graphsim.Fault

func always(f graphsim.Fault) decider { return func(graphsim.Request) graphsim.Fault { return f } }

// onFaultyDay leaves windows alone that do not hold the faulty day.
func onFaultyDay(d decider) decider {
	return func(r graphsim.Request) graphsim.Fault {
		if r.API == "" || !r.From.Before(date(dayAfter)) || !r.To.After(date(faultyDay)) {
			return graphsim.Fault{}
		}
		return d(r)
	}
}

// onAllDays leaves Entra alone.
func onAllDays(d decider) decider {
	return func(r graphsim.Request) graphsim.Fault {
		if r.API == "" {
			return graphsim.Fault{}
		}
		return d(r)
	}
}

// onNextPage gives every window a link to a second page, which it spoils.
func onNextPage(d decider) decider {
	return func(r graphsim.Request) graphsim.Fault {
		if r.Skip == 0 {
			return graphsim.Fault{NextLink: r.URL + "?$skip=1000"}
		}
		return d(r)
	}
}

// atFirst spoils the first request alone.
func atFirst(d decider) decider {
	var spoilt atomic.Bool
	return func(r graphsim.Request) graphsim.Fault {
		if spoilt.Swap(true) {
			return graphsim.Fault{}
		}
		return d(r)
	}
}

// spoil sets the faults and counts the requests they were asked about.
func (w *world) spoil(scope func(decider) decider, d decider) *atomic.Int64 {
	var asked atomic.Int64
	w.sim.SetFaults(scope(func(r graphsim.Request) graphsim.Fault {
		asked.Add(1)
		return d(r)
	}))
	return &asked
}

// lacking are the days of which not all is stored that is served.
func (w *world) lacking() string {
	w.Helper()
	stored := " " + w.query(`SELECT string_agg(id, ' ') FROM teams.pstn_calls`) + " "
	days := map[string]bool{}
	for id, row := range w.served() {
		if !strings.Contains(stored, " "+id+" ") {
			days[startOf(row).Format("02")] = true
		}
	}
	return list(days)
}

// wantComplete fails unless all is stored that is served, no more, and nothing
// is left to do.
func (w *world) wantComplete() {
	w.Helper()
	w.is("days not stored", w.lacking(), noDay)
	w.is("rows", w.query(`SELECT count(*) FROM teams.pstn_calls`), fmt.Sprint(len(w.served())))
	w.is("unread days", w.unread(), noDay)
	w.is("parked", w.parked(), "null")
	w.is("endpoint", w.endpoint(), "on_time 0")
	w.is("run", w.lastRun(), "ok")
}

// unread are the days whose slots were never read.
func (w *world) unread() string {
	w.Helper()
	return w.query(`SELECT string_agg(to_char(day, 'DD'), ' ' ORDER BY day) FROM generate_series($1, $2, interval '1 day') day
		WHERE day NOT IN (SELECT slot_from FROM ingest.slots)`, date(firstDay), date(lastDay))
}

// parked are the slots that could not be read, and how often.
func (w *world) parked() string {
	w.Helper()
	return w.query(`SELECT string_agg(to_char(slot_from AT TIME ZONE 'UTC', 'DD') || ':' || failures, ' ' ORDER BY slot_from) FROM ingest.parked`)
}

// endpoint is its state and how many runs failed in a row.
func (w *world) endpoint() string {
	w.Helper()
	return w.query(`SELECT state || ' ' || failures FROM ingest.endpoints WHERE endpoint = $1`, w.job.Endpoint.Name)
}

// lastRun is its result.
func (w *world) lastRun() string {
	w.Helper()
	return w.query(`SELECT result FROM ingest.runs WHERE endpoint = $1 ORDER BY run_id DESC LIMIT 1`, w.job.Endpoint.Name)
}

// is fails unless what was found is as wanted.
func (w *world) is(what, found, want string) {
	w.Helper()
	if found != want {
		w.Errorf("%s = %s, want %s", what, found, want)
	}
}

// wantHealed reads without faults and fails unless nothing is left of them.
func (w *world) wantHealed() {
	w.Helper()
	w.sim.SetFaults(nil)
	w.restart()
	w.once()
	w.wantComplete()
}

// What passes is asked for again within the run, and leaves no trace.
func TestFaultsThatPass(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault decider
		next  bool // befalls the second page
	}{
		{"408", always(graphsim.Fault{Status: 408}), false},
		{"500", always(graphsim.Fault{Status: 500}), false},
		{"502 with a proxy's page", always(graphsim.Fault{Status: 502, Body: graphsim.HTMLBody}), false},
		{"503", always(graphsim.Fault{Status: 503}), false},
		{"503 with Retry-After", always(graphsim.Fault{Status: 503, RetryAfter: "1"}), false},
		{"504 without a body", always(graphsim.Fault{Status: 504, Body: graphsim.EmptyBody}), false},
		{"429 in seconds", always(graphsim.Fault{Status: 429, RetryAfter: "1"}), false},
		{"429 in a fraction", always(graphsim.Fault{Status: 429, RetryAfter: "0.128"}), false},
		{"429 with a date", retryIn(time.Second), false},
		{"429 without Retry-After", always(graphsim.Fault{Status: 429}), false},
		{"400 for a next page", always(graphsim.Fault{Status: 400}), true},
		{"410 for a next page", always(graphsim.Fault{Status: 410}), true},
		{"500 for a next page", always(graphsim.Fault{Status: 500}), true},
		{"empty body", always(graphsim.Fault{Body: graphsim.EmptyBody}), false},
		{"null", always(graphsim.Fault{Body: graphsim.NullBody}), false},
		{"no member value", always(graphsim.Fault{Body: graphsim.NoValueBody}), false},
		{"error object with 200", always(graphsim.Fault{Body: graphsim.ErrorBody}), false},
		{"garbage", always(graphsim.Fault{Body: graphsim.GarbageBody}), false},
		{"more after the end", always(graphsim.Fault{Body: graphsim.TrailingBody}), false},
		{"line of a load balancer", always(graphsim.Fault{Body: graphsim.TextBody}), false},
		{"page of a proxy", always(graphsim.Fault{Body: graphsim.HTMLBody}), false},
		{"cut", always(graphsim.Fault{Cut: 20}), false},
		{"no answer", always(graphsim.Fault{Cut: -1}), false},
		{"gzip with a wrong checksum", always(graphsim.Fault{Gzip: graphsim.ChecksumGzip}), false},
		{"gzip that ends early", always(graphsim.Fault{Gzip: graphsim.ShortGzip}), false},
		{"oversized", always(graphsim.Fault{Oversized: 65 << 20}), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newFaultyWorld(t)
			fault := atFirst(tt.fault)
			scope := onFaultyDay
			if tt.next {
				scope = func(d decider) decider { return onFaultyDay(onNextPage(d)) }
			}
			if asked := w.spoil(scope, fault); w.once().Failed != 0 || asked.Load() < 2 {
				t.Errorf("%d requests: the fault was not met, or not overcome", asked.Load())
			}
			w.wantComplete()
			w.is("failed runs", w.query(`SELECT count(*) FROM ingest.runs WHERE result <> 'ok' OR error IS NOT NULL`), "0")
		})
	}
}

// What lasts costs the slot it befalls and no other. If the slot is the
// problem, that is noted.
func TestFaultsOfOneSlotThatLast(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault decider
		kind  fetch.Kind
		says  string
		noted bool // in ingest.parked
		next  bool // befalls the second page
		first bool // the first page was served, and is stored
	}{
		{"408", always(graphsim.Fault{Status: 408}), fetch.Transient, "408 Request Timeout", true, false, false},
		{"500", always(graphsim.Fault{Status: 500}), fetch.Transient, "500 Internal Server Error", true, false, false},
		{"502 with a proxy's page", always(graphsim.Fault{Status: 502, Body: graphsim.HTMLBody}), fetch.Transient, "502 Bad Gateway", true, false, false},
		{"503", always(graphsim.Fault{Status: 503}), fetch.Transient, "503 Service Unavailable", true, false, false},
		{"504 without a body", always(graphsim.Fault{Status: 504, Body: graphsim.EmptyBody}), fetch.Transient, "504 Gateway Timeout", true, false, false},
		{"400", always(graphsim.Fault{Status: 400}), fetch.Refused, "400 Bad Request", false, false, false},
		{"404", always(graphsim.Fault{Status: 404}), fetch.Refused, "404 Not Found", false, false, false},
		{"406", always(graphsim.Fault{Status: 406}), fetch.Refused, "406 Not Acceptable", true, false, false},
		{"400 for a next page", always(graphsim.Fault{Status: 400}), fetch.Refused, "link to the next page has expired", true, true, true},
		{"410 for a next page", always(graphsim.Fault{Status: 410}), fetch.Refused, "link to the next page has expired", true, true, true},
		{"500 for a next page", always(graphsim.Fault{Status: 500}), fetch.Transient, "500 Internal Server Error", true, true, true},
		{"empty body", always(graphsim.Fault{Body: graphsim.EmptyBody}), fetch.Transient, "200 OK", true, false, false},
		{"null", always(graphsim.Fault{Body: graphsim.NullBody}), fetch.Transient, "no JSON object", true, false, false},
		{"no member value", always(graphsim.Fault{Body: graphsim.NoValueBody}), fetch.Transient, `no array "value"`, true, false, false},
		{"error object with 200", always(graphsim.Fault{Body: graphsim.ErrorBody}), fetch.Transient, "an error object with status 200", true, false, false},
		{"garbage", always(graphsim.Fault{Body: graphsim.GarbageBody}), fetch.Transient, "200 OK", true, false, false},
		{"more after the end", always(graphsim.Fault{Body: graphsim.TrailingBody}), fetch.Transient, "200 OK", true, false, false},
		{"line of a load balancer", always(graphsim.Fault{Body: graphsim.TextBody}), fetch.Transient, "200 OK", true, false, false},
		{"page of a proxy", always(graphsim.Fault{Body: graphsim.HTMLBody}), fetch.Transient, "200 OK", true, false, false},
		{"cut", always(graphsim.Fault{Cut: 20}), fetch.Transient, "unexpected EOF", true, false, false},
		{"no answer", always(graphsim.Fault{Cut: -1}), fetch.Transient, "EOF", true, false, false},
		{"gzip with a wrong checksum", always(graphsim.Fault{Gzip: graphsim.ChecksumGzip}), fetch.Transient, "invalid checksum", true, false, false},
		{"gzip that ends early", always(graphsim.Fault{Gzip: graphsim.ShortGzip}), fetch.Transient, "unexpected EOF", true, false, false},
		{"oversized", always(graphsim.Fault{Oversized: 65 << 20}), fetch.Transient, "200 OK", true, false, false},
		{"link to its own page", func(r graphsim.Request) graphsim.Fault { return graphsim.Fault{NextLink: r.URL} }, fetch.Transient, "leads back to an earlier page", true, false, false},
		{"link to another host", always(graphsim.Fault{NextLink: "https://graph.example.invalid/v1.0/x"}), fetch.Refused, `link leads to https host "graph.example.invalid"`, false, false, true},
		{"link to another port", always(graphsim.Fault{NextLink: "https://127.0.0.1:1/v1.0/x"}), fetch.Refused, `link leads to https host "127.0.0.1:1"`, false, false, true},
		{"link without TLS", link("https://", "http://"), fetch.Refused, "link leads to http host", false, false, true},
		{"link with a user", link("https://", "https://user:secret@"), fetch.Refused, "carries user information", false, false, true},
		{"relative link", link("https://", "/"), fetch.Refused, "link is relative", false, false, true},
		{"redirect to another path", always(graphsim.Fault{Redirect: "/elsewhere"}), fetch.Refused, "redirected to host", false, false, false},
		{"redirect to another host", always(graphsim.Fault{Redirect: "https://login.example.invalid/"}), fetch.Refused, `redirected to host "login.example.invalid"`, false, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newFaultyWorld(t)
			scope, lacking, parked := onFaultyDay, "11", "null"
			if tt.next {
				scope = func(d decider) decider { return onFaultyDay(onNextPage(d)) }
			}
			if tt.first {
				lacking = noDay // what was served is stored, but does not count
			}
			if tt.noted {
				parked = "11:1"
			}
			w.spoil(scope, tt.fault)
			report, err := schedule.Once(t.Context(), w.job, "once")
			w.wantError(err, tt.kind, tt.says)
			w.is("failed windows", fmt.Sprint(report.Failed), "1")
			w.is("days not stored", w.lacking(), lacking)
			w.is("unread days", w.unread(), "11")
			w.is("parked", w.parked(), parked)
			w.is("run", w.lastRun(), "failed")
			w.is("endpoint", w.endpoint(), "late 1")
			w.is("watermark", report.Watermark.Format(time.DateOnly), faultyDay)
			w.wantHealed()
		})
	}
}

// link spoils the link to the next page, which would be right otherwise.
func link(old, new string) decider {
	return func(r graphsim.Request) graphsim.Fault {
		return graphsim.Fault{NextLink: strings.Replace(r.URL, old, new, 1) + "?$skip=1000"}
	}
}

// retryIn throttles with a date.
func retryIn(d time.Duration) decider {
	return func(r graphsim.Request) graphsim.Fault {
		return graphsim.Fault{Status: 429, RetryAfter: r.Now.Add(d).Format(http.TimeFormat)}
	}
}

// wantError fails unless the error, and the run's, is of a kind and says so.
func (w *world) wantError(err error, kind fetch.Kind, says string) {
	w.Helper()
	if fetch.KindOf(err) != kind || !strings.Contains(err.Error(), says) {
		w.Errorf("error = %v, want %v and %q", err, kind, says)
	}
	if noted := w.query(`SELECT error FROM ingest.runs ORDER BY run_id DESC LIMIT 1`); !strings.Contains(noted, says) {
		w.Errorf("error of the run = %s, want %q", noted, says)
	}
	if noted := w.query(`SELECT last_error FROM ingest.endpoints`); !strings.Contains(noted, says) {
		w.Errorf("error of the endpoint = %s, want %q", noted, says)
	}
}

// What befalls all windows ends the run, and no slot is noted for it.
func TestFaultsOfAllSlots(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name             string
		fault            decider
		kind             fetch.Kind
		says             string
		result, endpoint string
	}{
		{"500", always(graphsim.Fault{Status: 500}), fetch.Transient, "500 Internal Server Error", "failed", "late 1"},
		{"no answer", always(graphsim.Fault{Cut: -1}), fetch.Transient, "EOF", "failed", "late 1"},
		{"503 with Retry-After", always(graphsim.Fault{Status: 503, RetryAfter: "0.1"}), fetch.Throttled, "503 Service Unavailable", "throttled", "throttled 1"},
		{"429 without end", always(graphsim.Fault{Status: 429, RetryAfter: "0.1"}), fetch.Throttled, "429 Too Many Requests", "throttled", "throttled 1"},
		{"429 for long", always(graphsim.Fault{Status: 429, RetryAfter: "600"}), fetch.Throttled, "429 Too Many Requests", "throttled", "throttled 1"},
		{"429 until a late date", retryIn(10 * time.Minute), fetch.Throttled, "429 Too Many Requests", "throttled", "throttled 1"},
		{"401 for fresh tokens", always(graphsim.Fault{Status: 401}), fetch.Denied, "401 Unauthorized", "denied", "denied 1"},
		{"403", always(graphsim.Fault{Status: 403}), fetch.Denied, "403 Forbidden", "denied", "denied 1"},
		{"404", always(graphsim.Fault{Status: 404}), fetch.Refused, "404 Not Found", "failed", "late 1"},
		{"date hours ahead", func(r graphsim.Request) graphsim.Fault { return graphsim.Fault{Date: r.Now.Add(2 * time.Hour)} }, fetch.Refused, "clock jumped", "failed", "late 1"},
		{"date hours behind", func(r graphsim.Request) graphsim.Fault { return graphsim.Fault{Date: r.Now.Add(-2 * time.Hour)} }, fetch.Refused, "clock jumped", "failed", "late 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newFaultyWorld(t)
			w.job.StartFrom = date(lastDay) // one window, as each costs the client's patience
			w.spoil(onAllDays, tt.fault)
			_, err := schedule.Once(t.Context(), w.job, "once")
			w.wantError(err, tt.kind, tt.says)
			w.is("rows", w.query(`SELECT count(*) FROM teams.pstn_calls`), "0")
			w.is("unread days", w.unread(), allDays)
			w.is("parked", w.parked(), "null")
			w.is("run", w.lastRun(), tt.result)
			w.is("endpoint", w.endpoint(), tt.endpoint)
			w.job.StartFrom = date(firstDay)
			w.wantHealed()
		})
	}
}

func startOf(row []byte) time.Time {
	var r struct{ StartDateTime time.Time }
	if err := json.Unmarshal(row, &r); err != nil {
		panic(err)
	}
	return r.StartDateTime
}

func list(days map[string]bool) string {
	if len(days) == 0 {
		return noDay
	}
	return strings.Join(slices.Sorted(maps.Keys(days)), " ")
}

// A run that meets nothing but failures gives up before it has tried all.
func TestManyFailuresInARowEndTheRun(t *testing.T) {
	w := newFaultyWorld(t)
	w.job.StartFrom = date(firstDay).Add(-30 * 24 * time.Hour)
	asked := w.spoil(func(d decider) decider { return onAllDays(onNextPage(d)) }, always(graphsim.Fault{Status: 410}))
	_, err := schedule.Once(t.Context(), w.job, "once")
	w.wantError(err, fetch.Refused, "link to the next page has expired")
	if n := asked.Load(); n < 6*3 || n > 8*3 { // three readings each, two windows at a time
		t.Errorf("%d next pages were asked for", n)
	}
	w.is("unread days", w.unread(), allDays)
	w.is("parked", w.parked(), "null")
	w.is("run", w.lastRun(), "failed")
}
