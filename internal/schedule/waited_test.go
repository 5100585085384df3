package schedule_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/schedule"
	"ingestd/internal/schedule/scheduletest"
	"ingestd/internal/store/storetest"
)

// person takes part in every record that has participants.
var person = uuid.MustParse(scheduletest.RecordID(0))

// monthOf are so many calls in the last 29 days, the first one last, and a few of others.
func monthOf(n int) (records []graphsim.CallRecord) {
	for i := range n + 3 {
		r := scheduletest.Record(i, 1, 1, min(2, max(0, n-i)))
		r.Start = scheduletest.Noon.Add(-time.Duration(i+1) * 29 * day / time.Duration(n+3)).Truncate(time.Second)
		before, after := scheduletest.RecordStart(i).Format(time.RFC3339), r.Start.Format(time.RFC3339)
		r.JSON = []byte(strings.ReplaceAll(string(r.JSON), `"startDateTime":"`+before, `"startDateTime":"`+after))
		records = append(records, r)
	}
	return records
}

// callsOf is what is asked for in most tests.
func callsOf(w *scheduletest.World) schedule.Wanted {
	return schedule.Wanted{Person: person, Span: fetch.Window{To: w.Now().Add(day)}}
}

// The first of a person's 300 calls is told of after two round trips: one for the list of the newest, one for the
// record. All are told of newest first, when they are stored whole, and nothing but them is asked for. Nobody takes
// anything for read because of it.
func TestCallsOfAPerson(t *testing.T) {
	t.Parallel()
	const n = 300
	w := scheduletest.New(t, scheduletest.RecordsConfig(monthOf(n)...))
	told := make(chan struct{})
	var both sync.WaitGroup // arrays of the newest record are asked for before one is answered
	both.Add(2)
	w.Graph.SetFaults(func(r graphsim.Request) graphsim.Fault {
		switch {
		case r.CallID == scheduletest.RecordID(0):
			both.Done()
			both.Wait()
		case r.CallID != "" || r.From.Before(w.Now().Add(-2*day)) && !r.From.IsZero():
			<-told
		}
		return graphsim.Fault{}
	})
	var order []string
	tell := func(list []schedule.Told) error {
		for _, call := range list {
			if call.Err != nil {
				t.Error(call)
			}
			if order = append(order, call.ID.String()); len(order) == 1 {
				if len(withDetails(t, w)) == 0 {
					t.Error("told of before it is stored")
				}
				close(told)
			}
		}
		return nil
	}
	report, err := w.Fetch(t.Context(), callsOf(w), tell)
	var want []string
	for i := range n {
		want = append(want, scheduletest.RecordID(i))
	}
	if err != nil || report.Details != n || !slices.Equal(order, want) {
		t.Errorf("%d told of, %d stored, %v", len(order), report.Details, err)
	}
	if requests := detailRequests(w); requests != 2*n {
		t.Errorf("%d requests for %d records", requests, n)
	}
	if storetest.Query[bool](t, w.Conn, `SELECT EXISTS (SELECT 1 FROM ingest.slots)
		OR EXISTS (SELECT 1 FROM ingest.endpoints) OR EXISTS (SELECT 1 FROM ingest.details_retries)`) {
		t.Error("the ledger was touched")
	}

	order = nil
	w.Graph.SetFaults(nil)
	if _, err := w.Fetch(t.Context(), callsOf(w), func(list []schedule.Told) error {
		for _, call := range list {
			order = append(order, call.ID.String())
		}
		return nil
	}); err != nil || !slices.Equal(order, want) {
		t.Errorf("again: %d told of, %v", len(order), err)
	}
	if w.Once(); detailRequests(w) != 2*(n+3) {
		t.Errorf("%d requests for records after the daemon has read all", detailRequests(w))
	}
	w.WantServed()
}

// A record that cannot be read is told of in its turn, and is tried by the next run as if nothing had been.
func TestACallThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := scheduletest.New(t, scheduletest.RecordsConfig(monthOf(4)...))
	w.Graph.SetFaults(onRecord(1, always(graphsim.Fault{Status: http.StatusBadRequest})))
	var failed []int
	n := 0
	if _, err := w.Fetch(t.Context(), callsOf(w), func(list []schedule.Told) error {
		for _, call := range list {
			if call.Err != nil {
				failed = append(failed, n)
			}
			n++
		}
		return nil
	}); err != nil || n != 4 || !slices.Equal(failed, []int{1}) {
		t.Errorf("%d told of, %v failed, %v", n, failed, err)
	}
	wantRetries(t, w)
	w.Graph.SetFaults(nil)
	w.Once()
	w.WantServed()
}

// Who stops has been told of nothing that is not stored. So has who cannot be told any more, and learns why.
func TestFetchIsStopped(t *testing.T) {
	t.Parallel()
	w := scheduletest.New(t, scheduletest.RecordsConfig(monthOf(60)...))
	ctx, cancel := context.WithCancel(t.Context())
	later := func(r graphsim.Request) bool { return r.CallID > scheduletest.RecordID(2*outageOf) }
	w.Graph.SetFaults(when(later, func(graphsim.Request) graphsim.Fault {
		<-ctx.Done()
		return graphsim.Fault{}
	}))
	var told []uuid.UUID
	_, err := w.Fetch(ctx, callsOf(w), func(list []schedule.Told) error {
		for _, call := range list {
			if call.Err == nil {
				told = append(told, call.ID)
			}
		}
		cancel()
		return nil
	})
	whole := storetest.Query[int](t, w.Conn, `
		SELECT count(*) FROM teams.call_records WHERE NOT pending AND id = ANY ($1)`, told)
	if !errors.Is(err, context.Canceled) || len(told) == 0 || whole != len(told) {
		t.Errorf("%d told of, %d stored, %v", len(told), whole, err)
	}
	broken := errors.New("nobody listens")
	if _, err := w.Fetch(t.Context(), callsOf(w), func([]schedule.Told) error { return broken }); err != broken {
		t.Error(err)
	}
}

// A call is fetched by its id, stored or not, listed or not.
func TestACallByItsID(t *testing.T) {
	t.Parallel()
	w := scheduletest.New(t, scheduletest.RecordsConfig(scheduletest.Record(1, 1, 70, 2)))
	for id, status := range map[string]int{
		scheduletest.RecordID(1): 0, scheduletest.RecordID(2): http.StatusNotFound,
	} {
		var got []schedule.Told
		_, err := w.Fetch(t.Context(), schedule.Wanted{Call: uuid.MustParse(id)}, func(list []schedule.Told) error {
			got = append(got, list...)
			return nil
		})
		if err != nil || len(got) != 1 {
			t.Fatalf("%s: %v, %v", id, got, err)
		}
		e, failed := errors.AsType[*fetch.Error](got[0].Err)
		if failed != (status != 0) || failed && e.Status != status {
			t.Errorf("%s: %v", id, got[0].Err)
		}
	}
	w.WantServed()
}
