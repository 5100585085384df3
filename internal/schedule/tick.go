package schedule

import (
	"context"
	"time"
)

// A tick is the next time at which a schedule comes round. The wall clock may be
// set while it is waited for, so it has passed as soon as either clock says so:
// the wall clock, or the monotonic one by the time that was to wait.
type tick struct {
	at      time.Time     // on the wall clock
	started time.Time     // when the waiting began
	wait    time.Duration // from then
}

func nextTick(next func(after time.Time) time.Time) tick {
	now := time.Now()
	at := next(now).Round(0)
	return tick{at: at, started: now, wait: at.Sub(now.Round(0))}
}

func (t tick) passed() bool {
	now := time.Now()
	return !now.Round(0).Before(t.at) || now.Sub(t.started) >= t.wait
}

// pollEvery bounds each wait: a wall clock that is set ahead, or a machine that
// slept, is noticed that much later at most, and so is a request for a backfill.
const pollEvery = 10 * time.Second

// sleep waits until the tick has passed, but not longer than pollEvery. It
// reports whether ctx is still good.
func (t tick) sleep(ctx context.Context) bool {
	now := time.Now()
	left := max(0, min(t.wait-now.Sub(t.started), t.at.Sub(now.Round(0)), pollEvery))
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
