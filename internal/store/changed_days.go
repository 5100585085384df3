package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

var changedDays = statement("changed_days")

// A tenantDay is a day of a tenant.
type tenantDay struct {
	tenant string
	day    time.Time
}

// noteChangedDays notes that what is shown of some days has changed, for those who
// copy it by day: of the stale days that a refresh takes up, and of all that it has
// computed.
func noteChangedDays(ctx context.Context, tx pgx.Tx, stale []time.Time, computed []tenantDay) error {
	var tenants []string
	var dates []time.Time
	for _, d := range computed {
		tenants, dates = append(tenants, d.tenant), append(dates, d.day)
	}
	_, err := tx.Exec(ctx, changedDays, stale, tenants, dates)
	return err
}

// DaysChanged reports whether a day has changed in a transaction that is over, and
// that has not a lower number than some other.
func (db *DB) DaysChanged(ctx context.Context, since uint64) (bool, error) {
	found, err := list[struct{ Changed bool }](ctx, db, "look for changed days", `
		SELECT EXISTS (
			SELECT 1
			FROM ingest.changed_days
			WHERE change_xid >= ($1::bigint::text)::xid8 AND change_xid < (SELECT ingest.feed_horizon())
		)`, int64(since))
	return err == nil && found[0].Changed, err
}
