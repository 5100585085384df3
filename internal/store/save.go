package store

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/mapping"
)

// maxLateness is far above the time from a page's answer to its Save. A row
// that claims to be newer by more was stored by a clock that was ahead.
const maxLateness = time.Hour

// Save stores a batch and the ledger entries it earns in one transaction. read
// are the slots whose last page is in the batch, and pages how many pages it
// holds. Saving the same batch again changes nothing, so a COMMIT whose answer
// was lost is simply repeated.
//
// A batch of an aggregate is the whole answer for the one slot in read: rows of
// the slot that it does not name are deleted, each with a tombstone. An empty
// one for a slot that has rows is ErrEmptied.
//
// An element the database refuses becomes a reject, and its neighbours are
// saved. The error of a failed Save is an *Error or the context's.
func (db *DB) Save(ctx context.Context, run *Run, batch *mapping.Batch, read []Slot, pages int) (Counts, error) {
	s := newSave(run, batch)
	if run.Aggregate {
		s.window = read[0]
	}
	counts, err := db.saveAs(ctx, s, read, pages, false)
	if isPoison(err) {
		counts, err = db.saveAs(ctx, s, read, pages, true)
	}
	return counts, err
}

func (db *DB) saveAs(ctx context.Context, s *save, read []Slot, pages int, careful bool) (counts Counts, err error) {
	err = db.retry(ctx, "save "+s.Endpoint, saveTimeout, func(ctx context.Context, tx pgx.Tx) error {
		counts, err = s.run(ctx, tx, careful)
		if err != nil {
			return err
		}
		if err := putSlots(ctx, tx, s.Run, read); err != nil {
			return err
		}
		counts.Pages = int64(pages)
		return addToRun(ctx, tx, s.Run, counts)
	})
	if err != nil {
		return Counts{}, err
	}
	return counts, nil
}

// save is the work of one Save that does not depend on the database.
type save struct {
	*Run
	batch   *mapping.Batch
	window  Slot  // of an aggregate
	keep    []int // elements in key order, one for each key
	rejects []mapping.Reject
	repeats int64 // elements that say the same as a kept one
}

// newSave collapses the keys a batch holds twice, because one statement cannot
// touch a row twice (SQLSTATE 21000). The highest version is kept, or where
// there are none the later element; one that says something else becomes a
// reject.
func newSave(run *Run, batch *mapping.Batch) *save {
	s := &save{Run: run, batch: batch, rejects: slices.Clone(batch.Rejects)}
	if run.Versioned { // what a list blemishes is kept by SaveDetails, whole
		s.rejects = slices.DeleteFunc(s.rejects, func(r mapping.Reject) bool { return r.Stored })
	}
	var order []int
	for i, e := range batch.Elements {
		if run.Versioned && batch.Field(i, run.versions) == nil {
			s.rejects = append(s.rejects, mapping.Reject{Raw: e.Raw, Reason: "no version", Key: e.Key, At: e.At})
			continue
		}
		order = append(order, i)
	}
	element := func(i int) *mapping.Element { return &batch.Elements[i] }
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(element(a).Key, element(b).Key), cmp.Compare(s.version(b), s.version(a)), element(b).At.Compare(element(a).At), b-a)
	})
	for _, i := range order {
		if n := len(s.keep); n == 0 || element(s.keep[n-1]).Key != element(i).Key {
			s.keep = append(s.keep, i)
		} else if e := element(i); run.Versioned || e.Hash == element(s.keep[n-1]).Hash {
			s.repeats++
		} else {
			s.rejects = append(s.rejects, mapping.Reject{Raw: e.Raw, Reason: KeyCollision, Key: e.Key, At: e.At})
		}
	}
	return s
}

// run writes what is new or changed and keeps the rejects.
func (s *save) run(ctx context.Context, tx pgx.Tx, careful bool) (Counts, error) {
	todo, err := s.changed(ctx, tx)
	if err != nil {
		return Counts{}, err
	}
	counts := Counts{Unchanged: s.repeats + int64(len(s.keep)-len(todo))}
	write, rejects := s.write, s.rejects
	if careful {
		write = func(ctx context.Context, tx pgx.Tx, todo []int) (Counts, error) {
			return s.writeCarefully(ctx, tx, todo, &rejects)
		}
	}
	written, err := write(ctx, tx, todo)
	if err != nil {
		return Counts{}, err
	}
	counts.Add(written)
	if s.Aggregate {
		if err := s.replaceRest(ctx, tx); err != nil {
			return Counts{}, err
		}
	}
	for _, r := range rejects {
		if !r.Stored {
			counts.Rejected++
		}
	}
	counts.Seen = counts.New + counts.Changed + counts.Unchanged + counts.Rejected
	if err := putRejects(ctx, tx, s.Run, rejects); err != nil {
		return Counts{}, err
	}
	return counts, s.resolveRejects(ctx, tx, rejects)
}

// changed returns the elements that are not stored yet as they are, looked up
// by key: a join of the whole batch would scan the whole table.
func (s *save) changed(ctx context.Context, tx pgx.Tx) ([]int, error) {
	if len(s.keep) == 0 {
		return nil, nil
	}
	ids := s.ids()
	args := []any{s.Tenant, ids}
	if s.Aggregate {
		args = append(args, s.window.From, s.window.To)
	}
	rows, err := tx.Query(ctx, s.lookup, args...)
	if err != nil {
		return nil, err
	}
	stored := map[string]storedRow{}
	var id string
	var row storedRow
	_, err = pgx.ForEachRow(rows, []any{&id, &row.hash, &row.updatedAt, &row.version}, func() error {
		stored[id] = row
		return nil
	})
	todo := make([]int, 0, len(s.keep))
	for n, i := range s.keep {
		if row, ok := stored[ids[n]]; !ok || s.replaces(i, row) {
			todo = append(todo, i)
		}
	}
	return todo, err
}

// replaces tells whether an element says more than what is stored.
func (s *save) replaces(i int, stored storedRow) bool {
	if s.Versioned {
		return s.version(i) > stored.version
	}
	e := s.batch.Elements[i]
	return stored.hash != e.Hash && (stored.updatedAt.Before(e.At) || stored.updatedAt.After(e.At.Add(maxLateness)))
}

// version is an element's, 0 where elements have none.
func (s *save) version(i int) int64 {
	if !s.Versioned {
		return 0
	}
	return int64(binary.BigEndian.Uint64(s.batch.Field(i, s.versions)))
}

// ids are the keys of the kept elements.
func (s *save) ids() []string {
	ids := make([]string, len(s.keep))
	for n, i := range s.keep {
		ids[n] = s.keyText(s.batch.Elements[i].Key)
	}
	return ids
}

// ErrEmptied tells that Graph answers nothing for a slot that has rows. A sum
// does not become nothing, so the answer is not believed.
var ErrEmptied = errors.New("Graph answers nothing for a day that has rows")

// replaceRest deletes the rows of an aggregate's window that its newest answer
// no longer names.
func (s *save) replaceRest(ctx context.Context, tx pgx.Tx) error {
	served := s.window.ReadAt
	for _, i := range s.keep {
		served = s.batch.Elements[i].At
	}
	tag, err := tx.Exec(ctx, s.replace, s.Tenant, s.ids(), s.window.From, s.window.To, served)
	if err == nil && len(s.keep) == 0 && tag.RowsAffected() > 0 {
		return ErrEmptied
	}
	return err
}

type storedRow struct {
	hash      int64
	updatedAt time.Time
	version   int64
}

// write copies elements to the stage and moves them over in key order, the
// same for every writer, so that writers wait for each other and do not
// deadlock. A row that a faster writer stored newer is left alone.
func (s *save) write(ctx context.Context, tx pgx.Tx, todo []int) (Counts, error) {
	if len(todo) == 0 {
		return Counts{}, nil
	}
	if err := s.prepareStage(ctx, tx); err != nil {
		return Counts{}, err
	}
	if _, err := tx.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(s.encode(todo)), s.copyIn); err != nil {
		return Counts{}, err
	}
	rows, err := tx.Query(ctx, s.upsert)
	if err != nil {
		return Counts{}, err
	}
	var counts Counts
	var inserted bool
	_, err = pgx.ForEachRow(rows, []any{&inserted}, func() error {
		if inserted {
			counts.New++
		} else {
			counts.Changed++
		}
		return nil
	})
	counts.Unchanged = int64(len(todo)) - counts.New - counts.Changed
	return counts, err
}

// prepareStage makes the stage where this connection has none yet: making it
// for each transaction would bloat the catalog.
func (s *save) prepareStage(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, s.makeStage)
	return err
}

// writeCarefully writes elements under savepoints and halves what fails, until
// the elements that the database refuses stand alone.
func (s *save) writeCarefully(ctx context.Context, tx pgx.Tx, todo []int, rejects *[]mapping.Reject) (Counts, error) {
	var counts Counts
	err := pgx.BeginFunc(ctx, tx, func(savepoint pgx.Tx) (err error) {
		counts, err = s.write(ctx, savepoint, todo)
		if err == nil && len(todo) > 0 {
			_, err = savepoint.Exec(ctx, s.clearStage)
		}
		return err
	})
	if err = classify(err); !isPoison(err) {
		return counts, err
	}
	if len(todo) == 1 {
		e := s.batch.Elements[todo[0]]
		var why *Error
		errors.As(err, &why)
		*rejects = append(*rejects, mapping.Reject{Raw: e.Raw, Reason: why.Error(), Key: e.Key, At: e.At})
		return Counts{}, nil
	}
	half := len(todo) / 2
	first, err := s.writeCarefully(ctx, tx, todo[:half], rejects)
	if err != nil {
		return Counts{}, err
	}
	second, err := s.writeCarefully(ctx, tx, todo[half:], rejects)
	first.Add(second)
	return first, err
}
