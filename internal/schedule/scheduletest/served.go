package scheduletest

import (
	"fmt"
	"iter"
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

// Missing are the rows that Graph serves now, from the endpoint's origin on, and that its table lacks or holds with other
// contents. It is for endpoints other than call_records.
func (w *World) Missing() []Row {
	w.Helper()
	stored, missing := w.stored(), []Row{}
	for row := range w.served() {
		if hash, ok := stored[row.Key]; !ok || hash != row.hash {
			missing = append(missing, row)
		}
	}
	return missing
}

// WantServed fails the test unless the tables hold exactly what Graph serves: no row more, none less, all with their
// contents, and call records with their details. Rows that left Graph's reach must not be stored, so it is for worlds
// that are younger than that.
func (w *World) WantServed() {
	w.Helper()
	served := slices.Collect(w.served())
	if len(served) == 0 {
		w.Fatalf("%s: Graph serves nothing", w.job.Endpoint.Name)
	}
	if w.job.Endpoint.Versioned {
		w.wantDocuments(served)
		w.wantDetails()
	} else {
		w.wantRows(served)
	}
	if n := storetest.Query[int](w, w.Conn, `SELECT count(*) FROM teams.`+w.job.Endpoint.Name); n != len(served) {
		w.Errorf("%s: %d rows are served and %d stored", w.job.Endpoint.Name, len(served), n)
	}
	if w.Failed() {
		w.FailNow()
	}
}

// wantRows compares the contents of all rows by their hashes, and a sample as documents.
func (w *World) wantRows(served []Row) {
	w.Helper()
	if missing := w.Missing(); len(missing) > 0 {
		w.Errorf("%s: %d rows are served and not stored so; the first is of %v: %s", w.job.Endpoint.Name, len(missing), missing[0].At, missing[0].JSON)
	}
	if !w.Failed() && !w.job.Endpoint.Aggregate { // a sum's key is not the whole key
		w.wantDocuments(served[:min(len(served), 300)])
	}
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
			row := Row{Key: keyOf(b.Elements[0]), JSON: document, hash: b.Elements[0].Hash}
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
	for _, p := range collect(w, pgx.RowToStructByPos[pair], fmt.Sprintf(`SELECT %s, row_hash FROM teams.%s`, key, e.Name)) {
		hashes[p.Key] = p.Hash
	}
	return hashes
}

// wantDetails fails unless nothing is left to read of any call record.
func (w *World) wantDetails() {
	w.Helper()
	for _, r := range w.Retries() {
		w.Errorf("call record %s is %s after %d attempts: %s", r.CallID, r.State, r.Attempts, r.Error)
	}
	const stale = `SELECT count(*) FROM teams.call_records WHERE details_version IS DISTINCT FROM version`
	if n := storetest.Query[int](w, w.Conn, stale); n > 0 {
		w.Errorf("%d call records lack the details of their version", n)
	}
	storetest.NoOrphans(w, w.Conn, fetch.CallRecords.Rows)
}

// WantSettled fails the test unless the ledger says that nothing is due, parked or lost, and that all is settled that
// can be.
func (w *World) WantSettled() {
	w.Helper()
	name, policy, e := w.job.Endpoint.Name, w.job.Policy, w.Endpoint()
	if e.Due > 0 || len(e.Lost)+len(e.LostRecords)+len(e.ParkedRecords) > 0 {
		w.Errorf("%s is not at rest: %+v", name, e)
	}
	if want := w.Now().Add(-policy.Settle).Truncate(policy.Slot); !e.Watermark.Equal(want) {
		w.Errorf("%s: watermark %v, want %v", name, e.Watermark, want)
	}
	for _, s := range w.Slots() {
		if settles := s.From.Add(policy.Slot + policy.Settle); s.Failures > 0 || s.ReadAt.Before(settles) && settles.Before(w.Now()) {
			w.Errorf("%s: the slot of %v was read at %v, and failed %d times since", name, s.From, s.ReadAt, s.Failures)
		}
	}
}

func keyOf(e mapping.Element) string {
	for field := range mapping.Fields([]byte(e.Key)) {
		return string(field)
	}
	return ""
}
