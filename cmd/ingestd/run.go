package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
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
round. It waits for a database that is down, and for the lock of a tenant that
another ingestd works on; no tenant waits for another. SIGINT or SIGTERM lets the
transaction at hand finish and exits 0, within 20 seconds whatever happens; a
second signal ends it at once, which costs a repeated request and no row. SIGHUP
and SIGPIPE are ignored.`,
		Example: `  ingestd run
  ingestd run --migrate --config /etc/ingestd/config.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			// A daemon outlives the terminal it was started from, and its log.
			signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
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
	exitTable(cmd, exitCodes{exitOK: "it was told to stop", exitInterrupted: ""})
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
	defer a.serve(ctx)()
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
	a.withLocks(jobs)
	asDaemon(jobs)
	a.log.Info("starting", zap.Int("tenants", len(a.config.Tenants)), zap.Int("endpoints", len(jobs)))
	schedule.Daemon(ctx, jobs)
	return ctx.Err()
}

func (a *app) waitForDatabase(ctx context.Context) error {
	for {
		err := a.db.Ping(ctx)
		if err == nil {
			err = a.db.CheckWritable(ctx)
		}
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		a.log.Warn("waiting for the database", zap.Duration("retry_in", retry), zap.Error(err))
		if err := pause(ctx); err != nil {
			return err
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

// asDaemon has the jobs note this process as the daemon that reads their tenants.
func asDaemon(jobs []*schedule.Job) {
	host, _ := os.Hostname()
	self := &store.Daemon{ID: uuid.New(), Host: host, Version: version()}
	for _, j := range jobs {
		j.Self = self
	}
}
