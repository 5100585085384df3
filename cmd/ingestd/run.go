package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

// retry is how often a daemon looks again for a database or a lock.
const retry = 5 * time.Second

func newRun() *cobra.Command {
	var migrate bool
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Read all that is due, now and on schedule, until stopped",
		Long: `run reads every enabled endpoint at once and then whenever its schedule comes
round. It waits for a database that is down. SIGINT or SIGTERM lets the
transaction at hand finish and exits 0; a second signal ends it at once, which
costs a repeated request and no row.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := open(cmd)
			if err != nil {
				return err
			}
			defer a.db.Close()
			jobs, err := a.jobs()
			if err != nil {
				return err
			}
			return stopped(a.run(cmd.Context(), jobs, migrate))
		},
	}
	cmd.Flags().BoolVar(&migrate, "migrate", false, "bring the database schema up to date first")
	return cmd
}

// stopped makes being told to stop a success: a daemon ends no other way.
func stopped(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func (a *app) run(ctx context.Context, jobs []*schedule.Job, migrate bool) error {
	defer context.AfterFunc(ctx, func() {
		a.log.Info("stopping: transactions at hand end first; a second signal ends the daemon at once")
	})()
	if err := a.waitForDatabase(ctx); err != nil {
		return err
	}
	if migrate {
		if err := a.db.MigrateUp(ctx); err != nil {
			return err
		}
	}
	if err := a.db.CheckSchema(ctx); err != nil {
		return err
	}
	release, err := a.lock(ctx, jobs, true)
	if err != nil {
		return err
	}
	defer release()
	a.log.Info("started", zap.Int("tenants", len(a.config.Tenants)), zap.Int("endpoints", len(jobs)))
	return schedule.Daemon(ctx, jobs)
}

func (a *app) waitForDatabase(ctx context.Context) error {
	for {
		err := a.db.Ping(ctx)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		a.log.Warn("waiting for the database", zap.Duration("retry_in", retry), zap.Error(err))
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

// lock takes the lock of every tenant, waiting for it or not.
func (a *app) lock(ctx context.Context, jobs []*schedule.Job, wait bool) (release func(), err error) {
	var locks []*store.Lock
	release = func() {
		for _, l := range locks {
			l.Release(context.WithoutCancel(ctx))
		}
	}
	held := map[uuid.UUID]*store.Lock{}
	for _, j := range jobs {
		if j.Lock = held[j.Tenant]; j.Lock != nil {
			continue
		}
		l, err := a.lockTenant(ctx, j, wait)
		if err != nil {
			release()
			return nil, fmt.Errorf("tenant %s: %w", j.Name, err)
		}
		locks, held[j.Tenant] = append(locks, l), l
		j.Lock = l
	}
	return release, nil
}

func (a *app) lockTenant(ctx context.Context, j *schedule.Job, wait bool) (*store.Lock, error) {
	for {
		l, err := a.db.Lock(ctx, j.Tenant)
		if err == nil || !wait || !errors.Is(err, store.ErrLocked) && !errors.Is(err, store.ErrUnreachable) {
			return l, err
		}
		a.log.Info("waiting", zap.String("tenant", j.Name), zap.Duration("retry_in", retry), zap.Error(err))
		if err := pause(ctx); err != nil {
			return nil, err
		}
	}
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(retry):
		return nil
	}
}
