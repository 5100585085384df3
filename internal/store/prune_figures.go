package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

var (
	pruneFreeze = statement("prune_freeze")
	pruneUsers  = statement("prune_users")
	countUsers  = statement("prune_count_users")
)

// rollupNames are the names of the rollups, but for those of endpoints that are kept.
func (db *DB) rollupNames(ctx context.Context, kept []string) ([]string, error) {
	const query = `SELECT name FROM rollup.views WHERE NOT sources && coalesce($1::text[], '{}') ORDER BY name`
	views, err := list[struct{ Name string }](ctx, db, "look for rollups", query, kept)
	var names []string
	for _, v := range views {
		names = append(names, pgx.Identifier{"rollup", v.Name}.Sanitize())
	}
	return names, err
}

// PruneRollups deletes the figures of the oldest day before a time, of some tenants,
// in a transaction for each rollup, and returns how many rows that were. None is
// computed again. Figures of endpoints whose rows are kept for ever stay.
func (db *DB) PruneRollups(
	ctx context.Context, tenants []uuid.UUID, before time.Time, kept []string,
) (n int64, err error) {
	err = db.exec(ctx, "keep old figures from being computed", pruneFreeze, texts(tenants), before, kept)
	if err != nil {
		return 0, err
	}
	rollups, err := db.rollupNames(ctx, kept)
	for _, rollup := range rollups {
		sql := statement("prune_rollup", "{rollup}", rollup)
		err = errors.Join(err, db.again(ctx, "delete old figures", saveTimeout, func(ctx context.Context) error {
			tag, err := db.pool.Exec(ctx, sql, texts(tenants), before)
			n += tag.RowsAffected()
			return err
		}))
	}
	return n, err
}

// CountOldFigures counts what PruneRollups would delete, in the end.
func (db *DB) CountOldFigures(
	ctx context.Context, tenants []uuid.UUID, before time.Time, kept []string,
) ([]Old, error) {
	rollups, err := db.rollupNames(ctx, kept)
	if err != nil || len(rollups) == 0 {
		return nil, err
	}
	const join = "\n\tUNION ALL\n\tSELECT tenant_id, day FROM "
	all := strings.TrimPrefix(join+strings.Join(rollups, join), "\n\tUNION ALL\n\t")
	return db.countOld(ctx, statement("prune_count_rollups", "{rollups}", all), tenants, before)
}

// PruneUsers forgets the users of tenants whom no row has named since a time, and
// returns how many.
func (db *DB) PruneUsers(ctx context.Context, tenants []uuid.UUID, before time.Time) (n int64, err error) {
	err = db.again(ctx, "forget users", saveTimeout, func(ctx context.Context) error {
		tag, err := db.pool.Exec(ctx, pruneUsers, texts(tenants), before)
		n = tag.RowsAffected()
		return err
	})
	return n, err
}

// CountOldUsers counts whom PruneUsers would forget.
func (db *DB) CountOldUsers(ctx context.Context, tenants []uuid.UUID, before time.Time) ([]Old, error) {
	return db.countOld(ctx, countUsers, tenants, before)
}
