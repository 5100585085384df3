package store

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// renewSlice is about how many rows get a new transaction number at a time.
const renewSlice = 10_000

var (
	renewTables    = statement("renew_tables")
	renewMarks     = statement("renew_marks")
	renewLookMarks = statement("renew_look_marks")
)

// RenewTransactionIDs gives a new number to all rows of a tenant whose change_xid
// names a transaction that has not happened yet, as after a restore into a new
// cluster, whose transactions begin with low numbers. Else they would count as
// changed for as long, and readers that follow changes would miss what is
// changed meanwhile. Nothing may be saved for the tenant at the same time.
//
// It works in slices, each committed. progress, if not nil, hears after each how
// many rows of a table are done.
func (db *DB) RenewTransactionIDs(
	ctx context.Context, tenant uuid.UUID, progress func(table string, rows int64),
) error {
	tables, err := list[struct{ Name string }](ctx, db, "look for rows of another cluster", renewTables)
	for _, table := range tables {
		if err == nil {
			err = db.renewTable(ctx, tenant, table.Name, progress)
		}
	}
	return err
}

// RenewMarks forgets how far derived work for a tenant has come in transactions
// that have not happened yet, as after a restore into a new cluster. It comes
// before RenewTransactionIDs. needed reports whether there are such marks, as far
// as is known; where there are none it waits for nobody who writes to the marks.
func (db *DB) RenewMarks(ctx context.Context, tenant uuid.UUID) (needed bool, err error) {
	const op = "look for marks of another cluster"
	marks, err := list[struct{ Endpoint string }](ctx, db, op, renewLookMarks, tenant)
	if err != nil || len(marks) == 0 {
		return false, err
	}
	return true, db.exec(ctx, "forget marks of another cluster", renewMarks, tenant)
}

// renewTable looks first, as a transaction that writes nothing still takes a
// number if it asks for it.
func (db *DB) renewTable(
	ctx context.Context, tenant uuid.UUID, table string, progress func(table string, rows int64),
) error {
	look, slice := statement("renew_look", "{table}", table), statement("renew_slice", "{table}", table)
	for total := int64(0); ; {
		var renewed int64
		renew := func(ctx context.Context, tx pgx.Tx) error {
			renewed = 0
			var lowest string
			err := tx.QueryRow(ctx, look, tenant).Scan(&lowest)
			if errors.Is(err, pgx.ErrNoRows) {
				return nil
			}
			if err != nil {
				return err
			}
			tag, err := tx.Exec(ctx, slice, tenant, renewSlice)
			renewed = tag.RowsAffected()
			return err
		}
		err := db.retry(ctx, "renew transaction numbers of "+table, saveTimeout, renew)
		if err != nil || renewed == 0 {
			return err
		}
		total += renewed
		if progress != nil {
			progress(table, total)
		}
	}
}
