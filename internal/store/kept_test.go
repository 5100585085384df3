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

	"ingestd/internal/fetch"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// In each round something is served and pruned, also by a clock that was set back, and
// personal data passes its term, which may become longer. Modes become stricter, a person
// is erased, rejects are retried, or the process is another one, maybe in a copy of the
// database. Then all that was ever served is served anew: the tables hold what a model
// says may be kept.
func TestKeptAgainstAModel(t *testing.T) {
	t.Parallel()
	w := newPruned(t)
	rapid.Check(t, func(r *rapid.T) {
		w.fail = r.Fatalf
		w.clear()
		w.refuse(rapid.Bool().Draw(r, "refusing"))
		w.setModes(rapid.IntRange(0, len(modes)-1).Draw(r, "modes"))
		for range rapid.IntRange(1, storetest.Times(2, 3)).Draw(r, "rounds") {
			w.today = rapid.IntRange(30, 60).Draw(r, "today")
			w.term = rapid.SampledFrom([]int{0, 10, 20, 35}).Draw(r, "term")
			w.serve(r)
			w.prune(r)
			w.age(r)
			w.compare()
			switch rapid.IntRange(0, 6).Draw(r, "act") {
			case 0:
				w.setModes(min(w.mode+1, len(modes)-1))
			case 1, 2:
				w.erase(r)
			case 3:
				w.restart(rapid.IntRange(0, 3).Draw(r, "restored") == 0)
			case 4:
				w.retry()
			}
			w.compare()
			w.serveAgain(r)
			w.compare()
		}
		w.retry()
		w.rebuild()
		w.compare()
		w.wantUsers()
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
	w.figures = w.frozenFigures()
	old := func(day int) bool { return day < before }
	switch what {
	case calls.Name:
		n := len(w.calls)
		maps.DeleteFunc(w.calls, func(_ int, c prunedCall) bool { return old(c.Day) })
		maps.DeleteFunc(w.raw, func(raw prunedRaw, _ bool) bool { return old(raw.Day) })
		w.gone["pstn_calls expire"] += n - len(w.calls)
	case dialout.Name:
		for day, users := range w.sums {
			if old(day) {
				w.gone["dialout_report expire"] += len(users)
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

// compare holds the tables to the model.
func (w *pruned) compare() {
	want, got := map[string][]string{}, map[string][]string{}
	add := func(what string, model []string, sql string, args ...any) {
		slices.Sort(model)
		want[what], got[what] = model, w.texts(sql, args...)
	}
	// since counts the days until a time.
	since := func(at string) string {
		const days = `floor(extract(epoch FROM %s - '%s'::timestamptz) / 86400)`
		return fmt.Sprintf(days, at, w.first.Format(time.RFC3339))
	}
	add("calls", lines(w.calls, func(id int, c prunedCall) string {
		return fmt.Sprint(id, " ", c.Day, " ", c.Content, " ", c.Of)
	}), `
		SELECT format('%s %s %s %s|%s|%s|%s|%s', id, `+since("start_at")+`, duration_s, user_id, user_display_name,
			user_principal_name, caller_number, host(client_local_ip_v4_address))
		FROM teams.pstn_calls`)
	add("sums", lines(w.sums, func(day int, of map[int]personal) string {
		users := lines(of, func(_ int, p personal) string { return p.User })
		slices.Sort(users)
		return fmt.Sprint(day, users)
	}), `
		SELECT format('%s [%s]', `+since("window_from")+`, string_agg(user_id::text, ' ' ORDER BY user_id::text))
		FROM teams.dialout_report GROUP BY window_from`)
	add("records", lines(w.records, func(_ int, r *prunedRecord) string {
		users := ""
		if r.Rows {
			users = r.Of[0].User + " " + r.Of[1].Number
		}
		return fmt.Sprint(r.Day, r.Version, r.Details, r.Rows, r.Body, " ", users)
	}), `
		SELECT format('%s %s %s %s %s %s', `+since("start_at")+`, version, coalesce(details_version, 0),
			(SELECT count(*) = 1 FROM teams.media_streams s WHERE s.call_id = c.id)::text,
			(SELECT count(*) = 1 FROM ingest.details_retries s WHERE s.call_id = c.id AND body IS NOT NULL)::text,
			(SELECT string_agg(coalesce(user_id::text, identity_id), ' ' ORDER BY user_id)
				FROM teams.call_participants p WHERE p.call_id = c.id))
		FROM teams.call_records c`)
	add("rejects", lines(w.raw, func(raw prunedRaw, _ bool) string {
		return fmt.Sprint(raw.Day, " ", raw.Said, " ", raw.Of)
	}), `
		SELECT format('%s %s %s|%s|%s|%s|%s', `+since("slot_from")+`, concat_ws(' ', said->>'callType', said->>'id',
			said->>'duration'), said->>'userId', said->>'userDisplayName', said->>'userPrincipalName',
			said->>'callerNumber', said->>'clientLocalIpV4Address')
		FROM ingest.rejects r
		CROSS JOIN LATERAL (SELECT convert_from(r.raw, 'UTF8')::jsonb AS said) AS x`)
	maps.DeleteFunc(w.gone, func(what string, n int) bool {
		return n == 0 || w.rekeyed && strings.HasSuffix(what, " delete") // keys that are hashes change with persons
	})
	add("tombstones", lines(w.gone, func(what string, n int) string { return fmt.Sprint(what, " ", n) }),
		`
		SELECT concat_ws(' ', table_name, op, count(*)) FROM ingest.tombstones WHERE op = 'expire' OR NOT $1
		GROUP BY table_name, op`, w.rekeyed)
	add("settled slots", lines(w.slots, func(day int, _ bool) string { return fmt.Sprint(day) }),
		`SELECT `+since("slot_from")+`::text FROM ingest.slots WHERE endpoint = 'pstn_calls' AND settled AND `+
			since("slot_from")+` = ANY ($1::int[])`, slices.Collect(maps.Keys(w.slots)))
	add("kept from", lines(w.kept, func(what string, day int) string { return fmt.Sprint(what, " ", day) }), `
		SELECT concat_ws(' ', endpoint, `+since("kept_from")+`) FROM ingest.endpoints WHERE kept_from IS NOT NULL
		UNION ALL
		SELECT concat_ws(' ', 'details', `+since("details_kept_from")+`)
		FROM ingest.endpoints WHERE details_kept_from IS NOT NULL`)
	add("frozen", lines(w.frozen, func(source string, day int) string { return fmt.Sprint(source, " ", day) }),
		`SELECT concat_ws(' ', source, `+since("before")+`) FROM rollup.frozen`)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		w.fail("the model (-) and the tables (+):\n%s", diff)
	}
	w.compareFigures()
}

// texts are the texts that a query returns, in order.
func (w *pruned) texts(sql string, args ...any) []string {
	w.Helper()
	rows, err := w.conn.Query(w.Context(), sql, args...)
	w.must(err)
	texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	w.must(err)
	slices.Sort(texts)
	return texts
}

// lines are the texts of a map's entries.
func lines[K comparable, V any](of map[K]V, text func(K, V) string) (all []string) {
	for k, v := range of {
		all = append(all, text(k, v))
	}
	return all
}
