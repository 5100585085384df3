package torture

import (
	"maps"
	"slices"
	"time"

	"ingestd/internal/store/storetest"
)

// reading is a command that reads, any.
func (w *world) reading() []string {
	switch w.rng.IntN(6) {
	case 0:
		return w.backfilling()
	case 1:
		return w.fetching()
	}
	return []string{"once"}
}

// readingOrDaemon is one of these, or a daemon.
func (w *world) readingOrDaemon() []string {
	if w.rng.IntN(2) == 0 {
		return []string{"run"}
	}
	return w.reading()
}

// backfilling is one that reads again what was read, all of it or some days.
func (w *world) backfilling() []string {
	args := []string{"backfill", "--fresh", "0s"}
	if w.rng.IntN(2) == 0 {
		from := w.clock.Now().Add(-time.Duration(w.rng.IntN(9)) * day)
		args = append(args, "--from", from.Format(time.DateOnly))
	}
	return args
}

// fetching is one that asks for a call, or for a person's.
func (w *world) fetching() []string {
	w.oracle.mu.Lock()
	defer w.oracle.mu.Unlock()
	calls := slices.Sorted(maps.Keys(w.oracle.rows["call_records"]))
	people := storetest.Query[[]string](w, w.conn, `
		SELECT array_agg(user_id ORDER BY user_id) FROM teams.users WHERE tenant_id = $1`, tenant)
	if len(people) > 0 && w.rng.IntN(2) == 0 {
		return []string{"fetch", "--participant", people[w.rng.IntN(len(people))]}
	}
	return []string{"fetch", "--call", calls[w.rng.IntN(len(calls))]}
}

// again reads what was read before, with a process that is killed, beside another one or by itself.
func (w *world) again(args []string) {
	switch w.rng.IntN(3) {
	case 0:
		w.until(w.atMessage(moments, func(p *process) storetest.Fault {
			return storetest.Fault{Lose: true, Then: p.kill}
		}, args...))
	case 1:
		beside := w.launch("once")
		beside.endsWithin(time.Duration(w.rng.Int64N(int64(time.Second))))
		w.until(w.launch(args...))
		w.until(beside)
	}
	w.changeSoon()
	w.until(w.launch(args...))
}

func (w *world) backfill() { w.again(w.backfilling()) }

func (w *world) fetch() { w.again(w.fetching()) }
