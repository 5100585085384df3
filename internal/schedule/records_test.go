package schedule_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/schedule/scheduletest"
	"ingestd/internal/store/storetest"
)

// newRecords is a world of call records at twenty past twelve: slots settle at the hour.
func newRecords(t *testing.T, records ...graphsim.CallRecord) *scheduletest.World {
	w := scheduletest.New(t, scheduletest.RecordsConfig(records...))
	w.Advance(20 * time.Minute)
	return w
}

// newTenantOfRecords is the same with records of people who call each other.
func newTenantOfRecords(t *testing.T, c graphsim.Config) *scheduletest.World {
	w := scheduletest.New(t, scheduletest.Config{Endpoints: []string{"call_records"}, Graph: c})
	w.Advance(20 * time.Minute)
	return w
}

// readAll reads until Graph has served what it lists: some records show in the list before they can be read.
func readAll(t *testing.T, w *scheduletest.World) {
	t.Helper()
	for range 20 {
		w.Once()
		if len(w.Retries()) == 0 {
			return
		}
		w.Advance(10 * time.Minute)
	}
	t.Fatalf("still failing: %+v", w.Retries())
}

// withDetails are the call records stored with the details of their version, by the last digits of their ids.
func withDetails(t *testing.T, w *scheduletest.World) []string {
	t.Helper()
	return texts(t, w.Conn, `SELECT ltrim(right(id::text, 12), '0') FROM teams.call_records
		WHERE details_version = version ORDER BY id`)
}

// detailRequests counts the requests for records, in all their parts.
func detailRequests(w *scheduletest.World) (n int) {
	answers := w.Graph.Requests().Answers
	for _, operation := range []string{"getCallRecord", "listSessions", "listParticipants"} {
		for _, count := range answers[operation] {
			n += count
		}
	}
	return n
}

// onRecord spoils what is asked about the nth record.
func onRecord(n int, f fault) fault {
	return when(func(r graphsim.Request) bool { return r.CallID == scheduletest.RecordID(n) }, f)
}

// onRecords spoils what is asked about any record, and leaves the list alone.
func onRecords(f fault) fault {
	return when(func(r graphsim.Request) bool { return r.CallID != "" }, f)
}

// onOperation spoils one kind of request.
func onOperation(operation string, f graphsim.Fault) fault {
	return when(func(r graphsim.Request) bool { return r.Operation == operation }, always(f))
}

// outageOf is how many failures in a row may be an outage.
const outageOf = 6

// wantRetries compares the records that failed, but for their errors.
func wantRetries(t *testing.T, w *scheduletest.World, want ...scheduletest.Retry) {
	t.Helper()
	ignoreError := cmpopts.IgnoreFields(scheduletest.Retry{}, "Error")
	if diff := cmp.Diff(want, w.Retries(), ignoreError, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("retries (-want +got):\n%s", diff)
	}
}

func TestCallRecordsArriveWithDetails(t *testing.T) {
	t.Parallel()
	w := newTenantOfRecords(t, graphsim.Config{Seed: 4, Users: 40, RecordsPerDay: 15, History: 14 * day})
	readAll(t, w)
	w.WantServed()
	w.WantSettled()
	before := detailRequests(w)
	w.Advance(time.Hour)
	result := w.Once()
	if result.Windows == 0 || result.Rows.Unchanged == 0 {
		t.Errorf("an hour later nothing was listed again: %+v", result)
	}
	if after := detailRequests(w); result.Details == 0 && after != before {
		t.Errorf("%d detail requests although no record changed", after-before)
	}
}

func TestUnchangedRecordsCostNoDetail(t *testing.T) {
	t.Parallel()
	w := newRecords(t,
		scheduletest.Record(1, 1, 3, 2), scheduletest.Record(2, 7, 61, 131), scheduletest.Record(3, 1, 0, 0))
	w.Once()
	w.WantServed()
	const requests = 8 // two each, and one more page of sessions and participants of the second
	if n := detailRequests(w); n != requests {
		t.Errorf("%d detail requests, want %d", n, requests)
	}
	for range 3 {
		w.Advance(25 * time.Hour)
		if rows := w.Once().Rows; rows.Seen == 0 || rows.Unchanged != rows.Seen {
			t.Errorf("listed again: %+v", rows)
		}
	}
	if n := detailRequests(w); n != requests {
		t.Errorf("%d detail requests after unchanged lists, want %d", n, requests)
	}
}

// TestLargeMeeting has 20 pages of sessions and 8 of participants.
func TestLargeMeeting(t *testing.T) {
	t.Parallel()
	w := newRecords(t,
		scheduletest.Record(1, 1, 1200, 1000), scheduletest.Record(2, 1, 60, 130), scheduletest.Record(3, 1, 1, 2))
	w.Once()
	w.WantServed()
	type counts struct{ Sessions, LastSession, Participants, LastParticipant, Noted int }
	var got counts
	err := w.Conn.QueryRow(t.Context(), `SELECT
		(SELECT count(*) FROM teams.sessions WHERE call_id = $1),
		(SELECT max(session_index) FROM teams.sessions WHERE call_id = $1),
		(SELECT count(*) FROM teams.call_participants WHERE call_id = $1),
		(SELECT max(participant_index) FROM teams.call_participants WHERE call_id = $1),
		(SELECT session_count FROM teams.call_records WHERE id = $1)`,
		scheduletest.RecordID(1),
	).Scan(&got.Sessions, &got.LastSession, &got.Participants, &got.LastParticipant, &got.Noted)
	if err != nil {
		t.Fatal(err)
	}
	want := counts{Sessions: 1200, LastSession: 1199, Participants: 1000, LastParticipant: 999, Noted: 1200}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the large meeting (-want +got):\n%s", diff)
	}
}

func TestHigherVersionReplacesTheDetails(t *testing.T) {
	t.Parallel()
	older, newer := scheduletest.Record(1, 1, 70, 3), scheduletest.Record(1, 2, 2, 140)
	newer.Available = scheduletest.Noon.Add(30 * time.Minute)
	w := newRecords(t, older, newer)
	w.Once()
	w.WantServed()
	w.Advance(25 * time.Hour)
	w.Once()
	w.WantServed()
	const versions = `SELECT array_agg(version ORDER BY version) FROM teams.call_record_versions`
	if diff := cmp.Diff([]int64{1, 2}, storetest.Query[[]int64](t, w.Conn, versions)); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
}

func TestRecordsThatFailDoNotStopOthers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault fault
		says  string
	}{
		{name: "400", fault: always(graphsim.Fault{Status: 400}), says: "400 Bad Request"},
		{name: "500", fault: always(graphsim.Fault{Status: 500}), says: "500 Internal Server Error"},
		{name: "garbage for a later page", says: "200 OK",
			fault: onOperation("listSessions", graphsim.Fault{Body: graphsim.GarbageBody})},
		{name: "a link that loops", says: "leads back to an earlier page",
			fault: when(func(r graphsim.Request) bool { return r.Operation == "listSessions" }, linkToItself)},
		{name: "a link elsewhere", says: "elsewhere.invalid",
			fault: always(graphsim.Fault{NextLink: "https://elsewhere.invalid/v1.0/x"})},
		{name: "a page of participants that is gone", says: "link to the next page has expired",
			fault: onOperation("listParticipants", graphsim.Fault{Status: 410})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newRecords(t,
				scheduletest.Record(1, 1, 2, 2), scheduletest.Record(2, 1, 150, 300), scheduletest.Record(3, 1, 1, 1))
			w.Graph.SetFaults(onRecord(2, tt.fault))
			for range 3 {
				w.Once()
				w.Advance(20 * time.Minute)
			}
			if diff := cmp.Diff([]string{"1", "3"}, withDetails(t, w)); diff != "" {
				t.Errorf("records with details (-want +got):\n%s", diff)
			}
			wantRetries(t, w, scheduletest.Retry{CallID: scheduletest.RecordID(2), State: "parked", Attempts: 3})
			if got := w.Retries()[0].Error; !strings.Contains(got, tt.says) {
				t.Errorf("error %q does not say %q", got, tt.says)
			}
			parked := scheduletest.Endpoint{
				Watermark: scheduletest.RecordStart(2), Pending: 1, ParkedRecords: []string{scheduletest.RecordID(2)},
			}
			ignoreOthers := cmpopts.IgnoreFields(scheduletest.Endpoint{},
				"State", "Failures", "LastError", "Origin", "Unread")
			if diff := cmp.Diff(parked, w.Endpoint(), ignoreOthers, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("endpoint (-want +got):\n%s", diff)
			}

			before := detailRequests(w)
			w.Once()
			if after := detailRequests(w); after != before {
				t.Errorf("%d detail requests for a parked record", after-before)
			}
			w.Graph.SetFaults(nil)
			w.Advance(25 * time.Hour)
			w.Once()
			w.WantServed()
			w.WantSettled()
		})
	}
}

// TestOutageParksNoRecord is a Graph that lists records and fails to serve any.
func TestOutageParksNoRecord(t *testing.T) {
	t.Parallel()
	w := newRecords(t, scheduletest.Records(outageOf)...)
	w.Graph.SetFaults(onRecords(always(graphsim.Fault{Status: http.StatusInternalServerError})))
	for range 4 {
		w.Once()
		w.Advance(20 * time.Minute)
	}
	var want []scheduletest.Retry
	for n := range outageOf {
		want = append(want, scheduletest.Retry{CallID: scheduletest.RecordID(n), State: "waiting", Attempts: 4})
	}
	wantRetries(t, w, want...)
	w.Graph.SetFaults(nil)
	w.Once()
	w.WantServed()
}

// TestUnservedRecordsAreNoOutage lists many records that Graph does not serve yet. One that it cannot serve is parked
// beside them.
func TestUnservedRecordsAreNoOutage(t *testing.T) {
	t.Parallel()
	w := newRecords(t, scheduletest.Records(2*outageOf)...)
	w.Graph.SetFaults(func(r graphsim.Request) graphsim.Fault {
		switch r.CallID {
		case "":
			return graphsim.Fault{}
		case scheduletest.RecordID(0):
			return graphsim.Fault{Status: http.StatusInternalServerError}
		}
		return graphsim.Fault{Status: http.StatusNotFound}
	})
	want := []scheduletest.Retry{{CallID: scheduletest.RecordID(0), State: "parked", Attempts: 3}}
	for n := 1; n < 2*outageOf; n++ {
		want = append(want, scheduletest.Retry{CallID: scheduletest.RecordID(n), State: "waiting", Attempts: 3})
	}
	for range 3 {
		w.Once()
		w.Advance(20 * time.Minute)
	}
	wantRetries(t, w, want...)
}

// TestRecordsInFlightGrow has Graph answer for one record after the other. While the limits have room each one that is
// stored makes room for two, up to a bound: at half a second for an answer the sixteen of the beginning would use a
// third of what Graph allows.
func TestRecordsInFlightGrow(t *testing.T) {
	t.Parallel()
	const first, most, all = 16, 128, 260
	w := newRecords(t, scheduletest.Records(all)...)
	onRecords := func(r graphsim.Request) bool { return r.CallID != "" }
	w.Graph.SetFaults(when(onRecords, always(graphsim.Fault{Status: http.StatusNotFound})))
	w.Once()
	w.Advance(2 * time.Minute) // all are due again, and no list is

	asked, answer := make(chan bool, all), make(chan bool)
	var begun sync.Map // by call id
	w.Graph.SetFaults(when(onRecords, func(r graphsim.Request) graphsim.Fault {
		if _, again := begun.LoadOrStore(r.CallID, true); !again {
			asked <- true
			<-answer
		}
		return graphsim.Fault{}
	}))
	var err error
	ended := make(chan bool)
	go func() {
		defer close(ended)
		_, err = w.Try(t.Context())
	}()
	defer func() { close(answer); <-ended }()
	inFlight, late := 0, time.After(2*time.Minute)
	for answered := range all {
		for want := min(first+answered, most, all-answered); inFlight < want; inFlight++ {
			select {
			case <-asked:
			case <-late:
				t.Fatalf("%d records are in flight after %d were answered for, want %d", inFlight, answered, want)
			}
		}
		if answered > most-first { // more than most would be begun by now
			storetest.Eventually(t, func() bool { return stored(t, w.Conn) == answered })
		}
		if n := inFlight + len(asked); n > most {
			t.Fatalf("%d records are in flight", n)
		}
		answer <- true
		inFlight--
	}
	<-ended
	if err != nil {
		t.Error(err)
	}
	w.WantServed()
}

// TestRecordExpiresWhilePending is a record that Graph lists and never serves, until it drops it.
func TestRecordExpiresWhilePending(t *testing.T) {
	t.Parallel()
	w := newRecords(t, scheduletest.Record(1, 1, 2, 2), scheduletest.Record(2, 3, 1, 1))
	w.Graph.SetFaults(onRecord(2, always(graphsim.Fault{Status: http.StatusNotFound})))
	w.Once()
	w.Advance(10 * time.Minute)
	w.Once()
	wantRetries(t, w, scheduletest.Retry{CallID: scheduletest.RecordID(2), State: "waiting", Attempts: 2})
	for range 3 {
		w.Advance(9 * day)
		w.Once()
	}
	w.Graph.SetFaults(nil)
	w.Advance(day)
	w.Once()
	lost := scheduletest.Endpoint{
		State: "on_time", Watermark: scheduletest.RecordStart(2), LostRecords: []string{scheduletest.RecordID(2)},
	}
	ignoreOthers := cmpopts.IgnoreFields(scheduletest.Endpoint{}, "Failures", "LastError", "Origin", "Unread")
	if diff := cmp.Diff(lost, w.Endpoint(), ignoreOthers, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("endpoint (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"1"}, withDetails(t, w)); diff != "" {
		t.Errorf("records with details (-want +got):\n%s", diff)
	}
	before := detailRequests(w)
	w.Advance(day)
	w.Once()
	if after := detailRequests(w); after != before {
		t.Errorf("%d detail requests for a record that is lost", after-before)
	}
}

// TestRecordWithoutAStartExpires is a record whose start Graph does not tell, and which it never serves: it leaves
// reach as one that began when it was first listed.
func TestRecordWithoutAStartExpires(t *testing.T) {
	t.Parallel()
	r := scheduletest.Record(1, 1, 1, 1)
	start := fmt.Sprintf(`"startDateTime":%q,"type"`, r.Start.Format(time.RFC3339)) // not that of a session
	r.JSON = []byte(strings.Replace(string(r.JSON), start, `"startDateTime":null,"type"`, 1))
	w := newRecords(t, r)
	w.Graph.SetFaults(onRecord(1, always(graphsim.Fault{Status: http.StatusNotFound})))
	w.Once()
	w.Exec(`UPDATE teams.call_records SET ingested_at = '2026-06-15 12:00Z'`) // it was the database's time
	pending := scheduletest.Endpoint{Pending: 1}
	onlyRecords := cmpopts.IgnoreFields(
		scheduletest.Endpoint{}, "State", "Failures", "LastError", "Origin", "Watermark", "Unread", "Lost")
	for _, wait := range []time.Duration{0, 29 * day, 2 * day} {
		w.Advance(wait)
		w.Once()
		if wait == 2*day {
			pending = scheduletest.Endpoint{LostRecords: []string{scheduletest.RecordID(1)}}
		}
		if diff := cmp.Diff(pending, w.Endpoint(), onlyRecords, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("after %v more, records (-want +got):\n%s", wait, diff)
		}
	}
}

// TestOlderAnswer is a server that does not know yet of the version that the list shows.
func TestOlderAnswer(t *testing.T) {
	t.Parallel()
	w := newRecords(t, scheduletest.Record(1, 1, 1, 1))
	w.Once()
	w.WantServed()
	w.Exec(`UPDATE teams.call_records SET version = 2`) // as the list said
	w.Advance(time.Hour)
	w.Once()
	wantRetries(t, w, scheduletest.Retry{CallID: scheduletest.RecordID(1), State: "waiting", Attempts: 1})
	if got := w.Retries()[0].Error; !strings.Contains(got, "older version") {
		t.Errorf("error %q does not speak of an older version", got)
	}
	w.Exec(`UPDATE teams.call_records SET version = 1; DELETE FROM ingest.details_retries`)
	w.WantServed() // what was stored was left as it is
}

// TestKilledDetailsResume stops the daemon again and again and sees to it that no record is asked for once it has its
// details.
func TestKilledDetailsResume(t *testing.T) {
	t.Parallel()
	w := newTenantOfRecords(t, graphsim.Config{Seed: 9, Users: 40, RecordsPerDay: 20, History: 7 * day})
	var (
		mu   sync.Mutex
		stop context.CancelFunc // of the daemon at work
		left int                // records that are asked for before it is stopped
		done = map[string]bool{}
	)
	w.Graph.SetFaults(onRecords(func(r graphsim.Request) graphsim.Fault {
		mu.Lock()
		defer mu.Unlock()
		if done[r.CallID] {
			t.Errorf("%s is asked for although its details are stored", r.CallID)
		}
		if left--; left == 0 {
			stop()
		}
		return graphsim.Fault{}
	}))
	stops := 0
	for ; ; stops++ {
		ctx, cancel := context.WithCancel(t.Context())
		mu.Lock()
		stop, left = cancel, 30
		mu.Unlock()
		_, err := w.Try(ctx)
		cancel()
		if err == nil {
			break
		}
		mu.Lock()
		for _, id := range withDetails(t, w) {
			done[id] = true
		}
		mu.Unlock()
	}
	if stops < 3 {
		t.Errorf("the daemon was stopped %d times: the test shows little", stops)
	}
	w.Graph.SetFaults(nil)
	readAll(t, w)
	w.WantServed()
}

// TestOneBadMinute has Graph refuse the list of one minute of an hour, always. It is parked alone: the minutes beside
// it and the hours around it are read, and so is it when Graph serves it again.
func TestOneBadMinute(t *testing.T) {
	t.Parallel()
	hour := scheduletest.RecordStart(0)
	var records []graphsim.CallRecord
	for n := range 60 {
		r := scheduletest.Record(n, 1, 1, 1)
		r.Start = hour.Add(time.Duration(n)*time.Minute + 30*time.Second)
		was := fmt.Sprintf(`"startDateTime":%q,"type"`, scheduletest.RecordStart(n).Format(time.RFC3339))
		now := fmt.Sprintf(`"startDateTime":%q,"type"`, r.Start.Format(time.RFC3339))
		r.JSON = []byte(strings.Replace(string(r.JSON), was, now, 1))
		records = append(records, r)
	}
	w := newRecords(t, records...)
	bad := hour.Add(17 * time.Minute)
	holdsIt := func(r graphsim.Request) bool {
		return r.Operation == "listCallRecords" && r.From.Before(bad.Add(time.Minute)) && r.To.After(bad)
	}
	w.Graph.SetFaults(when(holdsIt, always(graphsim.Fault{Status: http.StatusNotAcceptable})))
	for range 3 {
		_, err := w.Try(t.Context())
		wantError(t, w, err, fetch.Refused, "406 Not Acceptable")
		w.Advance(time.Hour)
	}
	w.Once() // it is parked, so it is not asked for
	if mark := w.Endpoint().Watermark; !mark.Equal(hour) {
		t.Errorf("watermark %v, want %v", mark, hour)
	}
	if n := len(withDetails(t, w)); n != 59 {
		t.Errorf("%d records have their details, want 59", n)
	}
	for _, s := range w.Slots() {
		if bad := s.From.Equal(hour); bad != (s.Failures == 3) || !bad && s.ReadAt.IsZero() {
			t.Errorf("slot %+v", s)
		}
	}
	w.Graph.SetFaults(nil)
	w.Advance(day)
	w.Once()
	w.WantServed()
	w.WantSettled()
}

// TestDeniedWithinAnHour denies the second half of an hour whose first minute cannot be served: it is denied that
// counts.
func TestDeniedWithinAnHour(t *testing.T) {
	t.Parallel()
	w := newRecords(t, scheduletest.Records(1)...)
	hour := scheduletest.RecordStart(0)
	list := func(r graphsim.Request) bool { return r.Operation == "listCallRecords" }
	w.Graph.SetFaults(when(list, func(r graphsim.Request) graphsim.Fault {
		switch half := hour.Add(30 * time.Minute); {
		case r.To.Sub(r.From) < time.Hour && !r.From.Before(half) && r.From.Before(hour.Add(time.Hour)):
			return graphsim.Fault{Status: http.StatusForbidden}
		case r.From.Before(hour.Add(time.Minute)) && r.To.After(hour):
			return graphsim.Fault{Status: http.StatusNotAcceptable}
		}
		return graphsim.Fault{}
	}))
	_, err := w.Try(t.Context())
	wantError(t, w, err, fetch.Denied, "403 Forbidden")
	for _, s := range w.Slots() {
		if s.Failures > 0 {
			t.Errorf("slot %+v, want none noted as failed", s)
		}
	}
}

func TestPeopleInCallsBecomeUsers(t *testing.T) {
	t.Parallel()
	w := newRecords(t, scheduletest.Record(1, 1, 1, 3))
	type user struct {
		ID, Source string
		LastSeen   time.Time
	}
	var got []user
	w.Once()
	for len(got) == 0 {
		w.RefreshUsers()
		rows, err := w.Conn.Query(t.Context(), `
			SELECT user_id::text, source, last_seen_on FROM teams.users ORDER BY user_id`)
		if err != nil {
			t.Fatal(err)
		}
		if got, err = pgx.CollectRows(rows, pgx.RowToStructByPos[user]); err != nil {
			t.Fatal(err)
		}
	}
	var want []user
	for n := range 3 {
		want = append(want, user{ID: scheduletest.RecordID(n), Source: "call_records", LastSeen: date("2026-06-12")})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("users (-want +got):\n%s", diff)
	}
}
