package schedule_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/schedule/scheduletest"
	"ingestd/internal/store/storetest"
)

// One day that Graph never serves: the window is halved until the day stands alone, is asked for at three runs and then
// once a day, and is in nobody's way. Once it can be read, nothing is left of the matter.
func TestOneDayThatAlwaysFails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		fault   fault
		lacking []int
	}{
		{name: "406", fault: always(graphsim.Fault{Status: 406}), lacking: []int{11}},
		{name: "410 for its next page", fault: onNextPage(always(graphsim.Fault{Status: 410}))},
		{name: "link to its own page", fault: linkToItself, lacking: []int{11}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := week()
			c.Span = 30 * day // all in one window
			w := scheduletest.New(t, c)
			var asked atomic.Int64
			w.Graph.SetFaults(onFaultyDay(counted(&asked, tt.fault)))
			for n, state := range []string{"late", "late", "down"} {
				result, err := w.Try(t.Context())
				if err == nil || result.Failed != 1 {
					t.Errorf("run %d: %d windows failed, error %v", n, result.Failed, err)
				}
				wantAftermath(t, w, aftermath{
					Lacking: tt.lacking, Unread: []int{11}, Failures: map[int]int{11: n + 1},
					Result: "failed", State: state, InARow: n + 1,
				})
				if mark := w.Endpoint().Watermark; !mark.Equal(date(faultyDay)) {
					t.Errorf("run %d: watermark %v, want it before the faulty day", n, mark)
				}
				w.Advance(61 * time.Minute) // others are due: that they can be read tells the fault from an outage
			}

			parked := aftermath{
				Lacking: tt.lacking, Unread: []int{11}, Failures: map[int]int{11: 3}, Result: "ok", State: "on_time",
			}
			before := asked.Load()
			if result := w.Once(); asked.Load() != before || result.Windows == 0 {
				t.Errorf("%d requests for a parked slot; %+v", asked.Load()-before, result)
			}
			wantAftermath(t, w, parked)
			w.Advance(21 * time.Hour)
			w.Once()
			wantAftermath(t, w, parked)

			w.Advance(3 * time.Hour) // a day after the last failure
			if _, err := w.Try(t.Context()); err == nil {
				t.Error("the parked slot was not asked for after a day")
			}
			if got := w.Endpoint(); got.State != "late" || got.Failures != 1 {
				t.Errorf("endpoint %+v", got)
			}
			w.Advance(24 * time.Hour)
			wantHealed(t, w)
		})
	}
}

// TestSleepBetweenPlanAndRequest has the machine sleep for days after the present hour was planned up to now and before
// it is asked for. What came since the plan is not asked for then, so the hour is not settled.
func TestSleepBetweenPlanAndRequest(t *testing.T) {
	t.Parallel()
	c := scheduletest.RecordsConfig()
	r := scheduletest.Record(1, 1, 1, 1)
	r.Start = scheduletest.Noon.Add(45 * time.Minute)
	r.Available = r.Start.Add(time.Minute)
	c.Graph.Records = append(c.Graph.Records, r)
	w := scheduletest.New(t, c)
	w.Advance(30 * time.Minute)
	var asleep atomic.Bool
	w.Graph.SetFaults(onAllDays(func(graphsim.Request) graphsim.Fault {
		if !asleep.Swap(true) { // what expires is asked for before the present hour
			w.Advance(5 * day)
		}
		return graphsim.Fault{Date: w.Now()}
	}))
	w.Once()
	w.WantServed()
}

// The answer that was no page is kept for a person to look at.
func TestBodyOfAFailedDayIsKept(t *testing.T) {
	t.Parallel()
	w := scheduletest.New(t, week())
	w.Graph.SetFaults(onFaultyDay(always(graphsim.Fault{Status: 406})))
	if _, err := w.Try(t.Context()); err == nil {
		t.Fatal("no error")
	}
	const kept = `SELECT convert_from(body, 'UTF8') LIKE '%NotAcceptable%' || request_id || '%' FROM ingest.parked`
	if !storetest.Query[bool](t, w.Conn, kept) {
		t.Error("the body is not the answer that the request-id is of")
	}
	const named = `SELECT p.request_id = ANY (r.request_ids) FROM ingest.parked p JOIN ingest.runs r USING (run_id)`
	if !storetest.Query[bool](t, w.Conn, named) {
		t.Error("the run does not have the request-id")
	}
}

// Elements that cannot be stored as they are cost nobody else anything.
func TestPoisonElements(t *testing.T) {
	t.Parallel()
	w := scheduletest.New(t, week())
	w.Graph.SetFaults(onFaultyDay(always(graphsim.Fault{Poison: [][]byte{
		[]byte(`17`),
		[]byte(`null`),
		[]byte(`{"startDateTime": "2026-06-11T01:00:00Z"}`),
		[]byte(`{"id": 5, "startDateTime": "2026-06-11T01:00:00Z"}`),
		[]byte(`{"id": "poisoned", "duration": "long", "startDateTime": "2026-06-11T01:00:00Z"}`),
		[]byte(`{"id": "\ud800", "startDateTime": "2026-06-11T01:00:00Z"}`),
	}})))
	if got := w.Once().Rows.Rejected; got != 5 {
		t.Errorf("%d elements were rejected", got)
	}
	wantAftermath(t, w, healed)

	type rejects struct{ All, Stored, Open int }
	count := func() (n rejects) {
		const counts = `SELECT count(*), count(*) FILTER (WHERE stored), count(*) FILTER (WHERE resolved_at IS NULL)
			FROM ingest.rejects`
		if err := w.Conn.QueryRow(t.Context(), counts).Scan(&n.All, &n.Stored, &n.Open); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if diff := cmp.Diff(rejects{All: 5, Open: 5}, count()); diff != "" {
		t.Errorf("rejects (-want +got):\n%s", diff)
	}
	const poisoned = `SELECT duration_s IS NULL FROM teams.pstn_calls WHERE id = 'poisoned'`
	if !storetest.Query[bool](t, w.Conn, poisoned) {
		t.Error("the element with a duration that is none has one")
	}
	w.Forget()
	w.Advance(time.Minute)
	w.Once()
	if diff := cmp.Diff(rejects{All: 5, Open: 5}, count()); diff != "" {
		t.Errorf("rejects after a second reading (-want +got):\n%s", diff)
	}
}

// Rows shift between the pages of a day: once, by less and by more than a page, in two readings alike, and in each
// otherwise.
func TestShiftedPages(t *testing.T) {
	t.Parallel()
	var rows []graphsim.Row
	for i := range 2500 {
		rows = append(rows, pstnCall(fmt.Sprintf("row-%04d", i), date(faultyDay).Add(time.Duration(i)*30*time.Second)))
	}
	newWorld := func(t *testing.T) *scheduletest.World {
		return scheduletest.New(t, scheduletest.Config{
			Graph: graphsim.Config{CallsPerDay: -1, Extra: rows}, StartFrom: date(firstDay),
		})
	}
	for _, shift := range []int{1, 20, 999, 1000} {
		t.Run(fmt.Sprint(shift), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			laterPage := func(r graphsim.Request) bool { return r.Skip > 0 }
			w.Graph.SetFaults(when(laterPage, atFirst(always(graphsim.Fault{Shift: shift}))))
			if got := w.Once().Rows; got.Seen < 5000 || got.New != 2500 {
				t.Errorf("rows %+v: the day was not read again", got)
			}
			wantAftermath(t, w, healed)
			w.WantServed()
		})
	}
	t.Run("in two readings alike", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		var n atomic.Int64
		w.Graph.SetFaults(func(r graphsim.Request) graphsim.Fault {
			if r.Skip == 1000 && n.Add(1) <= 2 {
				return graphsim.Fault{Shift: 1000} // the first page again, and the rows of the second are not served
			}
			return graphsim.Fault{}
		})
		w.Once()
		wantAftermath(t, w, healed)
		w.WantServed()
	})
	t.Run("in each reading", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		var n atomic.Int64
		w.Graph.SetFaults(func(r graphsim.Request) graphsim.Fault {
			switch at := int(n.Add(1)); r.Skip {
			case 1000:
				return graphsim.Fault{Shift: 5}
			case 2000:
				return graphsim.Fault{Shift: -at} // so that each reading lacks other rows
			}
			return graphsim.Fault{}
		})
		_, err := w.Try(t.Context())
		wantError(t, w, err, fetch.Transient, "rows moved between pages")
		wantAftermath(t, w, aftermath{
			Lacking: []int{11}, Unread: []int{11}, Failures: map[int]int{11: 1},
			Result: "failed", State: "late", InARow: 1,
		})
		wantHealed(t, w)
	})
}

func TestTokensThatExpireInMidRun(t *testing.T) {
	t.Parallel()
	w := scheduletest.New(t, week())
	w.Graph.SetFaults(onAllDays(atFirst(func(graphsim.Request) graphsim.Fault {
		w.Graph.ExpireTokens()
		return graphsim.Fault{}
	})))
	w.Once()
	wantAftermath(t, w, healed)
	w.WantServed()
	if got := w.Graph.Requests().Answers; got["token"][200] != 2 || got["getPstnCalls"][401] == 0 {
		t.Errorf("answers = %v, want two tokens, and 401 for the first", got)
	}
}

// Without a token no run begins; the state says so.
func TestEntraFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault graphsim.Fault
		kind  fetch.Kind
		state string
	}{
		{name: "500", fault: graphsim.Fault{Status: 500}, kind: fetch.Transient, state: "late"},
		{name: "429 for long", fault: graphsim.Fault{Status: 429, RetryAfter: "600"},
			kind: fetch.Throttled, state: "throttled"},
		{name: "page of a proxy", fault: graphsim.Fault{Body: graphsim.HTMLBody}, kind: fetch.Transient, state: "late"},
		{name: "no answer", fault: graphsim.Fault{Cut: -1}, kind: fetch.Transient, state: "late"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := scheduletest.New(t, week())
			ofEntra := func(r graphsim.Request) bool { return r.Operation == "token" }
			w.Graph.SetFaults(when(ofEntra, always(tt.fault)))
			if _, err := w.Try(t.Context()); fetch.KindOf(err) != tt.kind {
				t.Errorf("error = %v", err)
			}
			if got := w.Endpoint(); got.State != tt.state || got.Failures != 1 {
				t.Errorf("endpoint %+v", got)
			}
			if slots := w.Slots(); len(slots) > 0 {
				t.Errorf("slots %+v were noted", slots)
			}
			if runs := w.Runs(); len(runs) != 1 || runs[0].Error == "" {
				t.Errorf("runs %+v: the failed one left no trace", runs)
			}
			w.Advance(10 * time.Minute) // for which one of them asked
			wantHealed(t, w)
		})
	}
}

// Permission is taken away from one endpoint: a daemon goes on with the others.
func TestOneEndpointIsDenied(t *testing.T) {
	t.Parallel()
	c := week()
	c.Endpoints, c.Every = []string{"pstn_calls", "direct_routing_calls"}, time.Minute
	w := scheduletest.New(t, c)
	w.Graph.SetDenied(true, "getPstnCalls")
	if _, err := w.Try(t.Context()); fetch.KindOf(err) != fetch.Denied {
		t.Errorf("error = %v", err)
	}
	w.Daemon(func() bool {
		w.Advance(2 * time.Minute)
		return storetest.Query[bool](t, w.Conn, `
			SELECT count(*) > 2
			FROM ingest.runs
			WHERE result = 'ok'
				AND run_id > (SELECT min(run_id) FROM ingest.runs WHERE result = 'denied' AND trigger = 'schedule')`)
	})
	if got := w.Endpoint(); got.State != "denied" || len(w.Slots()) > 0 {
		t.Errorf("endpoint %+v, slots %+v", got, w.Slots())
	}
	other := w.Of("direct_routing_calls")
	other.Once()
	other.WantServed()
	other.WantSettled()
	w.Graph.SetDenied(false)
	w.Once()
	w.WantServed()
	w.WantSettled()
}

// Wherever an answer points, nothing is sent there.
func TestNothingIsSentToOtherHosts(t *testing.T) {
	t.Parallel()
	var connections atomic.Int64
	other := httptest.NewUnstartedServer(http.NotFoundHandler())
	other.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	other.StartTLS()
	t.Cleanup(other.Close)
	address := other.Listener.Addr().String()
	byName := strings.Replace(address, "127.0.0.1", "localhost", 1)
	tests := []struct {
		name  string
		fault graphsim.Fault
	}{
		{name: "link", fault: graphsim.Fault{NextLink: "https://" + address + "/v1.0/x"}},
		{name: "link without TLS", fault: graphsim.Fault{NextLink: "http://" + address + "/v1.0/x"}},
		{
			name:  "link with a user",
			fault: graphsim.Fault{NextLink: "https://graph.microsoft.com@" + address + "/v1.0/x"},
		},
		{name: "link by name", fault: graphsim.Fault{NextLink: "https://" + byName + "/v1.0/x"}},
		{name: "redirect", fault: graphsim.Fault{Redirect: "https://" + address + "/v1.0/x"}},
		{name: "permanent redirect", fault: graphsim.Fault{Redirect: "https://" + address + "/v1.0/x", Status: 308}},
	}
	w := scheduletest.New(t, week())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.Graph.SetFaults(onAllDays(always(tt.fault)))
			if _, err := w.Try(t.Context()); fetch.KindOf(err) != fetch.Refused {
				t.Errorf("error = %v", err)
			}
			if n := connections.Load(); n != 0 {
				t.Errorf("%d connections to another host", n)
			}
		})
	}
}

// Two daemons on one tenant, and no lock between them: twice the work, and the same end.
func TestTwoDaemonsAtOnce(t *testing.T) {
	t.Parallel()
	w := scheduletest.New(t, week())
	twin := w.Twin()
	ended := make(chan error)
	for range 3 {
		w.Forget()
		for _, daemon := range []*scheduletest.World{w, twin} {
			go func() {
				_, err := daemon.Try(t.Context())
				ended <- err
			}()
		}
		for range 2 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
		wantAftermath(t, w, healed)
		w.WantServed()
		for _, run := range w.Runs() {
			if run.Result != "ok" {
				t.Errorf("run %+v", run)
			}
		}
		w.Advance(time.Minute)
	}
}

// TestBackfillBeforeOrigin repeats a backfill of days before start_from: what it has read it does not read again.
func TestBackfillBeforeOrigin(t *testing.T) {
	t.Parallel()
	const days = 20
	w := scheduletest.New(t, week())
	w.Once()
	since, span := w.Now(), fetch.Window{From: date(firstDay).Add(-days * day), To: date(firstDay)}
	for _, want := range []int{days, 0} {
		if windows, left := w.Backfill(span, since); windows != want || left != 0 {
			t.Errorf("%d windows, and %d slots are left; want %d windows", windows, left, want)
		}
		w.Advance(time.Minute)
	}
}
