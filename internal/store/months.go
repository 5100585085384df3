package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// monthOf is what the names of the tables end in that hold the details of a call; empty
// if its month has none.
const monthOf = `CASE WHEN to_regclass('teams.sessions' || to_char(details_month, '_YYYY_MM')) IS NULL THEN ''
	ELSE to_char(details_month, '_YYYY_MM') END`

// monthsOf returns the ids of call records of a tenant by month.
func monthsOf(ctx context.Context, tx pgx.Tx, tenant uuid.UUID, ids []string) (map[string][]string, error) {
	rows, err := tx.Query(ctx,
		`SELECT id::text, `+monthOf+` FROM teams.call_records WHERE tenant_id = $1 AND id = ANY ($2::uuid[])`,
		tenant, ids)
	if err != nil {
		return nil, err
	}
	months := map[string][]string{}
	var id, month string
	_, err = pgx.ForEachRow(rows, []any{&id, &month}, func() error {
		months[month] = append(months[month], id)
		return nil
	})
	return months, err
}

// KeepMonths makes the tables of details of this month and the next two where
// there are none yet, and statistics of them where they are a day old. Calls that
// are stored then are of a month.
func (db *DB) KeepMonths(ctx context.Context) error {
	return db.exec(ctx, "make the months of the details", `SELECT teams.keep_months()`)
}

// DropMonth drops the oldest month of whose calls retention keeps no details any more, of
// no tenant, table by table, and returns it; nil if there is none. A month that somebody
// reads for longer than a moment is tried again, and then left for another time, with an
// error: who waits for it holds up those who come after.
func (db *DB) DropMonth(ctx context.Context) (month *time.Time, err error) {
	for {
		var isGone *bool
		err := db.again(ctx, "drop a month of the details", noteTimeout, func(ctx context.Context) error {
			return db.pool.QueryRow(ctx, `SELECT month, is_gone FROM teams.drop_month()`).Scan(&month, &isGone)
		})
		switch {
		case err != nil:
			return nil, err
		case month == nil || *isGone:
			return month, nil
		}
	}
}

// HasMonths reports whether there are months, also where no more are made.
func (db *DB) HasMonths(ctx context.Context) (bool, error) {
	found, err := list[struct{ Has bool }](ctx, db, "look for months of the details", `
		SELECT count(*) > 0
		FROM teams.details_tables() AS name
		JOIN pg_inherits ON inhparent = to_regclass('teams.' || name)`)
	return err == nil && found[0].Has, err
}

// OldMonths returns the months that can be dropped once details of tenants from before a
// time are deleted.
func (db *DB) OldMonths(ctx context.Context, tenants []uuid.UUID, before time.Time) (months []time.Time, err error) {
	found, err := list[struct{ Month time.Time }](ctx, db, "look for old months of the details",
		`SELECT teams.old_months($1::text[]::uuid[], $2)`, texts(tenants), before)
	for _, f := range found {
		months = append(months, f.Month)
	}
	return months, err
}
