package main

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

// withLocks gives every job the lock of its tenant, which nobody holds yet.
func (a *app) withLocks(jobs []*schedule.Job) *store.Locks {
	locks := a.db.NewLocks()
	for _, j := range jobs {
		j.Lock = locks.Of(j.Tenant)
	}
	return locks
}

// lock takes the locks of the jobs' tenants. It returns the jobs whose tenant it
// has, brought in order, and why it has not the others'. release gives the locks
// back.
func (a *app) lock(ctx context.Context, jobs []*schedule.Job) (mine []*schedule.Job, others []outcome, release func()) {
	locks := a.withLocks(jobs)
	tried := map[uuid.UUID]error{}
	for _, j := range jobs {
		err, known := tried[j.Tenant]
		if !known {
			if err = j.Lock.Keep(ctx); err == nil {
				err = schedule.Prepare(ctx, j)
			}
			tried[j.Tenant] = err
		}
		if err != nil {
			others = append(others, outcome{job: j, err: err})
			continue
		}
		mine = append(mine, j)
	}
	return mine, others, func() {
		_ = locks.Release(ctx) // the server frees the locks of a lost connection itself
	}
}

// isLocked reports whether another process works on the tenant.
func isLocked(o outcome) bool { return errors.Is(o.err, store.ErrLocked) }
