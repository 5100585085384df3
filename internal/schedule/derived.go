package schedule

import (
	"context"
	"time"

	"go.uber.org/zap"
)

const (
	usersSlice = 2_000               // changed rows that teams.users is refreshed from at a time
	pruneSlice = 5_000               // old runs that are deleted at a time
	pruneEvery = 24 * time.Hour      // how often old runs are looked for
	keepRuns   = 90 * 24 * time.Hour // how long runs are kept
)

// patience is how long reading waits for bookkeeping that it does not depend on:
// somebody may hold a lock.
const patience = 2 * time.Second

// A deriver does the derived work of a tenant beside its reading, in small
// transactions, each time it is woken. What fails is logged and tried again: nothing
// that reads from Graph depends on it, or waits for it.
type deriver struct {
	jobs   []*Job
	woken  chan struct{} // holds a token when rows may have changed
	turn   chan struct{} // holds a token while one tenant's is at it: each takes a connection from those that read
	pruned time.Time     // when old runs were deleted last
}

func newDeriver(jobs []*Job, turn chan struct{}) *deriver {
	return &deriver{jobs: jobs, woken: make(chan struct{}, 1), turn: turn}
}

func (d *deriver) wake() {
	select {
	case d.woken <- struct{}{}:
	default:
	}
}

// loop works until ctx ends.
func (d *deriver) loop(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.woken:
		}
		select {
		case <-ctx.Done():
			return
		case d.turn <- struct{}{}:
			d.derive(ctx)
			<-d.turn
		}
	}
}

func (d *deriver) derive(ctx context.Context) {
	for _, j := range d.jobs {
		if !j.Enabled {
			continue
		}
		if err := j.RefreshUsers(ctx, func() bool { return ctx.Err() != nil }); err != nil && ctx.Err() == nil {
			j.Log.Warn("teams.users is not up to date; reading goes on, and it is tried again",
				zap.String("tenant", j.Name), zap.String("endpoint", j.Endpoint.Name), zap.Error(err))
		}
	}
	if time.Since(d.pruned) < pruneEvery {
		return
	}
	err := safely(func() error { return d.prune(ctx) })
	if err == nil {
		d.pruned = time.Now()
	} else if ctx.Err() == nil {
		d.jobs[0].Log.Warn("old runs are not deleted; it is tried again",
			zap.String("tenant", d.jobs[0].Name), zap.Error(err))
	}
}

func (d *deriver) prune(ctx context.Context) error {
	for {
		n, err := d.jobs[0].DB.PruneRuns(ctx, keepRuns, pruneSlice)
		if err != nil || n < pruneSlice {
			return err
		}
	}
}

// RefreshUsers brings teams.users up to date with the rows that have changed, a
// slice at a time, until stop reports true.
func (j *Job) RefreshUsers(ctx context.Context, stop func() bool) error {
	return safely(func() error {
		for more := true; more && !stop(); {
			var err error
			if more, err = j.DB.RefreshUsers(ctx, j.Target, usersSlice); err != nil {
				return err
			}
		}
		return nil
	})
}
