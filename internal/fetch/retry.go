package fetch

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"go.uber.org/zap"
)

const (
	attempts   = 5 // at a transient failure
	throttles  = 5 // answers of 429 to one request; they do not count as attempts
	maxBackoff = 30 * time.Second
)

// retrier paces requests, and repeats them where that helps.
type retrier struct {
	limiter *limiter
	observe Observer
	clock   Clock
	base    time.Duration // the first back-off is up to this long
	log     *zap.Logger
	hasty   bool // nothing is repeated
}

// do calls try, which makes one request of these scopes, until it succeeds, fails for good or has used up its attempts.
// Anything but an *Error ends it at once, so a cancelled context does.
func (r *retrier) do(ctx context.Context, scopes []scope, usage *Usage, try func() error) error {
	for failed, throttled := 0, 0; ; {
		throttledFor, paced, err := r.limiter.wait(ctx, scopes)
		usage.add(Counts{ThrottleWait: throttledFor, Paced: paced})
		if throttledFor > 0 {
			r.observe.Waited(endpointOf(scopes), throttledFor)
		}
		if err != nil {
			return err
		}
		began := r.clock.Now()
		err = try()
		if err == nil || KindOf(err) != 0 {
			r.observe.Answered(endpointOf(scopes), statusOf(err), r.clock.Now().Sub(began))
		}
		failure, ok := errors.AsType[*Error](err)
		if !ok {
			return err
		}
		r.log.Debug("request failed", zap.Stringer("kind", failure.Kind), zap.Int("status", failure.Status),
			zap.String("request_id", failure.RequestID), zap.String("client_request_id", failure.ClientRequestID))
		if r.hasty {
			return failure
		}
		switch failure.Kind {
		case Transient:
			if failed++; failed == attempts {
				return failure
			}
			if err := r.clock.sleep(ctx, rand.N(r.backoff(failed))); err != nil {
				return err
			}
		case Throttled:
			throttled++
			r.pause(scopes, failure, throttled)
			if throttled == throttles || r.clock.until(failure.Until) > maxWait {
				return failure
			}
		default:
			return failure
		}
	}
}

// pause stops the scopes for as long as the answer asks, or as a growing guess where it does not say.
func (r *retrier) pause(scopes []scope, failure *Error, n int) {
	if failure.Until.IsZero() {
		guess := r.backoff(n)
		failure.Until = r.clock.Now().Add(guess + rand.N(guess))
	}
	r.limiter.pause(scopes, failure.Until)
}

// backoff is the longest wait after the nth failure. The wait itself is any part of it ("full jitter"),
// so that requests that failed together do not come back together.
func (r *retrier) backoff(n int) time.Duration {
	return min(r.base<<(n-1), maxBackoff)
}
