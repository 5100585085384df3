package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// A Record is a call record that a list named and whose newest version is not
// stored whole yet.
type Record struct {
	ID       uuid.UUID
	Version  int64      // the newest named
	StartAt  *time.Time // of the call; nil where Graph does not say
	Attempts int        // that failed since this version was named
	Parked   bool       // it failed again and again, and is tried daily
	FailedAt *time.Time // the last time, on Graph's clock
}

// pending is the columns of a Record and where they are from, and due those
// that may be tried at $2. (The planner takes a left join for an inner one when
// it meets "x.next_at IS NULL OR …", expects no rows, and sorts them all.)
const (
	pending = `
	c.id, c.version, c.start_at, coalesce(x.attempts, 0), coalesce(x.state = 'parked', false), x.failed_at
	FROM teams.call_records c
	LEFT JOIN ingest.details_retries x ON x.tenant_id = c.tenant_id AND x.call_id = c.id
	WHERE c.tenant_id = $1 AND c.pending`
	due = `coalesce(x.next_at <= $2, true)`
)

// DueRecords returns up to limit records of a tenant that began after horizon
// and may be tried now: those that began before edge first, oldest first, then
// the newest first.
func (db *DB) DueRecords(ctx context.Context, tenant uuid.UUID, now, horizon, edge time.Time, limit int) (list []Record, err error) {
	err = db.again(ctx, func() error {
		list, err = db.records(ctx, `SELECT `+pending+` AND `+due+` AND c.start_at >= $3 AND c.start_at < $4
			ORDER BY c.start_at LIMIT $5`, tenant, now, horizon, edge, limit)
		if err != nil || len(list) == limit {
			return err
		}
		newest, err := db.records(ctx, `SELECT `+pending+` AND `+due+` AND (c.start_at >= $3 OR c.start_at IS NULL)
			ORDER BY c.start_at DESC LIMIT $4`, tenant, now, edge, limit-len(list))
		list = append(list, newest...)
		return err
	})
	return list, err
}

func (db *DB) records(ctx context.Context, query string, args ...any) ([]Record, error) {
	rows, err := db.pool.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Record])
}

// A Backlog is what a tenant's list named and is not stored whole.
type Backlog struct {
	Pending int        // records within reach
	Due     int        // of these, the ones that may be tried now
	Oldest  *time.Time // start of the oldest record since origin, within reach or not; nil if there is none
	// Stuck are the records since origin that began before the edge of reach,
	// or are parked, oldest first.
	Stuck []Record
}

// Backlog returns what is not stored whole. Records that began before horizon
// are out of reach, and those before edge will be soon. Those before origin
// may be missing.
func (db *DB) Backlog(ctx context.Context, tenant uuid.UUID, now, origin, horizon, edge time.Time) (b Backlog, err error) {
	err = db.again(ctx, func() error {
		err := db.pool.QueryRow(ctx, `
			SELECT count(*) FILTER (WHERE within), count(*) FILTER (WHERE within AND `+due+`), min(start_at) FILTER (WHERE start_at >= $4)
			FROM (SELECT *, coalesce(start_at >= $3, true) AS within FROM teams.call_records) c
			LEFT JOIN ingest.details_retries x ON x.tenant_id = c.tenant_id AND x.call_id = c.id
			WHERE c.tenant_id = $1 AND c.pending`, tenant, now, horizon, origin).Scan(&b.Pending, &b.Due, &b.Oldest)
		if err != nil || b.Oldest == nil && b.Pending == 0 {
			return err
		}
		b.Stuck, err = db.records(ctx, `SELECT `+pending+` AND coalesce(c.start_at >= $2, true) AND (c.start_at < $3 OR x.state = 'parked')
			ORDER BY c.start_at, c.id`, tenant, origin, edge)
		return err
	})
	return b, err
}

// A DetailsRetry is a record that could not be read or stored whole.
type DetailsRetry struct {
	CallID    uuid.UUID
	Version   int64     // that was wanted
	At        time.Time // Graph's time of the failure
	NextAt    time.Time // when it is tried again
	Parked    bool      // it failed again and again
	RequestID string
	Error     string
	Body      []byte // what was answered
}

// NoteDetailsRetry notes that a record failed once more, unless it was stored
// whole or a higher version was named meanwhile: the lock on the record waits
// for who is at it. Storing it whole, or a higher version, takes the note away.
func (db *DB) NoteDetailsRetry(ctx context.Context, run *Run, e DetailsRetry) error {
	state := "waiting"
	if e.Parked {
		state = "parked"
	}
	return db.again(ctx, func() error {
		_, err := db.pool.Exec(ctx, `
			INSERT INTO ingest.details_retries AS x (tenant_id, call_id, attempts, failed_at, next_at, state, request_id, error, body, run_id)
			SELECT tenant_id, id, 1, $4, $5, $6, nullif($7, ''), $8, $9, $10
			FROM teams.call_records
			WHERE tenant_id = $1 AND id = $2 AND version = $3 AND pending
			FOR NO KEY UPDATE
			ON CONFLICT (tenant_id, call_id) DO UPDATE
			SET (attempts, failed_at, next_at, state, request_id, error, body, run_id) =
				(x.attempts + 1, excluded.failed_at, excluded.next_at, excluded.state, excluded.request_id, excluded.error, excluded.body, excluded.run_id)`,
			run.Tenant, e.CallID, e.Version, e.At, e.NextAt, state, e.RequestID, e.Error, e.Body, run.ID)
		return err
	})
}

// Whole tells whether the newest named version of a record is stored whole.
func (db *DB) Whole(ctx context.Context, tenant, call uuid.UUID) (whole bool, err error) {
	err = db.pool.QueryRow(ctx, `SELECT NOT pending FROM teams.call_records WHERE tenant_id = $1 AND id = $2`, tenant, call).Scan(&whole)
	return whole, classify(err)
}
