package schedule

import (
	"context"
	"time"
)

const (
	// rollupsEvery is how often the rollups are brought up to date, also while a run
	// lasts long.
	rollupsEvery = time.Minute
	// rollupsRest is how many times as long as it took they are left alone then, where
	// runs follow each other: never for more than rollupsEvery.
	rollupsRest = 10
)

// refreshRollups computes anew what depends on rows that have changed, once for all
// tenants.
func (d *Daemon) refreshRollups(ctx context.Context) (work func() error, note func()) {
	var err error
	begun := d.clock.Now()
	return func() error {
			err = d.db.RefreshRollups(ctx, nil)
			return err
		}, func() {
			rest := min(rollupsRest*d.clock.Now().Sub(begun), rollupsEvery)
			if err != nil {
				rest = rollupsEvery
			}
			d.rest = tickIn(d.clock, rest)
			d.rollups.due = tickIn(d.clock, max(rest, d.rollups.due.left()))
		}
}

// rollUp has the rollups brought up to date soon: a run has changed rows.
func (d *Daemon) rollUp() {
	soon := max(0, d.rest.left())
	if soon < d.rollups.due.left() {
		d.rollups.due = tickIn(d.clock, soon)
	}
}
