package store_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/privacy"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// A pruned is a database and a model of it, in which days are counted from the first.
type pruned struct {
	testing.TB
	fail    func(format string, args ...any) // ends a history
	url     string
	db      *store.DB
	conn    *pgx.Conn
	beside  *graphsim.Server // whose certificate all others have
	rollups []rollup
	runs    map[string]*store.Run
	first   time.Time // day 0
	today   int
	served  time.Time // of the last answer
	count   int       // of answers

	kept     map[string]int // by what is pruned: the day before which it is gone
	frozen   map[string]int // by endpoint: the day before which no figures are computed
	calls    map[int]prunedCall
	sums     map[int]map[int]personal // by day and user
	records  map[int]*prunedRecord
	raw      map[prunedRaw]bool // rejects
	slots    map[int]bool       // days that are settled
	gone     map[string]int     // by table and why: how many rows were deleted
	noted    map[int]bool       // days whose figures are to be computed
	figures  []string           // of days that are never computed again
	closed   map[int]int        // by call: with what content its rejects were closed
	refusing bool               // the database takes not all calls

	mode         int
	policy, aged *privacy.Policy
	term         int             // days after which personal data goes; 0: never
	agedBefore   int             // the day before which it went
	eraser       *privacy.Eraser // of the runs
	erased       map[string]bool // user ids and numbers
	halfway      bool            // some rows are as they are to be, and some are not
	rekeyed      bool            // keys that are hashes may have changed

	everCalls, everRaw map[int]int  // all that was ever served: its day
	everSums           map[int]bool // days
	everRecords        map[int]int  // their newest versions
}

// A prunedCall is a row, or one that the database refused.
type prunedCall struct {
	Day, Content int
	Of           personal
}

type prunedRaw struct {
	Day  int
	Said string
	Of   personal
}

// A record has a version, that of its details, 0 for none, whether they are there, and
// whether what was answered in their place is kept. Two persons are in its details, of
// whom one is known by a number.
type prunedRecord struct {
	Day, Version, Details int
	Rows, Body            bool
	Of                    [2]personal
}

const details = "details"

func newPruned(t testing.TB) *pruned {
	url := storetest.URL(t)
	w := &pruned{TB: t}
	w.connect(url)
	var err error
	w.beside, err = graphsim.Start(graphsim.Config{CallsPerDay: -1})
	w.must(err)
	t.Cleanup(func() { w.beside.Close() })
	w.runs, w.rollups = map[string]*store.Run{}, w.readRollups()
	w.first = time.Now().UTC().AddDate(0, 0, -60).Truncate(24 * time.Hour)
	w.begin()
	return w
}

func (w *pruned) connect(url string) {
	w.url, w.db, w.conn = url, storetest.Connect(w, url), storetest.Conn(w, url)
	storetest.Exec(w, w.conn, `SET plan_cache_mode = force_generic_plan`) // all rollups are planned once
}

// clear begins a history.
func (w *pruned) clear() {
	var sql strings.Builder
	for _, table := range fetch.CallRecords.Rows.Tables {
		sql.WriteString("DELETE FROM teams." + table.Name + "; ")
	}
	for _, r := range w.rollups {
		sql.WriteString("DELETE FROM rollup." + r.Name + "; ")
	}
	for _, table := range []string{
		"teams.pstn_calls", "teams.dialout_report", "teams.call_record_versions", "teams.users", "ingest.tombstones",
		"ingest.rejects", "ingest.details_retries", "ingest.slots", "ingest.parked", "ingest.endpoints",
		"ingest.marks", "ingest.rewrites", "rollup.stale", "rollup.frozen", "ingest.erasures",
	} {
		sql.WriteString("DELETE FROM " + table + "; ")
	}
	storetest.Exec(w, w.conn, sql.String())
	storetest.Exec(w, w.conn, `
		INSERT INTO ingest.endpoints (tenant_id, endpoint, enabled, schedule, reach, settle, origin, settled_until,
			watermark)
		SELECT $1, e, true, '*/5 * * * *', '30 d', '1 d', $2, $2, $2 FROM unnest($3::text[]) e`,
		tenant, w.first, slices.Collect(maps.Keys(w.runs)))
	w.served, w.erased, w.rekeyed, w.term, w.agedBefore = w.day(servedOn), map[string]bool{}, false, 0, 0
	w.eraser = w.knowing()
	w.kept, w.frozen, w.calls = map[string]int{}, map[string]int{}, map[int]prunedCall{}
	w.sums = map[int]map[int]personal{}
	w.records, w.raw, w.slots = map[int]*prunedRecord{}, map[prunedRaw]bool{}, map[int]bool{}
	w.gone, w.noted, w.figures, w.closed = map[string]int{}, map[int]bool{}, nil, map[int]int{}
	w.everCalls, w.everRaw, w.everSums, w.everRecords = map[int]int{}, map[int]int{}, map[int]bool{}, map[int]int{}
}

func (w *pruned) day(n int) time.Time { return w.first.AddDate(0, 0, n) }

func (w *pruned) date(n int) string { return w.day(n).Format(time.DateOnly) }

// at is the time of what happens on a day.
func (w *pruned) at(day int) time.Time { return w.day(day).Add(10 * time.Hour) }

// serve has something served and stored.
func (w *pruned) serve(r *rapid.T) {
	day, content, id := rapid.Map(rapid.IntRange(0, 8), dayOf), rapid.IntRange(1, 9), rapid.IntRange(0, 7)
	for id, day := range rapid.MapOfN(rapid.IntRange(0, 9), day, 0, 6).Draw(r, "calls") {
		w.everCalls[id] = day
	}
	w.saveCalls(w.everCalls, content.Draw(r, "content"))
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
