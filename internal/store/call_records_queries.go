package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// A Record is a call record that a list named, or that a notification told of. But for
// the latter and those of Records, its details are not stored at its newest version.
type Record struct {
	ID        uuid.UUID
	Version   int64      // the newest named; 0: none was
	StartAt   *time.Time // of the call; nil where Graph does not say
	ReachFrom time.Time  // StartAt, or else when it was first listed: Graph's reach counts from then
	Attempts  int        // that failed since this version was named
	Parked    bool       // it failed again and again, and is tried daily
	FailedAt  *time.Time // the last time, on Graph's clock

	RequestID *string // of the last failure; nil where Graph did not answer, or nothing failed
	Code      *string // its cause, as a code of package health
	Error     *string // what it failed with last, with the next step

	Pending bool  // the details of the newest version are to be stored
	Told    int64 // how often notifications had told of it; 0: it is due by the list
	Stored  int64 // version of the details stored; 0: none are
}

// mayHaveDetails holds for a record of tenant $1 whose details retention would not
// delete: no others are asked for, or lost.
const mayHaveDetails = `c.reach_from >= coalesce((
		SELECT details_kept_from
		FROM ingest.endpoints
		WHERE tenant_id = $1 AND endpoint = 'call_records'
	), '-infinity')`

// aRecord selects Records, pendingRecords those that are to be stored, and isDue those
// that might be tried at $2, or failed in the future, as seen at $3, by a clock that
// was ahead. (The planner takes a left join for an inner one when it meets "x.next_at
// IS NULL OR …", expects no rows, and sorts them all.)
const (
	aRecord = `
	SELECT c.id, c.version, c.start_at, c.reach_from,
		coalesce(x.attempts, 0), coalesce(x.state = 'parked', false), x.failed_at, x.request_id, x.code,
		x.error, c.pending AND ` + mayHaveDetails + `, 0::bigint, coalesce(c.details_version, 0)
	FROM teams.call_records c
	LEFT JOIN ingest.details_retries x ON x.tenant_id = c.tenant_id AND x.call_id = c.id
	WHERE c.tenant_id = $1`
	pendingRecords = aRecord + ` AND c.pending AND ` + mayHaveDetails
	isDue          = ` AND coalesce(x.next_at <= $2 OR x.failed_at - $3::timestamptz > interval '1 hour', true)`
)

// isAcknowledged holds for a record whose loss someone took note of, by its id
// or by a span it began in.
const isAcknowledged = `EXISTS (
		SELECT 1 FROM ingest.acknowledgements a
		WHERE a.tenant_id = c.tenant_id AND a.endpoint = 'call_records'
			AND (a.call_id = c.id OR a.call_id IS NULL AND a.span_from <= c.reach_from AND a.span_to > c.reach_from))`

// DueRecords returns up to limit records of a tenant that began after horizon
// and were due at a time, the beginning of a run: so those that failed in it are
// left out, however long it takes. A few that notifications told of come first. Of
// the others come those that began before edge, oldest first, then the newest first.
// Each is a query of its own, as one for all would walk over every record that left
// reach.
func (db *DB) DueRecords(
	ctx context.Context, tenant uuid.UUID, at, now, horizon, edge time.Time, limit int,
) (due []Record, err error) {
	told, err := list[Record](ctx, db, "find call records that were told", toldRecords,
		tenant, now, min(limit, toldAtOnce))
	if err != nil {
		return nil, err
	}
	due = told
	queries := []struct {
		which string
		args  []any
	}{
		{` AND c.reach_from >= $5 AND c.reach_from < $6 ORDER BY c.reach_from LIMIT $4`, []any{horizon, edge}},
		{` AND c.reach_from >= $5 ORDER BY c.reach_from DESC LIMIT $4`, []any{edge}},
	}
	for _, q := range queries {
		if len(due) == limit {
			break
		}
		args := append([]any{tenant, at, now, limit - len(due)}, q.args...)
		records, err := list[Record](ctx, db, "find call records that are due", pendingRecords+isDue+q.which, args...)
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			if !slices.ContainsFunc(told, func(t Record) bool { return t.ID == r.ID }) {
				due = append(due, r)
			}
		}
	}
	return due, nil
}

// Records returns those of some records that are stored, whole or not, newest first.
func (db *DB) Records(ctx context.Context, tenant uuid.UUID, ids []string) ([]Record, error) {
	return list[Record](ctx, db, "find call records by their ids",
		aRecord+` AND c.id = ANY ($2::text[]::uuid[]) ORDER BY c.reach_from DESC, c.id`, tenant, ids)
}

// A Backlog is what a tenant's list named and whose details are not stored.
// All but Oldest are records within reach.
type Backlog struct {
	Pending int
	Due     int        // may be tried now
	Parked  int        // failed again and again
	Soon    int        // leave reach soon
	Oldest  *time.Time // ReachFrom of the oldest one, within reach or not; nil if there is none
}

// Backlog counts records. Those that began before horizon are out of reach,
// and those before edge will be soon. Oldest is not before since, and not one
// whose loss was acknowledged. The cost does not grow with the records that left
// reach.
func (db *DB) Backlog(
	ctx context.Context, tenant uuid.UUID, now, since, horizon, edge time.Time,
) (b Backlog, err error) {
	err = db.again(ctx, "count call records to be read", noteTimeout, func(ctx context.Context) error {
		return db.pool.QueryRow(ctx, `
			SELECT count(*),
				count(*) FILTER (
					WHERE coalesce(x.next_at <= $2 OR x.failed_at - $2::timestamptz > interval '1 hour', true)),
				count(*) FILTER (WHERE x.state = 'parked'), count(*) FILTER (WHERE c.reach_from < $4),
				(SELECT c.reach_from FROM teams.call_records c
				WHERE c.tenant_id = $1 AND c.pending AND `+mayHaveDetails+` AND c.reach_from >= $5
					AND NOT `+isAcknowledged+`
				ORDER BY c.reach_from LIMIT 1)
			FROM teams.call_records c
			LEFT JOIN ingest.details_retries x ON x.tenant_id = c.tenant_id AND x.call_id = c.id
			WHERE c.tenant_id = $1 AND c.pending AND `+mayHaveDetails+` AND c.reach_from >= $3`,
			tenant, now, horizon, edge, since).Scan(&b.Pending, &b.Due, &b.Parked, &b.Soon, &b.Oldest)
	})
	return b, err
}

// lostRecords are the records that began since $2 and left reach at $3; where
// $4, also those whose loss was acknowledged.
const lostRecords = ` AND c.reach_from >= $2 AND c.reach_from < $3 AND ($4 OR NOT ` + isAcknowledged + `)`

// LostRecords returns up to limit records that began since a time and left
// reach before their details were stored, oldest first, with or without those
// whose loss was acknowledged. It is for people: its cost grows with the loss.
func (db *DB) LostRecords(
	ctx context.Context, tenant uuid.UUID, since, horizon time.Time, acknowledged bool, limit int,
) ([]Record, error) {
	return list[Record](ctx, db, "read lost call records",
		pendingRecords+lostRecords+` ORDER BY c.reach_from, c.id LIMIT $5`,
		tenant, since, horizon, acknowledged, limit)
}

// ParkedRecords returns up to limit records within reach that failed again and
// again, oldest first.
func (db *DB) ParkedRecords(ctx context.Context, tenant uuid.UUID, horizon time.Time, limit int) ([]Record, error) {
	return list[Record](ctx, db, "read parked call records",
		pendingRecords+` AND x.state = 'parked' AND c.reach_from >= $2 ORDER BY c.reach_from, c.id LIMIT $3`,
		tenant, horizon, limit)
}

// A DetailsRetry is a record whose details could not be read or stored.
type DetailsRetry struct {
	CallID    uuid.UUID
	Version   int64     // that was wanted
	At        time.Time // Graph's time of the failure
	NextAt    time.Time // when it is tried again
	Parked    bool      // it failed again and again
	RequestID string
	Code      string // its cause, as a code of package health
	Error     string
	Body      []byte // what was answered
}

// NoteDetailsRetry notes that a record failed once more. It notes nothing if
// the details were stored or a higher version was named meanwhile: the lock on
// the record waits for who is at it. Storing the details, or naming a higher
// version, takes the note away.
func (db *DB) NoteDetailsRetry(ctx context.Context, run *Run, e DetailsRetry) error {
	state := "waiting"
	if e.Parked {
		state = "parked"
	}
	return db.exec(ctx, "note that a call record failed", `
		INSERT INTO ingest.details_retries AS x
			(tenant_id, call_id, attempts, since, failed_at, next_at, state, request_id, code, error, body, run_id)
		SELECT c.tenant_id, c.id, 1, $4, $4, $5, $6, nullif($7, ''), $8, $9, $10, $11
		FROM teams.call_records c
		WHERE c.tenant_id = $1 AND c.id = $2 AND c.version = $3 AND c.pending AND `+mayHaveDetails+`
		FOR NO KEY UPDATE
		ON CONFLICT (tenant_id, call_id) DO UPDATE
		SET (attempts, failed_at, next_at, state, request_id, code, error, body, run_id) =
			(x.attempts + 1, excluded.failed_at, excluded.next_at, excluded.state, excluded.request_id, excluded.code,
			 excluded.error, excluded.body, excluded.run_id)`,
		run.Tenant, e.CallID, e.Version, e.At, e.NextAt, state, e.RequestID, e.Code, e.Error, e.Body, run.ID)
}

// HasDetails reports whether the details of a record are stored at its newest
// version. If it began before keptFrom, retention has deleted them; nil: it has not. A
// record that is not stored is ErrUnknown.
func (db *DB) HasDetails(ctx context.Context, tenant, call uuid.UUID) (stored bool, keptFrom *time.Time, err error) {
	err = db.again(ctx, "read a call record", noteTimeout, func(ctx context.Context) error {
		err := db.pool.QueryRow(ctx, `
			SELECT NOT c.pending, CASE WHEN c.reach_from < e.details_kept_from THEN e.details_kept_from END
			FROM teams.call_records c
			LEFT JOIN ingest.endpoints e ON e.tenant_id = c.tenant_id AND e.endpoint = 'call_records'
			WHERE c.tenant_id = $1 AND c.id = $2`,
			tenant, call).Scan(&stored, &keptFrom)
		if errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("%w: call record %s", ErrUnknown, call)
		}
		return err
	})
	return stored, keptFrom, err
}
