package store

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// A RawReject is an element that is kept raw, as Graph served it.
type RawReject struct {
	SHA256   []byte
	Key      *string
	Reason   string
	Raw      []byte
	ServedAt time.Time
	From, To *time.Time // the slots whose reading met it; nil if it was met otherwise
}

// RejectsToRetry returns open rejects that are not stored, those named or all,
// in order of their hash. It returns as many after the given hash (nil: from
// the first) as fit into a number of bytes, and one at least if there is one.
func (db *DB) RejectsToRetry(
	ctx context.Context, tenant uuid.UUID, endpoint string, named [][]byte, after []byte, bytes int64,
) ([]RawReject, error) {
	return listWithin[RawReject](ctx, db, "read rejects of "+endpoint, saveTimeout, `
		SELECT sha256, key, reason, raw, served_at, slot_from, slot_to
		FROM (
			SELECT *, sum(length(raw)) OVER (ORDER BY sha256) - length(raw) AS before
			FROM (
				SELECT * FROM ingest.rejects
				WHERE tenant_id = $1 AND endpoint = $2 AND resolved_at IS NULL AND NOT stored
					AND ($3::bytea[] IS NULL OR sha256 = ANY ($3)) AND sha256 > $4
				ORDER BY sha256
				LIMIT 1000
			) first
		) page
		WHERE before = 0 OR before + length(raw) <= $5
		ORDER BY sha256`, tenant, endpoint, named, append([]byte{}, after...), bytes)
}

// DropReject closes an open reject that nobody wants stored. If Graph serves it
// again it stays closed.
func (db *DB) DropReject(ctx context.Context, tenant uuid.UUID, endpoint string, sha256 []byte) error {
	return db.retry(ctx, "close a reject of "+endpoint, noteTimeout, func(ctx context.Context, tx pgx.Tx) error {
		return closeReject(ctx, tx, tenant, endpoint, sha256, "dropped")
	})
}

// ResolveReject closes an open reject that a run has stored after all, for those
// without a key, which storing it cannot find.
func (db *DB) ResolveReject(ctx context.Context, run *Run, sha256 []byte) error {
	return db.inRun(ctx, run, "close a reject", noteTimeout, func(ctx context.Context, tx pgx.Tx) (Counts, error) {
		return Counts{}, closeReject(ctx, tx, run.Tenant, run.Endpoint, sha256, "stored")
	})
}

func closeReject(
	ctx context.Context, tx pgx.Tx, tenant uuid.UUID, endpoint string, sha256 []byte, resolution string,
) error {
	tag, err := tx.Exec(ctx, `
		UPDATE ingest.rejects SET resolved_at = coalesce(resolved_at, now()), resolution = coalesce(resolution, $4)
		WHERE tenant_id = $1 AND endpoint = $2 AND sha256 = $3`, tenant, endpoint, sha256, resolution)
	if err == nil && tag.RowsAffected() == 0 {
		err = fmt.Errorf("%w: reject %s of %s", ErrUnknown, hex.EncodeToString(sha256), endpoint)
	}
	return err
}

// OpenRejects counts the elements of an endpoint that are kept raw, not stored
// and open.
func (db *DB) OpenRejects(ctx context.Context, tenant uuid.UUID, endpoint string) (n int, err error) {
	err = db.again(ctx, "count rejects of "+endpoint, noteTimeout, func(ctx context.Context) error {
		return db.pool.QueryRow(ctx, `
			SELECT count(*) FROM ingest.rejects
			WHERE tenant_id = $1 AND endpoint = $2 AND resolved_at IS NULL AND NOT stored`,
			tenant, endpoint).Scan(&n)
	})
	return n, err
}
