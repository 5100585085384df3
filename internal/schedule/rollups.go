package schedule

import (
	"context"
	"errors"
	"time"

	"ingestd/internal/store"
)

const (
	// rollupsEvery is how often the rollups are brought up to date, also while a run
	// lasts long.
	rollupsEvery = time.Minute
	// rollupsRest is how many times as long as it took they are left alone then: for
	// rollupsEvery at most, where runs follow each other, and at least, where it has
	// failed. A day that always fails is then computed for a tenth of the time at most.
	rollupsRest = 10
	// rollupsLongest is how long they are left alone at most.
	rollupsLongest = time.Hour
)

// refreshRollups computes anew what depends on rows that have changed, once for all
// tenants.
func (d *Daemon) refreshRollups(ctx context.Context) (work func() error, note func()) {
	var err error
	begun := d.clock.Now()
	return func() error {
			err = d.db.RefreshRollups(ctx, nil)
			if errors.Is(err, store.ErrRefreshing) {
				err = nil // another daemon's, or by hand: what it does not do is due again soon
			}
			return err
		}, func() {
			rest := restOf(d.clock.Now().Sub(begun), err != nil)
			d.rest = tickIn(d.clock, rest)
			d.rollups.due = tickIn(d.clock, max(rest, d.rollups.due.left()))
		}
}

// restOf is how long the rollups are left alone after a refresh.
func restOf(took time.Duration, failed bool) time.Duration {
	if failed {
		return min(max(rollupsRest*took, rollupsEvery), rollupsLongest)
	}
	return min(rollupsRest*took, rollupsEvery)
}

// rollUp has the rollups brought up to date soon: a run has changed rows.
func (d *Daemon) rollUp() {
	soon := max(0, d.rest.left())
	if soon < d.rollups.due.left() {
		d.rollups.due = tickIn(d.clock, soon)
	}
}
