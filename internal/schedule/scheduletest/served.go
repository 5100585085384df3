package scheduletest

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/mapping/mappingtest"
	"ingestd/internal/store/storetest"
)

// functions are Graph's names of the functions that list the rows of an endpoint.
var functions = map[string]string{
	"pstn_calls":             "getPstnCalls",
	"direct_routing_calls":   "getDirectRoutingCalls",
	"sms_messages":           "getSmsLog",
	"pstn_blocked_users_log": "getPstnBlockedUsersLog",
	"dialout_report":         "getPstnOnlineMeetingDialoutReport",
}

// Function is what Graph calls the function that lists an endpoint's rows; empty for call records, which have none.
func Function(endpoint string) string { return functions[endpoint] }

// A Row is an element that Graph serves.
type Row struct {
	Key  string    // in the endpoint's table; of a daily sum with its day
	At   time.Time // by which it belongs to a slot
	JSON []byte

	hash int64 // of its contents, as stored
}

// Missing are the rows that Graph serves now, from the endpoint's origin on, and that its table lacks or holds with
// other contents, but for those of the last moment. It is for endpoints other than call_records.
func (w *World) Missing() []Row {
	w.Helper()
	missing, _ := w.compare()
	return missing
}

// Documents are all elements that Graph serves now, of all endpoints that are read.
func (w *World) Documents() (list [][]byte) {
	w.Helper()
	for _, j := range w.jobs {
		for row := range w.Of(j.Endpoint.Name).served() {
			list = append(list, row.JSON)
		}
	}
	return list
}

// moment is what a window may lack of the time before now: Graph is asked in whole seconds, and tells the time so.
const moment = 2 * time.Second

// compare lists what is served and not stored so, and the keys that are stored and not served.
func (w *World) compare() (missing []Row, extra []string) {
	w.Helper()
	stored, now := w.stored(), w.Now()
	for row := range w.served() {
		hash, ok := stored[row.Key]
		delete(stored, row.Key)
		if (!ok || hash != row.hash) && row.At.Before(now.Add(-moment)) {
			missing = append(missing, row)
		}
	}
	return missing, slices.Sorted(maps.Keys(stored))
}

// WantServed fails the test unless the tables hold exactly what Graph serves: no row more, none less, all with their
// contents, and call records with their details. Rows that left Graph's reach must not be stored, so it is for worlds
// that are younger than that.
func (w *World) WantServed() {
	w.Helper()
	if w.job.Endpoint.Versioned {
		w.wantRecords()
	} else {
		w.wantRows()
	}
	if w.Failed() {
		w.FailNow()
	}
}

// wantRows compares the contents of all rows by their hashes, and a sample as documents.
func (w *World) wantRows() {
	w.Helper()
	if missing, extra := w.compare(); len(missing)+len(extra) > 0 {
		w.Errorf("%s: %d rows are served and not stored so, %d are stored and not served:",
			w.job.Endpoint.Name, len(missing), len(extra))
		for _, row := range missing[:min(len(missing), 3)] {
			w.Errorf("the row of %v: %s", row.At, row.JSON)
		}
		return
	}
	served := slices.Collect(w.served())
	if len(served) == 0 {
		w.Errorf("%s: Graph serves nothing", w.job.Endpoint.Name)
	}
	if !w.job.Endpoint.Aggregate { // a sum's key is not the whole key
		w.wantDocuments(served[:min(len(served), 20)])
	}
}

// wantRecords compares all documents, and fails unless nothing is left to read of any.
func (w *World) wantRecords() {
	w.Helper()
	served := slices.Collect(w.served())
	w.wantDocuments(served)
	for _, r := range w.Retries() {
		w.Errorf("call record %s is %s after %d attempts: %s", r.CallID, r.State, r.Attempts, r.Error)
	}
	type counts struct{ Stored, WithDetails int }
	var got counts
	err := w.Conn.QueryRow(w.Context(), `SELECT count(*), count(*) FILTER (WHERE details_version = version)
		FROM teams.call_records`).Scan(&got.Stored, &got.WithDetails)
	if n := len(served); err != nil || n == 0 || got != (counts{n, n}) {
		w.Errorf("%d call records are served; %+v, %v", n, got, err)
	}
	storetest.NoOrphans(w, w.Conn, fetch.CallRecords.Rows)
}

// wantDocuments compares documents rebuilt from the tables to those served.
func (w *World) wantDocuments(served []Row) {
	w.Helper()
	for _, row := range served {
		rebuilt, err := w.DB.Rebuild(w.Context(), w.job.Endpoint.Rows, Tenant, row.Key)
		if err != nil {
			w.Fatalf("%s: %v", row.Key, err)
		}
		mappingtest.Same(w, row.JSON, rebuilt)
	}
}

// served ranges over what Graph serves now.
func (w *World) served() iter.Seq[Row] {
	w.Helper()
	from, to := w.Endpoint().Origin, w.Now()
	switch e := w.job.Endpoint; {
	case e.Versioned:
		return w.servedRecords()
	case e.Aggregate:
		return w.servedDays(from, to)
	default:
		return w.servedRows(from, to)
	}
}

func (w *World) servedRows(from, to time.Time) iter.Seq[Row] {
	return func(yield func(Row) bool) {
		e := w.job.Endpoint
		for document := range w.Graph.Rows(Function(e.Name), w.job.API, from, to) {
			b := Encode(w, e, string(document))
			row := Row{Key: KeyOf(b.Elements[0]), JSON: document, hash: b.Elements[0].Hash}
			row.At, _ = b.Time(0, slices.Index(e.Rows.Tables[0].ColumnNames(), e.EventTime))
			if !yield(row) {
				return
			}
		}
	}
}

// servedDays asks for whole days, each by itself, as what is served are their sums.
func (w *World) servedDays(from, to time.Time) iter.Seq[Row] {
	return func(yield func(Row) bool) {
		size := w.job.Endpoint.Slot
		for day := from.Add(size - 1).Truncate(size); !day.Add(size).After(to); day = day.Add(size) {
			for row := range w.servedRows(day, day.Add(size)) {
				row.Key, row.At = day.Format("2006-01-02 ")+row.Key, day
				if !yield(row) {
					return
				}
			}
		}
	}
}

func (w *World) servedRecords() iter.Seq[Row] {
	return func(yield func(Row) bool) {
		for document := range w.Graph.CallRecords(w.Now().Add(-w.job.Endpoint.Reach), w.Now()) {
			if !yield(Row{Key: idOf(document), JSON: document}) {
				return
			}
		}
	}
}

// stored are the hashes of the contents of the endpoint's rows, by key.
func (w *World) stored() map[string]int64 {
	w.Helper()
	e := w.job.Endpoint
	key := e.Rows.Tables[0].Columns[0].Name + `::text`
	if e.Aggregate {
		key = `to_char(window_from AT TIME ZONE 'UTC', 'YYYY-MM-DD ') || ` + key
	}
	type pair struct {
		Key  string
		Hash int64
	}
	hashes := map[string]int64{}
	hashOf := fmt.Sprintf(`SELECT %s, row_hash FROM teams.%s`, key, e.Name)
	for _, p := range collect(w, pgx.RowToStructByPos[pair], hashOf) {
		hashes[p.Key] = p.Hash
	}
	return hashes
}

// WantSettled fails the test unless the ledger says that nothing is due, parked or lost, and that all is settled that
// can be.
func (w *World) WantSettled() {
	w.Helper()
	name, policy, e := w.job.Endpoint.Name, w.job.Policy, w.Endpoint()
	if e.Unread || len(e.Lost)+len(e.LostRecords)+len(e.ParkedRecords) > 0 {
		w.Errorf("%s is not at rest: %+v", name, e)
	}
	if want := w.Now().Add(-policy.Settle).Truncate(policy.Slot); !e.Watermark.Equal(want) {
		w.Errorf("%s: watermark %v, want %v", name, e.Watermark, want)
	}
	for _, s := range w.Slots() {
		settles := s.From.Add(policy.Slot + policy.Settle)
		if s.Failures > 0 || s.ReadAt.Before(settles) && settles.Before(w.Now()) {
			w.Errorf("%s: the slot of %v was read at %v, and failed %d times since", name, s.From, s.ReadAt, s.Failures)
		}
	}
}

// KeyOf is the text of a key that is one column.
func KeyOf(e mapping.Element) string {
	for field := range mapping.Fields([]byte(e.Key)) {
		return string(field)
	}
	return ""
}
