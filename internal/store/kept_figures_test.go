package store_test

import (
	"fmt"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ingestd/internal/catalog"
	"ingestd/internal/store/storetest"
)

// A rollup is the figures of days, of rows of some sources.
type rollup struct {
	Name    string
	Sources []string
	Touches bool     // a row counts in the days beside its own too
	columns []string // that hold personal data
}

func (w *pruned) readRollups() (all []rollup) {
	for _, name := range storetest.Rollups(w, w.conn) {
		one := rollup{Name: name}
		err := w.conn.QueryRow(w.Context(), `SELECT sources, touches_neighbours FROM rollup.views WHERE name = $1`,
			name).Scan(&one.Sources, &one.Touches)
		w.must(err)
		for _, column := range storetest.Query[[]string](w, w.conn, `
			SELECT array_agg(attname::text) FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0`,
			"rollup."+name) {
			if len(catalog.Column{Name: column}.Personal()) > 0 {
				one.columns = append(one.columns, column)
			}
		}
		all = append(all, one)
	}
	return all
}

// begins is the first day that is computed still.
func (w *pruned) begins(r rollup) int {
	first := 0
	for _, source := range r.Sources {
		if before, ok := w.frozen[source]; ok {
			first = max(first, before+1)
			if r.Touches {
				first = max(first, before+2)
			}
		}
	}
	return first
}

// frozenFigures are the figures of days that are never computed again, but for whose they are.
func (w *pruned) frozenFigures() []string {
	var all []string
	for i, r := range w.rollups {
		all = append(all, fmt.Sprintf(`
			SELECT %[1]d, (to_jsonb(t) - '{%[2]s}'::text[])::text
			FROM rollup.%[3]s t
			WHERE day < ($1::text[])[%[1]d]::date`,
			i+1, strings.Join(r.columns, ","), r.Name))
	}
	return w.texts(`SELECT figures FROM (`+strings.Join(all, " UNION ALL ")+`) AS of (rollup, figures)`, w.firstDays())
}

// firstDays are the first days of rollups that are computed still.
func (w *pruned) firstDays() (days []string) {
	for _, r := range w.rollups {
		days = append(days, w.date(w.begins(r)))
	}
	return days
}

// compareFigures holds the figures of days to the rows, but of days some of whose rows are
// gone: these stay as they were.
func (w *pruned) compareFigures() {
	if diff := cmp.Diff(w.figures, w.frozenFigures(), cmpopts.EquateEmpty()); diff != "" {
		w.fail("figures of days whose rows are gone (-as they were, +as they are):\n%s", diff)
	}
	if len(w.noted) > 0 {
		return
	}
	var all []string
	for i, r := range w.rollups {
		all = append(all, fmt.Sprintf(`
				SELECT 1 AS rows, '%[2]s ' || t::text AS text
				FROM live.%[2]s t
				WHERE day >= ($1::text[])[%[1]d]::date
				UNION ALL
				SELECT -1, '%[2]s ' || t::text
				FROM rollup.%[2]s t
				WHERE day >= ($1::text[])[%[1]d]::date`, i+1, r.Name))
	}
	differ := w.texts(`
		SELECT concat_ws(' ', sum(rows), text) FROM (`+strings.Join(all, " UNION ALL ")+`) AS of
		GROUP BY text
		HAVING sum(rows) <> 0`, w.firstDays())
	if len(differ) > 0 {
		w.fail("figures that are not those of rows (1: lacks, -1: is too many):\n%s", strings.Join(differ, "\n"))
	}
}

// refresh computes figures: none of days that read rows which may be gone.
func (w *pruned) refresh() {
	w.must(w.db.RefreshRollups(w.Context(), nil))
	clear(w.noted)
}

// rebuild computes all figures anew.
func (w *pruned) rebuild() {
	w.must(w.db.NoteAllDays(w.Context()))
	w.refresh()
}
