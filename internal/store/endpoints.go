package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// An Endpoint is what the daemon notes about one endpoint of one tenant.
type Endpoint struct {
	Tenant         uuid.UUID
	Name           string
	Enabled        bool
	Schedule       string
	Interval       time.Duration // between two ticks of Schedule; zero if not known
	Reach, Settle  time.Duration
	StartFrom      *time.Time // as configured; Origin was made from it and Reach
	Origin         time.Time
	SettledUntil   time.Time  // end of the gapless run of settled slots since Origin
	Watermark      time.Time  // the same, or where a record without details holds it back
	ClockAt        *time.Time // Graph's time when the local clock last agreed with it
	NextDueAt      *time.Time
	RemovedAt      *time.Time // nil while it is configured
	LastResult     *string    // as in ingest.runs
	LastFinishedAt *time.Time
	LastSuccessAt  *time.Time
	Failures       int        // failed runs in a row
	FailingSince   *time.Time // end of the first of them
	HealedAt       *time.Time // end of the first good run after the last failed one
	CaughtUpAt     *time.Time // end of the first run that left nothing unread
	LastErrorCode  *string    // of the last failed run, and so are the next: a word for programs
	LastError      *string
	LastErrorAt    *time.Time
	LastStatus     *int // of HTTP; nil: no answer
	LastRequestID  *string
}

// endpointColumns are the columns of ingest.endpoints in the order of Endpoint;
// the first two are the key.
var endpointColumns = []string{
	"tenant_id", "endpoint", "enabled", "schedule", "interval_s", "reach", "settle", "start_from",
	"origin", "settled_until", "watermark", "clock_at", "next_due_at", "removed_at",
	"last_result", "last_finished_at", "last_success_at", "failures", "failing_since", "healed_at", "caught_up_at",
	"last_error_code", "last_error", "last_error_at", "last_status", "last_request_id",
}

// selectEndpoint lists the columns as Endpoint has them.
func selectEndpoint(prefix string) string {
	columns := prefix + strings.Join(endpointColumns, ", "+prefix)
	interval := prefix + "interval_s"
	return strings.Replace(columns, interval, "make_interval(secs => coalesce("+interval+", 0))", 1)
}

// Endpoint returns what was last noted; known is false before the first start.
func (db *DB) Endpoint(ctx context.Context, tenant uuid.UUID, name string) (e Endpoint, known bool, err error) {
	found, err := list[Endpoint](ctx, db, "read the state of "+name,
		`SELECT `+selectEndpoint("")+` FROM ingest.endpoints WHERE tenant_id = $1 AND endpoint = $2`, tenant, name)
	if len(found) == 0 {
		return Endpoint{}, false, err
	}
	return found[0], true, nil
}

// PutEndpoint notes the state of an endpoint; the same state again writes
// nothing.
func (db *DB) PutEndpoint(ctx context.Context, e Endpoint) error {
	rest := endpointColumns[2:]
	query := fmt.Sprintf(`
		INSERT INTO ingest.endpoints AS e (tenant_id, endpoint, %[1]s)
		VALUES ($1, $2, %[4]s)
		ON CONFLICT (tenant_id, endpoint) DO UPDATE
		SET (%[1]s) = (excluded.%[2]s)
		WHERE (e.%[3]s) IS DISTINCT FROM (excluded.%[2]s)`,
		strings.Join(rest, ", "), strings.Join(rest, ", excluded."), strings.Join(rest, ", e."),
		endpointValues)
	return db.exec(ctx, "note the state of "+e.Name, query, e.arguments()...)
}

// PutEndpointAfter notes the state that an endpoint is in after a run, if there was one. It fails with ErrEnded where
// the database lacks what was noted before, or what the run has committed: what is settled there is less than was read.
func (db *DB) PutEndpointAfter(ctx context.Context, run *Run, before, e Endpoint) error {
	query := fmt.Sprintf(`
		UPDATE ingest.endpoints
		SET (%s) = (%s)
		WHERE tenant_id = $1 AND endpoint = $2 AND origin = $27 AND settled_until >= $28
			AND ($29::bigint IS NULL OR EXISTS (
				SELECT 1 FROM ingest.runs WHERE run_id = $29 AND started_at = $30 AND heartbeat_at >= $31))`,
		strings.Join(endpointColumns[2:], ", "), endpointValues)
	var id *int64
	var started, sign time.Time
	if run != nil {
		id, started, sign = &run.ID, run.started, run.lastSign()
	}
	return db.again(ctx, "note the state of "+e.Name, noteTimeout, func(ctx context.Context) error {
		args := append(e.arguments(), before.Origin, before.SettledUntil, id, started, sign)
		tag, err := db.pool.Exec(ctx, query, args...)
		if err == nil && tag.RowsAffected() == 0 {
			err = ErrEnded
		}
		return err
	})
}

// endpointValues are the arguments in the order of endpointColumns, but for the key.
const endpointValues = `$3, $4, nullif($5, 0), $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
	$21, $22, $23, $24, $25, $26`

func (e *Endpoint) arguments() []any {
	return []any{
		e.Tenant, e.Name, e.Enabled, e.Schedule, int(e.Interval / time.Second), e.Reach, e.Settle, e.StartFrom,
		e.Origin, e.SettledUntil, e.Watermark, e.ClockAt, e.NextDueAt, e.RemovedAt,
		e.LastResult, e.LastFinishedAt, e.LastSuccessAt, e.Failures, e.FailingSince, e.HealedAt, e.CaughtUpAt,
		e.LastErrorCode, e.LastError, e.LastErrorAt, e.LastStatus, e.LastRequestID,
	}
}

// NoteRemoved notes of the endpoints of all other tenants that they are no longer
// configured, unless a daemon elsewhere reads them.
func (db *DB) NoteRemoved(ctx context.Context, configured []uuid.UUID) error {
	return db.exec(ctx, "note which tenants are no longer configured", `
		UPDATE ingest.endpoints e
		SET removed_at = now()
		WHERE removed_at IS NULL AND tenant_id <> ALL ($1::text[]::uuid[])
			AND NOT EXISTS (
				SELECT 1 FROM ingest.tenants t JOIN ingest.daemons d USING (daemon_id)
				WHERE t.tenant_id = e.tenant_id AND d.heartbeat_at > clock_timestamp() - $2::interval)`,
		texts(configured), heartbeatTimeout)
}
