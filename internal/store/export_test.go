package store

import (
	"context"
	"time"
)

// ExecWithin runs a statement with a deadline that a test can wait for.
func (db *DB) ExecWithin(ctx context.Context, op string, limit time.Duration, statement string) error {
	return db.again(ctx, op, limit, func(ctx context.Context) error {
		_, err := db.pool.Exec(ctx, statement)
		return err
	})
}
