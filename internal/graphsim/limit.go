package graphsim

import (
	"math"
	"sync"
	"time"
)

// limit counts requests in a sliding window of real time: Graph's clock may
// be anything in a simulation, but a client can only wait in its own.
type limit struct {
	name    string
	allowed int // in per; 0: counted only
	per     time.Duration

	mu    sync.Mutex
	times []time.Time // of the requests of the last window, oldest first
	peak  int
}

func newLimit(name string, allowed int, per time.Duration) *limit {
	return &limit{name: name, allowed: allowed, per: per}
}

// limit is a published limit as this tenant enforces it.
func (c Config) limit(name string, allowed float64, per time.Duration) *limit {
	allowed *= c.LimitFactor / c.LimitSpeed
	return newLimit(name, int(math.Ceil(allowed)), time.Duration(float64(per)/c.LimitSpeed))
}

// take counts a request and returns how long the client has to wait before it
// may ask again, 0 if this request was within the limit.
func (l *limit) take() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	gone := 0
	for gone < len(l.times) && now.Sub(l.times[gone]) >= l.per {
		gone++
	}
	l.times = append(l.times[gone:], now)
	l.peak = max(l.peak, len(l.times))
	over := len(l.times) - l.allowed
	if l.allowed == 0 || over <= 0 {
		return 0
	}
	return l.times[over].Add(l.per).Sub(now)
}

func (l *limit) highest() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.peak
}

// takeAll counts the request toward every limit, also behind one it exceeds.
func takeAll(limits []*limit) (wait time.Duration) {
	for _, l := range limits {
		wait = max(wait, l.take())
	}
	return wait
}
