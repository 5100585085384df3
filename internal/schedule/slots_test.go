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

	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// One day that Graph never serves: the window is halved until the day stands
// alone, is asked for at three runs and then once a day, and is in nobody's
// way. Once it can be read, nothing is left of the matter.
func TestOneDayThatAlwaysFails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		fault   decider
		lacking string
	}{
		{"406", always(graphsim.Fault{Status: 406}), "11"},
		{"410 for its next page", onNextPage(always(graphsim.Fault{Status: 410})), noDay},
		{"link to its own page", func(r graphsim.Request) graphsim.Fault { return graphsim.Fault{NextLink: r.URL} }, "11"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newFaultyWorld(t)
			w.job.Policy.Span = 30 * 24 * time.Hour // all in one window
			asked := w.spoil(onFaultyDay, tt.fault)
			for n := 1; n <= 3; n++ {
				report, err := schedule.Once(t.Context(), w.job, "once")
				if err == nil || report.Failed != 1 {
					t.Errorf("run %d: %d windows failed, error %v", n, report.Failed, err)
				}
				w.is("days not stored", w.lacking(), tt.lacking)
				w.is("unread days", w.unread(), "11")
				w.is("parked", w.parked(), fmt.Sprint("11:", n))
				w.is("run", w.lastRun(), "failed")
				w.is("endpoint", w.endpoint(), fmt.Sprint([]string{"late", "late", "down"}[n-1], " ", n))
				w.is("watermark", report.Watermark.Format(time.DateOnly), faultyDay)
				w.advance(61 * time.Minute) // others are due: that they can be read tells the fault from an outage
			}
			before := asked.Load()
			if report := w.once(); asked.Load() != before || report.Parked != 1 || report.Windows == 0 {
				t.Errorf("%d requests for a parked slot; report %+v", asked.Load()-before, report)
			}
			w.is("endpoint with a parked slot", w.endpoint(), "late 0")
			w.advance(21 * time.Hour)
			w.once()
			w.is("parked after 22 hours", w.parked(), "11:3")
			w.advance(3 * time.Hour)
			if _, err := schedule.Once(t.Context(), w.job, "once"); err == nil {
				t.Error("the parked slot was not asked for after a day")
			}
			w.is("parked after a day", w.parked(), "11:4")
			w.advance(24*time.Hour + time.Minute)
			w.wantHealed()
		})
	}
}

// The answer that was no page is kept for a person to look at.
func TestBodyOfAFailedDayIsKept(t *testing.T) {
	w := newFaultyWorld(t)
	w.spoil(onFaultyDay, always(graphsim.Fault{Status: 406}))
	if _, err := schedule.Once(t.Context(), w.job, "once"); err == nil {
		t.Fatal("no error")
	}
	w.is("body and request-id", w.query(`SELECT (convert_from(body, 'UTF8') LIKE '%NotAcceptable%' || request_id || '%') || ' ' || (p.request_id = ANY (r.request_ids)) FROM ingest.parked p JOIN ingest.runs r USING (run_id)`), "true true")
}

// Elements that cannot be stored as they are cost nobody else anything.
func TestPoisonElements(t *testing.T) {
	w := newFaultyWorld(t)
	poison := graphsim.Fault{Poison: [][]byte{
		[]byte(`17`),
		[]byte(`null`),
		[]byte(`{"startDateTime": "2026-06-11T01:00:00Z"}`),
		[]byte(`{"id": 5, "startDateTime": "2026-06-11T01:00:00Z"}`),
		[]byte(`{"id": "poisoned", "duration": "long", "startDateTime": "2026-06-11T01:00:00Z"}`),
		[]byte(`{"id": "\ud800", "startDateTime": "2026-06-11T01:00:00Z"}`),
	}}
	w.spoil(onFaultyDay, always(poison))
	w.once()
	w.is("days not stored", w.lacking(), noDay)
	w.is("unread days", w.unread(), noDay)
	w.is("endpoint", w.endpoint(), "on_time 0")
	const rejects = `SELECT count(*) || ' ' || count(*) FILTER (WHERE stored) || ' ' || count(*) FILTER (WHERE resolved_at IS NULL) FROM ingest.rejects`
	kept := w.query(rejects)
	w.is("rejects, stored all the same, open", kept, "5 0 5")
	w.is("rejects of the run", w.query(`SELECT rows_rejected FROM ingest.runs`), "5")
	w.is("the element with a duration that is none", w.query(`SELECT count(*) || ' ' || count(duration_s) FROM teams.pstn_calls WHERE id = 'poisoned'`), "1 0")
	w.forget()
	w.advance(time.Minute)
	w.once()
	w.is("rejects after a second reading", w.query(rejects), kept)
}

// Rows shift once between the pages of a day, by less and by more than a page.
func TestShiftedPages(t *testing.T) {
	t.Parallel()
	var rows []graphsim.Row
	for i := range 2500 {
		start := date(faultyDay).Add(time.Duration(i) * 30 * time.Second)
		rows = append(rows, graphsim.Row{Start: start, JSON: fmt.Appendf(nil, `{"id": "row-%04d", "startDateTime": %q}`, i, start.Format(time.RFC3339))})
	}
	for _, shift := range []int{1, 20, 999, 1000} {
		t.Run(fmt.Sprint(shift), func(t *testing.T) {
			w := newWorld(t, graphsim.Config{CallsPerDay: -1, Extra: rows})
			w.job.StartFrom = date(firstDay)
			shifted := atFirst(always(graphsim.Fault{Shift: shift}))
			w.spoil(onFaultyDay, func(r graphsim.Request) graphsim.Fault {
				if r.Skip == 0 {
					return graphsim.Fault{}
				}
				return shifted(r)
			})
			report := w.once()
			w.wantComplete()
			if report.Rows.Seen < 5000 || report.Rows.New != 2500 {
				t.Errorf("rows %+v: the day was not read again", report.Rows)
			}
		})
	}
}

func TestTokensThatExpireInMidRun(t *testing.T) {
	w := newFaultyWorld(t)
	expire := atFirst(func(graphsim.Request) graphsim.Fault { w.sim.ExpireTokens(); return graphsim.Fault{} })
	w.spoil(onAllDays, expire)
	w.once()
	w.wantComplete()
	if got := w.sim.Requests().Answers; got["token"][200] != 2 || got["getPstnCalls"][401] == 0 {
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
		{"500", graphsim.Fault{Status: 500}, fetch.Transient, "late 1"},
		{"429 for long", graphsim.Fault{Status: 429, RetryAfter: "600"}, fetch.Throttled, "throttled 1"},
		{"page of a proxy", graphsim.Fault{Body: graphsim.HTMLBody}, fetch.Transient, "late 1"},
		{"no answer", graphsim.Fault{Cut: -1}, fetch.Transient, "late 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newFaultyWorld(t)
			w.spoil(func(d decider) decider { return d }, func(r graphsim.Request) graphsim.Fault {
				if r.Operation == "token" {
					return tt.fault
				}
				return graphsim.Fault{}
			})
			_, err := schedule.Once(t.Context(), w.job, "once")
			if fetch.KindOf(err) != tt.kind {
				t.Errorf("error = %v", err)
			}
			w.is("endpoint", w.endpoint(), tt.state)
			w.is("runs and slots", w.query(`SELECT (SELECT count(*) FROM ingest.runs) || ' ' || (SELECT count(*) FROM ingest.slots)`), "0 0")
			w.wantHealed()
		})
	}
}

// another makes a second job in the same database.
func (w *world) another(e fetch.Endpoint, db *store.DB) *schedule.Job {
	return &schedule.Job{
		Tenant: tenantID, Name: w.job.Name, Endpoint: e, API: "v1.0", Enabled: true, Schedule: w.job.Schedule, Next: w.job.Next, StartFrom: w.job.StartFrom,
		Policy: schedule.Policy{Slot: e.Slot, Span: e.Span, Reach: e.Reach, Settle: e.Settle, Rereads: schedule.LogRereads},
		Client: w.job.Client, DB: db, Log: w.job.Log,
	}
}

// Permission is taken away from one endpoint: the others go on.
func TestOneEndpointIsDenied(t *testing.T) {
	w := newFaultyWorld(t)
	other := w.another(logs()[1], w.db)
	w.sim.SetDenied(true, "getPstnCalls")
	if _, err := schedule.Once(t.Context(), w.job, "once"); fetch.KindOf(err) != fetch.Denied {
		t.Errorf("error = %v", err)
	}
	if _, err := schedule.Once(t.Context(), other, "once"); err != nil {
		t.Errorf("the other endpoint: %v", err)
	}
	w.is("states", w.query(`SELECT string_agg(endpoint || ' ' || state, ', ' ORDER BY endpoint) FROM ingest.endpoints`), "direct_routing_calls on_time, pstn_calls denied")
	w.is("slots of each", w.query(`SELECT string_agg(endpoint || ' ' || (n > 0), ', ') FROM (SELECT endpoint, count(*) n FROM ingest.slots GROUP BY 1) s`), "direct_routing_calls true")
	w.sim.SetDenied(false)
	w.wantHealed()
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
	t.Run("faults", func(t *testing.T) {
		for name, fault := range map[string]graphsim.Fault{
			"link":               {NextLink: "https://" + address + "/v1.0/x"},
			"link without TLS":   {NextLink: "http://" + address + "/v1.0/x"},
			"link with a user":   {NextLink: "https://graph.microsoft.com@" + address + "/v1.0/x"},
			"link by name":       {NextLink: strings.Replace("https://"+address+"/v1.0/x", "127.0.0.1", "localhost", 1)},
			"redirect":           {Redirect: "https://" + address + "/v1.0/x"},
			"permanent redirect": {Redirect: "https://" + address + "/v1.0/x", Status: 308},
		} {
			t.Run(name, func(t *testing.T) {
				w := newFaultyWorld(t)
				w.spoil(onAllDays, always(fault))
				_, err := schedule.Once(t.Context(), w.job, "once")
				if fetch.KindOf(err) != fetch.Refused {
					t.Errorf("error = %v", err)
				}
				w.is("unread days", w.unread(), allDays)
			})
		}
	})
	if n := connections.Load(); n != 0 {
		t.Errorf("%d connections to another host", n)
	}
}

// Two daemons on one tenant, and no lock between them: twice the work, and
// the same end.
func TestTwoDaemonsAtOnce(t *testing.T) {
	w := newFaultyWorld(t)
	twin := w.another(w.job.Endpoint, storetest.Connect(t, w.conn.Config().ConnString()))
	twin.Policy.Span = w.job.Policy.Span
	ended := make(chan error)
	for range 3 {
		w.forget()
		for _, j := range []*schedule.Job{w.job, twin} {
			go func() {
				_, err := schedule.Once(t.Context(), j, "once")
				ended <- err
			}()
		}
		for range 2 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
		w.wantComplete()
		w.is("unfinished runs", w.query(`SELECT count(*) FROM ingest.runs WHERE finished_at IS NULL`), "0")
		w.advance(time.Minute)
		twin.Client = w.job.Client
	}
	w.wantServed()
}
