package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// A Run is a row of ingest.runs: one execution for one endpoint of one tenant.
type Run struct {
	ID       int64
	Tenant   uuid.UUID
	Endpoint string
}

// Counts are the outcomes of elements: Seen is the sum of the four after it.
type Counts struct {
	Pages                                   int64
	Seen, New, Changed, Unchanged, Rejected int64
}

// Add adds other to c.
func (c *Counts) Add(other Counts) {
	c.Pages += other.Pages
	c.Seen += other.Seen
	c.New += other.New
	c.Changed += other.Changed
	c.Unchanged += other.Unchanged
	c.Rejected += other.Rejected
}

// StartRun notes the start of a run.
func (db *DB) StartRun(ctx context.Context, tenant uuid.UUID, endpoint, trigger string, from, to time.Time) (*Run, error) {
	run := &Run{Tenant: tenant, Endpoint: endpoint}
	err := db.pool.QueryRow(ctx, `
		INSERT INTO ingest.runs (tenant_id, endpoint, window_from, window_to, trigger)
		VALUES ($1, $2, $3, $4, $5)
		RETURNING run_id`, tenant, endpoint, from, to, trigger).Scan(&run.ID)
	return run, classify(err)
}

// An Outcome is how a run ended.
type Outcome struct {
	Result     string // ok, failed, throttled, denied or stopped
	Requests   int64
	Throttle   time.Duration
	Details    int64    // call records stored whole
	RequestIDs []string // of failed requests
	Error      string   // empty if none
}

// EndKilledRuns ends the runs of an endpoint that were killed.
func (db *DB) EndKilledRuns(ctx context.Context, tenant uuid.UUID, endpoint string) error {
	return db.again(ctx, func() error {
		_, err := db.pool.Exec(ctx, `
			UPDATE ingest.runs SET finished_at = clock_timestamp(), result = 'killed'
			WHERE tenant_id = $1 AND endpoint = $2 AND finished_at IS NULL`, tenant, endpoint)
		return err
	})
}

// EndRun notes the end of a run and returns its counts.
func (db *DB) EndRun(ctx context.Context, run *Run, o Outcome) (c Counts, err error) {
	err = db.again(ctx, func() error {
		return db.pool.QueryRow(ctx, `
			UPDATE ingest.runs
			SET finished_at = clock_timestamp(), result = $2, requests = $3, throttle_s = $4, details = $5, request_ids = nullif($6::text[], '{}'), error = nullif($7, '')
			WHERE run_id = $1
			RETURNING pages, rows_seen, rows_new, rows_changed, rows_unchanged, rows_rejected`,
			run.ID, o.Result, o.Requests, o.Throttle.Seconds(), o.Details, o.RequestIDs, o.Error).
			Scan(&c.Pages, &c.Seen, &c.New, &c.Changed, &c.Unchanged, &c.Rejected)
	})
	return c, err
}

// addToRun adds to a run's counts in the transaction that earned them.
func addToRun(ctx context.Context, tx pgx.Tx, run *Run, c Counts) error {
	tag, err := tx.Exec(ctx, `
		UPDATE ingest.runs
		SET heartbeat_at = clock_timestamp(), pages = pages + $2, rows_seen = rows_seen + $3, rows_new = rows_new + $4,
			rows_changed = rows_changed + $5, rows_unchanged = rows_unchanged + $6, rows_rejected = rows_rejected + $7
		WHERE run_id = $1`, run.ID, c.Pages, c.Seen, c.New, c.Changed, c.Unchanged, c.Rejected)
	if err == nil && tag.RowsAffected() != 1 {
		err = fmt.Errorf("run %d is not in ingest.runs", run.ID)
	}
	return err
}
