package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// A Run is a row of ingest.runs: one execution for one endpoint of one tenant.
type Run struct {
	ID       int64
	Tenant   uuid.UUID
	Endpoint string

	started time.Time // by the database's clock: a standby that is promoted may give an ID out again

	mu   sync.Mutex
	sign time.Time // of life, the last one that was committed, by the same clock
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
func (db *DB) StartRun(
	ctx context.Context, tenant uuid.UUID, endpoint, trigger string, from, to time.Time,
) (*Run, error) {
	run := &Run{Tenant: tenant, Endpoint: endpoint}
	err := db.again(ctx, "start a run of "+endpoint, noteTimeout, func(ctx context.Context) error {
		return db.pool.QueryRow(ctx, `
			INSERT INTO ingest.runs (tenant_id, endpoint, window_from, window_to, trigger)
			VALUES ($1, $2, $3, $4, $5)
			RETURNING run_id, started_at, heartbeat_at`, tenant, endpoint, from, to, trigger).
			Scan(&run.ID, &run.started, &run.sign)
	})
	return run, err
}

// FirstStart returns when the first run of an endpoint that is still noted began,
// by the database's clock; nil if none is.
func (db *DB) FirstStart(ctx context.Context, tenant uuid.UUID, endpoint string) (*time.Time, error) {
	found, err := list[struct{ At time.Time }](ctx, db, "read the first run of "+endpoint, `
		SELECT started_at FROM ingest.runs
		WHERE tenant_id = $1 AND endpoint = $2
		ORDER BY run_id LIMIT 1`, tenant, endpoint)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0].At, nil
}

// A Progress is how far a run has come.
type Progress struct {
	Slots     int   // it is to read
	SlotsDone int   // it has read
	Details   int64 // call records whose details it has stored
}

// An Outcome is how a run ended.
type Outcome struct {
	Progress
	Result     string // ok, failed, throttled, denied or stopped
	Requests   int64
	Throttle   time.Duration
	RequestIDs []string // of failed requests
	Error      string   // empty if none
}

// EndRun notes the end of a run and returns its counts, or ErrEnded. It does nothing else:
// what is derived from the rows of a run has steps of its own.
func (db *DB) EndRun(ctx context.Context, run *Run, o Outcome) (c Counts, err error) {
	err = db.again(ctx, "end a run of "+run.Endpoint, noteTimeout, func(ctx context.Context) error {
		err := db.pool.QueryRow(ctx, `
			UPDATE ingest.runs
			SET finished_at = clock_timestamp(), waiting_until = NULL, result = $2, requests = $3, throttle_s = $4,
				details = $5, request_ids = nullif($6::text[], '{}'), error = nullif($7, ''),
				slots = $8, slots_done = $9
			WHERE run_id = $1 AND started_at = $10 AND heartbeat_at >= $11
			RETURNING pages, rows_seen, rows_new, rows_changed, rows_unchanged, rows_rejected`,
			run.ID, o.Result, o.Requests, o.Throttle.Seconds(), o.Details, o.RequestIDs, o.Error,
			o.Slots, o.SlotsDone, run.started, run.lastSign()).
			Scan(&c.Pages, &c.Seen, &c.New, &c.Changed, &c.Unchanged, &c.Rejected)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrEnded
		}
		return err
	})
	return c, err
}

// heartbeatTimeout is how long a run without a heartbeat counts as alive, as it
// may belong to another process. A run beats with each commit, and each minute
// while it has none.
const heartbeatTimeout = 5 * time.Minute

// EndKilledRuns ends the runs of some tenants whose process is gone. One whose last heartbeat is far ahead of the
// database's clock was killed before that clock was put back.
func (db *DB) EndKilledRuns(ctx context.Context, tenants []uuid.UUID) error {
	return db.exec(ctx, "end killed runs", `
		UPDATE ingest.runs SET finished_at = clock_timestamp(), result = 'killed'
		WHERE tenant_id = ANY ($1::text[]::uuid[]) AND finished_at IS NULL
			AND heartbeat_at NOT BETWEEN clock_timestamp() - $2::interval AND clock_timestamp() + $2::interval`,
		texts(tenants), heartbeatTimeout)
}

// Heartbeat notes that a run is alive, how far it has come, and until when it
// waits because Graph said so; nil if it does not.
func (db *DB) Heartbeat(ctx context.Context, run *Run, p Progress, waitingUntil *time.Time) error {
	beat := func(ctx context.Context, tx pgx.Tx) error { // the server has answered, so what was committed was before
		_, err := tx.Exec(ctx, `
			UPDATE ingest.runs
			SET heartbeat_at = greatest(heartbeat_at + interval '1 microsecond', clock_timestamp()), waiting_until = $2,
				slots = $3, slots_done = $4, details = $5
			WHERE run_id = $1 AND finished_at IS NULL AND started_at = $6 AND heartbeat_at >= $7`,
			run.ID, waitingUntil, p.Slots, p.SlotsDone, p.Details, run.started, run.lastSign())
		return err
	}
	return db.retry(ctx, "note that a run of "+run.Endpoint+" is alive", noteTimeout, beat)
}

// PruneRuns deletes runs that ended longer ago than an age, up to limit at a
// time, and returns how many. It looks at the oldest runs only, so that its cost
// does not depend on how many are kept.
func (db *DB) PruneRuns(ctx context.Context, age time.Duration, limit int) (n int64, err error) {
	err = db.again(ctx, "delete old runs", noteTimeout, func(ctx context.Context) error {
		tag, err := db.pool.Exec(ctx, `
			DELETE FROM ingest.runs
			WHERE run_id = ANY (ARRAY (SELECT run_id FROM ingest.runs ORDER BY run_id LIMIT $2))
				AND coalesce(finished_at, heartbeat_at) < clock_timestamp() - $1::interval`, age, limit)
		n = tag.RowsAffected()
		return err
	})
	return n, err
}

// ErrEnded says that the database does not know a run as one that goes on, so that it stores nothing more. It was
// counted as killed, as its process stood still: nobody waits for it any more, and it may not know who was erased
// meanwhile. Or the database lacks what the run has committed, as a standby has that was promoted too early, or a
// backup: the rest must not count as the whole.
var ErrEnded = fmt.Errorf("the database does not know this run as one that goes on: it gave no sign for %v and was "+
	"counted as killed, or a standby or a backup has taken the database's place that lacks what was committed last; "+
	"the daemon's next run reads what is missing, a command is to be given again", heartbeatTimeout)

// inRun runs a transaction of a run as retry does. It adds to the run's counts what the work returns, and fails with
// ErrEnded where the run does not go on.
func (db *DB) inRun(
	ctx context.Context, run *Run, op string, limit time.Duration,
	work func(context.Context, pgx.Tx) (Counts, error),
) error {
	var sign time.Time
	err := db.retry(ctx, op+" of "+run.Endpoint, limit, func(ctx context.Context, tx pgx.Tx) error {
		c, err := work(ctx, tx)
		if err != nil {
			return err
		}
		err = tx.QueryRow(ctx, `
			UPDATE ingest.runs
			SET heartbeat_at = greatest(heartbeat_at + interval '1 microsecond', clock_timestamp()), pages = pages + $2,
				rows_seen = rows_seen + $3, rows_new = rows_new + $4, rows_changed = rows_changed + $5,
				rows_unchanged = rows_unchanged + $6, rows_rejected = rows_rejected + $7
			WHERE run_id = $1 AND finished_at IS NULL AND started_at = $8 AND heartbeat_at >= $9
			RETURNING heartbeat_at`,
			run.ID, c.Pages, c.Seen, c.New, c.Changed, c.Unchanged, c.Rejected, run.started, run.lastSign()).
			Scan(&sign)
		if errors.Is(err, pgx.ErrNoRows) {
			err = ErrEnded
		}
		return err
	})
	if err == nil {
		run.committed(sign)
	}
	return err
}

// committed notes a sign of life that was committed. A database without it lacks what was committed with it.
func (r *Run) committed(sign time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if sign.After(r.sign) {
		r.sign = sign
	}
}

func (r *Run) lastSign() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sign
}
