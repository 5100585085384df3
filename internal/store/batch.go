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

// A save is what saving a batch needs that does not depend on the database.
type save struct {
	run     *Run
	target  *Target
	batch   *mapping.Batch
	reading Reading
	batchStatements
	lead    []byte           // encoded fields that all rows begin with
	ofDay   []any            // begin and end of the day that all rows are of, if they are
	keep    []int            // elements in key order, one for each key; all below go by places in it
	ids     []string         // their keys as text
	place   map[string]int   // by id
	rejects []mapping.Reject // found before the database is asked
	repeats int64            // elements that say the same as a kept one
}

// keepFirst keeps the first element of each key by an order, and hands the others
// to drop.
func (s *save) keepFirst(elements []int, order func(a, b int) int, drop func(kept, other *mapping.Element)) {
	all := s.batch.Elements
	s.keep, s.ids = make([]int, 0, len(elements)), make([]string, 0, len(elements))
	s.place = make(map[string]int, len(elements))
	slices.SortFunc(elements, func(a, b int) int { return cmp.Or(cmp.Compare(all[a].Key, all[b].Key), order(a, b)) })
	for _, i := range elements {
		if n := len(s.keep); n > 0 && all[s.keep[n-1]].Key == all[i].Key {
			drop(&all[s.keep[n-1]], &all[i])
			continue
		}
		id := s.target.keyText(all[i].Key)
		s.place[id] = len(s.keep)
		s.keep, s.ids = append(s.keep, i), append(s.ids, id)
	}
}

// element is the kept element at a place.
func (s *save) element(n int) *mapping.Element { return &s.batch.Elements[s.keep[n]] }

func (s *save) reject(e *mapping.Element, reason string) {
	s.rejects = mapping.AddReject(s.rejects, e.Reject(reason))
}

// An attempt is one transaction in which a batch is saved.
type attempt struct {
	*save
	tx         pgx.Tx
	direct     bool // copy new rows straight into their table
	careful    bool // look for elements the database refuses
	counts     Counts
	refused    map[int]bool      // elements that are kept raw and not stored
	stored     []storedRow       // of the kept elements, as last looked up; nil of a list of call records
	collisions int64             // rows replaced that the same reading stored
	kept       time.Time         // what is before was deleted by retention; zero: nothing
	looked     bool              // kept is known
	passed     int64             // rejects passed over, as they are of that time
	at         map[int]time.Time // when elements count as served, if not as they say
	rejects    []mapping.Reject
	resolved   []string // keys whose rejects are closed, but for those met now
}

// commit saves a batch by a function, notes what it earns, and commits. Only the
// first attempt copies new rows straight into their table, which takes two thirds
// of the time: one that is stored all the same, or dropped by a trigger, ends it.
// If the database refuses, it is done again with care.
func (db *DB) commit(
	ctx context.Context, op string, s *save, store func(*attempt, context.Context) error,
) (counts Counts, err error) {
	direct := s.copyNew != ""
	for _, careful := range []bool{false, true} {
		err = db.inRun(ctx, s.run, op, saveTimeout, func(ctx context.Context, tx pgx.Tx) (Counts, error) {
			a := &attempt{save: s, tx: tx, direct: direct, careful: careful, rejects: slices.Clone(s.rejects)}
			a.refused, a.at = map[int]bool{}, map[int]time.Time{}
			direct = false
			if err := store(a, ctx); err != nil {
				return counts, err
			}
			counts = a.total()
			return counts, a.note(ctx)
		})
		if !isRefused(err) && !isBroken(err) {
			break
		}
	}
	if err != nil {
		return Counts{}, err
	}
	return counts, nil
}

func isBroken(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == Broken
}

// isRefused reports whether the database does not take some row: poison, or a
// unique index of the customer's. Those of the store never refuse for good.
func isRefused(err error) bool { return isPoison(err) || isCollision(err) }

// count counts a row that was written.
func (a *attempt) count(known bool) {
	if known {
		a.counts.Changed++
	} else {
		a.counts.New++
	}
}

// total completes the counts. A row that replaced another of the same reading is
// counted already, and what it replaced is counted among the rejects.
func (a *attempt) total() Counts {
	c := a.counts
	c.Pages = int64(a.reading.Pages)
	c.Unchanged = a.repeats + a.passed + int64(len(a.keep)) - c.New - c.Changed - int64(len(a.refused))
	c.Changed -= a.collisions
	for _, r := range a.rejects {
		if !r.Stored {
			c.Rejected++
		}
	}
	c.Seen = c.New + c.Changed + c.Unchanged + c.Rejected
	return c
}

// note writes what a batch earns besides its rows.
func (a *attempt) note(ctx context.Context) error {
	rejects := make([]reject, len(a.rejects))
	for i, r := range a.rejects {
		rejects[i] = reject{Reject: r}
		rejects[i].from, rejects[i].to = a.slots(r.Key)
	}
	if err := putRejects(ctx, a.tx, a.run, a.target, rejects); err != nil {
		return err
	}
	if err := resolveRejects(ctx, a.tx, a.run, a.resolved, rejects); err != nil {
		return err
	}
	return putSlots(ctx, a.tx, a.run, a.reading.Read)
}

// slots returns the slot in which the element of a key happened, or, if that is
// not known, the whole window.
func (s *save) slots(key string) (from, to time.Time) {
	r := s.reading
	i := slices.IndexFunc(s.batch.Elements, func(e mapping.Element) bool { return e.Key == key })
	if i < 0 || r.Slot == 0 {
		return r.From, r.To
	}
	at, ok := s.batch.Time(i, s.target.event)
	if !ok || at.Before(r.From) || !at.Before(r.To) {
		return r.From, r.To
	}
	from = at.Truncate(r.Slot)
	return from, from.Add(r.Slot)
}

// isOld reports whether a kept element is of a time whose rows retention deletes: it
// is passed over, and counts as unchanged.
func (a *attempt) isOld(n int) bool {
	if len(a.ofDay) > 0 {
		return a.reading.From.Before(a.kept)
	}
	at, ok := a.target.time(a.batch, a.keep[n])
	return ok && at.Before(a.kept)
}

// passOver has old elements count as stored as they are served, and leaves out the
// rejects of their time.
func (a *attempt) passOver() {
	for n := range a.stored {
		if a.isOld(n) {
			a.stored[n] = storedRow{known: true, hash: a.element(n).Hash, updatedAt: a.served(n)}
		}
	}
	a.passRejects()
}

func (a *attempt) passRejects() {
	if a.kept.IsZero() {
		return
	}
	before := len(a.rejects)
	a.rejects = slices.DeleteFunc(a.rejects, func(r mapping.Reject) bool {
		_, to := a.slots(r.Key)
		return !to.IsZero() && !to.After(a.kept)
	})
	a.passed += int64(before - len(a.rejects))
}

// served is when an element counts as served.
func (a *attempt) served(n int) time.Time {
	if at, ok := a.at[n]; ok {
		return at
	}
	return a.element(n).At
}

// refuse keeps an element raw that is not stored.
func (a *attempt) refuse(n int, reason string) {
	a.refused[n] = true
	a.rejects = mapping.AddReject(a.rejects, a.element(n).Reject(reason))
}

// ErrDropped says that the database neither stores a row nor refuses it.
var ErrDropped = errors.New("a trigger or a rule of the database drops the row without a word")

// refuseDropped keeps those of some elements raw that were written and are still
// to be written, though nobody has stored newer ones.
func (a *attempt) refuseDropped(todo []int) {
	for _, n := range todo {
		if !a.refused[n] {
			a.refuse(n, ErrDropped.Error())
		}
	}
}

// write stores elements and returns those that were written: one that a faster
// writer stored newer is left alone.
func (a *attempt) write(ctx context.Context, todo []int) ([]int, error) {
	if len(todo) == 0 {
		return nil, nil
	}
	if a.direct {
		return a.writeDirect(ctx, todo)
	}
	if !a.careful {
		return a.writeAll(ctx, a.tx, todo)
	}
	if err := a.noneWritable(ctx, todo); err != nil {
		return nil, err
	}
	return a.writeHalves(ctx, todo)
}

// noneWritable returns an error that is no element's fault, as the first and the
// last one alone meet it too: for want of a privilege, say. A trigger of the
// customer's may raise the like of it for some elements only.
func (a *attempt) noneWritable(ctx context.Context, todo []int) (err error) {
	for _, i := range []int{todo[0], todo[len(todo)-1]} {
		_, err = a.tryWrite(ctx, []int{i}, errUndo)
		if !isBroken(err) {
			return nil
		}
	}
	return err
}

var errUndo = errors.New("only tried")

// tryWrite writes elements under a savepoint, and goes back to it if then is an
// error.
func (a *attempt) tryWrite(ctx context.Context, todo []int, then error) (written []int, err error) {
	err = pgx.BeginFunc(ctx, a.tx, func(savepoint pgx.Tx) (err error) {
		// A constraint that is deferred would refuse at COMMIT, too late to see which row.
		if _, err := savepoint.Exec(ctx, `SET CONSTRAINTS ALL IMMEDIATE`); err != nil {
			return err
		}
		if written, err = a.writeAll(ctx, savepoint, todo); err != nil {
			return err
		}
		if _, err = savepoint.Exec(ctx, a.clear); err != nil {
			return err
		}
		return then
	})
	if errors.Is(err, errUndo) {
		return nil, nil
	}
	return written, classify(err)
}

// writeDirect copies new elements straight into their table, once the others are
// written by way of the stage.
func (a *attempt) writeDirect(ctx context.Context, todo []int) ([]int, error) {
	var old, fresh []int
	for _, n := range todo {
		if a.stored[n].known {
			old = append(old, n)
		} else {
			fresh = append(fresh, n)
		}
	}
	written, err := a.writeNoted(ctx, a.tx, old, a.hours(todo))
	if err != nil || len(fresh) == 0 {
		return written, err
	}
	taken, err := a.copyRows(ctx, a.tx, a.copyNew, fresh)
	if err == nil && taken < int64(len(fresh)) {
		err = errNotTaken
	}
	return append(written, fresh...), err
}

// writeAll copies elements to the stage and moves them over in key order, the
// same for every writer, so that writers wait for each other and do not deadlock.
func (a *attempt) writeAll(ctx context.Context, tx pgx.Tx, todo []int) ([]int, error) {
	if a.stored != nil {
		return a.writeNoted(ctx, tx, todo, a.hours(todo))
	}
	// They are of a list of call records, which is not counted.
	if err := a.toStage(ctx, tx, todo); err != nil {
		return nil, err
	}
	ids, err := collect[string](ctx, tx, a.upsert)
	places := make([]int, len(ids))
	for i, id := range ids {
		places[i] = a.place[id]
	}
	return places, err
}

// writeNoted writes elements as writeAll does, and notes hours for the rollups.
func (a *attempt) writeNoted(ctx context.Context, tx pgx.Tx, todo []int, hours []time.Time) ([]int, error) {
	known := []string{}
	for _, n := range todo {
		if a.stored[n].known {
			known = append(known, a.ids[n])
		}
	}
	args := slices.Concat([]any{a.target.Tenant, known}, a.ofDay, []any{hours})
	if len(todo) == 0 {
		_, err := tx.Exec(ctx, a.noteHours, args...)
		return nil, err
	}
	if err := a.toStage(ctx, tx, todo); err != nil {
		return nil, err
	}
	var written []int
	err := writeNoted(ctx, tx, a.noteHours, args, a.upsert, func(id string) { written = append(written, a.place[id]) })
	return written, err
}

// toStage copies elements to the stage.
func (a *attempt) toStage(ctx context.Context, tx pgx.Tx, todo []int) error {
	if err := a.prepare(ctx, tx); err != nil {
		return err
	}
	_, err := a.copyRows(ctx, tx, a.copyIn, todo)
	return err
}

func (a *attempt) copyRows(ctx context.Context, tx pgx.Tx, copyIn string, todo []int) (taken int64, err error) {
	return copyRows(ctx, tx, copyIn, len(todo), func(dst []byte, i int) []byte { return a.appendRow(dst, todo[i]) })
}

// hours are those in which some elements count.
func (a *attempt) hours(todo []int) []time.Time {
	if len(a.ofDay) > 0 {
		return []time.Time{a.reading.From}
	}
	var hours []time.Time
	for _, n := range todo {
		hours = a.target.addHour(hours, a.batch, a.keep[n])
	}
	return hours
}

// errOvertaken says that a row was replaced that was not locked: whose old time is
// not known. errNotTaken says that something in the database drops rows; which, the
// stage shows.
var (
	errOvertaken = &Error{Kind: Transient, Err: errors.New("another writer stored a row meanwhile")}
	errNotTaken  = &Error{Kind: Transient, Err: ErrDropped}
)

// writeNoted notes and locks what a statement writes, and runs it, in one round trip.
// It hands over the ids written, with what the statement tells of each besides. If
// another writer was overtaken, all of the transaction has to be done again. New rows
// are those stored first at the transaction's time, which is asked for by itself:
// beside rows Citus would tell another node's.
func writeNoted(
	ctx context.Context, tx pgx.Tx, note string, args []any, write string, written func(id string), besides ...any,
) error {
	var both pgx.Batch
	var id string
	var now, since time.Time
	locked := map[string]bool{}
	both.Queue(`SELECT now()`).QueryRow(func(row pgx.Row) error { return row.Scan(&now) })
	both.Queue(note, args...).QueryRow(func(row pgx.Row) error {
		var ids []string
		err := row.Scan(&ids)
		for _, id := range ids {
			locked[id] = true
		}
		return err
	})
	both.Queue(write).Query(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, append([]any{&id, &since}, besides...), func() error {
			if !since.Equal(now) && !locked[id] {
				return errOvertaken
			}
			written(id)
			return nil
		})
		return err
	})
	return tx.SendBatch(ctx, &both).Close()
}

// prepare makes the stage where this connection has none yet: making it for each
// transaction would bloat the catalog.
func (s *stage) prepare(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, s.make)
	return err
}

// appendRow appends an element's row for COPY.
func (a *attempt) appendRow(dst []byte, n int) []byte {
	for row := range a.batch.Rows(a.keep[n], 0) {
		dst = append(beginRow(dst, a.fields), a.lead...)
		dst = appendMetadata(dst, a.served(n), a.run, a.element(n).Hash)
		dst = append(dst, row...)
	}
	return dst
}

// appendMetadata appends the fields named by metadata.
func appendMetadata(dst []byte, served time.Time, run *Run, hash int64) []byte {
	dst = mapping.AppendField(dst, mapping.AppendTime(nil, served))
	dst = mapping.AppendField(dst, appendInt8(nil, run.ID))
	return mapping.AppendField(dst, appendInt8(nil, hash))
}

// writeHalves writes elements under savepoints and halves what the database
// refuses, until the elements it refuses stand alone. They become rejects.
func (a *attempt) writeHalves(ctx context.Context, todo []int) ([]int, error) {
	written, err := a.tryWrite(ctx, todo, nil)
	if !isRefused(err) && !isBroken(err) {
		return written, err
	}
	if len(todo) == 1 {
		a.refuse(todo[0], err.Error())
		return nil, nil
	}
	half := len(todo) / 2
	first, err := a.writeHalves(ctx, todo[:half])
	if err != nil {
		return nil, err
	}
	second, err := a.writeHalves(ctx, todo[half:])
	return append(first, second...), err
}
