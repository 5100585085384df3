package torture

import (
	"fmt"
	"maps"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/store/storetest"
)

// term is how long rows of an endpoint are kept once there is a retention. It is never below reach.
func (s settings) term(e fetch.Endpoint) time.Duration {
	if e.Versioned {
		return s.recordsReach + 12*time.Hour
	}
	return s.logsReach
}

// retention is that of the configuration.
func (s settings) retention() string {
	if !s.terms {
		return ""
	}
	text := fmt.Sprintf("retention:\n  details: %v\n", s.recordsReach)
	for _, e := range fetch.Endpoints {
		text += fmt.Sprintf("  %s: %v\n", e.Name, s.term(e))
	}
	return text
}

// prune has rows become older than their term, and go while something goes wrong. More often than not reach becomes
// longer afterwards, so that Graph serves them again, or those beside them have changed when they are read again.
func (w *world) prune() {
	w.Helper()
	w.settings.terms = true
	w.configure()
	for range 3 {
		w.advance(30 * time.Hour)
		w.once()
	}
	switch w.rng.IntN(3) {
	case 0:
		lose := w.rng.IntN(2) == 0
		w.until(w.atMessage(moments, func(p *process) storetest.Fault {
			return storetest.Fault{Cut: !lose, Lose: lose, Then: p.kill}
		}, "prune"))
	case 1:
		reading := w.launch(w.reading()...)
		reading.endsWithin(time.Duration(w.rng.Int64N(int64(time.Second))))
		w.until(w.launch("prune"))
		w.until(reading)
	case 2:
		w.daemon()
	}
	w.late = true
	w.check()
	w.pruneAll()
	if w.rng.IntN(2) == 0 {
		w.changeSoon()
		w.until(w.launch(w.backfilling()...))
	}
	if w.rng.IntN(3) > 0 {
		w.readWith(func(s *settings) { s.logsReach, s.recordsReach = s.logsReach+day, s.recordsReach+day })
	}
}

// pruneAll has all go that is past its term, and holds that nothing is left of it and that figures stay as they are.
func (w *world) pruneAll() {
	w.Helper()
	w.calm()
	defer w.clock.Stop()()
	w.ends("rollup", "refresh")
	w.checkFigures(w.figured)
	before, figures := w.look(), w.figures()
	w.ends("prune")
	w.ends("rollup", "refresh")
	w.checkFigures(figures)
	w.late, w.figured = false, w.oldFigures()
	after := w.look()
	heard := storetest.Query[time.Time](w, w.conn, `SELECT max(clock_at) FROM ingest.endpoints`)
	for _, e := range fetch.Endpoints {
		known := heard.Add(-w.settings.term(e)).Truncate(e.Slot) // to be old by what is known of Graph's time
		old := w.clock.Now().Add(-w.settings.term(e)).Truncate(e.Slot)
		was, is := before.endpoints[e.Name], after.endpoints[e.Name]
		if is.KeptFrom.Before(known) || is.KeptFrom.After(later(old, was.KeptFrom)) {
			w.violate("%s: pruned until %v, and what is before %v is past its term", e.Name, is.KeptFrom, old)
		}
	}
}

// ends runs the program, which has to end well.
func (w *world) ends(args ...string) {
	w.Helper()
	if p := w.launch(args...); !p.endsWithin(patience) || p.code() != 0 {
		w.violate("%v ends with %v", args, p.cmd.ProcessState)
	}
}

// figures tells what the rollups say, by rollup and day.
func (w *world) figures() map[string]string { return w.figuresOf("true") }

// oldFigures are those of days that read rows which may be deleted. Such a day is never computed again.
func (w *world) oldFigures() map[string]string {
	return w.figuresOf(`EXISTS (
		SELECT 1
		FROM rollup.views v
		JOIN ingest.endpoints e ON e.endpoint = ANY (v.sources)
		WHERE v.name = '%[1]s' AND t.day < greatest(e.kept_from, e.details_kept_from) AT TIME ZONE 'UTC'
			+ CASE WHEN v.touches_neighbours THEN interval '1 day' ELSE interval '0' END)`)
}

func (w *world) figuresOf(which string) map[string]string {
	w.Helper()
	all := map[string]string{}
	for _, name := range storetest.Rollups(w, w.conn) {
		maps.Copy(all, storetest.Query[map[string]string](w, w.conn, fmt.Sprintf(`
			SELECT coalesce(jsonb_object_agg('%[1]s ' || day, says), '{}') FROM (
				SELECT day, count(*) || '/' || sum(hashtext(t::text)) AS says
				FROM rollup.%[1]s t
				WHERE `+which+`
				GROUP BY day) d`, name)))
	}
	return all
}

// checkFigures holds that days have the figures that they had: pruning changes none.
func (w *world) checkFigures(had map[string]string) {
	w.Helper()
	now := w.figures()
	for day, was := range had {
		if now[day] != was {
			w.violate("rows are deleted, and figures change: %s says %q, before %q", day, now[day], was)
		}
	}
}

// checkKept holds that nothing is deleted before its time, and that nothing comes back.
func (w *world) checkKept(l *look, e fetch.Endpoint) {
	of, reach := l.endpoints[e.Name], w.settings.leastReach
	if e.Versioned {
		reach = w.settings.leastRecordsReach
	}
	if last := later(of.KeptFrom, of.DetailsKeptFrom); last.After(w.clock.Now().Add(-reach)) {
		w.violate("%s: rows before %v are deleted, which are younger than any term", e.Name, last)
	}
	for key := range l.stored[e.Name] {
		r := w.oracle.rows[e.Name][key]
		if r != nil && r.at.Before(of.KeptFrom) && !w.late {
			w.violate("%s: %s of %v is stored, and what was before %v is deleted", e.Name, key, r.at, of.KeptFrom)
		}
	}
}
