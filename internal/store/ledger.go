package store

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// A Slot is one span of an endpoint's time and when it was last read to its
// last page.
type Slot struct {
	From, To time.Time
	ReadAt   time.Time // Graph's time of the first request of that reading; zero if it was never read
	Rows     int       // elements served for it
	FailedAt time.Time // Graph's time of its last failure; zero if it was read since
	Failures int       // runs that failed at it since it was last read
}

// Slots returns the slots that were read, or failed to be, and end after a
// time, oldest first.
func (db *DB) Slots(ctx context.Context, tenant uuid.UUID, endpoint string, from time.Time) (slots []Slot, err error) {
	err = db.again(ctx, func() (err error) {
		slots, err = db.slots(ctx, tenant, endpoint, from)
		return err
	})
	return slots, err
}

func (db *DB) slots(ctx context.Context, tenant uuid.UUID, endpoint string, from time.Time) ([]Slot, error) {
	rows, err := db.pool.Query(ctx, `
		SELECT slot_from, coalesce(s.slot_to, p.slot_to), s.read_at, coalesce(s.rows, 0), p.failed_at, coalesce(p.failures, 0)
		FROM (SELECT * FROM ingest.slots WHERE tenant_id = $1 AND endpoint = $2 AND slot_to > $3) s
		FULL JOIN (SELECT * FROM ingest.parked WHERE tenant_id = $1 AND endpoint = $2 AND slot_to > $3) p USING (slot_from)
		ORDER BY slot_from`, tenant, endpoint, from)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (s Slot, err error) {
		var readAt, failedAt *time.Time
		err = row.Scan(&s.From, &s.To, &readAt, &s.Rows, &failedAt, &s.Failures)
		if readAt != nil {
			s.ReadAt = *readAt
		}
		if failedAt != nil {
			s.FailedAt = *failedAt
		}
		return s, err
	})
}

// A Failure is a slot that Graph does not serve although it serves others.
type Failure struct {
	From, To  time.Time
	At        time.Time // Graph's time
	RequestID string
	Error     string
	Body      []byte // what was answered
}

// NoteFailure notes that a slot could not be read; reading it takes the note
// away.
func (db *DB) NoteFailure(ctx context.Context, run *Run, f Failure) error {
	_, err := db.pool.Exec(ctx, `
		INSERT INTO ingest.parked AS p (tenant_id, endpoint, slot_from, slot_to, failed_at, request_id, error, body, run_id)
		VALUES ($1, $2, $3, $4, $5, nullif($6, ''), $7, $8, $9)
		ON CONFLICT (tenant_id, endpoint, slot_from) DO UPDATE
		SET (slot_to, failures, failed_at, request_id, error, body, run_id) =
			(excluded.slot_to, p.failures + 1, excluded.failed_at, excluded.request_id, excluded.error, excluded.body, excluded.run_id)`,
		run.Tenant, run.Endpoint, f.From, f.To, f.At, f.RequestID, f.Error, f.Body, run.ID)
	return classify(err)
}

// putSlots records that slots were read.
func putSlots(ctx context.Context, tx pgx.Tx, run *Run, slots []Slot) error {
	if len(slots) == 0 {
		return nil
	}
	from, to := make([]time.Time, len(slots)), make([]time.Time, len(slots))
	read, rows := make([]time.Time, len(slots)), make([]int, len(slots))
	for i, s := range slots {
		from[i], to[i], read[i], rows[i] = s.From, s.To, s.ReadAt, s.Rows
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO ingest.slots (tenant_id, endpoint, slot_from, slot_to, read_at, rows, run_id)
		SELECT $1, $2, slot_from, slot_to, read_at, rows, $3
		FROM unnest($4::timestamptz[], $5::timestamptz[], $6::timestamptz[], $7::int[]) AS read (slot_from, slot_to, read_at, rows)
		ORDER BY slot_from
		ON CONFLICT (tenant_id, endpoint, slot_from) DO UPDATE
		SET slot_to = excluded.slot_to, read_at = excluded.read_at, rows = excluded.rows, run_id = excluded.run_id`,
		run.Tenant, run.Endpoint, run.ID, from, to, read, rows)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `DELETE FROM ingest.parked WHERE tenant_id = $1 AND endpoint = $2 AND slot_from = ANY ($3)`, run.Tenant, run.Endpoint, from)
	return err
}

// An Endpoint is what the daemon notes about one endpoint of one tenant.
type Endpoint struct {
	Tenant        uuid.UUID
	Name          string
	Enabled       bool
	Schedule      string
	Reach, Settle time.Duration
	Origin        time.Time
	Watermark     time.Time
	NextDueAt     *time.Time
	Failures      int
	LastError     *string
	State         string
}

// Endpoint returns what was last noted; ok is false before the first start.
func (db *DB) Endpoint(ctx context.Context, tenant uuid.UUID, name string) (e Endpoint, ok bool, err error) {
	err = db.again(ctx, func() error {
		rows, err := db.pool.Query(ctx, `
		SELECT tenant_id, endpoint, enabled, schedule, reach, settle, origin, watermark, next_due_at, failures, last_error, state
		FROM ingest.endpoints
		WHERE tenant_id = $1 AND endpoint = $2`, tenant, name)
		if err != nil {
			return err
		}
		e, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Endpoint])
		if ok = err == nil; errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	return e, ok, err
}

// PutEndpoint notes the state of an endpoint; the same state again writes
// nothing.
func (db *DB) PutEndpoint(ctx context.Context, e Endpoint) error {
	return db.again(ctx, func() error { return db.putEndpoint(ctx, e) })
}

func (db *DB) putEndpoint(ctx context.Context, e Endpoint) error {
	_, err := db.pool.Exec(ctx, `
		INSERT INTO ingest.endpoints AS e
			(tenant_id, endpoint, enabled, schedule, reach, settle, origin, watermark, next_due_at, failures, last_error, state)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (tenant_id, endpoint) DO UPDATE
		SET (enabled, schedule, reach, settle, origin, watermark, next_due_at, failures, last_error, state) =
			(excluded.enabled, excluded.schedule, excluded.reach, excluded.settle, excluded.origin, excluded.watermark,
			 excluded.next_due_at, excluded.failures, excluded.last_error, excluded.state)
		WHERE (e.enabled, e.schedule, e.reach, e.settle, e.origin, e.watermark, e.next_due_at, e.failures, e.last_error, e.state)
			IS DISTINCT FROM
			(excluded.enabled, excluded.schedule, excluded.reach, excluded.settle, excluded.origin, excluded.watermark,
			 excluded.next_due_at, excluded.failures, excluded.last_error, excluded.state)`,
		e.Tenant, e.Name, e.Enabled, e.Schedule, e.Reach, e.Settle, e.Origin, e.Watermark, e.NextDueAt, e.Failures, e.LastError, e.State)
	return err
}
