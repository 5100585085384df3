package store

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/mapping"
)

// putRejects keeps elements raw. One that is kept already stays as it is.
func putRejects(ctx context.Context, tx pgx.Tx, run *Run, rejects []mapping.Reject) error {
	if len(rejects) == 0 {
		return nil
	}
	n := len(rejects)
	sums, keys, reasons := make([][]byte, n), make([]*string, n), make([]string, n)
	stored, raws, at := make([]bool, n), make([][]byte, n), make([]time.Time, n)
	for i, r := range rejects {
		sums[i], keys[i], reasons[i] = sum(r.Raw), keyText(r.Key), r.Reason
		stored[i], raws[i], at[i] = r.Stored, r.Raw, r.At
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO ingest.rejects (tenant_id, endpoint, sha256, key, reason, stored, raw, run_id, served_at)
		SELECT $1, $2, sha256, key, reason, stored, raw, $3, served_at
		FROM unnest($4::bytea[], $5::text[], $6::text[], $7::boolean[], $8::bytea[], $9::timestamptz[])
			AS new (sha256, key, reason, stored, raw, served_at)
		ORDER BY sha256
		ON CONFLICT (tenant_id, endpoint, sha256) DO NOTHING`,
		run.Tenant, run.Endpoint, run.ID, sums, keys, reasons, stored, raws, at)
	return err
}

func sum(raw []byte) []byte {
	s := sha256.Sum256(raw)
	return s[:]
}

// keyText writes a key as people read it.
func keyText(key string) *string {
	if key == "" {
		return nil
	}
	text := lastField(key)
	return &text
}

// resolveRejects closes the rejects whose key was served again in a form that
// was stored.
func (s *save) resolveRejects(ctx context.Context, tx pgx.Tx, rejects []mapping.Reject) error {
	rows, err := tx.Query(ctx, `
		SELECT sha256, key FROM ingest.rejects
		WHERE tenant_id = $1 AND endpoint = $2 AND key IS NOT NULL AND resolved_at IS NULL AND NOT stored`, s.Tenant, s.Endpoint)
	if err != nil {
		return err
	}
	type openReject struct {
		Sum []byte
		Key string
	}
	open, err := pgx.CollectRows(rows, pgx.RowToStructByPos[openReject])
	if err != nil || len(open) == 0 {
		return err
	}
	good := map[string]bool{}
	for _, i := range s.keep {
		good[lastField(s.batch.Elements[i].Key)] = true
	}
	for _, r := range rejects {
		if key := keyText(r.Key); key != nil && !r.Stored {
			delete(good, *key)
		}
	}
	var closed [][]byte
	for _, r := range open {
		if good[r.Key] {
			closed = append(closed, r.Sum)
		}
	}
	if len(closed) == 0 {
		return nil
	}
	_, err = tx.Exec(ctx, `
		UPDATE ingest.rejects SET resolved_at = now()
		WHERE tenant_id = $1 AND endpoint = $2 AND sha256 = ANY ($3)`, s.Tenant, s.Endpoint, closed)
	return err
}
