package store

import (
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/mapping"
)

var (
	// ErrNewer says that details of a record are stored already, of the version
	// given or a higher one, or that they were and retention has deleted them.
	ErrNewer = errors.New("a version as high is stored")
	// ErrKeptRaw says that a record has no rows: it is among the rejects.
	ErrKeptRaw = errors.New("the record could only be kept raw")
)

// SaveDetails stores call records with their details, each the one element of its
// batch, in one transaction. The result of each is nil, ErrNewer or why it is not
// stored. Storing the headers comes first: it locks out other writers, and a
// version that is not above the stored one ends there.
//
// If the database refuses, the records are halved until the refused one stands
// alone. It is kept raw as a reject, and all others are stored. An error that
// every record meets is no record's fault, and keeps nothing.
func (db *DB) SaveDetails(ctx context.Context, run *Run, t *Target, records []*mapping.Batch) []error {
	results := db.saveDetails(ctx, run, t, records)
	fault := func(err error) bool {
		return isRefused(err) || errors.Is(err, ErrDropped) ||
			isBroken(err) && slices.ContainsFunc(results, func(err error) bool { return err == nil })
	}
	for i, err := range results {
		if fault(err) {
			results[i] = errors.Join(lasting(err), db.keepRaw(ctx, run, t, records[i], err))
		}
	}
	return results
}

// lasting is the error of a record that the database refuses, whatever it might
// mean elsewhere.
func lasting(err error) error {
	var e *Error
	if !isCollision(err) || !errors.As(err, &e) {
		return err
	}
	poison := *e
	poison.Kind = Poison
	return &poison
}

// saveDetails is SaveDetails but for the rejects.
func (db *DB) saveDetails(ctx context.Context, run *Run, t *Target, records []*mapping.Batch) []error {
	var results []error
	repeated := false
	save := func(ctx context.Context, tx pgx.Tx) (c Counts, err error) {
		d := &details{run: run, target: t, statements: t.records, records: records, tx: tx}
		results, err = d.save(ctx, repeated)
		repeated = true
		return c, err
	}
	err := db.inRun(ctx, run, "save details", saveTimeout, save)
	switch {
	case err == nil:
		return results
	case len(records) > 1 && (isRefused(err) || isBroken(err) || errors.Is(err, ErrDropped)):
		half := len(records) / 2
		return append(db.saveDetails(ctx, run, t, records[:half]), db.saveDetails(ctx, run, t, records[half:])...)
	}
	return slices.Repeat([]error{err}, len(records))
}

// keepRaw keeps a record that the database refuses.
func (db *DB) keepRaw(ctx context.Context, run *Run, t *Target, record *mapping.Batch, why error) error {
	refused := record.Elements[0].Reject(why.Error())
	refused.Raw = record.Raw(0)
	return db.inRun(ctx, run, "keep a reject", noteTimeout, func(ctx context.Context, tx pgx.Tx) (Counts, error) {
		return Counts{}, putRejects(ctx, tx, run, t, []reject{{Reject: refused}})
	})
}

// details are call records being stored in one transaction.
type details struct {
	run        *Run
	target     *Target
	statements *recordStatements
	records    []*mapping.Batch
	tx         pgx.Tx
	kept       time.Time // what is before was deleted by retention; zero: nothing
}

// save stores the records and returns the result of each. repeated says that the
// transaction was tried before, and that it may have been committed.
func (d *details) save(ctx context.Context, repeated bool) ([]error, error) {
	claimed, err := d.claim(ctx)
	if err != nil {
		return nil, err
	}
	saved := slices.Collect(maps.Keys(claimed))
	if repeated && len(claimed) < len(d.records) {
		before, err := collect[string](ctx, d.tx, d.statements.storedBy, d.run.Tenant, d.run.ID)
		if err != nil {
			return nil, err
		}
		saved = append(saved, before...)
	}
	var newer []string
	if len(saved) < len(d.records) {
		if newer, err = collect[string](ctx, d.tx, d.statements.newer); err != nil {
			return nil, err
		}
	}
	var rejects []reject
	results := make([]error, len(d.records))
	own := map[string][]*mapping.Batch{} // the records claimed, by month
	for i, b := range d.records {
		id := d.id(b)
		month, isOwn := claimed[id]
		switch {
		case d.isOld(b):
			results[i] = ErrNewer
			continue
		case len(b.Elements) == 0:
			results[i] = ErrKeptRaw
		case isOwn:
			own[month] = append(own[month], b)
		case !slices.Contains(saved, id):
			results[i] = ErrNewer
			if !slices.Contains(newer, id) {
				results[i] = ErrDropped
			}
			continue
		}
		for _, r := range b.Rejects {
			rejects = append(rejects, reject{Reject: r})
		}
	}
	for month, records := range own {
		if err := d.replace(ctx, month, records); err != nil {
			return nil, err
		}
	}
	if err := putRejects(ctx, d.tx, d.run, d.target, rejects); err != nil {
		return nil, err
	}
	return results, resolveRejects(ctx, d.tx, d.run, slices.Collect(maps.Keys(claimed)), rejects)
}

// id is the id of a record as text; empty if it has no rows.
func (d *details) id(record *mapping.Batch) string {
	if len(record.Elements) == 0 {
		return ""
	}
	return d.target.keyText(record.Elements[0].Key)
}

// isOld reports whether a record is of a time whose rows or details retention deletes.
func (d *details) isOld(record *mapping.Batch) bool {
	if len(record.Elements) == 0 {
		return false
	}
	at, ok := d.target.time(record, 0)
	return ok && at.Before(d.kept)
}

// claim stores the headers and returns the ids of the records whose details are
// to be replaced, each with the month of their tables.
func (d *details) claim(ctx context.Context) (map[string]string, error) {
	var both pgx.Batch
	queueKeptFrom(&both, d.run, &d.kept)
	both.Queue(d.statements.headers.make)
	if err := d.tx.SendBatch(ctx, &both).Close(); err != nil {
		return nil, err
	}
	_, err := copyRows(ctx, d.tx, d.statements.headers.copyIn, len(d.records), func(dst []byte, n int) []byte {
		return d.appendHeader(dst, d.records[n])
	})
	if err != nil {
		return nil, err
	}
	ids, hours := []string{}, []time.Time{}
	for _, b := range d.records {
		if id := d.id(b); id != "" && !d.isOld(b) {
			ids, hours = append(ids, id), d.target.addHour(hours, b, 0)
		}
	}
	slices.Sort(ids) // the order in which rows are locked
	months, month := map[string]string{}, ""
	err = writeNoted(ctx, d.tx, d.target.rows.noteHours, []any{d.run.Tenant, ids, hours}, d.statements.claim,
		func(id string) { months[id] = month }, &month)
	return months, err
}

// replace puts the details of records of a month in the place of those stored.
func (d *details) replace(ctx context.Context, month string, records []*mapping.Batch) error {
	var ids []string
	for _, b := range records {
		ids = append(ids, d.id(b))
	}
	err := d.target.replaceDetails(ctx, d.tx, month, ids, func(record, table int) func(func([]byte) bool) {
		return records[record].Rows(0, table)
	})
	if err != nil {
		return err
	}
	_, err = d.tx.Exec(ctx, d.statements.note, d.run.Tenant, ids)
	return err
}

// replaceDetails puts rows of child tables, given as encoded, in the place of those
// stored of records of a month.
func (t *Target) replaceDetails(
	ctx context.Context, tx pgx.Tx, month string, ids []string,
	rowsOf func(record, table int) func(yield func([]byte) bool),
) error {
	of := strings.NewReplacer("{month}", month)
	if _, err := tx.Exec(ctx, of.Replace(t.records.delete), t.Tenant, ids); err != nil {
		return err
	}
	for child, copyIn := range t.records.copyIn {
		table := child + 1
		rows, fields := int64(0), 1+len(t.model.Tables[table].Columns)
		for n := range ids {
			for range rowsOf(n, table) {
				rows++
			}
		}
		if rows == 0 {
			continue
		}
		taken, err := copyRows(ctx, tx, of.Replace(copyIn), len(ids), func(dst []byte, n int) []byte {
			for row := range rowsOf(n, table) {
				dst = append(mapping.AppendField(beginRow(dst, fields), t.Tenant[:]), row...)
			}
			return dst
		})
		if err == nil && taken < rows {
			err = ErrDropped
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// appendHeader appends a record's header for COPY into the stage.
func (d *details) appendHeader(dst []byte, record *mapping.Batch) []byte {
	if len(record.Elements) == 0 || d.isOld(record) {
		return dst
	}
	sessions := 0
	for range record.Rows(0, d.statements.sessions) {
		sessions++
	}
	for row := range record.Rows(0, 0) {
		dst = mapping.AppendField(beginRow(dst, d.statements.headers.fields), d.run.Tenant[:])
		dst = appendMetadata(dst, record.Elements[0].At, d.run, record.Elements[0].Hash)
		dst = append(dst, row...)
		dst = mapping.AppendField(dst, binary.BigEndian.AppendUint32(nil, uint32(sessions)))
		dst = mapping.AppendField(dst, []byte(d.statements.kinds.kind(record, sessions)))
	}
	return dst
}
