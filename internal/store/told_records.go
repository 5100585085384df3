package store

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
)

const (
	// ToldTries is how often in a row nothing new may come of a call record that
	// notifications tell of, until it is left to the list.
	ToldTries = 4
	// toldAtOnce is how many of them are due at a time: whatever is told, what the
	// list has named is not kept waiting.
	toldAtOnce = 32
	// gapBucket is how long notifications count as one.
	gapBucket = 5 * time.Second
)

// Discover notes the ids of call records that notifications told at a time, each
// once. When it returns they are due to be asked for. One that nothing new came of
// lately waits, and one that nothing ever came of is left to the list.
func (db *DB) Discover(ctx context.Context, tenant uuid.UUID, ids []uuid.UUID, at time.Time) error {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) }) // the order of locks
	err := db.exec(ctx, "note what notifications tell", `
		INSERT INTO ingest.told_records AS t (tenant_id, call_id, told_at, next_at)
		SELECT $1::uuid, id, $3::timestamptz, $3
		FROM unnest($2::text[]::uuid[]) AS id
		ON CONFLICT (tenant_id, call_id) DO UPDATE
		SET times = t.times + 1, told_at = greatest(t.told_at, excluded.told_at), due = t.attempts < $4`,
		tenant, texts(slices.Compact(ids)), at, ToldTries)
	if err != nil {
		return err
	}
	return db.exec(ctx, "note that notifications arrive", `
		UPDATE ingest.subscriptions
		SET notified_at = $2,
			usual_gap_s = coalesce(
				0.9 * usual_gap_s + 0.1 * extract(epoch FROM $2::timestamptz - notified_at),
				extract(epoch FROM $2::timestamptz - notified_at))
		WHERE tenant_id = $1 AND (notified_at IS NULL OR notified_at < $2::timestamptz - $3::interval)`,
		tenant, at, gapBucket)
}

// toldRecords selects Records that are told and due.
const toldRecords = `
	SELECT t.call_id, coalesce(c.version, 0), c.start_at, coalesce(c.reach_from, t.told_at), t.attempts,
		coalesce(x.state = 'parked', false), NULL::timestamptz, NULL, NULL, NULL, coalesce(c.pending, true), t.times,
		coalesce(c.details_version, 0)
	FROM ingest.told_records t
	LEFT JOIN teams.call_records c ON c.tenant_id = t.tenant_id AND c.id = t.call_id
	LEFT JOIN ingest.details_retries x ON x.tenant_id = t.tenant_id AND x.call_id = t.call_id
	WHERE t.tenant_id = $1 AND t.due AND t.next_at <= $2
	ORDER BY t.next_at
	LIMIT $3`

// A ToldTry is what came of asking for a call record that was told.
type ToldTry struct {
	CallID   uuid.UUID
	Times    int64     // how often it had been told
	Attempts int       // how often in a row nothing new has come of it
	NextAt   time.Time // it is not asked for again before that
	Again    bool      // it is to be, even if it is not told again
}

// NoteTold notes what came of asking for a call record. One that was told again
// meanwhile stays due.
func (db *DB) NoteTold(ctx context.Context, tenant uuid.UUID, t ToldTry) error {
	return db.exec(ctx, "note what came of a notification", `
		UPDATE ingest.told_records
		SET attempts = $4::integer, next_at = $5, due = $4 < $7::integer AND ($6 OR times <> $3)
		WHERE tenant_id = $1 AND call_id = $2`,
		tenant, t.CallID, t.Times, t.Attempts, t.NextAt, t.Again, ToldTries)
}

// FirstTold returns for each of some tenants when the first call record is due
// that notifications told of.
func (db *DB) FirstTold(ctx context.Context, tenants []uuid.UUID) (map[uuid.UUID]time.Time, error) {
	type first struct {
		Tenant uuid.UUID
		At     time.Time
	}
	found, err := list[first](ctx, db, "look for what notifications told", `
		SELECT tenant_id, min(next_at)
		FROM ingest.told_records
		WHERE tenant_id = ANY ($1::text[]::uuid[]) AND due
		GROUP BY tenant_id`, texts(tenants))
	due := make(map[uuid.UUID]time.Time, len(found))
	for _, f := range found {
		due[f.Tenant] = f.At
	}
	return due, err
}

// CountTold counts the call records of a tenant that notifications told of and that
// are not forgotten.
func (db *DB) CountTold(ctx context.Context, tenant uuid.UUID) (n int, err error) {
	err = db.again(ctx, "count what notifications told", noteTimeout, func(ctx context.Context) error {
		return db.pool.QueryRow(ctx, `SELECT count(*) FROM ingest.told_records WHERE tenant_id = $1`, tenant).Scan(&n)
	})
	return n, err
}

// ForgetTold forgets what is not due: what something new came of, and the rest if it
// was told before a time.
func (db *DB) ForgetTold(ctx context.Context, tenant uuid.UUID, before time.Time) error {
	return db.exec(ctx, "forget what notifications told", `
		DELETE FROM ingest.told_records
		WHERE tenant_id = $1 AND NOT due AND (attempts = 0 OR told_at < $2)`, tenant, before)
}
