package store

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// An Erasure is what is noted of a person who was erased.
type Erasure struct {
	Tenant      uuid.UUID
	KnownBy     string // user or number
	Hash        []byte // of the user id or number
	NeededUntil time.Time
	Found       map[string]int64 // rows by table
	Program     string
}

// BeginErasure notes an erasure, or that one goes on which was not finished, and returns
// its number and the database's time once that is seen by all.
func (db *DB) BeginErasure(ctx context.Context, e Erasure) (id int64, seen time.Time, err error) {
	err = db.exec(ctx, "note an erasure", `
		INSERT INTO ingest.erasures (tenant_id, known_by, hash, needed_until, found, program)
		SELECT $1, $2, $3, $4, $5, $6
		WHERE NOT EXISTS (
			SELECT 1 FROM ingest.erasures WHERE tenant_id = $1 AND hash = $3 AND finished_at IS NULL)`,
		e.Tenant, e.KnownBy, e.Hash, e.NeededUntil, e.Found, e.Program)
	if err != nil {
		return 0, seen, err
	}
	found, err := list[struct {
		ID   int64
		Seen time.Time
	}](ctx, db, "read an erasure", `
		SELECT erasure_id, clock_timestamp() FROM ingest.erasures
		WHERE tenant_id = $1 AND hash = $2 AND finished_at IS NULL`, e.Tenant, e.Hash)
	if err != nil {
		return 0, seen, err
	}
	return found[0].ID, found[0].Seen, nil
}

// EndErasure notes that nothing of the person is found any more.
func (db *DB) EndErasure(ctx context.Context, tenant uuid.UUID, id int64) error {
	return db.exec(ctx, "note the end of an erasure", `
		UPDATE ingest.erasures SET finished_at = clock_timestamp() WHERE tenant_id = $1 AND erasure_id = $2`,
		tenant, id)
}

// An Erased is how a person who was erased is known again.
type Erased struct {
	KnownBy string
	Hash    []byte
}

// Erased are the persons of a tenant who are kept out of what is read.
func (db *DB) Erased(ctx context.Context, tenant uuid.UUID) ([]Erased, error) {
	return list[Erased](ctx, db, "read who was erased", `
		SELECT DISTINCT known_by, hash FROM ingest.erasures WHERE tenant_id = $1 AND hash IS NOT NULL`, tenant)
}

// ForgetErased drops the hashes of persons whom Graph names no longer.
func (db *DB) ForgetErased(ctx context.Context) error {
	return db.exec(ctx, "drop the hashes of erasures", `
		UPDATE ingest.erasures SET hash = NULL
		WHERE hash IS NOT NULL AND needed_until < clock_timestamp() AND finished_at IS NOT NULL`)
}

// RunsBefore counts the runs of a tenant that began before a time and have not ended.
func (db *DB) RunsBefore(ctx context.Context, tenant uuid.UUID, at time.Time) (int64, error) {
	if err := db.EndKilledRuns(ctx, []uuid.UUID{tenant}); err != nil {
		return 0, err
	}
	found, err := list[struct{ Runs int64 }](ctx, db, "count runs", `
		SELECT count(*) FROM ingest.runs
		WHERE tenant_id = $1 AND finished_at IS NULL AND started_at < $2`, tenant, at)
	if err != nil {
		return 0, err
	}
	return found[0].Runs, nil
}
