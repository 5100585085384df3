package schedule

import (
	"context"
	"time"
)

// gracePeriod is what transactions that have begun get to end in once the
// daemon is told to stop. The process ends some seconds later whatever happens.
const gracePeriod = 15 * time.Second

// WithGrace returns a context that outlives ctx by the grace period: for work
// that, once begun, is to be finished. A run makes one, so that all its work
// shares one deadline.
func WithGrace(ctx context.Context) (context.Context, context.CancelFunc) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(gracePeriod, cancel) })
	return late, func() { stop(); cancel() }
}
