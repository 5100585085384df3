package demo

import (
	"sync/atomic"
	"time"
)

// A clock is the machine's, or, while the past is played, one that is behind it.
// It may be used concurrently.
type clock struct{ ahead atomic.Int64 } // of the machine's, in nanoseconds

// Now is the time.
func (c *clock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// After lets no time be waited for in the past: it passes at once.
func (c *clock) After(d time.Duration) <-chan time.Time {
	c.ahead.Add(int64(max(0, d)))
	over := make(chan time.Time, 1)
	over <- c.Now()
	return over
}

// set puts the clock so far behind the machine's.
func (c *clock) set(ago time.Duration) { c.ahead.Store(int64(-ago)) }
