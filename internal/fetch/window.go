package fetch

import "time"

// slowFor is how long a scope runs at half its rate after Graph throttled it.
const slowFor = 10 * time.Minute

// window is the state of one scope: an exact sliding window over the starts of its requests.
type window struct {
	limit  Limit       // zero: not paced
	starts []time.Time // within the last span, oldest first
	paused time.Time   // nothing starts before
	slowed time.Time   // half the rate until then
}

// opens is the earliest time at which the next request may start.
func (w *window) opens(now time.Time) time.Time {
	if w.limit.Requests == 0 {
		return w.paused
	}
	w.forget(now)
	full := w.room(w.limit.starts())
	half := w.room(max(w.limit.starts()/2, 1))
	return latest(w.paused, earliest(half, latest(w.slowed, full)))
}

// room is when fewer than n of the starts lie within the span.
func (w *window) room(n int) time.Time {
	if len(w.starts) < n {
		return time.Time{}
	}
	return w.starts[len(w.starts)-n].Add(w.limit.span())
}

func (w *window) start(now time.Time) {
	if w.limit.Requests > 0 {
		w.starts = append(w.starts, now)
	}
}

func (w *window) pause(now, until time.Time) {
	w.paused = latest(w.paused, until)
	w.slowed = now.Add(slowFor)
}

func (w *window) forget(now time.Time) {
	for len(w.starts) > 0 && !w.starts[0].Add(w.limit.span()).After(now) {
		w.starts = w.starts[1:]
	}
}

// idle reports whether forgetting the scope changes nothing.
func (w *window) idle(now time.Time) bool {
	w.forget(now)
	return len(w.starts) == 0 && !w.paused.After(now) && !w.slowed.After(now)
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
