package store

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/mapping"
)

// KeyCollision is the reason of a reject whose key was served twice in one
// reading with different contents.
const KeyCollision = "key collision"

// A reject is an element kept raw, and the slots whose reading met it; zero if it
// was met otherwise.
type reject struct {
	mapping.Reject
	from, to time.Time
}

var (
	putRejectsSQL     = statement("put_rejects")
	resolveRejectsSQL = statement("resolve_rejects")
)

// putRejects keeps elements raw.
func putRejects(ctx context.Context, tx pgx.Tx, run *Run, t *Target, rejects []reject) error {
	if len(rejects) == 0 {
		return nil
	}
	n := len(rejects)
	keys, reasons, stored, raws := make([]*string, n), make([]string, n), make([]bool, n), make([][]byte, n)
	at, from, to := make([]time.Time, n), make([]*time.Time, n), make([]*time.Time, n)
	for i, r := range rejects {
		keys[i], reasons[i], stored[i], raws[i] = nullable(t.keyText(r.Key)), r.Reason, r.Stored, r.Raw
		at[i], from[i], to[i] = r.At, nullable(r.from), nullable(r.to)
	}
	_, err := tx.Exec(ctx, putRejectsSQL, run.Tenant, run.Endpoint, run.ID,
		sums(rejects), keys, reasons, stored, raws, at, from, to)
	return err
}

const openRejects = `
	SELECT EXISTS (SELECT 1 FROM ingest.rejects WHERE tenant_id = $1 AND endpoint = $2 AND resolved_at IS NULL)`

// resolveRejects closes the rejects of keys that were stored as served, but for
// those that were met along with them.
func resolveRejects(ctx context.Context, tx pgx.Tx, run *Run, keys []string, met []reject) error {
	if len(keys) == 0 {
		return nil
	}
	if len(keys) > 2*sampled { // they take longer to send than it takes to ask whether they are needed
		var open bool
		err := tx.QueryRow(ctx, openRejects, run.Tenant, run.Endpoint).Scan(&open)
		if err != nil || !open {
			return err
		}
	}
	_, err := tx.Exec(ctx, resolveRejectsSQL, run.Tenant, run.Endpoint, keys, sums(met))
	return err
}

func sums(rejects []reject) [][]byte {
	sums := make([][]byte, len(rejects))
	for i, r := range rejects {
		sum := sha256.Sum256(r.Raw)
		sums[i] = sum[:]
	}
	return sums
}

// nullable is nil for the zero value, which is stored as NULL.
func nullable[T comparable](value T) *T {
	var zero T
	if value == zero {
		return nil
	}
	return &value
}
