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
	From, To    time.Time
	ReadAt      time.Time // Graph's time of the first request of that reading; zero if it was never read
	Rows        int       // elements served for it
	ParkedUntil time.Time // zero unless it cannot be read
}

// Slots returns the slots that were read or parked and end after a time,
// oldest first.
func (db *DB) Slots(ctx context.Context, tenant uuid.UUID, endpoint string, from time.Time) ([]Slot, error) {
	rows, err := db.pool.Query(ctx, `
		SELECT slot_from, coalesce(s.slot_to, p.slot_to), s.read_at, coalesce(s.rows, 0), p.until
		FROM (SELECT * FROM ingest.slots WHERE tenant_id = $1 AND endpoint = $2 AND slot_to > $3) s
		FULL JOIN (SELECT * FROM ingest.parked WHERE tenant_id = $1 AND endpoint = $2 AND slot_to > $3) p USING (slot_from)
		ORDER BY slot_from`, tenant, endpoint, from)
	if err != nil {
		return nil, classify(err)
	}
	slots, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (s Slot, err error) {
		var readAt, parkedUntil *time.Time
		err = row.Scan(&s.From, &s.To, &readAt, &s.Rows, &parkedUntil)
		if readAt != nil {
			s.ReadAt = *readAt
		}
		if parkedUntil != nil {
			s.ParkedUntil = *parkedUntil
		}
		return s, err
	})
	return slots, classify(err)
}

// A Parked slot is one that Graph fails to serve again and again.
type Parked struct {
	From, To  time.Time
	Until     time.Time // Graph's time of the next try
	RequestID string    // of the last failure
	Error     string
	Body      []byte // what was answered
}

// Park notes that a slot cannot be read; reading it takes the note away.
func (db *DB) Park(ctx context.Context, run *Run, p Parked) error {
	_, err := db.pool.Exec(ctx, `
		INSERT INTO ingest.parked AS p (tenant_id, endpoint, slot_from, slot_to, until, request_id, error, body, run_id)
		VALUES ($1, $2, $3, $4, $5, nullif($6, ''), $7, $8, $9)
		ON CONFLICT (tenant_id, endpoint, slot_from) DO UPDATE
		SET (slot_to, attempts, until, request_id, error, body, run_id) =
			(excluded.slot_to, p.attempts + 1, excluded.until, excluded.request_id, excluded.error, excluded.body, excluded.run_id)`,
		run.Tenant, run.Endpoint, p.From, p.To, p.Until, p.RequestID, p.Error, p.Body, run.ID)
	return classify(err)
}

// putSlots records that slots were read.
func putSlots(ctx context.Context, tx pgx.Tx, run *Run, slots []Slot) error {
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
	if err != nil || len(slots) == 0 {
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
	rows, err := db.pool.Query(ctx, `
		SELECT tenant_id, endpoint, enabled, schedule, reach, settle, origin, watermark, next_due_at, failures, last_error, state
		FROM ingest.endpoints
		WHERE tenant_id = $1 AND endpoint = $2`, tenant, name)
	if err != nil {
		return e, false, classify(err)
	}
	e, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Endpoint])
	if errors.Is(err, pgx.ErrNoRows) {
		return e, false, nil
	}
	return e, err == nil, classify(err)
}

// PutEndpoint notes the state of an endpoint; the same state again writes
// nothing.
func (db *DB) PutEndpoint(ctx context.Context, e Endpoint) error {
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
	return classify(err)
}
