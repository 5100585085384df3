package store_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/privacy"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// A pruned is a database and a model of it, in which days are counted from the first.
type pruned struct {
	testing.TB
	fail   func(format string, args ...any) // ends a history
	url    string
	db     *store.DB
	conn   *pgx.Conn
	runs   map[string]*store.Run
	first  time.Time // day 0
	today  int
	served time.Time // of the last answer

	kept    map[string]int // by what is pruned: the day before which it is gone
	frozen  map[string]int // by endpoint: the day before which no figures are computed
	calls   map[int]prunedCall
	sums    map[int]int // by day: how many
	records map[int]*prunedRecord
	raw     map[string]prunedRaw // rejects, by what they say
	slots   map[int]bool         // days read
	gone    map[string]int       // by table and why: how many rows were deleted
	noted   map[int]bool         // days whose figures are to be computed
	figures map[[2]int]int       // by day and person: the rollup

	policy    *privacy.Policy
	eraser    *privacy.Eraser // of the runs
	erased    map[string]bool // user ids and numbers
	strictest bool            // of all modes
	halfway   bool            // some rows are as they are to be, and some are not

	everCalls, everRaw map[int]int  // all that was ever served: its day
	everSums           map[int]bool // days
	everRecords        map[int]bool
}

type prunedCall struct{ Day, Content int }

type prunedRaw struct{ Day, Who int }

// A record has a version, that of its details, 0 for none, whether they are there, and
// whether what was answered in their place is kept.
type prunedRecord struct {
	Day, Version, Details int
	Rows, Body            bool
}

const details = "details"

// tinyRollup has one rollup in place of all: planning these takes long.
const tinyRollup = `
	CREATE VIEW live.tiny AS
	SELECT p.tenant_id, d.day, p.user_id, sum(p.duration_s) AS duration_s
	FROM ref.days d
	JOIN teams.pstn_calls p ON p.start_at >= d.from_at AND p.start_at < d.to_at
	GROUP BY p.tenant_id, d.day, p.user_id;
	CREATE TABLE rollup.tiny AS TABLE live.tiny;
	DELETE FROM rollup.views;
	INSERT INTO rollup.views (name, sources) VALUES ('tiny', '{pstn_calls}')`

func newPruned(t testing.TB) *pruned {
	url := storetest.URL(t)
	w := &pruned{TB: t, url: url, db: storetest.Connect(t, url), conn: storetest.Conn(t, url)}
	w.runs = map[string]*store.Run{}
	storetest.Exec(t, w.conn, tinyRollup)
	w.first = time.Now().UTC().AddDate(0, 0, -60).Truncate(24 * time.Hour)
	w.begin()
	return w
}

// clear begins a history.
func (w *pruned) clear() {
	var sql strings.Builder
	for _, table := range fetch.CallRecords.Rows.Tables {
		sql.WriteString("DELETE FROM teams." + table.Name + "; ")
	}
	for _, table := range []string{
		"teams.pstn_calls", "teams.dialout_report", "teams.call_record_versions", "ingest.tombstones", "ingest.rejects",
		"ingest.details_retries", "ingest.slots", "ingest.endpoints", "rollup.stale", "rollup.frozen",
		"rollup.tiny", "ingest.erasures",
	} {
		sql.WriteString("DELETE FROM " + table + "; ")
	}
	storetest.Exec(w, w.conn, sql.String())
	storetest.Exec(w, w.conn, `
		INSERT INTO ingest.endpoints (tenant_id, endpoint, enabled, schedule, reach, settle, origin, settled_until,
			watermark)
		SELECT $1, e, true, '*/5 * * * *', '30 d', '1 d', $2, $2, $2 FROM unnest($3::text[]) e`,
		tenant, w.first, slices.Collect(maps.Keys(w.runs)))
	w.served, w.policy, w.erased = w.first, nil, map[string]bool{}
	w.eraser = w.knowing()
	w.kept, w.frozen, w.calls, w.sums = map[string]int{}, map[string]int{}, map[int]prunedCall{}, map[int]int{}
	w.records, w.raw, w.slots = map[int]*prunedRecord{}, map[string]prunedRaw{}, map[int]bool{}
	w.gone, w.noted, w.figures = map[string]int{}, map[int]bool{}, map[[2]int]int{}
	w.everCalls, w.everRaw, w.everSums, w.everRecords = map[int]int{}, map[int]int{}, map[int]bool{}, map[int]bool{}
}

func (w *pruned) day(n int) time.Time { return w.first.AddDate(0, 0, n) }

// at is the time of what happens on a day.
func (w *pruned) at(day int) time.Time { return w.day(day).Add(10 * time.Hour) }

// serve has something served and stored.
func (w *pruned) serve(r *rapid.T) {
	day, content, id := rapid.Map(rapid.IntRange(0, 8), dayOf), rapid.IntRange(1, 9), rapid.IntRange(0, 7)
	for id, day := range rapid.MapOfN(rapid.IntRange(0, 9), day, 0, 6).Draw(r, "calls") {
		w.everCalls[id] = day
	}
	w.saveCalls(w.everCalls, content.Draw(r, "content"), false)
	for day, n := range rapid.MapOfN(day, content, 0, 2).Draw(r, "sums") {
		w.saveSums(day, n)
	}
	announced := rapid.MapOfN(id, content, 0, 6).Draw(r, "records")
	w.announce(announced)
	w.noteFailed(announced)
	w.saveDetails(rapid.MapOfN(id, content, 0, 4).Draw(r, "details"))
	for id, day := range rapid.MapOfN(id, day, 0, 1).Draw(r, "raw") {
		w.saveRaw(id, day)
	}
	if rapid.Bool().Draw(r, "refresh") {
		w.refresh()
	}
}

// serveAgain has all that was ever served served anew: by a backfill, or as rejects are
// retried, and in later versions.
func (w *pruned) serveAgain(r *rapid.T) {
	w.saveCalls(w.everCalls, rapid.IntRange(1, 9).Draw(r, "new content"), rapid.Bool().Draw(r, "retried"))
	for _, day := range slices.Sorted(maps.Keys(w.everSums)) {
		w.saveSums(day, rapid.IntRange(1, 9).Draw(r, "new sums"))
	}
	for id, day := range w.everRaw {
		w.saveRaw(id, day)
	}
	later := map[int]int{}
	for _, id := range slices.Sorted(maps.Keys(w.everRecords)) {
		later[id] = rapid.IntRange(5, 12).Draw(r, "later version")
	}
	w.announce(later)
	w.noteFailed(later)
	if rapid.Bool().Draw(r, "with details") {
		w.saveDetails(later)
	}
}

// saveCalls reads the days of calls, or retries them as rejects.
func (w *pruned) saveCalls(days map[int]int, content int, retried bool) {
	if len(days) == 0 {
		return
	}
	b := w.batch(calls.Rows)
	w.served = w.served.Add(time.Minute)
	reading := store.Reading{From: w.first, To: w.day(60), Slot: 24 * time.Hour, Pages: 1}
	written := int64(0)
	for id, day := range days {
		w.append(b, fmt.Sprintf(`{"id": "%d", "callType": "user_out", "currency": "EUR", "startDateTime": %q,
			"duration": %d, "callerNumber": %q, %s}`,
			id, w.at(day).Format(time.RFC3339), content+id, numberOf(id), user(id)))
		if !retried && !w.slots[day] {
			w.slots[day] = true
			reading.Read = append(reading.Read, w.slot(day))
		}
		now := prunedCall{day, content + id}
		was, known := w.calls[id]
		if day < w.kept[calls.Name] || was == now {
			continue
		}
		w.calls[id], w.noted[day] = now, true
		if written++; known {
			w.noted[was.Day] = true
		}
	}
	counts, err := w.db.SaveRows(w.Context(), w.runs[calls.Name], target(w, calls), b, reading)
	w.must(err)
	if !w.halfway && counts.New+counts.Changed != written || counts.Rejected > 0 {
		w.fail("%+v, but %d were to be written", counts, written)
	}
}

func (w *pruned) slot(day int) store.Slot {
	return store.Slot{From: w.day(day), To: w.day(day + 1), ReadAt: w.served, Settled: true}
}

func (w *pruned) append(b *mapping.Batch, element string) {
	var doc mapping.Document
	w.must(doc.Parse([]byte(element)))
	b.Append(doc.Root(), w.served)
}

func (w *pruned) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// saveRaw reads a day with an element that can only be kept raw.
func (w *pruned) saveRaw(id, day int) {
	b := w.batch(calls.Rows)
	said := fmt.Sprintf("without id %d %d", id, day)
	w.append(b, fmt.Sprintf(`{"callType": %q, %s}`, said, user(id)))
	_, err := w.db.SaveRows(w.Context(), w.runs[calls.Name], target(w, calls), b, store.Reading{
		From: w.day(day), To: w.day(day + 1), Slot: 24 * time.Hour, Pages: 1,
	})
	w.must(err)
	w.everRaw[id] = day
	if day >= w.kept[calls.Name] {
		w.raw[said] = prunedRaw{day, id}
	}
}

func (w *pruned) saveSums(day, n int) {
	b := w.batch(dialout.Rows)
	w.served = w.served.Add(time.Minute)
	for user := range n {
		w.append(b, strings.Replace(sums(user, n), "{", fmt.Sprintf(`{"userDisplayName": %q, `, userName(user)), 1))
	}
	_, err := w.db.ReplaceDay(w.Context(), w.runs[dialout.Name], target(w, dialout), b, w.slot(day), 1)
	w.must(err)
	w.everSums[day] = true
	if day >= w.kept[dialout.Name] && w.sums[day] != n {
		w.gone["dialout_report delete"] += max(0, w.sums[day]-n) // as Graph names them no more
		w.sums[day], w.noted[day] = n, true
	}
}

// A record begins on a day that follows from its id.
func dayOf(id int) int { return 5 * id }

func (w *pruned) appendRecord(b *mapping.Batch, id, version int) {
	start := w.at(dayOf(id)).Format(time.RFC3339)
	w.append(b, spokenOf(fmt.Sprintf(recordOfTwo, recordID(id), version, start, id%persons, version), id))
}

func recordID(id int) uuid.UUID { return uuid.NewSHA1(call, []byte{byte(id)}) }

// keptRecords is the day before which nothing is stored of records.
func (w *pruned) keptRecords() int { return max(w.kept[fetch.CallRecords.Name], w.kept[details]) }

// announce has records listed.
func (w *pruned) announce(versions map[int]int) {
	b := w.batch(fetch.CallRecords.Rows)
	for id, version := range versions {
		w.everRecords[id] = true
		w.appendRecord(b, id, version)
		if r := w.records[id]; dayOf(id) >= w.keptRecords() && (r == nil || r.Version < version) {
			if r == nil {
				r = &prunedRecord{Day: dayOf(id)}
				w.records[id] = r
			}
			r.Version, r.Body = version, false
		}
	}
	_, err := w.db.Announce(w.Context(), w.runs[fetch.CallRecords.Name], target(w, fetch.CallRecords), b,
		store.Reading{From: w.first, To: w.day(60), Slot: time.Hour, Pages: 1})
	w.must(err)
}

// noteFailed notes that details could not be read.
func (w *pruned) noteFailed(versions map[int]int) {
	body := []byte("x")
	if w.private() {
		body = nil
	}
	for id, version := range versions {
		w.must(w.db.NoteDetailsRetry(w.Context(), w.runs[fetch.CallRecords.Name], store.DetailsRetry{
			CallID: recordID(id), Version: int64(version), At: w.served, NextAt: w.served,
			Error: "x", Body: body,
		}))
		r := w.records[id]
		if r != nil && r.Version == version && r.Details != version && r.Day >= w.kept[details] {
			r.Body = body != nil
		}
	}
}

// saveDetails stores records with their details.
func (w *pruned) saveDetails(versions map[int]int) {
	var batches []*mapping.Batch
	var want []bool
	for id, version := range versions {
		b := w.batch(fetch.CallRecords.Rows)
		w.appendRecord(b, id, version)
		w.everRecords[id] = true
		r := w.records[id]
		kept := dayOf(id) >= w.keptRecords()
		stored := kept && (r == nil || r.Details < version)
		batches, want = append(batches, b), append(want, stored)
		if kept {
			w.noted[dayOf(id)] = true // also for a version that is not new
		}
		if !stored {
			continue
		}
		if r == nil {
			r = &prunedRecord{Day: dayOf(id)}
			w.records[id] = r
		}
		r.Version, r.Details, r.Rows = max(r.Version, version), version, true
		r.Body = r.Body && r.Version > version
	}
	results := w.db.SaveDetails(w.Context(), w.runs[fetch.CallRecords.Name], target(w, fetch.CallRecords), batches)
	for i, err := range results {
		if want[i] != (err == nil) || err != nil && !errors.Is(err, store.ErrNewer) {
			w.fail("details: %v, but are to be stored: %v", err, want[i])
		}
	}
}
