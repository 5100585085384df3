package store

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// lookedAt is how many of the newest runs RunsWithNews looks at, so that its cost
// does not grow with what is kept.
const lookedAt = 2000

// RunsWithNews returns the newest runs first that found something, did not end
// well or still go on, of one tenant or of all (uuid.Nil).
func (db *DB) RunsWithNews(ctx context.Context, tenant uuid.UUID, limit int) ([]PastRun, error) {
	return list[PastRun](ctx, db, "read runs", `
		SELECT run_id, tenant_id, endpoint, trigger, window_from, window_to, started_at, finished_at, result,
			pages, requests, throttle_s, rows_seen, rows_new, rows_changed, rows_unchanged, rows_rejected,
			details, request_ids, error
		FROM (SELECT * FROM ingest.runs ORDER BY run_id DESC LIMIT $3) newest
		WHERE (tenant_id = $1 OR $1 = '00000000-0000-0000-0000-000000000000')
			AND (result IS DISTINCT FROM 'ok' OR error IS NOT NULL
				OR rows_new + rows_changed + rows_rejected + details > 0)
		ORDER BY run_id DESC
		LIMIT $2`, tenant, limit, lookedAt)
}

// A RejectReason counts open rejects of one endpoint that have the same reason.
type RejectReason struct {
	Endpoint string
	Reason   string
	Stored   bool // they are rows besides
	Count    int64
	Newest   time.Time
}

// RejectReasons counts the open rejects of a tenant.
func (db *DB) RejectReasons(ctx context.Context, tenant uuid.UUID) ([]RejectReason, error) {
	return list[RejectReason](ctx, db, "count rejects", `
		SELECT endpoint, reason, stored, count(*), max(seen_at)
		FROM ingest.rejects
		WHERE tenant_id = $1 AND resolved_at IS NULL
		GROUP BY endpoint, reason, stored
		ORDER BY count(*) DESC, endpoint, reason
		LIMIT 100`, tenant)
}

// A Pool is how the connections to the database are used.
type Pool struct {
	Open, InUse, Max int
	Waits            int64         // for a connection, since the start
	Waited           time.Duration // in all
}

// Pool returns how the connections are used now.
func (db *DB) Pool() Pool {
	s := db.pool.Stat()
	return Pool{
		Open: int(s.TotalConns()), InUse: int(s.AcquiredConns()), Max: int(s.MaxConns()),
		Waits: s.EmptyAcquireCount(), Waited: s.EmptyAcquireWaitTime(),
	}
}
