package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/mapping"
)

// A Run is one execution for one endpoint of one tenant.
type Run struct {
	ID        int64
	Tenant    uuid.UUID
	Endpoint  string
	Model     *mapping.Model
	EventTime string // the column of an element's time
	// Aggregate says that elements are sums over the window that was asked, not
	// events: the window is part of their key, and a complete answer replaces
	// what was stored for it.
	Aggregate bool
	// Versioned says that elements come in versions, the highest of which
	// counts: Save announces them, and SaveDetails stores each whole.
	Versioned bool
	statements
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

// StartRun notes the start of a run; the first run.ID and what it needs to
// Save are filled in.
func (db *DB) StartRun(ctx context.Context, run *Run, trigger string, from, to time.Time) error {
	if len(run.Model.Tables) > 1 && !run.Versioned {
		return fmt.Errorf("%s has child tables, which Save does not know", run.Endpoint)
	}
	run.statements = newStatements(run)
	return db.again(ctx, "start a run of "+run.Endpoint, noteTimeout, func(ctx context.Context) error {
		return db.pool.QueryRow(ctx, `
			INSERT INTO ingest.runs (tenant_id, endpoint, window_from, window_to, trigger)
			VALUES ($1, $2, $3, $4, $5)
			RETURNING run_id`, run.Tenant, run.Endpoint, from, to, trigger).Scan(&run.ID)
	})
}

// An Outcome is how a run ended.
type Outcome struct {
	Result     string // ok, failed, throttled, denied or stopped
	Requests   int64
	Throttle   time.Duration
	Details    int64    // call records whose details were stored
	RequestIDs []string // of failed requests
	Error      string   // empty if none
}

// EndRun notes the end of a run and returns its counts. It does nothing else:
// what is derived from the rows of a run has steps of its own.
func (db *DB) EndRun(ctx context.Context, run *Run, o Outcome) (c Counts, err error) {
	err = db.again(ctx, "end a run of "+run.Endpoint, noteTimeout, func(ctx context.Context) error {
		err := db.pool.QueryRow(ctx, `
			UPDATE ingest.runs
			SET finished_at = clock_timestamp(), waiting_until = NULL, result = $2, requests = $3, throttle_s = $4, details = $5,
				request_ids = nullif($6::text[], '{}'), error = nullif($7, '')
			WHERE run_id = $1
			RETURNING pages, rows_seen, rows_new, rows_changed, rows_unchanged, rows_rejected`,
			run.ID, o.Result, o.Requests, o.Throttle.Seconds(), o.Details, o.RequestIDs, o.Error).
			Scan(&c.Pages, &c.Seen, &c.New, &c.Changed, &c.Unchanged, &c.Rejected)
		if errors.Is(err, pgx.ErrNoRows) {
			return unknownRun(run)
		}
		return err
	})
	return c, err
}

func unknownRun(run *Run) error { return fmt.Errorf("%w: run %d", ErrUnknown, run.ID) }

// heartbeatTimeout is how long a run without a heartbeat counts as alive, as it
// may belong to another process. A run beats with each commit, and each minute
// while it has none.
const heartbeatTimeout = 5 * time.Minute

// EndKilledRuns ends the runs of an endpoint whose process is gone.
func (db *DB) EndKilledRuns(ctx context.Context, tenant uuid.UUID, endpoint string) error {
	return db.exec(ctx, "end killed runs of "+endpoint, `
		UPDATE ingest.runs SET finished_at = clock_timestamp(), result = 'killed'
		WHERE tenant_id = $1 AND endpoint = $2 AND finished_at IS NULL AND heartbeat_at < clock_timestamp() - $3::interval`,
		tenant, endpoint, heartbeatTimeout)
}

// Heartbeat notes that a run is alive and at work.
func (db *DB) Heartbeat(ctx context.Context, run *Run) error { return db.beat(ctx, run, nil) }

// NoteWaiting notes that a run is alive and waits because Graph said so, until
// the next Heartbeat.
func (db *DB) NoteWaiting(ctx context.Context, run *Run, until time.Time) error {
	return db.beat(ctx, run, &until)
}

func (db *DB) beat(ctx context.Context, run *Run, waitingUntil *time.Time) error {
	return db.exec(ctx, "note that a run of "+run.Endpoint+" is alive", `
		UPDATE ingest.runs SET heartbeat_at = clock_timestamp(), waiting_until = $2 WHERE run_id = $1 AND finished_at IS NULL`,
		run.ID, waitingUntil)
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

// FinishRun notes the end of a run and refreshes teams.users from what it wrote.
func (db *DB) FinishRun(ctx context.Context, run *Run, o Outcome) (Counts, error) {
	c, err := db.EndRun(ctx, run, o)
	if err != nil {
		return c, err
	}
	return c, db.exec(ctx, "refresh teams.users", usersStatement(run), run.Tenant, run.Endpoint, run.ID)
}

// usersStatement refreshes the users named by the rows that unfinished runs of
// the endpoint wrote. Names come from the newest event (of several at one time
// the same whatever their order), and users are written in order of their ids,
// so that two endpoints' refreshes do not deadlock.
func usersStatement(run *Run) string {
	table := "teams." + run.Endpoint
	if run.Versioned {
		table = peopleInCalls
	}
	return strings.NewReplacer("{table}", table, "{at}", run.EventTime).Replace(`
		INSERT INTO teams.users AS u (tenant_id, user_id, display_name, principal_name, first_seen_on, last_seen_on, source)
		SELECT $1, user_id,
			(array_agg(user_display_name ORDER BY {at} DESC, user_principal_name, user_display_name) FILTER (WHERE user_display_name IS NOT NULL))[1],
			(array_agg(user_principal_name ORDER BY {at} DESC, user_principal_name, user_display_name) FILTER (WHERE user_principal_name IS NOT NULL))[1],
			min({at})::date, max({at})::date, $2
		FROM {table}
		WHERE change_xid >= (SELECT min(start_xid) FROM ingest.runs WHERE tenant_id = $1 AND endpoint = $2 AND (finished_at IS NULL OR run_id = $3))
			AND tenant_id = $1 AND user_id IS NOT NULL AND {at} IS NOT NULL
		GROUP BY user_id
		ORDER BY user_id
		ON CONFLICT (tenant_id, user_id) DO UPDATE
		SET display_name   = CASE WHEN excluded.last_seen_on >= u.last_seen_on THEN coalesce(excluded.display_name, u.display_name) ELSE coalesce(u.display_name, excluded.display_name) END,
			principal_name = CASE WHEN excluded.last_seen_on >= u.last_seen_on THEN coalesce(excluded.principal_name, u.principal_name) ELSE coalesce(u.principal_name, excluded.principal_name) END,
			source         = CASE WHEN excluded.last_seen_on >= u.last_seen_on THEN excluded.source ELSE u.source END,
			first_seen_on  = least(u.first_seen_on, excluded.first_seen_on),
			last_seen_on   = greatest(u.last_seen_on, excluded.last_seen_on)
		WHERE excluded.first_seen_on < u.first_seen_on
			OR excluded.last_seen_on > u.last_seen_on
			OR excluded.last_seen_on = u.last_seen_on
				AND (coalesce(excluded.display_name, u.display_name), coalesce(excluded.principal_name, u.principal_name)) IS DISTINCT FROM (u.display_name, u.principal_name)
			OR u.display_name IS NULL AND excluded.display_name IS NOT NULL
			OR u.principal_name IS NULL AND excluded.principal_name IS NOT NULL`)
}

// peopleInCalls are the people of the tenant that call records name; those of
// other tenants are no users of it. It looks records up one by
// one, LATERAL, because the planner does not know that few have changed, and
// would join all of them with all sessions at the end of every run.
const peopleInCalls = `(
			SELECT c.tenant_id, c.change_xid, c.start_at, person.*
			FROM teams.call_records c CROSS JOIN LATERAL (
				SELECT c.organizer_user_id AS user_id, c.organizer_display_name AS user_display_name, c.organizer_principal_name AS user_principal_name, c.organizer_tenant_id AS home
				UNION ALL
				SELECT user_id, display_name, principal_name, identity_tenant_id FROM teams.call_participants WHERE tenant_id = c.tenant_id AND call_id = c.id
				UNION ALL
				SELECT user_id, display_name, principal_name, identity_tenant_id FROM teams.session_endpoints WHERE tenant_id = c.tenant_id AND call_id = c.id
			) AS person
			WHERE home IS NULL OR home = c.tenant_id
		) AS named`

// addToRun adds to a run's counts in the transaction that earned them.
func addToRun(ctx context.Context, tx pgx.Tx, run *Run, c Counts) error {
	tag, err := tx.Exec(ctx, `
		UPDATE ingest.runs
		SET heartbeat_at = clock_timestamp(), pages = pages + $2, rows_seen = rows_seen + $3, rows_new = rows_new + $4,
			rows_changed = rows_changed + $5, rows_unchanged = rows_unchanged + $6, rows_rejected = rows_rejected + $7
		WHERE run_id = $1`, run.ID, c.Pages, c.Seen, c.New, c.Changed, c.Unchanged, c.Rejected)
	if err == nil && tag.RowsAffected() != 1 {
		err = unknownRun(run)
	}
	return err
}
