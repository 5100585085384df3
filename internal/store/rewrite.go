package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/mapping"
)

// rewriteRows is how many rows of a log are rewritten in one transaction, and
// rewriteRecords how many call records, each of which has dozens of rows.
const (
	rewriteRows    = 500
	rewriteRecords = 20
)

// A Rewrite makes the stored rows of an endpoint of a tenant anew, as if their
// elements had been read with other batches. What changes is written, and is a change
// to those who follow changes; when and by which run it was read stays. Beside a daemon
// nothing is lost and nothing comes back: rows are locked when they are read, and what
// was read later wins.
type Rewrite struct {
	Target *Target
	// NewBatch returns a batch of a model with what changes its elements. Of teams.users
	// and of rollups the members have the names of columns.
	NewBatch func(*mapping.Model) *mapping.Batch
	// Name is what it is for. Under it the ledger notes how far it has come.
	Name string
	// Keys are those of the rows, as KeysFound returns them, if not all are meant; they are
	// taken away as they are done.
	Keys [][]string
	// Before is before when what is rewritten has happened; see RewriteOld. Zero: all is.
	Before time.Time

	since         time.Time // from when on figures of days before that are rewritten
	Rows, Changed int64     // looked at, and written, by this process
}

// Rewrite rewrites all that is stored of a tenant: the rewrites are one for each
// endpoint, and of one name. It goes on where it was stopped, and what it has done
// stays. progress, if not nil, hears of each slice of rows.
func (db *DB) Rewrite(ctx context.Context, rewrites []*Rewrite, progress func(*Rewrite)) error {
	for _, r := range rewrites {
		for more := true; more; {
			var err error
			if more, err = db.rewriteNext(ctx, r); err != nil {
				return err
			}
			if progress != nil {
				progress(r)
			}
		}
		if err := db.rewriteRejects(ctx, r); err != nil {
			return err
		}
	}
	if err := db.rewriteUsers(ctx, rewrites[0]); err != nil {
		return err
	}
	if err := db.rewriteRollups(ctx, rewrites[0]); err != nil {
		return err
	}
	return db.exec(ctx, "forget how far a rewrite has come",
		`DELETE FROM ingest.rewrites WHERE tenant_id = $1 AND name = $2`, rewrites[0].Target.Tenant, rewrites[0].Name)
}

// rewriteNext rewrites the next slice in one transaction, by the order of keys or, of
// what has happened before a time, by that of times. It reports whether there are more
// rows.
func (db *DB) rewriteNext(ctx context.Context, r *Rewrite) (more bool, err error) {
	var done rewriteSlice
	op := "rewrite rows of " + r.Target.Endpoint
	err = db.retry(ctx, op, saveTimeout, func(ctx context.Context, tx pgx.Tx) error {
		done = rewriteSlice{Rewrite: r, tx: tx, statements: &r.Target.rewrite}
		return done.do(ctx)
	})
	if err != nil {
		return false, err
	}
	r.Rows += int64(len(done.keys))
	r.Changed += int64(len(done.changed))
	if r.Keys != nil {
		r.Keys = r.Keys[len(done.keys):]
	}
	return done.more, nil
}

// A rewriteSlice is what is rewritten in one transaction.
type rewriteSlice struct {
	*Rewrite
	tx         pgx.Tx
	statements *rewriteStatements
	keys       [][]string     // of the rows, as texts; in the order of keys
	position   []string       // that is reached with them; nil where none is noted
	more       bool           // whether there are rows behind it
	rows       []mapping.Row  // those that are there under their locks
	number     []int          // of the key of each
	as, to     *mapping.Batch // their elements as stored and as they are to be
	changed    []int          // places in rows
	moved      [][]string     // the keys of those whose key changes
}

func (s *rewriteSlice) do(ctx context.Context) error {
	if err := s.next(ctx); err != nil || len(s.keys) == 0 && s.position == nil {
		return err
	}
	if err := s.lock(ctx); err != nil {
		return err
	}
	if err := s.compare(ctx); err != nil {
		return err
	}
	if err := s.store(ctx); err != nil || s.position == nil {
		return err
	}
	return s.notePosition(ctx, s.tx, s.Target.Endpoint, s.position)
}

// next finds the next rows.
func (s *rewriteSlice) next(ctx context.Context) error {
	limit := s.statements.limit
	if s.Keys != nil {
		s.keys, s.more = s.Keys[:min(len(s.Keys), limit)], len(s.Keys) > limit
		return nil
	}
	from, err := s.positionOf(ctx, s.tx, s.Target.Endpoint)
	switch {
	case err != nil:
		return err
	case !s.Before.IsZero():
		return s.nextOld(ctx, from)
	case from == nil:
		from = s.statements.first
	}
	s.keys, err = collect[[]string](ctx, s.tx, s.statements.next, s.Target.Tenant, from, limit)
	if n := len(s.keys); n > 0 {
		s.position, s.more = s.keys[n-1], n == limit
	}
	return err
}

// lock locks the rows and reads them.
func (s *rewriteSlice) lock(ctx context.Context) (err error) {
	s.rows, err = readRows(ctx, s.tx, s.statements.lock, s.arguments(s.keys)...)
	for i, row := range s.rows {
		s.number = append(s.number, int(binary.BigEndian.Uint64(row[0]))-1)
		s.rows[i] = row[1:]
	}
	return err
}

// positionOf is what the ledger notes of how far it has come: the key of the last row, or
// the time before which all is rewritten; nil for nothing.
func (r *Rewrite) positionOf(ctx context.Context, tx pgx.Tx, of string) ([]string, error) {
	noted, err := collect[[]string](ctx, tx, `
		SELECT position FROM ingest.rewrites WHERE tenant_id = $1 AND endpoint = $2 AND name = $3`,
		r.Target.Tenant, of, r.Name)
	if err != nil || len(noted) == 0 {
		return nil, err
	}
	return noted[0], nil
}

func (r *Rewrite) notePosition(ctx context.Context, tx pgx.Tx, of string, position []string) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO ingest.rewrites (tenant_id, endpoint, name, position)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (tenant_id, endpoint, name) DO UPDATE
		SET position = excluded.position`,
		r.Target.Tenant, of, r.Name, position)
	return err
}

// arguments are the tenant and keys, column by column.
func (s *rewriteSlice) arguments(keys [][]string) []any {
	args := []any{s.Target.Tenant}
	for i := range s.statements.key {
		column := make([]string, len(keys))
		for n, key := range keys {
			column[n] = key[i]
		}
		args = append(args, column)
	}
	return args
}

// compare encodes the elements twice, and finds those that change.
func (s *rewriteSlice) compare(ctx context.Context) error {
	elements, err := s.elements(ctx)
	if err != nil {
		return err
	}
	m := s.Target.model
	s.as, s.to = m.NewBatch(), s.NewBatch(m)
	for i, rows := range elements {
		text, err := m.Restore(rows)
		if err != nil {
			return err
		}
		var doc mapping.Document
		if err := doc.Parse(text); err != nil {
			return err
		}
		s.as.Append(doc.Root(), time.Time{})
		s.to.Append(doc.Root(), time.Time{})
		if len(s.as.Elements) <= i || len(s.to.Elements) <= i {
			return fmt.Errorf("a row cannot be made anew: %s", slices.Concat(s.to.Rejects, s.as.Rejects)[0].Reason)
		}
		was, is := &s.as.Elements[i], &s.to.Elements[i]
		if was.Key != is.Key {
			s.moved = append(s.moved, s.keys[s.number[i]])
		}
		if was.Key != is.Key || was.Hash != is.Hash {
			s.changed = append(s.changed, i)
		}
	}
	return nil
}

// elements are all rows of each element, table by table.
func (s *rewriteSlice) elements(ctx context.Context) ([][][]mapping.Row, error) {
	elements, place := make([][][]mapping.Row, len(s.rows)), map[string]int{}
	var ids []uuid.UUID
	for i, row := range s.rows {
		elements[i] = make([][]mapping.Row, 1+len(s.statements.children))
		elements[i][0] = []mapping.Row{row[s.statements.lead:]}
		id := row[s.statements.lead]
		if place[string(id)] = i; len(s.statements.children) > 0 {
			ids = append(ids, uuid.UUID(id))
		}
	}
	for child, query := range s.statements.children {
		rows, err := readRows(ctx, s.tx, query, s.Target.Tenant, ids)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			of := elements[place[string(row[0])]]
			of[child+1] = append(of[child+1], row)
		}
	}
	return elements, nil
}

// store writes the changed rows. A row that gets another key is deleted under its old one.
func (s *rewriteSlice) store(ctx context.Context) error {
	if len(s.changed) == 0 {
		return nil
	}
	if len(s.moved) > 0 {
		if _, err := s.tx.Exec(ctx, s.statements.delete, s.arguments(s.moved)...); err != nil {
			return err
		}
	}
	if err := s.statements.prepare(ctx, s.tx); err != nil {
		return err
	}
	if err := s.writeLatest(ctx); err != nil || s.Target.records == nil {
		return err
	}
	return s.storeDetails(ctx)
}

// storeDetails replaces the details of the changed records, which stay in their months.
func (s *rewriteSlice) storeDetails(ctx context.Context) error {
	place := map[string]int{}
	for _, i := range s.changed {
		place[s.Target.keyText(s.to.Elements[i].Key)] = i
	}
	months, err := monthsOf(ctx, s.tx, s.Target.Tenant, slices.Collect(maps.Keys(place)))
	if err != nil {
		return err
	}
	for month, ids := range months {
		err := s.Target.replaceDetails(ctx, s.tx, month, ids, func(n, table int) func(func([]byte) bool) {
			return s.to.Rows(place[ids[n]], table)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// writeLatest writes rows by way of the stage, and notes their hours for the rollups.
func (s *rewriteSlice) writeLatest(ctx context.Context) error {
	staged := s.latest()
	_, err := copyRows(ctx, s.tx, s.statements.copyIn, len(staged), func(dst []byte, n int) []byte {
		return s.appendRow(dst, staged[n])
	})
	if err != nil {
		return err
	}
	tag, err := s.tx.Exec(ctx, s.statements.write)
	if err == nil && int(tag.RowsAffected()) < len(s.changed)-len(s.moved) {
		err = ErrDropped
	}
	if err == nil {
		_, err = s.tx.Exec(ctx, s.statements.note)
	}
	return err
}

// latest are the changed rows, but of those that get one key only the one that was read last.
func (s *rewriteSlice) latest() (latest []int) {
	place := map[string]int{}
	for _, i := range s.changed {
		var key []byte
		for _, field := range s.rows[i][:s.statements.lead-len(metadata)-1] {
			key = mapping.AppendField(key, field)
		}
		key = append(key, s.to.Elements[i].Key...)
		n, known := place[string(key)]
		switch {
		case !known:
			place[string(key)], latest = len(latest), append(latest, i)
		case bytes.Compare(s.readAt(latest[n]), s.readAt(i)) < 0:
			latest[n] = i
		}
	}
	return latest
}

// readAt is the time of the page that a row came from, in a form whose order is that of times since 2000.
func (s *rewriteSlice) readAt(row int) []byte { return s.rows[row][s.statements.lead-len(metadata)] }

// appendRow appends a row for COPY: all but the hash of its content stays in front of the mapped columns.
func (s *rewriteSlice) appendRow(dst []byte, row int) []byte {
	for mapped := range s.to.Rows(row, 0) {
		dst = beginRow(dst, s.statements.fields)
		for _, field := range s.rows[row][:s.statements.lead-1] {
			dst = mapping.AppendField(dst, field)
		}
		dst = mapping.AppendField(dst, appendInt8(nil, s.to.Elements[row].Hash))
		dst = append(dst, mapped...)
	}
	return dst
}
