package scheduletest

import (
	"sync"
	"time"
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
	c.mu.Lock()
	defer c.mu.Unlock()
	w := wait{c.now.Add(d), make(chan time.Time, 1)}
	if d <= 0 {
		w.over <- c.now
		return w.over
	}
	c.waits[w] = true
	time.AfterFunc(together, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.reach(w.until)
	})
	return w.over
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
