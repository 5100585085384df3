package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// RewriteOld rewrites the next of what has happened before a time of a tenant, the oldest
// first: the rewrites are one for each endpoint, of one name and time. It returns how
// many rows changed, and whether there is more. Later calls, with a later time, go on
// where it is.
func (db *DB) RewriteOld(ctx context.Context, rewrites []*Rewrite) (changed int64, more bool, err error) {
	for _, r := range rewrites {
		before := r.Changed
		if more, err = db.rewriteNext(ctx, r); err != nil || more {
			return r.Changed - before, more, err
		}
		changed += r.Changed - before
	}
	return changed, false, db.rewriteOldRest(ctx, rewrites)
}

// figures stands for what is not of one endpoint where it is noted how far a rewrite has
// come.
const figures = "rollups"

// rewriteOldRest rewrites what has no rows of its own, unless it is done.
func (db *DB) rewriteOldRest(ctx context.Context, rewrites []*Rewrite) error {
	r := rewrites[0]
	err := db.retry(ctx, "look how far a rewrite has come", noteTimeout, func(ctx context.Context, tx pgx.Tx) error {
		position, err := r.positionOf(ctx, tx, figures)
		r.since = timeAt(position)
		return err
	})
	if err != nil || !r.since.Before(r.Before) {
		return err
	}
	for _, r := range rewrites {
		if err := db.rewriteRejects(ctx, r); err != nil {
			return err
		}
	}
	if err := db.rewriteUsers(ctx, r); err != nil {
		return err
	}
	if err := db.rewriteRollups(ctx, r); err != nil {
		return err
	}
	return db.retry(ctx, "note how far a rewrite has come", noteTimeout, func(ctx context.Context, tx pgx.Tx) error {
		return r.notePosition(ctx, tx, figures, positionAt(r.Before))
	})
}

// RewrittenBefore is before when RewriteOld has rewritten what a target stores, under a name; zero for nothing.
func (db *DB) RewrittenBefore(ctx context.Context, t *Target, name string) (at time.Time, err error) {
	op := "look how far a rewrite of " + t.Endpoint + " has come"
	err = db.retry(ctx, op, noteTimeout, func(ctx context.Context, tx pgx.Tx) error {
		position, err := (&Rewrite{Target: t, Name: name}).positionOf(ctx, tx, t.Endpoint)
		at = timeAt(position)
		return err
	})
	return at, err
}

// ForgetRewrites has RewriteOld, under a name, begin anew for tenants.
func (db *DB) ForgetRewrites(ctx context.Context, tenants []uuid.UUID, name string) error {
	return db.exec(ctx, "forget how far rewrites have come",
		`DELETE FROM ingest.rewrites WHERE tenant_id = ANY ($1::text[]::uuid[]) AND name = $2`, texts(tenants), name)
}

// nextOld finds the next rows by their times, and those that have none when it comes to an end.
func (s *rewriteSlice) nextOld(ctx context.Context, position []string) error {
	from := timeAt(position)
	if !from.Before(s.Before) {
		return nil
	}
	rows, err := s.tx.Query(ctx, s.statements.nextOld, s.Target.Tenant, from, s.Before, s.statements.limit)
	if err != nil {
		return err
	}
	var key []string
	var at, last time.Time
	_, err = pgx.ForEachRow(rows, []any{&key, &at}, func() error {
		s.keys = append(s.keys, key)
		if key = nil; at.After(last) {
			last = at
		}
		return nil
	})
	if s.more = len(s.keys) > 0; s.more {
		s.position = positionAt(last.Add(time.Microsecond))
		return err
	}
	if err == nil {
		s.keys, err = collect[[]string](ctx, s.tx, s.statements.nextTimeless, s.Target.Tenant, s.Before)
	}
	s.position = positionAt(s.Before)
	return err
}

// timeAt and positionAt are for positions that are times. No time is before all others.
func timeAt(position []string) (at time.Time) {
	if len(position) == 1 {
		_ = at.UnmarshalText([]byte(position[0])) // it was written by positionAt
	}
	return at
}

func positionAt(at time.Time) []string { return []string{at.UTC().Format(time.RFC3339Nano)} }

// CountToRewrite counts the rows that RewriteOld would look at, and changes none.
func (db *DB) CountToRewrite(ctx context.Context, r *Rewrite) ([]Old, error) {
	from, err := db.RewrittenBefore(ctx, r.Target, r.Name)
	if err != nil {
		return nil, err
	}
	return listWithin[Old](ctx, db, "count rows of "+r.Target.Endpoint, saveTimeout, r.Target.rewrite.count,
		r.Target.Tenant, r.Before, from)
}
