package store

import (
	"context"
	"strconv"
)

// DaysChanged reports whether a day has changed since a transaction was the last that
// had changed one. Refreshes come one after the other, so a later one has a higher
// number.
func (db *DB) DaysChanged(ctx context.Context, last uint64) (bool, error) {
	found, err := list[struct{ Changed bool }](ctx, db, "look for changed days", `
		SELECT coalesce(max(change_xid), '0') <> $1::text::xid8 FROM ingest.changed_days`,
		strconv.FormatUint(last, 10))
	return err == nil && found[0].Changed, err
}
