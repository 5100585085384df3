package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// A Backfill is a span that someone asked to have read again, handed to the
// daemon that holds the tenant's lock.
type Backfill struct {
	ID          int64
	Tenant      uuid.UUID
	Endpoint    string
	From, To    time.Time
	Since       time.Time  // slots read since are left out
	RequestedAt time.Time  // this and the next two are set by the database
	StartedAt   *time.Time // by the first NoteBackfill
	FinishedAt  *time.Time // by the one with a Result
	Slots       int
	SlotsRead   int
	Rows        int64
	Requests    int64
	Result      *string // as in ingest.runs, or cancelled; nil while it is open
	Error       *string
}

// ErrBackfillEnded says that a backfill was cancelled, or ended otherwise.
var ErrBackfillEnded = errors.New("the backfill has ended or was cancelled")

const selectBackfill = `
	SELECT backfill_id, tenant_id, endpoint, span_from, span_to, since, requested_at, started_at, finished_at,
		slots, slots_read, rows, requests, result, error
	FROM ingest.backfills `

// RequestBackfill asks for a span of an endpoint and returns the number of the
// request.
func (db *DB) RequestBackfill(ctx context.Context, b Backfill) (id int64, err error) {
	err = db.again(ctx, "request a backfill of "+b.Endpoint, noteTimeout, func(ctx context.Context) error {
		return db.pool.QueryRow(ctx, `
			INSERT INTO ingest.backfills (tenant_id, endpoint, span_from, span_to, since)
			VALUES ($1, $2, $3, $4, $5)
			RETURNING backfill_id`,
			b.Tenant, b.Endpoint, b.From, b.To, b.Since).Scan(&id)
	})
	return id, err
}

// OpenBackfills returns the requests for some tenants that have not ended, the
// earliest first.
func (db *DB) OpenBackfills(ctx context.Context, tenants []uuid.UUID) ([]Backfill, error) {
	return list[Backfill](ctx, db, "read backfills",
		selectBackfill+`WHERE tenant_id = ANY ($1::text[]::uuid[]) AND finished_at IS NULL ORDER BY backfill_id`,
		texts(tenants))
}

// Backfill returns a request by its number; ErrUnknown if there is none.
func (db *DB) Backfill(ctx context.Context, id int64) (Backfill, error) {
	found, err := list[Backfill](ctx, db, "read a backfill", selectBackfill+`WHERE backfill_id = $1`, id)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%w: backfill %d", ErrUnknown, id)
	}
	if err != nil {
		return Backfill{}, err
	}
	return found[0], nil
}

// NoteBackfill notes the progress of a request, or with a Result its end. It is
// ErrBackfillEnded if somebody has cancelled it.
func (db *DB) NoteBackfill(ctx context.Context, b Backfill) error {
	return db.updateBackfill(ctx, "note the progress of a backfill", `
		SET started_at = coalesce(started_at, clock_timestamp()), slots = $2, slots_read = $3, rows = $4,
			requests = $5, result = $6, error = $7,
			finished_at = CASE WHEN $6::text IS NOT NULL THEN clock_timestamp() END`,
		b.ID, b.Slots, b.SlotsRead, b.Rows, b.Requests, b.Result, b.Error)
}

// CancelBackfill ends an open request; it is ErrBackfillEnded if there is none.
// The daemon that works on it learns it from NoteBackfill.
func (db *DB) CancelBackfill(ctx context.Context, id int64) error {
	return db.updateBackfill(ctx, "cancel a backfill", `SET result = 'cancelled', finished_at = clock_timestamp()`, id)
}

// updateBackfill changes an open request, whose number is $1.
func (db *DB) updateBackfill(ctx context.Context, op, set string, args ...any) error {
	return db.again(ctx, op, noteTimeout, func(ctx context.Context) error {
		query := `UPDATE ingest.backfills ` + set + ` WHERE backfill_id = $1 AND finished_at IS NULL`
		tag, err := db.pool.Exec(ctx, query, args...)
		if err == nil && tag.RowsAffected() == 0 {
			err = ErrBackfillEnded
		}
		return err
	})
}
