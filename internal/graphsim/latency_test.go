package graphsim

import (
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// Every answer takes the latency, and none waits for another: all of them are on their way at once. Limits count
// arrivals.
func TestLatency(t *testing.T) {
	t.Parallel()
	const requests = 60
	var mu sync.Mutex
	waiting, all, measured := 0, make(chan time.Time), false
	a := start(t, Config{LimitFactor: 1, Latency: time.Second, After: func(d time.Duration) <-chan time.Time {
		mu.Lock()
		defer mu.Unlock()
		if d != time.Second {
			t.Errorf("waits for %v", d)
		}
		if !measured { // the token's answers
			now := make(chan time.Time)
			close(now)
			return now
		}
		if waiting++; waiting == requests {
			close(all)
		}
		return all
	}})
	url := a.pstnURL("v1.0", "2026-03-14T01:00:00Z", "2026-03-14T01:00:00Z")
	a.get(t, url)
	mu.Lock()
	measured = true
	mu.Unlock()
	statuses := make(chan int, requests)
	var group sync.WaitGroup
	for range requests {
		group.Go(func() {
			res, _ := a.get(t, url)
			statuses <- res.StatusCode
		})
	}
	group.Wait()
	close(statuses)
	count := map[int]int{}
	for status := range statuses {
		count[status]++
	}
	if count[http.StatusOK] != 49 || count[http.StatusTooManyRequests] != 11 {
		t.Errorf("answers by status: %v, want 49 within the limit of 50", count)
	}
}

func TestLatencyIsRealTimeByDefault(t *testing.T) {
	t.Parallel()
	a := start(t, Config{Latency: 50 * time.Millisecond})
	began := time.Now()
	res, _ := a.get(t, a.pstnURL("v1.0", "2026-03-14T01:00:00Z", "2026-03-14T01:00:00Z"))
	if took := time.Since(began); res.StatusCode != http.StatusOK || took < 50*time.Millisecond {
		t.Errorf("%s after %v, want 50ms at least", res.Status, took)
	}
	if _, err := Start(Config{Latency: -1}); err == nil {
		t.Error("a negative latency is accepted")
	}
}

// One answer comes late, and is good.
func TestDelayOfOneAnswer(t *testing.T) {
	t.Parallel()
	var waited []time.Duration
	a := start(t, Config{After: func(d time.Duration) <-chan time.Time {
		waited = append(waited, d)
		now := make(chan time.Time)
		close(now)
		return now
	}})
	url := a.pstnURL("v1.0", "2026-03-14T01:00:00Z", "2026-03-14T01:00:00Z")
	a.get(t, url)
	a.SetFaults(func(Request) Fault { return Fault{Delay: time.Hour} })
	if res, _ := a.get(t, url); res.StatusCode != http.StatusOK || !slices.Equal(waited, []time.Duration{time.Hour}) {
		t.Errorf("%s after waiting for %v, want one hour", res.Status, waited)
	}
}
