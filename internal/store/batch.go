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
	keep    []int            // elements in key order, one for each key
	ids     []string         // their keys as text
	rejects []mapping.Reject // found before the database is asked
	repeats int64            // elements that say the same as a kept one
}

// keepFirst keeps the first element of each key by an order, and hands the others
// to drop.
func (s *save) keepFirst(elements []int, order func(a, b int) int, drop func(kept, other *mapping.Element)) {
	all := s.batch.Elements
	s.ids = []string{}
	slices.SortFunc(elements, func(a, b int) int { return cmp.Or(cmp.Compare(all[a].Key, all[b].Key), order(a, b)) })
	for _, i := range elements {
		if n := len(s.keep); n > 0 && all[s.keep[n-1]].Key == all[i].Key {
			drop(&all[s.keep[n-1]], &all[i])
			continue
		}
		s.keep = append(s.keep, i)
		s.ids = append(s.ids, s.target.keyText(all[i].Key))
	}
}

func (s *save) reject(e *mapping.Element, reason string) {
	s.rejects = mapping.AddReject(s.rejects, e.Reject(reason))
}

// An attempt is one transaction in which a batch is saved.
type attempt struct {
	*save
	tx         pgx.Tx
	careful    bool // look for elements the database refuses
	counts     Counts
	refused    map[int]bool         // elements that are kept raw and not stored
	stored     map[string]storedRow // by id, as last looked up; nil of a list of call records
	collisions int64                // rows replaced that the same reading stored
	at         map[int]time.Time    // when elements count as served, if not as they say
	rejects    []mapping.Reject
	resolved   []string // keys whose rejects are closed, but for those met now
}

// commit saves a batch by a function, notes what it earns, and commits. If the
// database refuses, it is done again with care.
func (db *DB) commit(
	ctx context.Context, op string, s *save, store func(*attempt, context.Context) error,
) (counts Counts, err error) {
	for _, careful := range []bool{false, true} {
		err = db.retry(ctx, op+" of "+s.run.Endpoint, saveTimeout, func(ctx context.Context, tx pgx.Tx) error {
			a := &attempt{save: s, tx: tx, careful: careful, at: map[int]time.Time{}, rejects: slices.Clone(s.rejects)}
			a.refused = map[int]bool{}
			if err := store(a, ctx); err != nil {
				return err
			}
			counts = a.total()
			return a.note(ctx, counts)
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
	c.Unchanged = a.repeats + int64(len(a.keep)) - c.New - c.Changed - int64(len(a.refused))
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
func (a *attempt) note(ctx context.Context, c Counts) error {
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
	if err := putSlots(ctx, a.tx, a.run, a.reading.Read); err != nil {
		return err
	}
	return addToRun(ctx, a.tx, a.run, c)
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

// served is when an element counts as served.
func (a *attempt) served(element int) time.Time {
	if at, ok := a.at[element]; ok {
		return at
	}
	return a.batch.Elements[element].At
}

// refuse keeps an element raw that is not stored.
func (a *attempt) refuse(element int, reason string) {
	a.refused[element] = true
	a.rejects = mapping.AddReject(a.rejects, a.batch.Elements[element].Reject(reason))
}

// ErrDropped says that the database neither stores a row nor refuses it.
var ErrDropped = errors.New("a trigger or a rule of the database drops the row without a word")

// refuseDropped keeps those of some elements raw that were written and are still
// to be written, though nobody has stored newer ones.
func (a *attempt) refuseDropped(todo []int) {
	for _, i := range todo {
		if !a.refused[i] {
			a.refuse(i, ErrDropped.Error())
		}
	}
}

// write stores elements and returns the ids of those that were written: one that
// a faster writer stored newer is left alone.
func (a *attempt) write(ctx context.Context, todo []int) ([]string, error) {
	if len(todo) == 0 {
		return nil, nil
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
func (a *attempt) tryWrite(ctx context.Context, todo []int, then error) (written []string, err error) {
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

// writeAll copies elements to the stage and moves them over in key order, the
// same for every writer, so that writers wait for each other and do not deadlock.
func (a *attempt) writeAll(ctx context.Context, tx pgx.Tx, todo []int) ([]string, error) {
	if err := a.prepare(ctx, tx); err != nil {
		return nil, err
	}
	row := func(dst []byte, n int) []byte { return a.appendRow(dst, todo[n]) }
	if _, err := copyRows(ctx, tx, a.copyIn, len(todo), row); err != nil {
		return nil, err
	}
	if a.stored == nil { // of a list of call records, which is not counted
		return collect[string](ctx, tx, a.upsert)
	}
	return writeNoted(ctx, tx, a.noteHours, a.noteArgs(todo), a.upsert)
}

// noteArgs says which of some elements are known to be stored, and when they are
// counted.
func (a *attempt) noteArgs(todo []int) []any {
	known := []string{}
	for _, i := range todo {
		id := a.target.keyText(a.batch.Elements[i].Key)
		if _, ok := a.stored[id]; ok {
			known = append(known, id)
		}
	}
	return slices.Concat([]any{a.target.Tenant, known}, a.ofDay, []any{a.hours(todo)})
}

// hours are those in which some elements count.
func (a *attempt) hours(todo []int) []time.Time {
	if len(a.ofDay) > 0 {
		return []time.Time{a.reading.From}
	}
	var hours []time.Time
	for _, i := range todo {
		hours = a.target.addHour(hours, a.batch, i)
	}
	return hours
}

// errOvertaken says that a row was replaced that was not locked: whose old time is
// not known.
var errOvertaken = &Error{Kind: Transient, Err: errors.New("another writer stored a row meanwhile")}

// writeNoted notes and locks what a statement writes, and runs it, in one round trip.
// It returns the ids written. If another writer was overtaken, all of the transaction
// has to be done again.
func writeNoted(ctx context.Context, tx pgx.Tx, note string, args []any, write string) ([]string, error) {
	var both pgx.Batch
	var written []string
	var id string
	var isNew bool
	locked := map[string]bool{}
	both.Queue(note, args...).Query(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&id}, func() error {
			locked[id] = true
			return nil
		})
		return err
	})
	both.Queue(write).Query(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&id, &isNew}, func() error {
			if !isNew && !locked[id] {
				return errOvertaken
			}
			written = append(written, id)
			return nil
		})
		return err
	})
	return written, tx.SendBatch(ctx, &both).Close()
}

// prepare makes the stage where this connection has none yet: making it for each
// transaction would bloat the catalog.
func (s *stage) prepare(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, s.make)
	return err
}

// appendRow appends an element's row for COPY into the stage.
func (a *attempt) appendRow(dst []byte, element int) []byte {
	for row := range a.batch.Rows(element, 0) {
		dst = append(beginRow(dst, a.fields), a.lead...)
		dst = appendMetadata(dst, a.served(element), a.run, a.batch.Elements[element].Hash)
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
func (a *attempt) writeHalves(ctx context.Context, todo []int) ([]string, error) {
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
