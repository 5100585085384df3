package fetch

import (
	"sync"
	"time"
)

// Counts are what one run cost.
type Counts struct {
	Requests         int           // sent, repeated ones included
	Throttled        int           // of them answered by 429, or by 503 with Retry-After
	ThrottleWait     time.Duration // spent waiting for a paused scope, summed over requests
	Paced            time.Duration // spent waiting for the limits, summed over requests; 0: more could be in flight
	Bytes            int64         // of answers, decompressed
	FailedRequestIDs []string      // request-ids of answers other than 200, the first 20
}

// Usage counts for one run, which may send many requests at once. The zero Usage is ready, a nil one counts nothing.
type Usage struct {
	mu     sync.Mutex
	counts Counts
}

// Counts are the counts so far.
func (u *Usage) Counts() Counts {
	u.mu.Lock()
	defer u.mu.Unlock()
	counts := u.counts
	counts.FailedRequestIDs = append([]string(nil), counts.FailedRequestIDs...)
	return counts
}

func (u *Usage) add(more Counts) {
	const maxIDs = 20
	if u == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.counts.Requests += more.Requests
	u.counts.Throttled += more.Throttled
	u.counts.ThrottleWait += more.ThrottleWait
	u.counts.Paced += more.Paced
	u.counts.Bytes += more.Bytes
	for _, id := range more.FailedRequestIDs {
		if len(u.counts.FailedRequestIDs) < maxIDs {
			u.counts.FailedRequestIDs = append(u.counts.FailedRequestIDs, id)
		}
	}
}
