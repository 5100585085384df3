package schedule

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"ingestd/internal/store"
)

const (
	usersSlice  = 2_000               // changed rows that teams.users is refreshed from at a time
	runsSlice   = 5_000               // old runs that are deleted at a time
	runsEvery   = 24 * time.Hour      // how often old runs are looked for
	monthsEvery = 24 * time.Hour      // how often it is looked whether a month has to be made
	killedEvery = time.Minute         // how often runs are looked for whose process is gone
	keepRuns    = 90 * 24 * time.Hour // how long runs are kept
)

// patience is how long reading waits for bookkeeping that it does not depend on:
// somebody may hold a lock.
const patience = 2 * time.Second

// A deriver does the derived work of all tenants beside their reading, one after
// the other, in small transactions: each takes a connection from those that read.
// What fails is logged and tried again: nothing that reads from Graph depends on
// it, or waits for it.
type deriver struct {
	jobs   []*Job // whose rows may have changed
	atWork bool
}

func (d *deriver) add(j *Job) {
	if !slices.Contains(d.jobs, j) {
		d.jobs = append(d.jobs, j)
	}
}

func (d *Daemon) derive(ctx context.Context) {
	if d.derived.atWork || len(d.derived.jobs) == 0 {
		return
	}
	jobs := d.derived.jobs
	d.derived.jobs, d.derived.atWork = nil, true
	d.beside(ctx, func() { derive(ctx, jobs) }, func() { d.derived.atWork = false })
}

// pruneRuns deletes the old runs of all tenants.
func (d *Daemon) pruneRuns(ctx context.Context) (work func() error, note func()) {
	return func() error { return pruneRuns(ctx, d.db) }, func() {}
}

// forgetErased drops what is no longer needed to know who was erased.
func (d *Daemon) forgetErased(ctx context.Context) (work func() error, note func()) {
	return func() error { return d.db.ForgetErased(ctx) }, func() {}
}

// NoMonths is what is said where months cannot be made. The next step is the error's.
const NoMonths = "the months of the details are not made ahead; reading goes on, and calls of a month without " +
	"tables are kept undivided"

// keepMonths makes the months of the details ahead, where they are divided so.
func (d *Daemon) keepMonths(ctx context.Context) (work func() error, note func()) {
	if !d.ByMonth {
		return nil, nil
	}
	return func() error { return d.db.KeepMonths(ctx) }, func() {}
}

// endKilledRuns notes which runs have ended with their process. Nothing depends
// on it.
func (d *Daemon) endKilledRuns(ctx context.Context) (work func() error, note func()) {
	return func() error { return d.db.EndKilledRuns(ctx, d.ids) }, func() {}
}

// Derive does at once what a daemon does beside its reading.
func Derive(ctx context.Context, jobs []*Job) {
	if len(jobs) == 0 {
		return
	}
	derive(ctx, jobs)
	var tenants []uuid.UUID
	for _, group := range byTenant(jobs) {
		tenants = append(tenants, group[0].Tenant)
	}
	err := safely(func() error {
		return errors.Join(jobs[0].DB.EndKilledRuns(ctx, tenants), pruneRuns(ctx, jobs[0].DB))
	})
	if err != nil && ctx.Err() == nil {
		jobs[0].Log.Warn("old runs are not brought in order; the next run tries again", zap.Error(err))
	}
}

func derive(ctx context.Context, jobs []*Job) {
	for _, j := range jobs {
		err := errors.Join(j.RefreshUsers(ctx, func() bool { return ctx.Err() != nil }), j.noteUnknown(ctx))
		if err != nil && ctx.Err() == nil {
			j.Log.Warn("what follows from the rows is not up to date; reading goes on, and it is tried again",
				zap.String("tenant", j.Name), zap.String("endpoint", j.Endpoint.Name), zap.Error(err))
		}
	}
}

func pruneRuns(ctx context.Context, db *store.DB) error {
	for {
		n, err := db.PruneRuns(ctx, keepRuns, runsSlice)
		if err != nil || n < runsSlice {
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
