package store

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Hurry makes the pauses between attempts short, where a test would only wait for them.
func (db *DB) Hurry() { db.longestPause = 10 * time.Millisecond }

// ExecWithin runs a statement with a deadline that a test can wait for.
func (db *DB) ExecWithin(ctx context.Context, op string, limit time.Duration, statement string) error {
	return db.again(ctx, op, limit, func(ctx context.Context) error {
		_, err := db.pool.Exec(ctx, statement)
		return err
	})
}

// Retry runs a transaction as every save is run.
func Retry(ctx context.Context, db *DB, work func(context.Context, pgx.Tx) error) error {
	return db.retry(ctx, "test", noteTimeout, work)
}

// HolderOf returns who holds the lock of a tenant; known is false if nobody does.
func (db *DB) HolderOf(ctx context.Context, tenant uuid.UUID) (h Holder, known bool, err error) {
	holders, err := holdersOf(ctx, db.pool, []uuid.UUID{tenant})
	h, known = holders[tenant]
	return h, known, err
}

// WithoutNotes has a target note no hours, and lock no rows to find their old ones.
func (t *Target) WithoutNotes() {
	t.rows.noteHours = `SELECT $2::text[] FROM (SELECT $1::uuid, $3::timestamptz[]) AS unused`
}

// SurveyTimes is what the server spends on each statement of a survey, in
// milliseconds.
func SurveyTimes(t testing.TB, db *DB, now time.Time, lately time.Duration) map[string]float64 {
	t.Helper()
	took := map[string]float64{}
	for name, call := range map[string][]any{
		"endpoints": {surveyEndpoints, now},
		"spans":     {surveySpans, now, lately},
	} {
		var plans []struct {
			Planning  float64 `json:"Planning Time"`
			Execution float64 `json:"Execution Time"`
		}
		explain := "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + call[0].(string)
		if err := db.pool.QueryRow(t.Context(), explain, call[1:]...).Scan(&plans); err != nil {
			t.Fatal(err)
		}
		took[name] = plans[0].Planning + plans[0].Execution
	}
	return took
}

// InSlicesOf has a pruning delete so many rows, or records, in one transaction.
func (p *Pruning) InSlicesOf(n int) { p.limit = n }

// RewriteBy has rewrites of a target take so many rows at a time.
func (t *Target) RewriteBy(rows int) { t.rewrite.limit = rows }
