package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/store"
	"ingestd/internal/store/feedtest"
	"ingestd/internal/store/storetest"
)

// A feedWorld is a source with two writers, transactions that stay open, and a copy
// kept by its feed.
type feedWorld struct {
	testing.TB
	url     string
	writers [2]map[string]*feedWriter // by tenant and endpoint
	conn    *pgx.Conn                 // of the reader
	slow    *pgx.Conn                 // in a transaction that stays open
	begun   string                    // "open", its name if it is prepared, or empty
	blocker *pgx.Conn                 // holds the row that a writer waits for
	blocked chan error                // of that writer; nil: none waits
	copy    *feedtest.Copy
	at      time.Time // of the last answer of Graph
}

// A feedWriter stores what Graph answers for an endpoint of a tenant.
type feedWriter struct {
	db     *store.DB
	run    *store.Run
	target *store.Target
}

var feedTenants = []uuid.UUID{tenant, uuid.MustParse("99999999-2222-3333-4444-555555555555")}

func newFeedWorld(t testing.TB, url string) *feedWorld {
	t.Helper()
	w := &feedWorld{TB: t, copy: feedtest.New(), at: noon}
	w.open(url)
	return w
}

// open connects all to a database, which may have a transaction that is prepared.
func (w *feedWorld) open(url string) {
	w.Helper()
	w.url = url
	w.conn, w.slow, w.blocker = storetest.Conn(w, url), storetest.Conn(w, url), storetest.Conn(w, url)
	w.begun = storetest.Query[string](w, w.conn, `
		SELECT coalesce((SELECT gid FROM pg_prepared_xacts WHERE database = current_database()), '')`)
	for i := range w.writers {
		db := storetest.Connect(w, url)
		w.writers[i] = map[string]*feedWriter{}
		for n, tenant := range feedTenants {
			for _, e := range []fetch.Endpoint{calls, dialout, fetch.CallRecords} {
				run, err := db.StartRun(w.Context(), tenant, e.Name, "once", noon, noon)
				if err != nil {
					w.Fatal(err)
				}
				target, err := store.NewTarget(tenant, e.Name, e.Rows, e.EventTime)
				if err != nil {
					w.Fatal(err)
				}
				w.writers[i][fmt.Sprint(n, e.Name)] = &feedWriter{db, run, target}
			}
		}
	}
}

// close ends what is open, but for a transaction that is prepared.
func (w *feedWorld) close() {
	w.Helper()
	w.unblock()
	if w.begun == "open" {
		w.finish(`ROLLBACK`)
	}
}

func (w *feedWorld) do(acts []act) {
	w.Helper()
	for _, a := range acts {
		w.act(a)
	}
}

func (w *feedWorld) act(a act) {
	w.Helper()
	w.at = w.at.Add(time.Minute)
	writer := func(e fetch.Endpoint) *feedWriter { return w.writers[a.Writer][fmt.Sprint(a.Tenant, e.Name)] }
	switch a.Do {
	case "page":
		w.copy.Read(w, w.conn, a.Limit)
	case "save":
		w.check(w.save(writer(calls), a))
	case "replace a day":
		w.check(w.replaceDay(writer(dialout), a))
	case "announce":
		for n := range a.Many {
			b := recordBatch(w, recordOf(a.From+n, a.Content))
			to := writer(fetch.CallRecords)
			_, err := to.db.Announce(w.Context(), to.run, to.target, b, store.Reading{Pages: 1})
			w.check(err)
		}
	case "store details":
		to := writer(fetch.CallRecords)
		var documents []string
		for n := range a.Many {
			documents = append(documents, recordOf(a.From+n, a.Content))
		}
		for _, err := range to.db.SaveDetails(w.Context(), to.run, to.target, recordBatches(w, documents...)) {
			if err != store.ErrNewer {
				w.check(err)
			}
		}
	case "block":
		w.block(writer(calls), a)
	case "unblock":
		w.unblock()
	case "expire calls", "expire records":
		w.expire(a)
	default:
		w.slowly(a)
	}
}

func (w *feedWorld) check(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// save stores a page of calls.
func (w *feedWorld) save(to *feedWriter, a act) error {
	b := calls.Rows.NewBatch()
	for n := range a.Many * 30 {
		w.append(b, element(a.From*20+n, fmt.Sprintf(`, "charge": %d`, a.Content)))
	}
	_, err := to.db.SaveRows(w.Context(), to.run, to.target, b, store.Reading{From: noon, To: noon, Pages: 1})
	return err
}

func (w *feedWorld) append(b *mapping.Batch, element string) {
	var doc mapping.Document
	w.check(doc.Parse([]byte(element)))
	b.Append(doc.Root(), w.at)
}

func (w *feedWorld) replaceDay(to *feedWriter, a act) error {
	b := dialout.Rows.NewBatch()
	for n := range a.Many {
		w.append(b, sums(a.From+n, a.Content))
	}
	day := time.Date(2026, 3, 1+a.Content%2, 0, 0, 0, 0, time.UTC)
	slot := store.Slot{From: day, To: day.Add(24 * time.Hour), ReadAt: w.at}
	_, err := to.db.ReplaceDay(w.Context(), to.run, to.target, b, slot, 1)
	return err
}

// slowly works on a transaction that stays open while others come and go. It has
// its number from the start, and writes then and before its end.
func (w *feedWorld) slowly(a act) {
	w.Helper()
	write := func(content int) {
		w.exec(`
			INSERT INTO teams.direct_routing_calls AS t (tenant_id, id, updated_at, run_id, row_hash)
			SELECT $1, n, now(), 1, $2 FROM generate_series($3::int, $4) n ORDER BY 2
			ON CONFLICT (tenant_id, id) DO UPDATE SET row_hash = $2, change_xid = pg_current_xact_id()`,
			feedTenants[a.Tenant], content, a.From, a.From+a.Many)
	}
	switch {
	case a.Do == "begin" && w.begun == "":
		w.begun = "open"
		w.exec(`BEGIN`)
		write(a.Content)
		w.exec(`SAVEPOINT part`)
		write(100)
		w.exec([]string{`RELEASE part`, `ROLLBACK TO part`}[a.Writer])
	case a.Do == "prepare" && w.begun == "open":
		w.begun = fmt.Sprintf("%s at %d", w.slow.Config().Database, w.at.Unix())
		w.exec(`PREPARE TRANSACTION '` + w.begun + `'`)
	case a.Do == "end" && w.begun == "open":
		write(a.Content + 200)
		w.finish(`COMMIT`)
	case a.Do == "end" && w.begun != "":
		w.finish(`COMMIT PREPARED '` + w.begun + `'`)
	case a.Do == "undo" && w.begun == "open":
		w.finish(`ROLLBACK`)
	case a.Do == "undo" && w.begun != "":
		w.finish(`ROLLBACK PREPARED '` + w.begun + `'`)
	}
}

func (w *feedWorld) exec(sql string, args ...any) {
	w.Helper()
	_, err := w.slow.Exec(w.Context(), sql, args...)
	w.check(err)
}

func (w *feedWorld) finish(sql string) {
	w.Helper()
	w.exec(sql)
	w.begun = ""
}

// block has a writer wait in the middle of its transaction, for a row that no other
// act needs.
func (w *feedWorld) block(to *feedWriter, a act) {
	w.Helper()
	if w.blocked != nil {
		return
	}
	rows, err := w.blocker.Exec(w.Context(), `BEGIN; SELECT FROM teams.pstn_calls
		WHERE tenant_id = '`+to.target.Tenant.String()+`' AND id LIKE '%9000' FOR UPDATE`)
	w.check(err)
	if rows.RowsAffected() == 0 { // it was deleted as old
		_, err := w.blocker.Exec(w.Context(), `ROLLBACK`)
		w.check(err)
		return
	}
	w.blocked = make(chan error, 1)
	b := calls.Rows.NewBatch()
	for n := range a.Many {
		w.append(b, element(9000+n, fmt.Sprintf(`, "charge": %d, "duration": %d`, a.Content, w.at.Unix())))
	}
	go func(done chan<- error) {
		_, err := to.db.SaveRows(w.Context(), to.run, to.target, b, store.Reading{From: noon, To: noon, Pages: 1})
		done <- err
	}(w.blocked)
	storetest.Eventually(w, func() bool {
		return storetest.Query[bool](w, w.conn, `
			SELECT EXISTS (SELECT 1 FROM pg_locks l JOIN pg_locks h ON h.transactionid = l.transactionid
				WHERE NOT l.granted AND h.granted AND h.pid = $1)`, w.blocker.PgConn().PID())
	})
}

func (w *feedWorld) unblock() {
	w.Helper()
	if w.blocked == nil {
		return
	}
	_, err := w.blocker.Exec(w.Context(), `COMMIT`)
	w.check(err)
	w.check(<-w.blocked)
	w.blocked = nil
}

// settle ends what is open, has the copy read the rest, and compares.
func (w *feedWorld) settle() {
	w.Helper()
	w.unblock()
	w.slowly(act{Do: "end"})
	w.copy.Drain(w, w.conn, 100)
	w.copy.Want(w, w.conn)
}

// clear begins a history.
func (w *feedWorld) clear() {
	w.Helper()
	w.unblock()
	w.slowly(act{Do: "undo"})
	for _, table := range fetch.CallRecords.Rows.Tables {
		w.exec(`DELETE FROM teams.` + table.Name)
	}
	for _, table := range []string{"pstn_calls", "direct_routing_calls", "dialout_report", "call_record_versions"} {
		w.exec(`DELETE FROM teams.` + table)
	}
	w.exec(`DELETE FROM ingest.tombstones`)
	w.plant()
}

// plant stores the rows that block waits for.
func (w *feedWorld) plant() {
	w.Helper()
	for n := range feedTenants {
		b := calls.Rows.NewBatch()
		w.append(b, element(9000, ""))
		to := w.writers[0][fmt.Sprint(n, calls.Name)]
		_, err := to.db.SaveRows(w.Context(), to.run, to.target, b, store.Reading{From: noon, To: noon, Pages: 1})
		w.check(err)
	}
}
