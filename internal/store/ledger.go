package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// A Slot is one span of an endpoint's time and what the ledger says of it.
type Slot struct {
	From, To time.Time
	ReadAt   time.Time // Graph's time of the first request of its last reading; zero if it was never read
	ServedAt time.Time // Graph's time of the last answer of a reading that is to be noted
	Settled  bool      // a reading was made after its rows had settled and within reach; stays once true
	Rows     int       // elements served for it in that reading
	FailedAt time.Time // Graph's time of its last failure; zero if it was read since
	Failures int       // runs that failed at it since it was last read
	Rejects  int       // elements of it that are kept raw, not stored and open
	Since    time.Time // of the first of Failures, on Graph's clock; in a Survey only
	Code     string    // cause of its last failure, as a code of package health; in a Survey only
}

// A slot is a day at most, and a window 31 days. Queries for what ends after a
// time use them to begin in the index where that can be.
const (
	longestSlot   = 24 * time.Hour
	longestWindow = 31 * 24 * time.Hour
)

// Slots returns the slots that were read, or failed to be, and end after a
// time, oldest first.
func (db *DB) Slots(
	ctx context.Context, tenant uuid.UUID, endpoint string, from time.Time,
) (slots []Slot, err error) {
	err = db.again(ctx, "read slots of "+endpoint, noteTimeout, func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `
			WITH open AS MATERIALIZED (
				SELECT slot_from, slot_to, count(*) AS n
				FROM ingest.rejects
				WHERE tenant_id = $1 AND endpoint = $2 AND resolved_at IS NULL AND NOT stored
					AND slot_to > $3 AND slot_from > $5
				GROUP BY slot_from, slot_to
			)
			SELECT l.*,
				(SELECT coalesce(sum(n), 0) FROM open WHERE open.slot_from < l.slot_to AND open.slot_to > l.slot_from)
			FROM (
				SELECT slot_from, coalesce(s.slot_to, p.slot_to) AS slot_to, s.read_at, coalesce(s.settled, false),
					coalesce(s.rows, 0), p.failed_at, coalesce(p.failures, 0)
				FROM (
					SELECT * FROM ingest.slots
					WHERE tenant_id = $1 AND endpoint = $2 AND slot_to > $3 AND slot_from > $4
				) s
				FULL JOIN (
					SELECT * FROM ingest.parked
					WHERE tenant_id = $1 AND endpoint = $2 AND slot_to > $3 AND slot_from > $4
				) p USING (slot_from)
			) l
			ORDER BY slot_from`, tenant, endpoint, from, from.Add(-longestSlot), from.Add(-longestWindow))
		if err != nil {
			return err
		}
		slots, err = pgx.CollectRows(rows, scanSlot)
		return err
	})
	return slots, err
}

func scanSlot(row pgx.CollectableRow) (s Slot, err error) {
	var readAt, failedAt *time.Time
	err = row.Scan(&s.From, &s.To, &readAt, &s.Settled, &s.Rows, &failedAt, &s.Failures, &s.Rejects)
	if readAt != nil {
		s.ReadAt = *readAt
	}
	if failedAt != nil {
		s.FailedAt = *failedAt
	}
	return s, err
}

// SlotsBehind returns up to limit slots between two times that were read,
// oldest first, without their failures and rejects. A caller that wants to know
// how far everything is settled asks for one chunk after the other.
func (db *DB) SlotsBehind(
	ctx context.Context, tenant uuid.UUID, endpoint string, from, to time.Time, limit int,
) (slots []Slot, err error) {
	err = db.again(ctx, "read earlier slots of "+endpoint, noteTimeout, func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `
			SELECT slot_from, slot_to, read_at, settled, rows, NULL::timestamptz, 0, 0
			FROM ingest.slots
			WHERE tenant_id = $1 AND endpoint = $2 AND slot_to > $3 AND slot_from > $4 AND slot_from < $5
			ORDER BY slot_from
			LIMIT $6`, tenant, endpoint, from, from.Add(-longestSlot), to, limit)
		if err != nil {
			return err
		}
		slots, err = pgx.CollectRows(rows, scanSlot)
		return err
	})
	return slots, err
}

// Unsettle takes back that a slot was settled which a time lies within, not at
// an end of: what was settled of it began there, and more of it may be owed.
func (db *DB) Unsettle(ctx context.Context, tenant uuid.UUID, endpoint string, at time.Time) error {
	return db.exec(ctx, "unsettle a slot of "+endpoint, `
		UPDATE ingest.slots SET settled = false
		WHERE tenant_id = $1 AND endpoint = $2 AND slot_from < $3 AND slot_to > $3 AND slot_from > $4 AND settled`,
		tenant, endpoint, at, at.Add(-longestSlot))
}

// A Span is a part of an endpoint's time.
type Span struct{ From, To time.Time }

// A Failure is a slot that Graph does not serve although it serves others.
type Failure struct {
	From, To  time.Time
	At        time.Time // Graph's time
	RequestID string
	Code      string // its cause, as a code of package health
	Error     string
	Body      []byte // what was answered
}

// NoteFailure notes that a slot could not be read; reading it takes the note
// away. A run that has ended notes nothing.
func (db *DB) NoteFailure(ctx context.Context, run *Run, f Failure) error {
	return db.exec(ctx, "note a slot of "+run.Endpoint+" that failed", `
		INSERT INTO ingest.parked AS p
			(tenant_id, endpoint, slot_from, slot_to, since, failed_at, request_id, code, error, body, run_id)
		SELECT $1, $2, $3, $4, $5, $5, nullif($6, ''), $7, $8, $9, run_id
		FROM ingest.runs
		WHERE run_id = $10 AND finished_at IS NULL
		FOR SHARE
		ON CONFLICT (tenant_id, endpoint, slot_from) DO UPDATE
		SET (slot_to, failures, failed_at, request_id, code, error, body, run_id) =
			(excluded.slot_to, p.failures + 1, excluded.failed_at, excluded.request_id, excluded.code, excluded.error,
			 excluded.body, excluded.run_id)`,
		run.Tenant, run.Endpoint, f.From, f.To, f.At, f.RequestID, f.Code, f.Error, f.Body, run.ID)
}

// upsertSlots notes readings. An older reading that commits later does not
// overwrite a newer one, but what it settled is settled. A stored reading that
// is ahead by more than an hour of what Graph's clock said last was noted under a
// clock that was ahead, and gives way, settled or not.
const upsertSlots = `
	INSERT INTO ingest.slots AS s (tenant_id, endpoint, slot_from, slot_to, read_at, settled, rows, run_id)
	SELECT $1, $2, slot_from, slot_to, read_at, settled, rows, $3
	FROM unnest($4::timestamptz[], $5::timestamptz[], $6::timestamptz[], $7::boolean[], $8::int[])
		AS read (slot_from, slot_to, read_at, settled, rows)
	ORDER BY slot_from
	ON CONFLICT (tenant_id, endpoint, slot_from) DO UPDATE
	SET slot_to = excluded.slot_to,
		settled = excluded.settled OR s.settled AND s.read_at - $9::timestamptz <= interval '1 hour',
		read_at = CASE WHEN s.read_at > excluded.read_at AND s.read_at - $9 <= interval '1 hour'
			THEN s.read_at ELSE excluded.read_at END,
		rows = CASE WHEN s.read_at > excluded.read_at AND s.read_at - $9 <= interval '1 hour'
			THEN s.rows ELSE excluded.rows END,
		run_id = CASE WHEN s.read_at > excluded.read_at AND s.read_at - $9 <= interval '1 hour'
			THEN s.run_id ELSE excluded.run_id END`

// putSlots records that slots were read.
func putSlots(ctx context.Context, tx pgx.Tx, run *Run, slots []Slot) error {
	if len(slots) == 0 {
		return nil
	}
	n := len(slots)
	from, to, read := make([]time.Time, n), make([]time.Time, n), make([]time.Time, n)
	settled, rows := make([]bool, n), make([]int, n)
	var last time.Time
	for i, s := range slots {
		for _, at := range []time.Time{s.ReadAt, s.ServedAt} {
			if at.After(last) {
				last = at
			}
		}
		from[i], to[i], read[i], settled[i], rows[i] = s.From, s.To, s.ReadAt, s.Settled, s.Rows
	}
	_, err := tx.Exec(ctx, upsertSlots, run.Tenant, run.Endpoint, run.ID, from, to, read, settled, rows, last)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `DELETE FROM ingest.parked WHERE tenant_id = $1 AND endpoint = $2 AND slot_from = ANY ($3)`,
		run.Tenant, run.Endpoint, from)
	return err
}
