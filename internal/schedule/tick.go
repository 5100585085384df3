package schedule

import (
	"time"

	"ingestd/internal/fetch"
)

// A tick is the next time at which a schedule comes round. The wall clock may be
// set while it is waited for, so it has passed as soon as either clock says so:
// the wall clock, or the monotonic one by the time that was to wait.
type tick struct {
	clock   fetch.Clock
	at      time.Time     // on the wall clock
	started time.Time     // when the waiting began
	wait    time.Duration // from then
}

// nextTick is the next one of a schedule.
func nextTick(clock fetch.Clock, next func(after time.Time) time.Time) tick {
	wall := clock.Wall()
	return tickIn(clock, next(wall).Sub(wall))
}

// tickIn is one after a time.
func tickIn(clock fetch.Clock, wait time.Duration) tick {
	return tick{clock: clock, at: clock.Wall().Add(wait), started: clock.Now(), wait: wait}
}

func (t tick) passed() bool { return t.left() <= 0 }

// left is how long it is until the tick has passed.
func (t tick) left() time.Duration {
	return min(t.wait-t.clock.Now().Sub(t.started), t.at.Sub(t.clock.Wall()))
}
