package store

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Hurry makes the pauses between attempts short, where a test would only wait for them.
func (db *DB) Hurry() { db.longestPause = 10 * time.Millisecond }

// ExecWithin runs a statement with a deadline that a test can wait for.
func (db *DB) ExecWithin(ctx context.Context, op string, limit time.Duration, statement string) error {
	return db.again(ctx, op, limit, func(ctx context.Context) error {
		_, err := db.pool.Exec(ctx, statement)
		return err
	})
}

// HolderOf returns who holds the lock of a tenant; known is false if nobody does.
func (db *DB) HolderOf(ctx context.Context, tenant uuid.UUID) (h Holder, known bool, err error) {
	holders, err := holdersOf(ctx, db.pool, []uuid.UUID{tenant})
	h, known = holders[tenant]
	return h, known, err
}
