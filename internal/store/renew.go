package store

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// renewSlice is about how many rows get a new transaction number at a time.
const renewSlice = 10_000

var (
	renewTables    = statement("renew_tables")
	renewMarks     = statement("renew_marks")
	renewLookMarks = statement("renew_look_marks")

	renewTombstones = statement("renew_tombstones")
)

// RenewTransactionIDs gives a new number to all rows of a tenant whose change_xid
// names a transaction that has not happened yet, as after a restore into a new
// cluster, whose transactions begin with low numbers. Else they would count as
// changed for as long, and readers that follow changes would miss what is
// changed meanwhile. Nothing may be saved for the tenant at the same time.
//
// It works in slices, each committed. progress, if not nil, hears after each how
// many rows of a table are done. A table that is locked or refuses it keeps no
// other from it.
func (db *DB) RenewTransactionIDs(
	ctx context.Context, tenant uuid.UUID, progress func(table string, rows int64),
) error {
	tables, err := list[struct{ Name string }](ctx, db, "look for rows of another cluster", renewTables)
	for _, table := range tables {
		err = errors.Join(err, db.renewTable(ctx, tenant, table.Name, progress))
	}
	return err
}

// RenewRemoved is RenewTransactionIDs for all tenants that have left the
// configuration: readers that follow changes want their rows too.
func (db *DB) RenewRemoved(ctx context.Context) error {
	tenants, err := list[struct{ ID uuid.UUID }](ctx, db, "look for removed tenants", `
		SELECT tenant_id FROM ingest.endpoints GROUP BY tenant_id HAVING bool_and(removed_at IS NOT NULL)`)
	for _, tenant := range tenants {
		err = errors.Join(err, db.RenewTransactionIDs(ctx, tenant.ID, nil))
	}
	return err
}

// RenewMarks forgets how far derived work for a tenant has come in transactions
// that have not happened yet, as after a restore into a new cluster. It comes
// before RenewTransactionIDs. Where there are no such marks it waits for nobody
// who writes to them.
func (db *DB) RenewMarks(ctx context.Context, tenant uuid.UUID) error {
	marks, err := look[struct{ Endpoint string }](ctx, db, "look for marks of another cluster", renewLookMarks, tenant)
	if err != nil || len(marks) == 0 {
		return err
	}
	return db.exec(ctx, "forget marks of another cluster", renewMarks, tenant)
}

// lookPatience is how long a look for what is to be renewed waits for somebody
// who has locked a table.
const lookPatience = 5 * time.Second

// look is list with lookPatience.
func look[T any](ctx context.Context, db *DB, op, query string, tenant uuid.UUID) ([]T, error) {
	short, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	return list[T](short, db, op, query, tenant)
}

// renewTable looks first, as a transaction that writes nothing still takes a
// number if it asks for it.
func (db *DB) renewTable(
	ctx context.Context, tenant uuid.UUID, table string, progress func(table string, rows int64),
) error {
	lowest, slice := statement("renew_look", "{table}", table), statement("renew_slice", "{table}", table)
	for total := int64(0); ; {
		found, err := look[struct{ Xid string }](ctx, db, "look for rows of another cluster in "+table, lowest, tenant)
		if err != nil || len(found) == 0 {
			return err
		}
		var renewed int64
		err = db.retry(ctx, "renew transaction numbers of "+table, saveTimeout,
			func(ctx context.Context, tx pgx.Tx) error {
				if table == "ingest.tombstones" && total == 0 {
					if _, err := tx.Exec(ctx, renewTombstones, tenant); err != nil {
						return err
					}
				}
				tag, err := tx.Exec(ctx, slice, tenant, renewSlice)
				renewed = tag.RowsAffected()
				return err
			})
		if err != nil || renewed == 0 {
			return err
		}
		total += renewed
		if progress != nil {
			progress(table, total)
		}
	}
}
