package fetch

import (
	"context"
	"errors"
	"time"
)

// A Clock is the local time of a Client: limits, back-off, pauses, the life of tokens and the comparison with Graph's
// time all go by it. The zero Clock is the machine's. Time-outs of HTTP go by the machine's in any case.
type Clock struct {
	// Now is the local time. Spans are differences of it, so it must not jump. The machine's does not, as Go compares
	// its monotonic part; one without that part must only move forward.
	Now func() time.Time
	// After returns a channel on which the time is sent once d has passed by Now.
	After func(d time.Duration) <-chan time.Time
	// Wall is the date that this machine believes in, and may be wrong and jump; nil: Now's. It is a witness of Graph's
	// time and decides nothing else.
	Wall func() time.Time
}

// machine is the machine's clock. It is the only place of this package that reads it.
var machine = Clock{Now: time.Now, After: time.After, Wall: func() time.Time { return time.Now().Round(0) }}

// MachineClock is the machine's.
func MachineClock() Clock { return machine }

// orMachine fills in what is not set.
func (c Clock) orMachine() (Clock, error) {
	switch {
	case c.Now == nil && c.After == nil && c.Wall == nil:
		return machine, nil
	case c.Now == nil || c.After == nil:
		return c, errors.New("a clock needs both Now and After")
	case c.Wall == nil:
		c.Wall = func() time.Time { return c.Now().Round(0) }
	}
	return c, nil
}

func (c Clock) until(t time.Time) time.Duration { return t.Sub(c.Now()) }

// sleep returns after d, or with ctx's error.
func (c Clock) sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-c.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
