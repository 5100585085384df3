package store

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// A PastRun is a row of ingest.runs.
type PastRun struct {
	RunID      int64      `json:"run_id"`
	Tenant     uuid.UUID  `json:"tenant_id"`
	Endpoint   string     `json:"endpoint"`
	Trigger    string     `json:"trigger"`
	WindowFrom time.Time  `json:"window_from"`
	WindowTo   time.Time  `json:"window_to"`
	StartedAt  time.Time  `json:"started_at"`
	FinishedAt *time.Time `json:"finished_at"`
	Result     *string    `json:"result"`
	Pages      int64      `json:"pages"`
	Requests   int64      `json:"requests"`
	ThrottleS  float64    `json:"throttle_s"`
	Seen       int64      `json:"rows_seen"`
	New        int64      `json:"rows_new"`
	Changed    int64      `json:"rows_changed"`
	Unchanged  int64      `json:"rows_unchanged"`
	Rejected   int64      `json:"rows_rejected"`
	Details    int64      `json:"details"`
	RequestIDs []string   `json:"request_ids"`
	Error      *string    `json:"error"`
}

// Runs returns the newest runs first, up to limit: of those selected, that
// began at or after a time (zero: any), and where failed is set only those that
// did not end well.
func (db *DB) Runs(
	ctx context.Context, of Selection, since time.Time, failed bool, limit int,
) ([]PastRun, error) {
	return list[PastRun](ctx, db, "read runs", `
		SELECT run_id, tenant_id, endpoint, trigger, window_from, window_to, started_at, finished_at, result,
			pages, requests, throttle_s, rows_seen, rows_new, rows_changed, rows_unchanged, rows_rejected,
			details, request_ids, error
		FROM ingest.runs
		WHERE `+selects+` AND started_at >= $3 AND (NOT $4 OR result NOT IN ('ok', 'stopped'))
		ORDER BY run_id DESC
		LIMIT $5`, of.Tenant, of.Endpoint, since, failed, limit)
}

// A KeptReject is a row of ingest.rejects without the raw element, which holds
// personal data.
type KeptReject struct {
	Tenant     uuid.UUID  `json:"tenant_id"`
	Endpoint   string     `json:"endpoint"`
	SHA256     string     `json:"sha256"`
	Key        *string    `json:"key"`
	Reason     string     `json:"reason"`
	Stored     bool       `json:"stored"`
	Bytes      int        `json:"bytes"`
	RunID      int64      `json:"run_id"`
	ServedAt   time.Time  `json:"served_at"`
	SeenAt     time.Time  `json:"seen_at"`
	ResolvedAt *time.Time `json:"resolved_at"`
}

const selectRejects = `
	SELECT tenant_id, endpoint, encode(sha256, 'hex'), key, reason, stored, length(raw), run_id, served_at,
		seen_at, resolved_at
	FROM ingest.rejects `

// Rejects returns the newest rejects first, up to limit, with or without those
// that were resolved.
func (db *DB) Rejects(ctx context.Context, of Selection, resolved bool, limit int) ([]KeptReject, error) {
	return list[KeptReject](ctx, db, "read rejects", selectRejects+`
		WHERE `+selects+` AND ($3 OR resolved_at IS NULL)
		ORDER BY seen_at DESC, sha256
		LIMIT $4`, of.Tenant, of.Endpoint, resolved, limit)
}

// RejectsBySHA returns rejects whose SHA-256 begins with some hex digits, with
// or without those that were resolved.
func (db *DB) RejectsBySHA(ctx context.Context, of Selection, resolved bool, digits string) ([]KeptReject, error) {
	return list[KeptReject](ctx, db, "find rejects", selectRejects+`
		WHERE `+selects+` AND ($3 OR resolved_at IS NULL)
			AND sha256 BETWEEN decode(rpad($4, 64, '0'), 'hex') AND decode(rpad($4, 64, 'f'), 'hex')
		ORDER BY sha256, tenant_id, endpoint
		LIMIT 1000`, of.Tenant, of.Endpoint, resolved, digits)
}

// RawOf returns the bytes of a reject as Graph served them. They hold personal
// data. One that is not there is ErrUnknown.
func (db *DB) RawOf(ctx context.Context, tenant uuid.UUID, endpoint string, sha256 []byte) (raw []byte, err error) {
	err = db.again(ctx, "read a reject of "+endpoint, noteTimeout, func(ctx context.Context) error {
		err := db.pool.QueryRow(ctx, `
			SELECT raw FROM ingest.rejects WHERE tenant_id = $1 AND endpoint = $2 AND sha256 = $3`,
			tenant, endpoint, sha256).Scan(&raw)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrUnknown
		}
		return err
	})
	return raw, err
}

// list reads a few rows as structs, column by column.
func list[T any](ctx context.Context, db *DB, op, query string, args ...any) ([]T, error) {
	return listWithin[T](ctx, db, op, noteTimeout, query, args...)
}

func listWithin[T any](
	ctx context.Context, db *DB, op string, limit time.Duration, query string, args ...any,
) (all []T, err error) {
	err = db.again(ctx, op, limit, func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, pgx.RowToStructByPos[T])
		return err
	})
	return all, err
}

// exec runs one small statement.
func (db *DB) exec(ctx context.Context, op, statement string, args ...any) error {
	return db.again(ctx, op, noteTimeout, func(ctx context.Context) error {
		_, err := db.pool.Exec(ctx, statement, args...)
		return err
	})
}
