package fetch

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"
)

// ErrClockJump is the cause of an Error of kind Refused when Graph's time moved by more than an hour against the time that
// passed here. The run must stop: what it would write about when it read is not to be trusted.
var ErrClockJump = errors.New("Graph's clock jumped by more than an hour")

const (
	jump     = time.Hour
	hintJump = "the next run goes by the new time if the local clock agrees; check its synchronisation (NTP), then restart"
)

// clock is Graph's clock, told by the Date of its answers and carried on by the local monotonic clock.
// It is never ahead of the true one, and behind it by no more than a second and an answer's way here.
type graphClock struct {
	mu    sync.Mutex
	graph time.Time // Date of the newest answer, zero before the first
	local time.Time // when that arrived
}

// now is false before the first answer.
func (c *graphClock) now(local time.Time) (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at(local), !c.graph.IsZero()
}

func (c *graphClock) at(local time.Time) time.Time {
	if c.graph.IsZero() {
		return local.UTC()
	}
	return c.graph.Add(local.Sub(c.local))
}

// observe sets the clock by an answer's Date and returns the time of that answer. An answer without a readable Date sets nothing.
// After a jump the new time is taken only if the local clock agrees with it, two witnesses against one:
// then it was this machine that slept. A single wrong answer changes nothing.
func (c *graphClock) observe(date string, arrived, wall time.Time) (time.Time, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	graph, err := http.ParseTime(date)
	if err != nil {
		return c.at(arrived), nil
	}
	jumped := apart(graph, c.at(arrived)) > jump && !c.graph.IsZero()
	if !jumped || apart(graph, wall) <= jump {
		c.graph, c.local = graph.UTC(), arrived
	}
	if jumped {
		return time.Time{}, ErrClockJump
	}
	return graph.UTC(), nil
}

func apart(a, b time.Time) time.Duration { return a.Sub(b).Abs() }

// Now is the time on Graph's clock, in UTC. Before the first answer it asks Graph for one: whatever its status, it tells the time.
// If Graph tells no time, it is the local clock's.
func (c *Client) Now(ctx context.Context) (time.Time, error) {
	if now, ok := c.clock.now(c.local.Now()); ok {
		return now, nil
	}
	_, err := c.get(ctx, request{url: c.graph.String() + "/v1.0/", what: "Graph's clock"})
	now, known := c.clock.now(c.local.Now())
	if !known && err != nil {
		return time.Time{}, err
	}
	return now, nil
}

// Clock is the time on Graph's clock as far as it is known: before the first answer it is the local clock's.
func (c *Client) Clock() time.Time {
	now, _ := c.clock.now(c.local.Now())
	return now
}

// Skew is how far Graph's clock is ahead of the local one; 0 before the first answer.
func (c *Client) Skew() time.Duration {
	now, ok := c.clock.now(c.local.Now())
	if !ok {
		return 0
	}
	return now.Sub(c.local.Wall())
}
