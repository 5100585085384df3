package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

const (
	// rollupDays is how many stale days are computed in one transaction: while it
	// lasts, readers that follow changes wait.
	rollupDays = 7
	// rollupTimeout is for such a transaction, which reads all rows of these days.
	rollupTimeout = 30 * time.Minute
	// rollupPatience is how long a refresh waits for another one's transaction.
	rollupPatience = time.Minute
)

var (
	rollupDue    = statement("rollup_due")
	rollupLists  = statement("rollup_lists")
	rollupStale  = statement("rollup_days")
	rollupWork   = statement("rollup_work")
	rollupForget = statement("rollup_forget")
)

// ErrRefreshing says that another process computes the rollups.
var ErrRefreshing = errors.New("another session refreshes the rollups")

// NoteAllDays has the next refresh compute all days of all rollups anew.
func (db *DB) NoteAllDays(ctx context.Context) error {
	return db.exec(ctx, "note all days for the rollups", `SELECT rollup.note_all()`)
}

// RefreshRollups computes those days of the rollups anew whose rows have changed
// since they were computed last, some days at a time, the newest first, until
// none is left. It works on a connection of its own, and makes none if nothing has
// changed. What it has done stays if it is stopped or fails, and the next call goes
// on. progress, if not nil, hears how many days are done and how many are left.
func (db *DB) RefreshRollups(ctx context.Context, progress func(done, left int)) error {
	const op = "refresh the rollups"
	due, err := list[struct{ Due bool }](ctx, db, op, rollupDue)
	if err != nil || !due[0].Due {
		return err
	}
	conn, err := db.connect(ctx)
	if err != nil {
		return named(op, classify(err))
	}
	defer closeConn(conn)
	for done, left := 0, 1; left > 0; {
		var n int
		err := once(ctx, op, rollupTimeout, func(ctx context.Context) (err error) {
			n, left, err = refreshSome(ctx, conn)
			return err
		})
		if err != nil {
			return err
		}
		if done += n; progress != nil {
			progress(done, left)
		}
	}
	return nil
}

// refreshSome computes some stale days in a transaction, and returns how many they
// are and how many are left. The lock is taken before: the transaction has to see
// all that whoever had it has committed.
func refreshSome(ctx context.Context, conn *pgx.Conn) (done, left int, err error) {
	if err := lockRollups(ctx, conn); err != nil {
		return 0, 0, err
	}
	err = pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		done, left, err = refreshIn(ctx, tx)
		return err
	})
	if err == nil {
		_, err = conn.Exec(ctx, `SELECT pg_advisory_unlock(`+rollupLock+`)`)
	}
	return done, left, err
}

const rollupLock = `hashtextextended('ingestd rollup', 0)`

// lockRollups waits for the lock by asking for it again and again: a statement that
// waits would keep the server from removing dead rows.
func lockRollups(ctx context.Context, conn *pgx.Conn) error {
	for deadline := time.Now().Add(rollupPatience); ; {
		var got bool
		err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock(`+rollupLock+`)`).Scan(&got)
		if err != nil || got {
			return err
		}
		if time.Now().After(deadline) {
			return ErrRefreshing
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// refreshIn computes the newest stale days. Notes and rows are of one snapshot:
// who commits later leaves notes for the next time.
func refreshIn(ctx context.Context, tx pgx.Tx) (done, left int, err error) {
	_, err = tx.Exec(ctx, `
		SELECT set_config(name, value, true)
		FROM (VALUES
			('jit', 'off'),
			('plan_cache_mode', 'force_generic_plan'), -- a year of days is planned once
			('work_mem', '64MB'),
			('plan_cache_mode', 'force_generic_plan'), -- planning takes longer than most days
			('client_connection_check_interval', '10s') -- a query ends soon after its client
		) AS wanted (name, value)
		JOIN pg_settings USING (name)`)
	if err != nil {
		return 0, 0, err
	}
	if err := followLists(ctx, tx); err != nil {
		return 0, 0, err
	}
	days, err := collect[time.Time](ctx, tx, rollupStale)
	if err != nil {
		return 0, 0, err
	}
	done = min(rollupDays, len(days))
	if err := compute(ctx, tx, days[:done]); err != nil {
		return 0, 0, err
	}
	_, err = tx.Exec(ctx, rollupForget, days[:done])
	return done, len(days) - done, err
}

// followLists has the calendars span all rows in the time zone of the reports, and
// notes all days if a list has changed that rollups depend on: this zone, for one.
func followLists(ctx context.Context, tx pgx.Tx) error {
	changed, err := collect[string](ctx, tx, rollupLists)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `SELECT ref.extend_calendars()`); err != nil {
		return err
	}
	if len(changed) > 0 {
		_, err = tx.Exec(ctx, `SELECT rollup.note_all()`)
	}
	return err
}

// compute computes all that depends on what is noted of some days.
func compute(ctx context.Context, tx pgx.Tx, days []time.Time) error {
	rows, err := tx.Query(ctx, rollupWork, days)
	if err != nil {
		return err
	}
	type work struct {
		View    string
		Day     time.Time
		Tenants []uuid.UUID
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[work])
	if err != nil {
		return err
	}
	var changed []tenantDay
	for _, w := range all {
		for _, tenant := range w.Tenants {
			changed = append(changed, tenantDay{tenant, w.Day})
		}
		day := statement("rollup_day", "{view}", pgx.Identifier{w.View}.Sanitize())
		if _, err := tx.Exec(ctx, day, w.Day, w.Tenants); err != nil {
			return named(fmt.Sprintf("refresh rollup.%s of %s", w.View, w.Day.Format(time.DateOnly)), classify(err))
		}
	}
	return noteChangedDays(ctx, tx, changed)
}

// collect returns the values of a query's one column.
func collect[T any](ctx context.Context, db querier, query string, args ...any) ([]T, error) {
	rows, err := db.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[T])
}
