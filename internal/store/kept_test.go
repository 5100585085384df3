package store_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"ingestd/internal/catalog"
	"ingestd/internal/fetch"
	"ingestd/internal/privacy"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// modes are ever stricter ones of a tenant; with the first all is kept.
var modes = []map[catalog.Class]privacy.Mode{
	{},
	{catalog.Identity: privacy.HMAC},
	{catalog.Identity: privacy.HMAC, catalog.Numbers: privacy.HMAC, catalog.Text: privacy.Drop},
}

// In each round something is served and pruned, also by a clock that was set back, modes
// become stricter, a person is erased, or the process is another one, maybe in a copy of
// the database. Then all that was ever served is served anew: the tables hold what a
// model says may be kept.
func TestKeptAgainstAModel(t *testing.T) {
	t.Parallel()
	w := newPruned(t)
	rapid.Check(t, func(r *rapid.T) {
		w.fail = r.Fatalf
		w.clear()
		mode := rapid.IntRange(0, len(modes)-1).Draw(r, "modes")
		w.setModes(mode)
		for range storetest.Times(2, 3) {
			w.today = rapid.IntRange(30, 60).Draw(r, "today")
			w.serve(r)
			w.prune(r)
			w.compare()
			switch rapid.IntRange(0, 5).Draw(r, "act") {
			case 0:
				mode = min(mode+1, len(modes)-1)
				w.setModes(mode)
			case 1, 2:
				w.erase(r)
			case 3:
				w.restart(rapid.IntRange(0, 3).Draw(r, "restored") == 0)
			}
			w.compare()
			w.serveAgain(r)
			w.compare()
		}
		w.rebuild()
		w.compare()
		w.wantGone()
	})
}

// terms are how many days are kept of what is pruned.
var terms = map[string]int{calls.Name: 25, dialout.Name: 22, details: 20, fetch.CallRecords.Name: 28}

// prune deletes most of what is past its term.
func (w *pruned) prune(r *rapid.T) {
	for _, what := range slices.Sorted(maps.Keys(terms)) {
		if rapid.IntRange(0, 3).Draw(r, what) == 0 || what == details && storetest.IsDivided() {
			continue // months go as a whole
		}
		e := endpoint(source(what))
		before := w.today - terms[what]
		p := &store.Pruning{
			Target: target(w, e), Details: what == details, Tenants: []uuid.UUID{tenant}, Before: w.day(before),
		}
		p.InSlicesOf(2)
		for more := true; more; {
			var err error
			_, more, err = w.db.Prune(w.Context(), p)
			w.must(err)
		}
		waits := slices.ContainsFunc(slices.Collect(maps.Keys(w.noted)), func(day int) bool { return day < before+3 })
		if waits != (p.Waiting > 0) {
			w.fail("%d tenants wait, as figures are to be computed: %v", p.Waiting, waits)
		}
		if !waits {
			w.forget(what, before)
		}
	}
}

// forget has the model do what a prune does.
func (w *pruned) forget(what string, before int) {
	w.kept[what] = max(w.kept[what], before)
	w.frozen[source(what)] = max(w.frozen[source(what)], before)
	old := func(day int) bool { return day < before }
	switch what {
	case calls.Name:
		n := len(w.calls)
		maps.DeleteFunc(w.calls, func(_ int, c prunedCall) bool { return old(c.Day) })
		maps.DeleteFunc(w.raw, func(_ string, raw prunedRaw) bool { return old(raw.Day) })
		w.gone["pstn_calls expire"] += n - len(w.calls)
	case dialout.Name:
		for day, n := range w.sums {
			if old(day) {
				w.gone["dialout_report expire"] += n
				delete(w.sums, day)
			}
		}
	case details:
		for _, r := range w.records {
			if old(r.Day) {
				r.Rows, r.Body = false, false
			}
		}
	default:
		n := len(w.records)
		maps.DeleteFunc(w.records, func(_ int, r *prunedRecord) bool { return old(r.Day) })
		w.gone["call_records expire"] += n - len(w.records)
	}
}

// source is the endpoint of what is pruned.
func source(what string) string {
	if what == details {
		return fetch.CallRecords.Name
	}
	return what
}

// refresh computes figures: none of days that read rows which may be gone.
func (w *pruned) refresh() {
	w.must(w.db.RefreshRollups(w.Context(), nil))
	for day := range w.noted {
		if before, ok := w.frozen[calls.Name]; ok && day <= before {
			continue
		}
		maps.DeleteFunc(w.figures, func(of [2]int, _ int) bool { return of[0] == day })
		for id, c := range w.calls {
			if c.Day == day {
				w.figures[[2]int{day, id % persons}] += c.Content
			}
		}
	}
	clear(w.noted)
}

// rebuild computes all figures anew.
func (w *pruned) rebuild() {
	w.must(w.db.NoteAllDays(w.Context()))
	w.refresh()
}

// compare holds the tables to the model.
func (w *pruned) compare() {
	want, got := map[string][]string{}, map[string][]string{}
	add := func(what string, model []string, sql string, args ...any) {
		slices.Sort(model)
		want[what] = model
		rows, err := w.conn.Query(w.Context(), sql, args...)
		w.must(err)
		got[what], err = pgx.CollectRows(rows, pgx.RowTo[string])
		w.must(err)
		slices.Sort(got[what])
	}
	// since counts the days until a time.
	since := func(at string) string {
		const days = `floor(extract(epoch FROM %s - '%s'::timestamptz) / 86400)`
		return fmt.Sprintf(days, at, w.first.Format(time.RFC3339))
	}
	add("calls", lines(w.calls, func(id int, c prunedCall) string {
		return fmt.Sprint(id, c, " ", w.storedUser(id), " ", w.stored("caller_number", numberOf(id), userID(id)), " ",
			w.stored("user_display_name", userName(id), userID(id)))
	}), `
		SELECT format('%s {%s %s} %s %s %s', id, `+since("start_at")+`, duration_s, user_id, caller_number,
			user_display_name)
		FROM teams.pstn_calls`)
	add("sums", lines(w.sums, func(day, n int) string {
		var users []string
		for who := range n {
			users = append(users, w.storedUser(who))
		}
		slices.Sort(users)
		return fmt.Sprint(day, users)
	}), `
		SELECT format('%s [%s]', `+since("window_from")+`, string_agg(user_id::text, ' ' ORDER BY user_id::text))
		FROM teams.dialout_report GROUP BY window_from`)
	add("records", lines(w.records, func(id int, r *prunedRecord) string {
		users := ""
		if r.Rows {
			users = w.storedUser(id) + w.stored("identity_id", numberOf(id), "")
		}
		return fmt.Sprint(*r, " ", users)
	}), `
		SELECT format('{%s %s %s %s %s} %s', `+since("start_at")+`, version, coalesce(details_version, 0),
			(SELECT count(*) = 1 FROM teams.media_streams s WHERE s.call_id = c.id)::text,
			(SELECT count(*) = 1 FROM ingest.details_retries s WHERE s.call_id = c.id AND body IS NOT NULL)::text,
			(SELECT string_agg(coalesce(user_id::text, identity_id), '' ORDER BY user_id)
				FROM teams.call_participants p WHERE p.call_id = c.id))
		FROM teams.call_records c`)
	add("rejects", lines(w.raw, func(said string, raw prunedRaw) string {
		return said + " " + w.storedUser(raw.Who)
	}), `
		SELECT concat_ws(' ', x.said->>'callType', x.said->>'userId')
		FROM ingest.rejects r
		CROSS JOIN LATERAL (SELECT convert_from(r.raw, 'UTF8')::jsonb AS said) AS x`)
	maps.DeleteFunc(w.gone, func(what string, n int) bool {
		return n == 0 || w.private() && strings.HasSuffix(what, " delete") // keys that are hashes change with persons
	})
	add("tombstones", lines(w.gone, func(what string, n int) string { return fmt.Sprint(what, " ", n) }),
		`
		SELECT concat_ws(' ', table_name, op, count(*)) FROM ingest.tombstones WHERE op = 'expire' OR NOT $1
		GROUP BY table_name, op`, w.private())
	add("slots", lines(w.slots, func(day int, settled bool) string { return fmt.Sprint(day, settled) }),
		`SELECT concat_ws(' ', `+since("slot_from")+`, settled::text) FROM ingest.slots WHERE endpoint = 'pstn_calls'`)
	add("kept from", lines(w.kept, func(what string, day int) string { return fmt.Sprint(what, " ", day) }), `
		SELECT concat_ws(' ', endpoint, `+since("kept_from")+`) FROM ingest.endpoints WHERE kept_from IS NOT NULL
		UNION ALL
		SELECT concat_ws(' ', 'details', `+since("details_kept_from")+`)
		FROM ingest.endpoints WHERE details_kept_from IS NOT NULL`)
	add("frozen", lines(w.frozen, func(source string, day int) string { return fmt.Sprint(source, " ", day) }),
		`SELECT concat_ws(' ', source, `+since("before")+`) FROM rollup.frozen`)
	if len(w.noted) == 0 {
		add("figures", lines(w.figures, func(of [2]int, n int) string {
			return fmt.Sprint(of[0], " ", w.storedUser(of[1]), " ", n)
		}), `SELECT concat_ws(' ', `+since("day")+`, user_id, duration_s) FROM rollup.tiny`)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		w.fail("the model (-) and the tables (+):\n%s", diff)
	}
}

// lines are the texts of a map's entries.
func lines[K comparable, V any](of map[K]V, text func(K, V) string) (all []string) {
	for k, v := range of {
		all = append(all, text(k, v))
	}
	return all
}
