package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"ingestd/internal/config"
	"ingestd/internal/fetch"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

// retry is how often a daemon looks again for a database.
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
second signal ends it at once, which costs a repeated request and no row.

SIGHUP reads the log level and the credentials anew and tries at once what Graph
denies. SIGPIPE, a log that nobody reads and a full disk under it end nothing.
Under systemd (Type=notify) it says when it is ready, and feeds the watchdog
while all runs make progress.`,
		Example: `  ingestd run
  ingestd run --migrate --config /etc/ingestd/config.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := cmd.Flags().GetString("config")
			if err != nil {
				return err
			}
			return stopped(runDaemon(cmd.Context(), path, migrate))
		},
	}
	exitTable(cmd, exitCodes{exitOK: "it was told to stop", exitInterrupted: ""})
	cmd.Flags().BoolVar(&migrate, "migrate", false, "bring the database schema up to date first")
	return cmd
}

// runDaemon is the daemon, from its configuration to its end.
func runDaemon(ctx context.Context, path string, migrate bool) error {
	signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE) // a daemon outlives the terminal it was started from, and its log
	load := func() (*config.Config, error) { return config.Load(path, os.Getenv, bounds()) }
	c, err := load()
	if err != nil {
		return err
	}
	limitMemory(len(c.Tenants))
	out := newSink(os.Stderr, c.Log)
	defer out.close()
	a, err := newApp(c, out)
	if err != nil {
		return err
	}
	defer a.db.Close()
	jobs, err := a.jobs()
	if err != nil {
		return err
	}
	return a.run(ctx, jobs, migrate, load)
}

// stopped makes being told to stop a success: a daemon ends no other way.
func stopped(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// run reads until ctx ends. load, if not nil, reads the configuration anew.
func (a *app) run(ctx context.Context, jobs []*schedule.Job, migrate bool, load func() (*config.Config, error)) error {
	defer context.AfterFunc(ctx, func() {
		notify(daemon.SdNotifyStopping)
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
		a.grantAgain(ctx)
	}
	if err := a.db.CheckSchema(ctx); err != nil {
		return err
	}
	terms, err := a.retention()
	if err != nil {
		return err
	}
	asDaemon(jobs)
	stopHearing, err := a.hear(ctx, jobs)
	if err != nil {
		return err
	}
	defer stopHearing()
	a.log.Info("starting", zap.Int("tenants", len(a.config.Tenants)), zap.Int("endpoints", len(jobs)))
	reading := schedule.NewDaemon(jobs, a.withLocks(jobs), fetch.MachineClock())
	reading.Retention = terms
	reading.Alive = func() { notify(daemon.SdNotifyWatchdog) }
	reading.ByMonth = a.config.Database.ByMonth()
	if load != nil {
		r := &reloader{app: a, load: load, again: reading.TryAgain, prints: map[string]string{}}
		r.changed(a.config)
		onReload(ctx, r.reload)
	}
	forgetStart()
	notify(daemon.SdNotifyReady + "\nSTATUS=" + fmt.Sprintf("reading %d tenants", len(a.config.Tenants)))
	reading.Run(ctx)
	return ctx.Err()
}

// grantAgain gives readers what the schema has gained. Reading goes on without it.
func (a *app) grantAgain(ctx context.Context) {
	_, still, err := a.db.GrantAgain(ctx)
	if err != nil || len(still) > 0 {
		a.log.Warn("not all rights could be given to roles; run: ingestd migrate up", zap.Int("missing", len(still)),
			zap.Error(err))
	}
}

// waitForDatabase says that it waits once, and again when the reason changes.
func (a *app) waitForDatabase(ctx context.Context) error {
	for said := ""; ; {
		err := a.db.Ping(ctx)
		if err == nil {
			err = a.db.CheckWritable(ctx)
		}
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		if said != err.Error() {
			said = err.Error()
			a.log.Warn("waiting for the database", zap.Duration("retry_every", retry), zap.Error(err))
		}
		notify("STATUS=waiting for the database")
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
