package store

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/mapping"
)

// KeyCollision is the reason of a reject whose key was served twice in one
// reading with different contents.
const KeyCollision = "key collision"

// putRejects keeps elements raw, those with the same text once. One that is
// kept already stays as it is, but for being open again.
func putRejects(ctx context.Context, tx pgx.Tx, run *Run, rejects []mapping.Reject) error {
	if len(rejects) == 0 {
		return nil
	}
	n := len(rejects)
	sums, keys, reasons := make([][]byte, n), make([]*string, n), make([]string, n)
	stored, raws, at := make([]bool, n), make([][]byte, n), make([]time.Time, n)
	for i, r := range rejects {
		sums[i], keys[i], reasons[i] = sum(r.Raw), nullable(run.keyText(r.Key)), r.Reason
		stored[i], raws[i], at[i] = r.Stored, r.Raw, r.At
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO ingest.rejects (tenant_id, endpoint, sha256, key, reason, stored, raw, run_id, served_at)
		SELECT DISTINCT ON (sha256) $1, $2, sha256, key, reason, stored, raw, $3, served_at
		FROM unnest($4::bytea[], $5::text[], $6::text[], $7::boolean[], $8::bytea[], $9::timestamptz[])
			AS new (sha256, key, reason, stored, raw, served_at)
		ORDER BY sha256
		ON CONFLICT (tenant_id, endpoint, sha256) DO UPDATE SET resolved_at = NULL, resolution = NULL
		WHERE rejects.resolution <> 'dropped'`,
		run.Tenant, run.Endpoint, run.ID, sums, keys, reasons, stored, raws, at)
	return err
}

func sum(raw []byte) []byte {
	s := sha256.Sum256(raw)
	return s[:]
}

// keyText writes a key as people read it.
func (run *Run) keyText(key string) string {
	var last []byte
	for field := range mapping.Fields([]byte(key)) {
		last = field
	}
	if id, err := uuid.FromBytes(last); err == nil && run.Versioned {
		return id.String()
	}
	return string(last)
}

func nullable(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// resolveRejects closes the rejects of the kept elements, which were served
// again in a form that could be stored as it was.
func (s *save) resolveRejects(ctx context.Context, tx pgx.Tx, rejects []mapping.Reject) error {
	if s.Versioned {
		return nil // a list shows only a part of the element
	}
	bad := map[string]bool{}
	for _, r := range rejects {
		bad[r.Key] = true
	}
	var good []string
	for _, i := range s.keep {
		if key := s.batch.Elements[i].Key; !bad[key] {
			good = append(good, s.keyText(key))
		}
	}
	return s.Run.resolveRejects(ctx, tx, good...)
}

func (run *Run) resolveRejects(ctx context.Context, tx pgx.Tx, keys ...string) error {
	_, err := tx.Exec(ctx, `
		UPDATE ingest.rejects SET resolved_at = now(), resolution = 'stored'
		WHERE tenant_id = $1 AND endpoint = $2 AND resolved_at IS NULL AND key = ANY ($3)`, run.Tenant, run.Endpoint, keys)
	return err
}
