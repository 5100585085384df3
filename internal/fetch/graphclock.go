package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

var (
	// ErrClockJump is the cause of an Error of kind Refused when an answer is more than an hour off from Graph's time
	// as it was carried on. The run must stop: what it would write about when it read is not to be trusted.
	ErrClockJump = errors.New("Graph's clock jumped by more than an hour")
	// ErrClockUnsure is the cause of an Error of kind Refused while an answer's time has no second witness. No run may
	// begin.
	ErrClockUnsure = errors.New("Graph's time is unsure")
)

const (
	jump     = time.Hour // more than this is no delay of an answer and no drift of a clock
	hintJump = "check this machine's clock (NTP) and whether a proxy in between changes the Date of answers; " +
		"Graph's time is believed as soon as this machine's clock agrees, or further answers do"

	// An answer's time is believed against this machine's clock when so many answers, over so long, differ by no more
	// than that.
	witnesses     = 3
	witnessedOver = 2 * time.Second
	witnessedBy   = 10 * time.Minute
	askedEvery    = time.Second // while it is in doubt
)

// graphClock is Graph's time: the Date of an answer that had a second witness, carried on by the local Clock.Now. The
// second witness is this machine's date, within an hour, or other answers. So a single wrong answer changes nothing, a
// wrong local date delays reading by seconds, and no error lasts longer than its cause. A believed time is never
// ahead of the true one, and behind it by no more than a second and an answer's way here.
type graphClock struct {
	mu       sync.Mutex
	believed reading
	doubt    error // an answer disagrees, and no second witness has decided yet
	moved    bool  // by more than an hour, and no request of Graph has been told

	first  reading // of the newest answers that agree with each other
	agreed int     // number of these
}

// reading is a time of Graph's and when it was told, by Clock.Now.
type reading struct{ graph, local time.Time }

// at is the time carried on.
func (r reading) at(local time.Time) time.Time { return r.graph.Add(local.Sub(r.local)) }

func (r reading) known() bool { return !r.graph.IsZero() }

// now fails with ErrClockUnsure before the first answer that is believed, and while a later one is doubted.
func (c *graphClock) now(local time.Time) (time.Time, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.doubt != nil:
		return time.Time{}, c.doubt
	case !c.believed.known():
		return time.Time{}, fmt.Errorf("%w: no answer with a Date yet", ErrClockUnsure)
	}
	return c.believed.at(local), nil
}

// carried is the believed time, doubted or not; false if there is none.
func (c *graphClock) carried(local time.Time) (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.believed.at(local), c.believed.known()
}

// observe takes an answer of Graph's as a witness and returns its time. It fails if the answer's rows must not be used:
// with ErrClockJump, also when the new time is believed, or with ErrClockUnsure.
// An answer without a readable Date is no witness.
func (c *graphClock) observe(date string, local, wall time.Time) (time.Time, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.weigh(date, local, wall)
	if err == nil && c.moved {
		err = ErrClockJump
	}
	c.moved = false
	switch {
	case err != nil:
		return time.Time{}, err
	case !c.believed.known():
		return wall.UTC(), nil
	}
	return c.believed.at(local), nil
}

// witness takes an answer of Entra's as a witness. Where that moves the time, the next request of Graph is told.
func (c *graphClock) witness(date string, local, wall time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.believed.known()
	before := c.believed.at(local)
	_ = c.weigh(date, local, wall)
	c.moved = c.moved || known && apart(before, c.believed.at(local)) > jump
}

// weigh believes an answer's time, doubts it, or leaves the time as it is.
func (c *graphClock) weigh(date string, local, wall time.Time) error {
	graph, err := http.ParseTime(date)
	if err != nil {
		return nil
	}
	told := reading{graph.UTC(), local}
	known, before := c.believed.known(), c.believed.at(local)
	jumped := known && apart(told.graph, before) > jump
	switch believed := c.agrees(told) || apart(told.graph, wall) <= jump; {
	case believed:
		c.believed, c.doubt = told, nil
	case jumped:
		c.doubt = disagree(ErrClockUnsure, told.graph, "Graph's time until then", before)
	case known:
		c.doubt = nil
	default:
		c.doubt = disagree(ErrClockUnsure, told.graph, "this machine's clock", wall)
		return c.doubt
	}
	if jumped {
		return disagree(ErrClockJump, told.graph, "Graph's time until then", before)
	}
	return nil
}

// agrees counts an answer among those that agree with each other, and reports whether there are enough of them.
func (c *graphClock) agrees(told reading) bool {
	if c.agreed == 0 || apart(told.graph, c.first.at(told.local)) > witnessedBy {
		c.first, c.agreed = told, 0
	}
	c.agreed++
	return c.agreed >= witnesses && told.local.Sub(c.first.local) >= witnessedOver
}

func disagree(cause error, told time.Time, whose string, other time.Time) error {
	return fmt.Errorf("%w: an answer says %s, %s says %s, which is %v apart", cause,
		told.UTC().Format(time.RFC3339), whose, other.UTC().Format(time.RFC3339), apart(told, other).Round(time.Second))
}

func apart(a, b time.Time) time.Duration { return a.Sub(b).Abs() }

// Now is the time on Graph's clock, in UTC. Where it is unsure, Graph is asked, a few times if need be: whatever the
// status of its answer, it tells the time. It fails as the request did if that had no answer, and with ErrClockUnsure
// if the answers agree neither with this machine's clock nor with each other.
func (c *Client) Now(ctx context.Context) (time.Time, error) {
	for asked := 0; ; asked++ {
		now, err := c.clock.now(c.local.Now())
		if err == nil {
			return now, nil
		}
		if asked > witnesses {
			return time.Time{}, &Error{
				Kind: Refused,
				What: "Graph's clock",
				Host: c.graph.Host,
				Hint: hintJump,
				Err:  err,
			}
		}
		if asked > 0 {
			if err := c.local.sleep(ctx, askedEvery); err != nil {
				return time.Time{}, err
			}
		}
		if err := c.askTime(ctx); err != nil {
			return time.Time{}, err
		}
	}
}

// askTime asks Graph for any answer. It fails if there is none.
func (c *Client) askTime(ctx context.Context) error {
	_, err := c.get(ctx, request{url: c.graph.String() + "/v1.0/", what: "Graph's clock"})
	failure, ok := errors.AsType[*Error](err)
	if err != nil && (!ok || failure.What == whatToken || failure.Status == 0) {
		return err
	}
	return nil
}

// witness takes an answer of Entra's as a witness of Graph's time, so that it is known even if Entra refuses the
// secret.
func (c *Client) witness(answer http.Header) {
	c.clock.witness(answer.Get("Date"), c.local.Now(), c.local.Wall())
}

// Clock is the time on Graph's clock as far as it is known: before an answer is believed it is the local date.
func (c *Client) Clock() time.Time {
	if now, ok := c.Known(); ok {
		return now
	}
	return c.local.Wall().UTC()
}

// Known is the time on Graph's clock; false before an answer is believed.
func (c *Client) Known() (time.Time, bool) { return c.clock.carried(c.local.Now()) }

// Skew is how far Graph's clock is ahead of the local date; 0 before an answer is believed.
func (c *Client) Skew() time.Duration {
	now, ok := c.clock.carried(c.local.Now())
	if !ok {
		return 0
	}
	return now.Sub(c.local.Wall())
}

// Witnessed reports whether the local date agrees with Graph's time within an hour.
func (c *Client) Witnessed() bool {
	now, err := c.clock.now(c.local.Now())
	return err == nil && apart(now, c.local.Wall()) <= jump
}
