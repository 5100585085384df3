package schedule

import (
	"context"
	"errors"
	"time"
)

const (
	// signEvery is how often a daemon says that it is alive.
	signEvery = 30 * time.Second
	// removedEvery is how often it is noted which tenants have left the configuration.
	removedEvery = 24 * time.Hour
)

// giveSign notes that the daemon is alive.
func (d *Daemon) giveSign(ctx context.Context) (work func() error, note func()) {
	self := d.tenants[0].jobs[0].Self
	if self == nil {
		return nil, nil
	}
	return func() error {
		short, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		return d.db.NoteAlive(short, *self)
	}, func() {}
}

// noteRemoved notes which tenants have left the configuration. What Prepare does for
// the others it does for them, as nobody else works on them.
func (d *Daemon) noteRemoved(ctx context.Context) (work func() error, note func()) {
	return func() error { return errors.Join(d.db.NoteRemoved(ctx, d.ids), d.db.RenewRemoved(ctx)) }, func() {}
}
