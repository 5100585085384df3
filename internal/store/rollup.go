package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

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

	rollupLock = "ingestd rollup"
)

var (
	rollupDue    = statement("rollup_due")
	rollupLists  = statement("rollup_lists")
	rollupStale  = statement("rollup_days")
	rollupWork   = statement("rollup_work")
	rollupForget = statement("rollup_forget")
	changedDays  = statement("changed_days")
)

// rollupSettings are those of the connection that computes rollups, besides those of
// every connection. Citus plans with values only.
const rollupSettings = `
	SELECT set_config(name, value, false)
	FROM (VALUES
		('plan_cache_mode', $1), -- a year of days is planned once
		('work_mem', '64MB'),
		('lock_timeout', '5s'), -- without a table that somebody locks the others go on
		('client_connection_check_interval', '10s') -- a query ends soon after its client
	) AS wanted (name, value)
	JOIN pg_settings USING (name)`

// ErrRefreshing says that another process computes the rollups.
var ErrRefreshing = errors.New("another session computes the rollups, and goes on until all days are; wait for it")

// NoteAllDays has the next refresh compute all days of all rollups anew, also those of
// rows that the calendars do not reach yet.
func (db *DB) NoteAllDays(ctx context.Context) error {
	return db.exec(ctx, "note all days for the rollups", `SELECT rollup.note_all() FROM ref.extend_calendars()`)
}

// RefreshRollups computes those days of the rollups anew whose rows have changed
// since they were computed last, some days at a time, the newest first, until
// none is left. It works on a connection of its own, and makes none if nothing has
// changed. What it has done stays if it is stopped or fails, and the next call goes
// on. Days that cannot be computed keep no others from it: they are left, and the
// first reason is returned. progress, if not nil, hears how many days are done and
// how many are left.
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
	err = once(ctx, op, noteTimeout, func(ctx context.Context) error {
		plan := "force_generic_plan"
		if db.Distribution.Citus {
			plan = "force_custom_plan"
		}
		_, err := conn.Exec(ctx, rollupSettings, plan)
		return err
	})
	if err != nil {
		return err
	}
	r := refresh{conn: conn, progress: progress, oneTenant: db.Distribution.Citus}
	for left := 1; left > 0; {
		err := once(ctx, op, rollupTimeout, func(ctx context.Context) (err error) {
			left, err = r.next(ctx)
			return err
		})
		if err != nil {
			return err
		}
	}
	return named(op, r.failure)
}

// A refresh is what one call does.
type refresh struct {
	conn      *pgx.Conn
	progress  func(done, left int)
	oneTenant bool        // at a time
	done      int         // days
	apart     bool        // a statement failed: each is rolled back by itself
	skipped   []time.Time // days left to the next call, as some statement fails for one of them
	failure   error       // the first of these
}

// next computes the newest stale days in a transaction, and returns how many are left.
// The lock is taken before: the transaction has to see all that whoever had it has
// committed.
func (r *refresh) next(ctx context.Context) (left int, err error) {
	got, err := LockSession(ctx, r.conn, rollupLock, rollupPatience)
	if err == nil && !got {
		err = ErrRefreshing
	}
	if err != nil {
		return 0, err
	}
	var days []time.Time
	compute := func() error {
		snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead}
		return pgx.BeginTxFunc(ctx, r.conn, snapshot, func(tx pgx.Tx) (err error) {
			days, left, err = r.nextIn(ctx, tx)
			return err
		})
	}
	if err = compute(); r.mayGoOn(err) && !r.apart {
		r.apart = true
		err = compute()
	}
	if err != nil {
		return 0, err
	}
	if r.done += len(days); r.progress != nil {
		r.progress(r.done, left)
	}
	_, err = r.conn.Exec(ctx, `SELECT pg_advisory_unlock(hashtextextended($1, 0))`, rollupLock)
	return left, err
}

// mayGoOn reports whether an error ended a statement only, and others may succeed.
func (r *refresh) mayGoOn(err error) bool {
	var e *Error
	return errors.As(classify(err), &e) && e.State != "" && !r.conn.IsClosed()
}

// nextIn is next in a transaction. Notes and rows are of one snapshot: who commits
// later leaves notes for the next time.
func (r *refresh) nextIn(ctx context.Context, tx pgx.Tx) (days []time.Time, left int, err error) {
	if err := followLists(ctx, tx); err != nil {
		return nil, 0, err
	}
	days, err = collect[time.Time](ctx, tx, rollupStale, r.skipped)
	if err != nil {
		return nil, 0, err
	}
	left = max(0, len(days)-rollupDays)
	days = days[:len(days)-left]
	all, err := r.compute(ctx, tx, days)
	if err != nil {
		return nil, 0, err
	}
	if !all {
		r.skipped = append(r.skipped, days...)
		return days, left, nil
	}
	_, err = tx.Exec(ctx, rollupForget, days)
	return days, left, err
}

// followLists has the calendars span all rows in the time zone of the reports, and
// notes all days if a list has changed that rollups depend on: this zone, for one, or
// what the server knows of it.
func followLists(ctx context.Context, tx pgx.Tx) error {
	changed, err := collect[string](ctx, tx, rollupLists)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `SELECT rollup.note_all() WHERE ref.extend_calendars() OR $1`, len(changed) > 0)
	return err
}

// compute computes all that depends on what is noted of some days, and reports
// whether all of it could be.
func (r *refresh) compute(ctx context.Context, tx pgx.Tx, days []time.Time) (all bool, err error) {
	rows, err := tx.Query(ctx, rollupWork, days)
	if err != nil {
		return false, err
	}
	type work struct {
		View    string
		Day     time.Time
		Tenants []string
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[work])
	if err != nil {
		return false, err
	}
	all = true
	var tenants []string
	var dates []time.Time // of each of tenants
	for _, w := range list {
		tenants = append(tenants, w.Tenants...)
		dates = append(dates, slices.Repeat([]time.Time{w.Day}, len(w.Tenants))...)
		err := r.day(ctx, tx, dayStatement(w.View), w.Day, w.Tenants)
		if err == nil {
			continue
		}
		err = named(fmt.Sprintf("refresh rollup.%s of %s", w.View, w.Day.Format(time.DateOnly)), classify(err))
		if !r.apart || !r.mayGoOn(err) {
			return false, err
		}
		all, r.failure = false, cmp.Or(r.failure, err)
	}
	_, err = tx.Exec(ctx, changedDays, days, tenants, dates)
	return all, err
}

// day computes a day of a rollup, on Citus for one tenant after the other: the rows of
// each lie on one node.
func (r *refresh) day(ctx context.Context, tx pgx.Tx, sql string, day time.Time, tenants []string) error {
	if !r.oneTenant {
		return r.exec(ctx, tx, sql, day, tenants)
	}
	for _, tenant := range tenants {
		if err := r.exec(ctx, tx, sql, day, []string{tenant}); err != nil {
			return err
		}
	}
	return nil
}

// exec runs a statement, by itself if one has failed before.
func (r *refresh) exec(ctx context.Context, tx pgx.Tx, sql string, args ...any) error {
	if r.apart {
		return pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, sql, args...)
			return err
		})
	}
	_, err := tx.Exec(ctx, sql, args...)
	return err
}

// dayStatement computes a day of a rollup. Of matches there is one for each PSTN
// row: where the report time zone has changed, it replaces that of another day.
func dayStatement(view string) string {
	taken := ""
	if view == "pstn_matches" {
		taken = `ON CONFLICT (tenant_id, id, start_at) DO UPDATE SET (day, call_id, method, score)
			= (excluded.day, excluded.call_id, excluded.method, excluded.score)`
	}
	return statement("rollup_day", "{view}", pgx.Identifier{view}.Sanitize(), "{taken}", taken)
}

// collect returns the values of a query's one column.
func collect[T any](ctx context.Context, db querier, query string, args ...any) ([]T, error) {
	rows, err := db.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[T])
}
