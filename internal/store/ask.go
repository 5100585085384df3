package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// An Answer is the result of a query, as text.
type Answer struct {
	Columns []string
	Rows    [][]string
}

// Ask runs a query that only reads.
func (db *DB) Ask(ctx context.Context, query string) (Answer, error) {
	var a Answer
	err := once(ctx, "ask", saveTimeout, func(ctx context.Context) error {
		return pgx.BeginTxFunc(ctx, db.pool, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
			results, err := tx.Conn().PgConn().Exec(ctx, query).ReadAll() // the simple protocol answers in text
			for _, r := range results {
				a.add(r)
			}
			return err
		})
	})
	return a, err
}

func (a *Answer) add(r *pgconn.Result) {
	for _, f := range r.FieldDescriptions {
		a.Columns = append(a.Columns, f.Name)
	}
	for _, row := range r.Rows {
		texts := make([]string, len(row))
		for i, value := range row {
			texts[i] = string(value)
		}
		a.Rows = append(a.Rows, texts)
	}
}

// A Holding is what the database holds of one endpoint.
type Holding struct {
	Endpoint    string
	Rows        int64
	Pages       int64 // committed by all runs
	Slots       int64 // read
	OpenRejects int64
	Watermark   time.Time
}

// Holdings counts what is stored of the named endpoints.
func (db *DB) Holdings(ctx context.Context, tenant uuid.UUID, endpoints ...string) ([]Holding, error) {
	var parts []string
	for _, e := range endpoints {
		parts = append(parts, fmt.Sprintf(`
			SELECT e.endpoint, (SELECT count(*) FROM teams.%[1]s WHERE tenant_id = $1),
				(SELECT coalesce(sum(pages), 0)::bigint FROM ingest.runs r
				WHERE r.tenant_id = $1 AND r.endpoint = e.endpoint),
				(SELECT count(*) FROM ingest.slots s WHERE s.tenant_id = $1 AND s.endpoint = e.endpoint),
				(SELECT count(*) FROM ingest.rejects j
				WHERE j.tenant_id = $1 AND j.endpoint = e.endpoint AND resolved_at IS NULL),
				e.watermark
			FROM ingest.endpoints e WHERE e.tenant_id = $1 AND e.endpoint = '%[1]s'`, e))
	}
	if len(parts) == 0 {
		return nil, errors.New("no endpoint named")
	}
	return listWithin[Holding](ctx, db, "count what is stored", saveTimeout, strings.Join(parts, " UNION ALL "), tenant)
}
