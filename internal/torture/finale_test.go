package torture

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/mapping"
	"ingestd/internal/mapping/mappingtest"
	"ingestd/internal/store/storetest"
)

// patience is how long a run without faults may take.
const patience = time.Minute

// finish ends all that goes wrong, lets the program read what is left, and holds that all is as it was served.
func (w *world) finish() {
	w.Helper()
	w.calm()
	for try := 1; !w.readAll(); try++ {
		if try == 5 {
			w.violate("after five quiet runs within four days not all is read")
			break
		}
		w.advance(25 * time.Hour) // what is parked is tried daily
	}
	w.check()
	w.checkComplete()
	w.checkLosses()
	w.checkSafe(true)
	w.checkNothingChanges()
	w.checkCounted()
	w.checkDerived()
	w.checkNothingLeft()
	w.checkSilence()
}

// readAll has the time stand, or more would be due by now, and the program read what is due. It reports whether nothing
// is left.
func (w *world) readAll() bool {
	w.Helper()
	w.observe()
	w.clock.Stop()
	for range 2 { // a record may have been listed after its turn
		if p := w.launch("once"); !p.endsWithin(patience) {
			w.violate("a run without faults does not end within %v", patience)
			p.kill()
			<-p.ended
			return false
		}
	}
	w.observe()
	return len(w.missing()) == 0
}

// changeable is how old a row of a log may be when it changes and is read again soon: older ones are read monthly.
const changeable = 6 * day

// missing is what could be read and is not stored so, and what of the ledger is not as it should be.
func (w *world) missing() (list []string) {
	w.Helper()
	l, now := w.look(), w.clock.Now()
	w.oracle.mu.Lock()
	defer w.oracle.mu.Unlock()
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	for _, e := range fetch.Endpoints {
		of := l.endpoints[e.Name]
		absent := 0
		for key, r := range w.oracle.rows[e.Name] {
			got, there := l.stored[e.Name][key]
			switch {
			case r.at.Before(later(of.KeptFrom, of.DetailsKeptFrom)):
			case !r.shown || r.at.Before(of.Origin) || r.at.After(now.Add(-2*time.Second)):
			case e.Aggregate && r.at.Before(of.Origin.Add(e.Slot)):
			case w.isChanged(e, r):
				if !there {
					absent++
				}
			case !there:
				add("%s: %s of %v is served and not stored", e.Name, key, r.at)
			case got.Says != r.newest().says && (e.Versioned || r.newest().since.Sub(r.at) < changeable):
				add("%s: %s of %v is served otherwise than it is stored", e.Name, key, r.at)
			case e.Versioned && (got.Details == nil || *got.Details != got.Says):
				add("%s: the details of %s are not stored", e.Name, key)
			}
		}
		if strangers, _ := w.strangers(l, e); absent > len(strangers) {
			add("%s: of %d rows that name persons who were erased %d are stored", e.Name, absent, len(strangers))
		}
		if e.Aggregate {
			w.leftovers(l, e, now, add)
		}
		w.missingNotes(l, e, add)
		w.missingSlots(of, e, now, add)
	}
	return list
}

// leftovers lists sums that are stored, and not served any more.
func (w *world) leftovers(l *look, e fetch.Endpoint, now time.Time, add func(string, ...any)) {
	if _, erased := w.strangers(l, e); erased > 0 {
		return
	}
	for key := range l.stored[e.Name] {
		at, err := time.Parse(time.DateOnly, key[:len(time.DateOnly)])
		r := w.oracle.rows[e.Name][key]
		if err == nil && at.After(now.Add(2*day-w.settings.logsReach)) && (r == nil || !r.shown) {
			add("%s: %s is stored, and not served any more", e.Name, key)
		}
	}
}

// missingNotes lists what is noted otherwise than it is: a watermark that is behind, a slot that was read since it
// failed, a reject that is stored.
func (w *world) missingNotes(l *look, e fetch.Endpoint, add func(string, ...any)) {
	of := l.endpoints[e.Name]
	until := of.SettledUntil
	for key, got := range l.stored[e.Name] {
		r := w.oracle.rows[e.Name][key]
		if r == nil {
			continue
		}
		if e.Versioned && (got.Details == nil || *got.Details != got.Says) && r.at.Before(until) {
			until = later(r.at, of.Origin)
		}
		if r.shown && !w.isChanged(e, r) && l.rejected[e.Name][key] && got.Says == r.newest().says {
			add("%s: %s is stored as it is served, and its reject is open", e.Name, key)
		}
	}
	if of.Watermark.Before(until) {
		add("%s: all is stored until %v, and the watermark is %v", e.Name, until, of.Watermark)
	}
	for _, s := range of.slots {
		if s.Failed {
			add("%s: the slot of %v was read at %v, and is noted as one that failed before", e.Name, s.From, s.ReadAt)
		}
	}
}

// missingSlots lists those that were not read, or not settled.
func (w *world) missingSlots(of ledger, e fetch.Endpoint, now time.Time, add func(string, ...any)) {
	reach, settle := w.settings.logsReach, w.settings.logsSettle
	if e.Versioned {
		reach, settle = w.settings.recordsReach, w.settings.recordsSettle
	}
	read := map[int64]slot{}
	for _, s := range of.slots {
		read[s.From.Unix()] = s
	}
	if of.Origin.IsZero() {
		add("%s: it was never read", e.Name)
		return
	}
	for at := of.Origin.Truncate(e.Slot); read[at.Unix()].Settled; at = at.Add(e.Slot) {
		if end := at.Add(e.Slot); of.SettledUntil.Before(end) {
			add("%s: all is settled until %v at least, and %v is noted", e.Name, end, of.SettledUntil)
		}
	}
	for at := of.Origin.Truncate(e.Slot); at.Add(e.Slot).Before(now); at = at.Add(e.Slot) {
		switch s, ok := read[at.Unix()]; {
		case later(at, of.Origin).Before(now.Add(-reach)): // it is settled or lost, which checkLosses looks at
		case !ok:
			add("%s: the slot of %v was never read", e.Name, at)
		case !s.Settled && at.Add(e.Slot+settle+time.Minute).Before(now):
			add("%s: the slot of %v is not settled", e.Name, at)
		}
	}
}

// checkComplete holds that nothing is missing, and that call records come back from their rows as they were served.
func (w *world) checkComplete() {
	w.Helper()
	l := w.look()
	for _, m := range w.missing() {
		w.violate("%s", m)
	}
	for _, e := range fetch.Endpoints {
		for text, from := range w.oracle.unfit[e.Name] {
			if !l.rejected[e.Name][text] && !from.Before(l.endpoints[e.Name].KeptFrom) {
				w.violate("%s: an element that does not fit is not kept raw: %s", e.Name, text)
			}
		}
	}
	db := storetest.Connect(w, w.direct)
	defer db.Close()
	for id, got := range l.stored["call_records"] {
		if got.Details == nil {
			continue
		}
		document, r := w.oracle.documents[id][*got.Details], w.oracle.rows["call_records"][id]
		pruned := r != nil && r.at.Before(l.endpoints["call_records"].DetailsKeptFrom)
		if document == nil || pruned || w.namesIn(strings.ToLower(string(document))) {
			continue
		}
		rebuilt, err := db.Rebuild(w.Context(), fetch.CallRecords.Rows, tenant, id)
		if err != nil {
			w.violate("call record %s cannot be rebuilt: %v", id, err)
			continue
		}
		mappingtest.Same(noting{w.TB, w}, document, rebuilt)
	}
	for _, e := range fetch.Endpoints {
		if !e.Versioned {
			w.checkColumns(e)
		}
	}
}

// checkColumns holds that the columns of each row say what its hash does, which is the hash of what was served.
func (w *world) checkColumns(e fetch.Endpoint) {
	w.Helper()
	table := e.Rows.Tables[0]
	query := fmt.Sprintf(`SELECT row_hash, %s FROM teams.%s WHERE tenant_id = $1`,
		strings.Join(table.ColumnNames(), ", "), table.Name)
	rows, err := w.conn.Query(w.Context(), query, pgx.QueryResultFormats{pgx.BinaryFormatCode}, tenant)
	if err != nil {
		w.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		values := rows.RawValues()
		document, err := e.Rows.Rebuild([][]mapping.Row{{mapping.Row(values[1:])}})
		if err != nil {
			w.violate("%s: a row cannot be rebuilt: %v", e.Name, err)
			continue
		}
		hash := int64(binary.BigEndian.Uint64(values[0]))
		w.oracle.mu.Lock()
		found := w.oracle.parse(e, document)
		w.oracle.mu.Unlock()
		if found.says != hash {
			w.violate("%s: the columns of %s say otherwise than its hash", e.Name, found.key)
		}
	}
	if rows.Err() != nil {
		w.Fatal(rows.Err())
	}
}

// A noting test notes what it fails for as a violation.
type noting struct {
	testing.TB
	w *world
}

func (n noting) Errorf(format string, args ...any) { n.w.violate(format, args...) }

// A loss is what the program says that it has lost: a span, or a call record.
type loss struct {
	Kind, Endpoint string
	CallID         string `json:"call_id"`
	From, To       time.Time
}

// checkLosses holds that what is said to be lost is what was not read while it could be, and nothing else; and that
// nothing is, unless the program did not run for days.
func (w *world) checkLosses() {
	w.Helper()
	now := w.clock.Now()
	var losses []loss
	if err := json.Unmarshal(w.ask("gaps", "-o", "json"), &losses); err != nil {
		w.violate("gaps: %v", err)
		return
	}
	losses = slices.DeleteFunc(losses, func(l loss) bool { return l.Kind != "lost" })
	for _, l := range losses {
		if !w.idle && !w.cameLate(l) {
			w.violate("lost: %+v", l)
		}
	}
	l := w.look()
	for _, e := range fetch.Endpoints {
		of, reach := l.endpoints[e.Name], w.settings.logsReach
		if e.Versioned {
			reach = w.settings.recordsReach
		}
		settled := map[int64]bool{}
		for _, s := range of.slots {
			settled[s.From.Unix()] = s.Settled
		}
		for at := of.Origin.Truncate(e.Slot); at.Before(now.Add(-reach - e.Slot - time.Hour)); at = at.Add(e.Slot) {
			said := slices.ContainsFunc(losses, func(l loss) bool {
				return l.Endpoint == e.Name && l.CallID == "" && l.From.Before(at.Add(e.Slot)) && l.To.After(at)
			})
			if said == settled[at.Unix()] {
				w.violate("%s: that the slot of %v is lost: %v; that it is settled: %v", e.Name, at, said, said)
			}
		}
	}
	w.checkLostRows(l, losses)
}

// cameLate reports whether what was lost is a call record's version that appeared when the record was about to leave
// reach, so that the program had few chances to read it.
func (w *world) cameLate(l loss) bool {
	w.oracle.mu.Lock()
	defer w.oracle.mu.Unlock()
	r := w.oracle.rows[l.Endpoint][l.CallID]
	return r != nil && len(r.seen) > 0 && r.newest().since.After(r.at.Add(w.settings.recordsReach-3*day))
}

// checkLostRows holds that each row that could be read once is stored, each call record in its newest version, or said
// to be lost.
func (w *world) checkLostRows(l *look, losses []loss) {
	w.oracle.mu.Lock()
	defer w.oracle.mu.Unlock()
	for _, e := range fetch.Endpoints {
		for key, r := range w.oracle.rows[e.Name] {
			got, there := l.stored[e.Name][key]
			of := l.endpoints[e.Name]
			whole := there && (!e.Versioned || got.Details != nil && *got.Details == got.Says)
			if whole || e.Aggregate || len(r.seen) == 0 ||
				r.at.Before(later(of.Origin, of.KeptFrom)) || r.shown || w.isChanged(e, r) {
				continue
			}
			said := slices.ContainsFunc(losses, func(l loss) bool {
				return l.Endpoint == e.Name && (l.CallID == key || !l.From.After(r.at) && l.To.After(r.at))
			})
			if !said {
				w.violate("%s: %s of %v could be read, is not stored, and is not said to be lost", e.Name, key, r.at)
			}
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// checkNothingChanges holds that reading it all again writes nothing.
func (w *world) checkNothingChanges() {
	w.Helper()
	defer w.clock.Stop()()
	before := w.versions()
	if p := w.launch("once"); !p.endsWithin(patience) || p.code() != 0 && p.code() != 3 {
		w.violate("a quiet run ends with %v", p.cmd.ProcessState)
	}
	if after := w.versions(); after != before {
		w.violate("reading again what has not changed writes rows: %s, before %s", after, before)
	}
}

// checkCounted holds that as many rows were counted as new as there are, or were until they were deleted. Of call
// records one that was never listed is not counted, and who is erased has rows of another key.
func (w *world) checkCounted() {
	w.Helper()
	for _, e := range fetch.Endpoints {
		if e.Versioned || len(w.erased) > 0 {
			continue
		}
		counted := storetest.Query[int](w, w.conn, `
			SELECT coalesce(sum(rows_new), 0) FROM ingest.runs WHERE tenant_id = $1 AND endpoint = $2`, tenant, e.Name)
		were := storetest.Query[int](w, w.conn, `
			SELECT (SELECT count(*) FROM teams.`+e.Name+` WHERE tenant_id = $1) +
				(SELECT count(*) FROM ingest.tombstones WHERE tenant_id = $1 AND table_name = $2)`, tenant, e.Name)
		if counted != were {
			w.violate("%s: %d rows are counted as new, and there were %d", e.Name, counted, were)
		}
	}
}

// versions are those of all rows, as PostgreSQL keeps them.
func (w *world) versions() string {
	w.Helper()
	var parts []string
	for _, e := range fetch.Endpoints {
		for _, table := range e.Rows.Tables {
			parts = append(parts, fmt.Sprintf(`(
				SELECT '%s ' || count(*) || '/' || coalesce(sum(hashtext(ctid::text || xmin)), 0)
				FROM teams.%[1]s)`, table.Name))
		}
	}
	return storetest.Query[string](w, w.conn, `SELECT concat_ws(', ', `+strings.Join(parts, ", ")+`)`)
}

// checkDerived holds that the rollups say what the views beside them do, and that a reader of the feed has all rows.
func (w *world) checkDerived() {
	w.Helper()
	if p := w.launch("rollup", "refresh"); !p.endsWithin(patience) || p.code() != 0 {
		w.violate("a refresh of the rollups ends with %v", p.cmd.ProcessState)
	}
	for _, fault := range storetest.RollupFaults(w, w.conn) {
		w.violate("%s", fault)
	}
	w.checkFigures(w.figured)
	w.feed.Drain(w, w.conn, 100)
	for i, fault := range w.feed.Faults(w, w.conn) {
		if i < 3 {
			w.violate("the feed's reader: %s", fault)
		}
	}
	if n := storetest.Query[int](w, w.conn, `
		WITH named AS (
			SELECT user_id, start_at AS at FROM teams.pstn_calls WHERE tenant_id = $1
			UNION ALL SELECT user_id, start_at FROM teams.direct_routing_calls WHERE tenant_id = $1
			UNION ALL SELECT user_id, block_at FROM teams.pstn_blocked_users_log WHERE tenant_id = $1
			UNION ALL SELECT p.user_id, start_at FROM teams.call_records c
				JOIN teams.call_participants p ON p.tenant_id = c.tenant_id AND p.call_id = c.id
				WHERE c.tenant_id = $1 AND coalesce(p.identity_tenant_id, $1) = $1
		), people AS (
			SELECT user_id, (min(at) AT TIME ZONE 'UTC')::date AS first, (max(at) AT TIME ZONE 'UTC')::date AS last
			FROM named
			WHERE user_id IS NOT NULL AND at IS NOT NULL
			GROUP BY user_id
		)
		SELECT count(*) FROM people p
		WHERE NOT EXISTS (
			SELECT 1 FROM teams.users u
			WHERE u.tenant_id = $1 AND u.user_id = p.user_id AND first_seen_on <= first AND last_seen_on >= last)`,
		tenant); n > 0 {
		w.violate("%d people are not in teams.users as they were seen", n)
	}
}

// checkNothingLeft holds that nothing is left behind once the last process has gone.
func (w *world) checkNothingLeft() {
	w.Helper()
	const left = `
		SELECT concat_ws(', ',
			(SELECT string_agg('a lock', ', ') FROM pg_locks l JOIN pg_database d ON d.oid = l.database
				WHERE locktype = 'advisory' AND datname = current_database()),
			(SELECT string_agg('a session: ' || state, ', ') FROM pg_stat_activity
				WHERE datname = current_database() AND application_name = 'ingestd' AND pid <> pg_backend_pid()),
			(SELECT string_agg('a temporary table: ' || relname, ', ') FROM pg_class
				WHERE relname LIKE 'stage\_%' AND NOT $1))`
	found := ""
	for late := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if found = storetest.Query[string](w, w.conn, left, w.crashed.Load()); found == "" || time.Now().After(late) {
			break
		}
	}
	if found != "" {
		w.violate("left behind: %s", found)
	}
}

// personal is what a person is known by.
var personal = regexp.MustCompile(`\+[0-9]{7,}|[\w.]+@contoso\.example|eyJhbGciOi`)

// checkSilence holds that no secret and nothing personal is in what was printed or noted as an error, and that nobody
// was asked who must not be.
func (w *world) checkSilence() {
	w.Helper()
	noted := storetest.Query[string](w, w.conn, `
		SELECT concat_ws(E'\n',
			(SELECT string_agg(error, E'\n') FROM ingest.runs),
			(SELECT string_agg(last_error, E'\n') FROM ingest.endpoints),
			(SELECT string_agg(error, E'\n') FROM ingest.parked),
			(SELECT string_agg(reason, E'\n') FROM ingest.rejects),
			(SELECT string_agg(error, E'\n') FROM ingest.details_retries))`)
	names := storetest.Query[[]string](w, w.conn, `
		SELECT array_agg(DISTINCT display_name) FROM teams.users WHERE display_name IS NOT NULL`)
	names = slices.DeleteFunc(names, func(name string) bool { return !strings.Contains(name, " ") })
	for where, text := range map[string]string{
		"what was printed": w.said.String(), "what was noted": noted, "what was shown": w.shown.String(),
	} {
		for _, secret := range []string{graphsim.ClientSecret, databasePassword, privacyKey} {
			if at := strings.Index(text, secret); at >= 0 {
				w.violate("a secret is in %s: %.200s", where, text[max(0, at-100):])
			}
		}
		if found := personal.FindStringIndex(text); found != nil {
			w.violate("something personal is in %s: %.200s", where, text[max(0, found[0]-100):])
		}
		for _, name := range names {
			if at := strings.Index(text, name); at >= 0 {
				w.violate("a name is in %s: %.200s", where, text[max(0, at-100):])
			}
		}
	}
	if _, panicked, found := strings.Cut(strings.ReplaceAll(w.said.String(), "panic.go", ""), "panic"); found {
		w.violate("something panicked: %.2000s", panicked) // to run out of memory is no panic, and names panic.go
	}
	if asked := w.evil.Requests().Answers; len(asked) > 0 {
		w.violate("a server that must not be asked was: %v", asked)
	}
}
