package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/mapping"
)

// MaxLateness is far above the time from a page's answer to its being saved. A
// row that claims to be newer by more was stored by a clock that was ahead.
const MaxLateness = time.Hour

// A Reading says which part of which window's answer a batch is.
type Reading struct {
	From, To time.Time       // the window asked
	Slot     time.Duration   // length of its slots
	Read     []Slot          // the slots whose last page is in the batch
	Pages    int             // pages in the batch
	Changed  map[string]bool // keys that an earlier batch of the reading held with other content
}

// SaveRows stores a batch of a reading and the ledger entries it earns in one
// transaction. Saving the same batch again changes nothing, so a COMMIT whose
// answer was lost is simply repeated.
//
// Of two elements with one key and different contents the later is stored, and
// the other becomes a reject. An element the database refuses becomes a reject,
// and its neighbours are saved. The error is an *Error or the context's.
func (db *DB) SaveRows(ctx context.Context, run *Run, t *Target, batch *mapping.Batch, r Reading) (Counts, error) {
	s := &save{run: run, target: t, batch: batch, reading: r, batchStatements: t.rows}
	s.lead = mapping.AppendField(nil, t.Tenant[:])
	s.rejects = slices.Clone(batch.Rejects)
	s.keepLatest()
	return db.commit(ctx, "save rows", s, (*attempt).saveRows)
}

func (a *attempt) saveRows(ctx context.Context) error {
	if err := a.lookUpRows(ctx); err != nil {
		return err
	}
	if err := a.replaceAgain(ctx); err != nil {
		return err
	}
	return a.writeRows(ctx)
}

// writeRows writes what has changed. An element that is stored as served closes
// the rejects of its key; one that is not, or of two contents in one reading, does
// not.
func (a *attempt) writeRows(ctx context.Context) error {
	a.rejectTies()
	todo, before := a.changed(), a.stored
	written, err := a.write(ctx, todo)
	if err != nil {
		return err
	}
	if len(written) < len(todo) {
		if err := a.lookUpRows(ctx); err != nil {
			return err
		}
		a.refuseDropped(a.changed())
	}
	for _, n := range written {
		a.count(before[n].known)
	}
	open := map[string]bool{}
	for _, r := range a.rejects {
		open[r.Key] = open[r.Key] || !r.Stored
	}
	for n, i := range a.keep {
		if key := a.batch.Elements[i].Key; !open[key] && !a.reading.Changed[key] {
			a.resolved = append(a.resolved, a.ids[n])
		}
	}
	return nil
}

// rejectTies keeps elements raw that say something else than a row that was
// served in the same second: nobody can tell which of the two is newer.
func (a *attempt) rejectTies() {
	for n, row := range a.stored {
		if row.known && row.hash != a.element(n).Hash && row.updatedAt.Equal(a.served(n)) {
			a.refuse(n, KeyCollision)
		}
	}
}

// A storedRow is what is stored of an element; known is false for nothing.
type storedRow struct {
	known     bool
	hash      int64
	updatedAt time.Time
}

// lookUpRows asks what is stored of the kept elements, by id: a join of the whole
// batch would scan the whole table. Where rows are copied straight into the table,
// some ids are asked for first. If none of them is stored, all elements are taken
// for new, and if that is wrong the rows meet their keys.
func (a *attempt) lookUpRows(ctx context.Context) error {
	a.stored = make([]storedRow, len(a.keep))
	if err := a.lookUpStored(ctx); err != nil {
		return err
	}
	a.passOver()
	return nil
}

func (a *attempt) lookUpStored(ctx context.Context) error {
	if some := sample(a.ids); a.direct && len(some) < len(a.ids) {
		if found, err := a.lookUpIDs(ctx, some); err != nil || !found {
			return err
		}
	}
	_, err := a.lookUpIDs(ctx, a.ids)
	return err
}

// sampled is how many ids of a batch are asked for first.
const sampled = 100

// sample returns ids that stand at equal distances; all if they are few.
func sample(ids []string) []string {
	if len(ids) <= 2*sampled {
		return ids
	}
	some := make([]string, sampled)
	for i := range some {
		some[i] = ids[i*len(ids)/sampled]
	}
	return some
}

// lookUpIDs notes what is stored of some ids, and reports whether anything is.
func (a *attempt) lookUpIDs(ctx context.Context, ids []string) (found bool, err error) {
	row := storedRow{known: true}
	var id rawText
	args := append([]any{a.target.Tenant, ids}, a.ofDay...)
	err = a.look(ctx, ids, args, []any{&id, &row.hash, &row.updatedAt}, func() error {
		found = true
		a.stored[a.place[string(id)]] = row
		return nil
	})
	return found, err
}

// look looks up ids and, the first time, from when on rows are kept, in one round trip.
func (a *attempt) look(ctx context.Context, ids []string, args, into []any, each func() error) error {
	var both pgx.Batch
	if !a.looked && len(ids)+len(a.rejects) > 0 {
		a.looked = true
		queueKeptFrom(&both, a.run, &a.kept)
	}
	if len(ids) > 0 {
		both.Queue(a.lookUp, args...).Query(func(rows pgx.Rows) error {
			_, err := pgx.ForEachRow(rows, into, each)
			return err
		})
	}
	if both.Len() == 0 {
		return nil
	}
	return a.tx.SendBatch(ctx, &both).Close()
}

// A rawText is text where it was received, valid until the next row.
type rawText []byte

func (t *rawText) ScanBytes(src []byte) error {
	*t = src
	return nil
}

// changed returns the kept elements that are to be written: the new ones, and
// those that say something else than what is stored and are newer.
func (a *attempt) changed() []int {
	var todo []int
	for n, row := range a.stored {
		at := a.served(n)
		if !row.known || row.hash != a.element(n).Hash &&
			(row.updatedAt.Before(at) || row.updatedAt.After(at.Add(MaxLateness))) {
			todo = append(todo, n)
		}
	}
	return todo
}

// replaceAgain sees to it that elements replace what an earlier page of the same
// reading said of them, even within one second of Graph's clock. What is replaced
// becomes a reject, rebuilt from its row.
func (a *attempt) replaceAgain(ctx context.Context) error {
	for n, row := range a.stored {
		e := a.element(n)
		if !row.known || row.hash == e.Hash || !a.reading.Changed[e.Key] {
			continue
		}
		raw, err := rebuild(ctx, a.tx, a.target.model, a.target.Tenant, a.ids[n])
		if err != nil {
			return err
		}
		a.rejects = append(a.rejects, mapping.Reject{Raw: raw, Reason: KeyCollision, Key: e.Key, At: row.updatedAt})
		if !e.At.After(row.updatedAt) {
			a.at[n] = row.updatedAt.Add(time.Microsecond)
		}
		a.collisions++
	}
	return nil
}

// ErrEmptied says that Graph answers nothing for a day that has rows. An empty
// report for such a day is rejected.
var ErrEmptied = errors.New("Graph answers nothing for a day that has rows")

// ReplaceDay stores a batch that is the whole answer for a day of sums, as
// SaveRows does. The day is part of the rows' key. Rows of the day that the batch
// does not name are deleted, each with a tombstone. An empty batch for a day that
// has rows is ErrEmptied.
func (db *DB) ReplaceDay(
	ctx context.Context, run *Run, t *Target, batch *mapping.Batch, day Slot, pages int,
) (Counts, error) {
	r := Reading{From: day.From, To: day.To, Read: []Slot{day}, Pages: pages}
	s := &save{run: run, target: t, batch: batch, reading: r, batchStatements: t.day}
	for _, field := range [][]byte{t.Tenant[:], mapping.AppendTime(nil, day.From), mapping.AppendTime(nil, day.To)} {
		s.lead = mapping.AppendField(s.lead, field)
	}
	s.ofDay = []any{day.From, day.To}
	s.rejects = slices.Clone(batch.Rejects)
	s.keepLatest()
	return db.commit(ctx, "replace a day", s, (*attempt).replaceDay)
}

func (a *attempt) replaceDay(ctx context.Context) error {
	if err := a.lookUpRows(ctx); err != nil {
		return err
	}
	if err := a.writeRows(ctx); err != nil {
		return err
	}
	return a.deleteRest(ctx, a.reading.Read[0])
}

// deleteRest deletes the day's rows that the batch does not name.
func (a *attempt) deleteRest(ctx context.Context, day Slot) error {
	served := day.ReadAt
	if len(a.keep) > 0 {
		served = a.element(0).At
	}
	tag, err := a.tx.Exec(ctx, a.target.replace, a.target.Tenant, a.ids, day.From, day.To, served)
	if err == nil && len(a.keep) == 0 && tag.RowsAffected() > 0 {
		return ErrEmptied
	}
	return err
}

// keepLatest keeps one element for each key, in key order: one statement cannot
// touch a row twice (SQLSTATE 21000). Of several the latest is kept, and one that
// says something else becomes a reject.
func (s *save) keepLatest() {
	order := make([]int, len(s.batch.Elements))
	for i := range order {
		order[i] = i
	}
	s.keepFirst(order, func(a, b int) int {
		return cmp.Or(s.batch.Elements[b].At.Compare(s.batch.Elements[a].At), b-a)
	}, func(kept, other *mapping.Element) {
		if kept.Hash == other.Hash {
			s.repeats++
		} else {
			s.reject(other, KeyCollision)
		}
	})
}
