package schedule_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"ingestd/internal/graphsim"
	"ingestd/internal/schedule/scheduletest"
)

// TestDeniedIsTriedAgain has Graph deny an endpoint that is read twice a day. It is tried again after a minute, then
// less and less often, with a new token each time, and read some minutes after the permission is given.
func TestDeniedIsTriedAgain(t *testing.T) {
	t.Parallel()
	c := week()
	c.Every = 12 * time.Hour
	w := scheduletest.New(t, c)
	var mu sync.Mutex
	var tries []time.Time
	w.Graph.SetFaults(onAllDays(func(r graphsim.Request) graphsim.Fault {
		mu.Lock()
		defer mu.Unlock()
		if n := len(tries); n == 0 || r.Now.Sub(tries[n-1]) > 30*time.Second { // two windows are asked for at once
			tries = append(tries, r.Now)
		}
		if len(tries) > 5 {
			return graphsim.Fault{}
		}
		return graphsim.Fault{Status: 403}
	}))
	w.Daemon(func() bool {
		w.Advance(20 * time.Second)
		return w.Endpoint().State == "on_time"
	})
	mu.Lock()
	defer mu.Unlock()
	for i, after := range []time.Duration{1, 2, 4, 8, 10} {
		if gap := tries[i+1].Sub(tries[i]); gap < after*time.Minute {
			t.Errorf("try %d came %v after the one before, want %v minutes", i+1, gap, int(after))
		}
	}
	if last := tries[5].Sub(tries[0]); last > 3*time.Hour {
		t.Errorf("it was read after %v", last)
	}
	if n := w.Graph.Requests().Answers["token"][200]; n < len(tries[:6]) {
		t.Errorf("%d tokens for %d tries", n, len(tries))
	}
	w.WantServed()
}

// TestTryAgainDuringARun has something change while Graph is about to deny a run: the endpoint is tried at once all the
// same, and not after a minute.
func TestTryAgainDuringARun(t *testing.T) {
	t.Parallel()
	c := week()
	c.Every = 12 * time.Hour
	w := scheduletest.New(t, c)
	var requests atomic.Int32
	var last sync.WaitGroup
	last.Add(2)
	w.Graph.SetFaults(onAllDays(func(graphsim.Request) graphsim.Fault {
		if requests.Add(1) > 2 { // two windows are asked for at once
			return graphsim.Fault{}
		}
		last.Done()
		last.Wait()
		w.TryAgain()
		return graphsim.Fault{Status: 403}
	}))
	w.Daemon(func() bool { return w.Endpoint().State == "on_time" })
	if took := w.Now().Sub(scheduletest.Noon); took >= time.Minute {
		t.Errorf("it was tried after %v", took)
	}
}

// TestSecretComesLate has a daemon start before its secret is there. It says so, and reads minutes after.
func TestSecretComesLate(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zapcore.InfoLevel)
	c := week()
	c.Every, c.Log = 12*time.Hour, zap.New(core)
	var there atomic.Bool
	c.Secret = func() (string, error) {
		if !there.Load() {
			return "", errors.New("the file cannot be read: no such file or directory")
		}
		return graphsim.ClientSecret, nil
	}
	w := scheduletest.New(t, c)
	var mended time.Time
	w.Daemon(func() bool {
		w.Advance(20 * time.Second)
		if mended.IsZero() && w.Now().Sub(scheduletest.Noon) > 20*time.Minute {
			there.Store(true)
			mended = w.Now()
		}
		return w.Endpoint().State == "on_time"
	})
	if took := w.Now().Sub(mended); took > 3*time.Hour {
		t.Errorf("it was read %v after the secret was there", took)
	}
	e := logs.FilterMessage("no run").All()
	if len(e) == 0 || !strings.Contains(e[0].ContextMap()["error"].(string), "no such file") {
		t.Errorf("the log does not say so: %v", logs.All())
	}
}

// TestWatchdogStarvesWhenARunHangs has no answer come, for an hour of the daemon's clock. Meanwhile the daemon
// does not say that all is well, and it does again after. Were others to come, they would be signs of life at times
// that the machine decides.
func TestWatchdogStarvesWhenARunHangs(t *testing.T) {
	t.Parallel()
	var w *scheduletest.World
	var mu sync.Mutex
	var fed []time.Duration
	c := week()
	c.Alive = func() {
		mu.Lock()
		defer mu.Unlock()
		fed = append(fed, w.Now().Sub(scheduletest.Noon))
	}
	w = scheduletest.New(t, c)
	hangs, release := make(chan struct{}), make(chan struct{})
	hang := sync.OnceFunc(func() {
		close(hangs)
		<-release
	})
	w.Graph.SetFaults(onAllDays(func(graphsim.Request) graphsim.Fault {
		hang()
		return graphsim.Fault{}
	}))
	free := sync.OnceFunc(func() { close(release) })
	w.Daemon(func() bool {
		select {
		case <-hangs:
			w.Advance(30 * time.Second)
		default:
		}
		if w.Now().Sub(scheduletest.Noon) > time.Hour {
			free()
		}
		mu.Lock()
		defer mu.Unlock()
		return len(fed) > 0 && fed[len(fed)-1] > time.Hour
	})
	mu.Lock()
	defer mu.Unlock()
	if slices.ContainsFunc(fed, func(at time.Duration) bool { return at > 45*time.Minute && at < time.Hour }) {
		t.Errorf("it said so after %v", fed)
	}
}
