package fetch

import (
	"context"
	"slices"
	"sync"
	"time"
)

// maxWait is the longest pause that a request waits out. Behind a longer one it fails as throttled, so that its run can
// end and come back, instead of holding a schedule for an unknown time.
const maxWait = time.Minute

// limiter starts requests in the order of their arrival, each as soon as all its scopes allow.
// A request that waits for one scope does not hold up those that do not need it.
type limiter struct {
	limits Limits
	clock  Clock

	mu      sync.Mutex // never held while waiting
	windows map[scope]*window
	sweepAt int // number of windows at which idle ones are dropped
	queue   []*waiter
}

type waiter struct {
	scopes []scope
	start  chan struct{} // closed when the request may start
}

func newLimiter(limits Limits, clock Clock) *limiter {
	return &limiter{limits: limits, clock: clock, windows: map[scope]*window{}}
}

// wait returns when a request of these scopes may start. Of the time that took, throttled was the pause of a scope, and
// paced was for its limit. It fails with ctx, and as throttled when the pause is longer than maxWait.
func (l *limiter) wait(ctx context.Context, scopes []scope) (throttled, paced time.Duration, err error) {
	w := l.join(scopes)
	defer l.leave(w)
	began := l.clock.Now()
	defer func() { paced = l.clock.Now().Sub(began) - throttled }()
	for now := began; ; now = l.clock.Now() {
		opens, paused := l.advance(w, now)
		if paused.Sub(now) > maxWait {
			return throttled, 0, &Error{Kind: Throttled, Until: paused, Hint: hintThrottled}
		}
		started, err := w.sleep(ctx, l.clock.After(opens.Sub(now)))
		if err != nil {
			return throttled, 0, err
		}
		throttled += max(0, earliest(l.clock.Now(), paused).Sub(now))
		if started {
			return throttled, 0, nil
		}
	}
}

// sleep ends with over, or when the request may start.
func (w *waiter) sleep(ctx context.Context, over <-chan time.Time) (started bool, err error) {
	select {
	case <-w.start:
		return true, nil
	default:
	}
	select {
	case <-w.start:
		return true, nil
	case <-over:
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// pause stops the scopes of a request that was throttled until then, and halves their rate for a while. What all
// requests about call records share is left alone, unless another record, or the list, is paused too: Graph limits each
// of them by itself, so one that is throttled says nothing about the others, and two do.
func (l *limiter) pause(scopes []scope, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock.Now()
	for _, s := range scopes {
		if s != scopeCallRecords || l.othersPaused(scopes, now) {
			l.window(s, now).pause(now, until)
		}
	}
}

// othersPaused reports whether a call record or the list is paused that is not among the scopes.
func (l *limiter) othersPaused(scopes []scope, now time.Time) bool {
	for s, w := range l.windows {
		if s.ofCallRecords() && w.paused.After(now) && !slices.Contains(scopes, s) {
			return true
		}
	}
	return false
}

// hasRoom reports whether a request of these scopes could start now, and none in the queue can.
func (l *limiter) hasRoom(scopes []scope) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock.Now()
	return l.open(scopes, now) && !slices.ContainsFunc(l.queue, func(w *waiter) bool { return l.open(w.scopes, now) })
}

func (l *limiter) open(scopes []scope, now time.Time) bool {
	return !slices.ContainsFunc(scopes, func(s scope) bool { return l.window(s, now).opens(now).After(now) })
}

// paused is how long a pause still keeps requests of these scopes.
func (l *limiter) paused(scopes []scope) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now, until := l.clock.Now(), time.Time{}
	for _, s := range scopes {
		until = latest(until, l.window(s, now).paused)
	}
	return max(until.Sub(now), 0)
}

func (l *limiter) join(scopes []scope) *waiter {
	w := &waiter{scopes: scopes, start: make(chan struct{})}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = append(l.queue, w)
	return w
}

func (l *limiter) leave(w *waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.queue, w); i >= 0 {
		l.queue = slices.Delete(l.queue, i, i+1)
	}
}

// advance starts every request that may start now, in order. It returns when w may, as far as is known, and until when
// a pause keeps it.
func (l *limiter) advance(w *waiter, now time.Time) (opens, paused time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = slices.DeleteFunc(l.queue, func(next *waiter) bool { return l.tryStart(next, now) })
	for _, s := range w.scopes {
		window := l.window(s, now)
		opens = latest(opens, window.opens(now))
		paused = latest(paused, window.paused)
	}
	return opens, paused
}

func (l *limiter) tryStart(w *waiter, now time.Time) bool {
	if !l.open(w.scopes, now) {
		return false
	}
	for _, s := range w.scopes {
		l.window(s, now).start(now)
	}
	close(w.start)
	return true
}

// window is the state of s. There is one per call record asked, so idle ones are dropped each time their number
// doubles.
func (l *limiter) window(s scope, now time.Time) *window {
	if w, ok := l.windows[s]; ok {
		return w
	}
	if len(l.windows) >= l.sweepAt {
		for s, w := range l.windows {
			if w.idle(now) {
				delete(l.windows, s)
			}
		}
		l.sweepAt = 2*len(l.windows) + 64
	}
	w := &window{limit: l.limits.of(s)}
	l.windows[s] = w
	return w
}
