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

// derive does the derived work of the job, in small transactions, until it is
// done or stop reports true. What fails is logged and tried again after the next
// run: nothing that reads from Graph depends on it.
func (w *worker) derive(ctx context.Context, stop func() bool) {
	if ctx.Err() != nil {
		return
	}
	if err := w.job.RefreshUsers(ctx, stop); err != nil && ctx.Err() == nil {
		w.log().Warn("teams.users is not up to date; reading goes on, and it is tried again", zap.Error(err))
	}
	if time.Since(w.pruned) < pruneEvery {
		return
	}
	for !stop() && ctx.Err() == nil {
		n, err := w.job.DB.PruneRuns(ctx, keepRuns, pruneSlice)
		if err != nil && ctx.Err() == nil {
			w.log().Warn("old runs are not deleted; it is tried again", zap.Error(err))
		}
		if err != nil || n < pruneSlice {
			w.pruned = time.Now()
			return
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
