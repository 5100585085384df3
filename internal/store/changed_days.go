package store

import "context"

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
