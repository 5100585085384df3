package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

// attempts is how often a transaction is tried that the database broke off:
// for some ten seconds, in which a server restarts.
const attempts = 9

// retry runs a transaction until it commits, or fails for good. The work must
// bear being done again: a COMMIT whose answer is lost may have happened.
func (db *DB) retry(ctx context.Context, work func(pgx.Tx) error) error {
	return db.again(ctx, func() error { return pgx.BeginFunc(ctx, db.pool, work) })
}

// again does work until it succeeds, or fails for good.
func (db *DB) again(ctx context.Context, work func() error) error {
	for attempt := 1; ; attempt++ {
		err := classify(work())
		if !isTransient(err) || attempt == attempts {
			return err
		}
		db.forgetStandby(err)
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
}

// forgetStandby drops all connections once one turns out to lead to a server
// that only reads, as after a failover: new ones find the primary.
func (db *DB) forgetStandby(err error) {
	var e *Error
	if errors.As(err, &e) && e.State == "25006" {
		db.pool.Reset()
	}
}

// pause waits a random part of 100 ms, 200 ms, 400 ms … 5 s.
func pause(ctx context.Context, attempt int) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(rand.N(min(100*time.Millisecond<<(attempt-1), 5*time.Second))):
		return nil
	}
}
