package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

// How long one attempt may take, by this machine's clock. A server or a proxy
// that stops answering without closing the connection would hold the caller
// until TCP gives up, which takes a quarter of an hour and more.
const (
	// pingTimeout is for pings, locks, releases and closing: they take
	// milliseconds, and all jobs of a tenant wait for them.
	pingTimeout = 5 * time.Second
	// noteTimeout is for bookkeeping: a few index look-ups, and a row's lock
	// that another writer holds for a moment.
	noteTimeout = 30 * time.Second
	// saveTimeout is for a transaction that stores documents, and for a query
	// that reads many rows: tens of thousands of rows on a slow disk.
	saveTimeout = 5 * time.Minute
)

const (
	// maxAttempts is how often work is tried that the database broke off: for
	// some ten seconds, in which a server restarts.
	maxAttempts = 9
	// maxTimeouts is how many of them may run into their deadline: the second
	// one has a new connection, and more would only add up.
	maxTimeouts = 2
	// maxCollisions is how many of them may meet a unique index: another writer may
	// be faster once, but the second time it is an index of the customer's.
	maxCollisions = 2
)

// byIndex begins a transaction whose statements find all rows by an index. The
// planner prefers to read a table of less than a million rows as a whole once it
// is asked for some thousand ids.
var byIndex = pgx.TxOptions{BeginQuery: "BEGIN; SET LOCAL enable_seqscan = off"}

// retry runs a transaction until it commits or fails for good. limit is for one
// attempt. The work must bear being done again: a COMMIT whose answer is lost
// may have happened.
func (db *DB) retry(
	ctx context.Context, op string, limit time.Duration, work func(context.Context, pgx.Tx) error,
) error {
	return db.again(ctx, op, limit, func(ctx context.Context) error {
		return pgx.BeginTxFunc(ctx, db.pool, byIndex, func(tx pgx.Tx) error { return work(ctx, tx) })
	})
}

// again does work until it succeeds or fails for good. limit is for one
// attempt, and op names the work in the error.
func (db *DB) again(ctx context.Context, op string, limit time.Duration, work func(context.Context) error) error {
	timeouts, collisions := 0, 0
	for attempt := 1; ; attempt++ {
		err := within(ctx, limit, work)
		if isTimeout(err) {
			timeouts++
		}
		if isCollision(err) {
			collisions++
		}
		last := attempt == maxAttempts || timeouts == maxTimeouts || collisions == maxCollisions ||
			errors.Is(ctx.Err(), context.DeadlineExceeded)
		if last || !isTransient(err) {
			return named(op, err)
		}
		db.forgetConnections(err)
		switch stopped := db.pause(ctx, attempt); {
		case errors.Is(stopped, context.Canceled):
			return stopped
		case stopped != nil:
			return named(op, err) // it tells more than that time ran out
		}
	}
}

// once does work that is not tried again.
func once(ctx context.Context, op string, limit time.Duration, work func(context.Context) error) error {
	return named(op, within(ctx, limit, work))
}

func within(ctx context.Context, limit time.Duration, work func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return classify(work(ctx))
}

// forgetConnections drops all connections once one of them does not answer, or
// turns out to lead to a server that only reads, as after a failover: new ones
// find the primary.
func (db *DB) forgetConnections(err error) {
	var e *Error
	if errors.As(err, &e) && (e.State == "25006" || e.Timeout) {
		db.pool.Reset()
	}
}

// pause waits a random part of 100 ms, 200 ms, 400 ms … 5 s.
func (db *DB) pause(ctx context.Context, attempt int) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(rand.N(min(100*time.Millisecond<<(attempt-1), db.longestPause))):
		return nil
	}
}
