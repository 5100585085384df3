package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// Whatever is read, read again, announced, retried and pruned, also by a clock that
// was set back: the tables hold what a model says may be kept.
func TestPruneAgainstAModel(t *testing.T) {
	t.Parallel()
	w := newPruned(t)
	rapid.Check(t, func(r *rapid.T) {
		w.clear()
		for range rapid.IntRange(5, storetest.Times(25, 60)).Draw(r, "acts") {
			w.act(r)
		}
		w.compare(r)
	})
}

// A pruned is a database and a model of it, in which days are counted from the first.
type pruned struct {
	testing.TB
	db      *store.DB
	conn    *pgx.Conn
	runs    map[string]*store.Run
	first   time.Time // day 0
	today   int
	served  time.Time // of the last answer
	kept    map[string]int
	calls   map[int]prunedCall
	sums    map[int]int // by day: how many
	records map[int]*prunedRecord
	raw     map[int]int // rejects by number: their day
	noted   map[int]bool
	figures map[int]int // by day: the rollup
	gone    int         // rows deleted
	slots   map[int]bool
}

type prunedCall struct{ Day, Content int }

type prunedRecord struct{ Day, Version, Details, Rows int }

const details = "details"

func newPruned(t testing.TB) *pruned {
	url := storetest.URL(t)
	w := &pruned{TB: t, db: storetest.Connect(t, url), conn: storetest.Conn(t, url), runs: map[string]*store.Run{}}
	w.exec(`DELETE FROM rollup.views WHERE name <> 'pstn_cost_daily'`) // planning all takes long
	w.first = time.Now().UTC().AddDate(0, 0, -60).Truncate(24 * time.Hour)
	for _, e := range []fetch.Endpoint{calls, dialout, fetch.CallRecords} {
		run, err := w.db.StartRun(t.Context(), tenant, e.Name, "once", w.first, w.first)
		if err != nil {
			t.Fatal(err)
		}
		w.runs[e.Name] = run
	}
	return w
}

func (w *pruned) exec(sql string, args ...any) {
	w.Helper()
	storetest.Exec(w, w.conn, sql, args...)
}

// clear begins a history.
func (w *pruned) clear() {
	for _, table := range fetch.CallRecords.Rows.Tables {
		w.exec(`DELETE FROM teams.` + table.Name)
	}
	for _, table := range []string{
		"teams.pstn_calls", "teams.dialout_report", "teams.call_record_versions", "ingest.tombstones", "ingest.rejects",
		"ingest.slots", "ingest.endpoints", "rollup.stale", "rollup.frozen", "rollup.pstn_cost_daily",
	} {
		w.exec(`DELETE FROM ` + table)
	}
	w.exec(`INSERT INTO ingest.endpoints (tenant_id, endpoint, enabled, schedule, reach, settle, origin, settled_until,
			watermark)
		SELECT $1, e, true, '*/5 * * * *', '30 d', '1 d', $2, $2, $2 FROM unnest($3::text[]) e`,
		tenant, w.first, []string{calls.Name, dialout.Name, fetch.CallRecords.Name})
	w.today, w.served, w.gone = 30, w.first, 0
	w.kept, w.calls, w.sums = map[string]int{}, map[int]prunedCall{}, map[int]int{}
	w.records, w.raw, w.noted = map[int]*prunedRecord{}, map[int]int{}, map[int]bool{}
	w.figures, w.slots = map[int]int{}, map[int]bool{}
}

func (w *pruned) day(n int) time.Time { return w.first.AddDate(0, 0, n) }

// at is the time of what happens on a day.
func (w *pruned) at(day int) time.Time { return w.day(day).Add(10 * time.Hour) }

func (w *pruned) act(r *rapid.T) {
	w.served = w.served.Add(time.Minute)
	id, day, content := rapid.IntRange(0, 9).Draw(r, "id"), rapid.IntRange(0, 50).Draw(r, "day"),
		rapid.IntRange(1, 9).Draw(r, "content")
	switch rapid.SampledFrom([]string{
		"call", "call", "call", "sums", "announce", "details", "raw", "refresh", "rebuild", "prune", "prune", "clock",
	}).Draw(r, "do") {
	case "call":
		w.saveCall(id, day, content)
	case "sums":
		w.saveSums(day, content)
	case "announce":
		w.announce(id, content)
	case "details":
		w.saveDetails(id, content)
	case "raw":
		w.saveRaw(id, day)
	case "refresh":
		w.refresh()
	case "rebuild":
		w.noteAll()
	case "clock": // also back
		w.today = rapid.IntRange(30, 60).Draw(r, "today")
	case "prune":
		what := rapid.SampledFrom([]string{calls.Name, dialout.Name, fetch.CallRecords.Name, details}).Draw(r, "what")
		if rapid.Bool().Draw(r, "fresh") {
			w.refresh()
		}
		w.compare(r) // what the prune is to leave
		w.prune(what)
	}
}

// saveCall reads the day of a call, or reads it again: its slot is settled.
func (w *pruned) saveCall(id, day, content int) {
	b := calls.Rows.NewBatch()
	w.append(b, fmt.Sprintf(`{"id": "%d", "callType": "user_out", "currency": "EUR", "startDateTime": %q,
		"duration": %d}`, id, w.at(day).Format(time.RFC3339), content))
	w.saveBatch(b, day)
	if now := (prunedCall{day, content}); day >= w.kept[calls.Name] && w.calls[id] != now {
		if was, known := w.calls[id]; known {
			w.noted[was.Day] = true
		}
		w.calls[id], w.noted[day] = now, true
	}
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

func (w *pruned) saveBatch(b *mapping.Batch, day int) {
	slot := store.Slot{From: w.day(day), To: w.day(day + 1), ReadAt: w.served, Settled: true}
	counts, err := w.db.SaveRows(w.Context(), w.runs[calls.Name], target(w, calls), b, store.Reading{
		From: slot.From, To: slot.To, Slot: 24 * time.Hour, Read: []store.Slot{slot}, Pages: 1,
	})
	w.must(err)
	if day < w.kept[calls.Name] && counts.Unchanged != 1 {
		w.Errorf("old elements are %+v, not unchanged", counts)
	}
	w.slots[day] = true
}

func (w *pruned) saveRaw(id, day int) {
	b := calls.Rows.NewBatch()
	w.append(b, fmt.Sprintf(`{"callType": "without id %d %d"}`, id, day))
	w.saveBatch(b, day)
	if day >= w.kept[calls.Name] {
		w.raw[100*id+day] = day
	}
}

func (w *pruned) saveSums(day, n int) {
	b := dialout.Rows.NewBatch()
	for user := range n {
		w.append(b, sums(user, n))
	}
	slot := store.Slot{From: w.day(day), To: w.day(day + 1), ReadAt: w.served, Settled: true}
	_, err := w.db.ReplaceDay(w.Context(), w.runs[dialout.Name], target(w, dialout), b, slot, 1)
	w.must(err)
	if day >= w.kept[dialout.Name] {
		w.gone += max(0, w.sums[day]-n) // deleted, as Graph names them no more
		w.sums[day], w.noted[day] = n, true
	}
}

// A record begins on a day that follows from its id.
func (w *pruned) record(id, version int) (b *mapping.Batch, day int) {
	b = fetch.CallRecords.Rows.NewBatch()
	w.append(b, fmt.Sprintf(recordOfTwo, uuid.NewSHA1(call, []byte{byte(id)}), version,
		w.at(5*id).Format(time.RFC3339), 1, version))
	return b, 5 * id
}

// oldRecords is the day before which nothing is stored of records.
func (w *pruned) oldRecords() int { return max(w.kept[fetch.CallRecords.Name], w.kept[details]) }

func (w *pruned) announce(id, version int) {
	b, day := w.record(id, version)
	_, err := w.db.Announce(w.Context(), w.runs[fetch.CallRecords.Name], target(w, fetch.CallRecords), b,
		store.Reading{From: w.day(day), To: w.day(day + 1), Slot: time.Hour, Pages: 1})
	w.must(err)
	if day < w.oldRecords() {
		return
	}
	if w.records[id] == nil {
		w.records[id] = &prunedRecord{Day: day}
	}
	w.records[id].Version = max(w.records[id].Version, version)
}

func (w *pruned) saveDetails(id, version int) {
	b, day := w.record(id, version)
	run := w.runs[fetch.CallRecords.Name]
	err := w.db.SaveDetails(w.Context(), run, target(w, fetch.CallRecords), []*mapping.Batch{b})[0]
	r := w.records[id]
	stored := day >= w.oldRecords() && (r == nil || r.Details < version)
	if stored != (err == nil) || !stored && !errors.Is(err, store.ErrNewer) {
		w.Fatalf("details of a record of day %d, kept from %d: %v", day, w.oldRecords(), err)
	}
	if !stored {
		return
	}
	if r == nil {
		r = &prunedRecord{Day: day}
		w.records[id] = r
	}
	r.Version, r.Details, r.Rows, w.noted[day] = max(r.Version, version), version, 1, true
}

// isFrozen reports whether the figures of a day stay as they are.
func (w *pruned) isFrozen(day int) bool {
	kept, any := w.kept[calls.Name]
	return any && day <= kept
}

func (w *pruned) refresh() {
	w.Helper()
	w.must(w.db.RefreshRollups(w.Context(), nil))
	for day := range w.noted {
		if !w.isFrozen(day) {
			delete(w.figures, day)
			for _, c := range w.calls {
				if c.Day == day {
					w.figures[day] += c.Content
				}
			}
		}
	}
	clear(w.noted)
}

// noteAll has all days computed anew that have rows or figures.
func (w *pruned) noteAll() {
	w.must(w.db.NoteAllDays(w.Context()))
	for day := range w.figures {
		w.noted[day] = true
	}
	for day := range w.sums {
		w.noted[day] = true
	}
	for _, c := range w.calls {
		w.noted[c.Day] = true
	}
	for _, r := range w.records {
		w.noted[r.Day] = true
	}
}

// prune deletes what is older than 25 days; details go after 20.
func (w *pruned) prune(what string) {
	e, term := fetch.CallRecords, 25
	switch what {
	case calls.Name:
		e = calls
	case dialout.Name:
		e = dialout
	case details:
		term = 20
	}
	before := w.today - term
	p := &store.Pruning{
		Target: target(w, e), Details: what == details, Tenants: []uuid.UUID{tenant}, Before: w.day(before),
	}
	p.InSlicesOf(2)
	for more := true; more; {
		var err error
		_, more, err = w.db.Prune(w.Context(), p)
		w.must(err)
	}
	for day := range w.noted {
		if day < before+3 {
			return // figures are to be computed first
		}
	}
	w.kept[what] = max(w.kept[what], before)
	switch what {
	case calls.Name:
		w.forget(before)
	case dialout.Name:
		for day, n := range w.sums {
			if day < before {
				w.gone += n
				delete(w.sums, day)
			}
		}
	default:
		for id, r := range w.records {
			switch {
			case r.Day >= before:
			case what == details:
				r.Rows = 0
			default:
				w.gone++
				delete(w.records, id)
			}
		}
	}
}

func (w *pruned) forget(before int) {
	for id, c := range w.calls {
		if c.Day < before {
			w.gone++
			delete(w.calls, id)
		}
	}
	for n, day := range w.raw {
		if day < before {
			delete(w.raw, n)
		}
	}
}

// compare holds the tables to the model.
func (w *pruned) compare(r *rapid.T) {
	rows := func(sql string) string {
		return storetest.Query[string](w, w.conn,
			`SELECT coalesce(string_agg(line, ', ' ORDER BY line COLLATE "C"), '') FROM (`+sql+`) AS x (line)`, w.first)
	}
	const day = `(extract(epoch FROM %s - $1::timestamptz) / 86400)::numeric`
	since := func(at string) string { return `floor(` + fmt.Sprintf(day, at) + `)` }
	want, got := map[string]string{}, map[string]string{}
	add := func(what, model, sql string) { want[what], got[what] = model, rows(sql) }

	add("calls", lines(w.calls, func(id int, c prunedCall) string {
		return fmt.Sprint(id, " ", c.Day, " ", c.Content)
	}),
		`SELECT concat_ws(' ', id, `+since("start_at")+`, duration_s) FROM teams.pstn_calls`)
	add("sums", lines(w.sums, func(day, n int) string { return fmt.Sprint(day, " ", n) }),
		`SELECT concat_ws(' ', `+since("window_from")+`, count(*)) FROM teams.dialout_report GROUP BY window_from`)
	add("records", lines(w.records, func(_ int, r *prunedRecord) string {
		return fmt.Sprint(r.Day, " ", r.Version, " ", r.Details, " ", r.Rows, " ", r.Rows)
	}), `SELECT concat_ws(' ', `+since("start_at")+`, version, coalesce(details_version, 0),
			(SELECT count(*) FROM teams.media_streams s WHERE s.call_id = c.id),
			(SELECT count(DISTINCT call_id) FROM teams.call_participants s WHERE s.call_id = c.id))
		FROM teams.call_records c WHERE $1::timestamptz IS NOT NULL`)
	add("rejects", lines(w.raw, func(_, day int) string { return fmt.Sprint(day) }),
		`SELECT `+since("slot_from")+`::text FROM ingest.rejects`)
	add("tombstones", fmt.Sprint(w.gone),
		`SELECT count(*)::text FROM ingest.tombstones WHERE $1::timestamptz IS NOT NULL`)
	add("slots", lines(w.slots, func(day int, _ bool) string { return fmt.Sprint(day, " settled") }),
		`SELECT concat_ws(' ', `+since("slot_from")+`, CASE WHEN settled THEN 'settled' END)
		FROM ingest.slots WHERE endpoint = 'pstn_calls'`)
	if len(w.noted) == 0 {
		add("figures", lines(w.figures, func(day, n int) string { return fmt.Sprint(day, " ", n) }),
			`SELECT concat_ws(' ', `+since("day")+`, sum(duration_s)) FROM rollup.pstn_cost_daily GROUP BY day`)
		add("figures of what is kept", "", fmt.Sprintf(`
			SELECT day::text
			FROM ((TABLE live.pstn_cost_daily EXCEPT TABLE rollup.pstn_cost_daily)
				UNION ALL (TABLE rollup.pstn_cost_daily EXCEPT TABLE live.pstn_cost_daily)) x
			WHERE `+since("day")+` > %d`, w.kept[calls.Name]))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		r.Fatalf("the model (-) and the tables (+):\n%s", diff)
	}
}

// lines are the texts of a map's entries, in order.
func lines[K comparable, V any](of map[K]V, text func(K, V) string) string {
	var all []string
	for k, v := range of {
		all = append(all, text(k, v))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}
