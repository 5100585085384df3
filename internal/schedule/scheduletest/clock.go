package scheduletest

import (
	"sync"
	"time"

	"ingestd/internal/fetch"
)

// Noon is where the clock of every World begins.
var Noon = time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)

// A clock stands still until it is moved. It may be used concurrently.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	waits map[wait]bool
}

type wait struct {
	until time.Time
	over  chan time.Time
}

func newClock() *clock { return &clock{now: Noon, waits: map[wait]bool{}} }

// Now is the time.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock on, and ends the waits that are over then.
func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reach(c.now.Add(d))
}

// together is how long waits gather before the clock moves: those that begin within it begin at the same time, and so
// two of a second take one second.
const together = time.Millisecond

// After begins a wait, which moves the clock to its end.
func (c *clock) After(d time.Duration) <-chan time.Time {
	w := c.hold(d)
	time.AfterFunc(together, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.reach(w.until)
	})
	return w.over
}

// hold begins a wait that lasts until the clock is moved.
func (c *clock) hold(d time.Duration) wait {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := wait{c.now.Add(max(d, 0)), make(chan time.Time, 1)}
	c.waits[w] = true
	c.reach(c.now)
	return w
}

// patient is the clock for those who wait for the test to move it.
func (c *clock) patient() fetch.Clock {
	return fetch.Clock{
		Now: c.Now, Wall: c.Now, After: func(d time.Duration) <-chan time.Time { return c.hold(d).over },
	}
}

// reach moves the clock to a time, unless it is there, and ends the waits that are over. mu is held.
func (c *clock) reach(t time.Time) {
	if t.After(c.now) {
		c.now = t
	}
	for w := range c.waits {
		if !w.until.After(c.now) {
			w.over <- c.now
			delete(c.waits, w)
		}
	}
}
