package fetch

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const second = time.Second

// limitsOf are as many starts per span for every scope.
func limitsOf(starts int, per time.Duration) Limits {
	l := Limit{(starts*100 + headroomPercent - 1) / headroomPercent, per}
	return Limits{l, l, l, l, l}
}

// flood sends n requests at once and returns when each started, in order.
func flood(l *limiter, n int, scopes ...scope) []time.Duration {
	began := time.Now()
	starts := make([]time.Duration, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			if _, _, err := l.wait(context.Background(), scopes); err != nil {
				panic(err)
			}
			starts[i] = time.Since(began)
		})
	}
	all.Wait()
	slices.Sort(starts)
	return starts
}

func TestPublishedLimitsArePaced(t *testing.T) {
	t.Parallel()
	for requests, want := range map[int]int{1500: 1470, 200: 196, 50: 49, 40: 39, 2: 1, 1: 1} {
		if got := (Limit{requests, second}).starts(); got != want {
			t.Errorf("%d requests: %d starts, want %d", requests, got, want)
		}
	}
}

// A saturated scope starts its full number at the beginning of every span.
func TestFullRate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(r, "starts")
		per := time.Duration(rapid.IntRange(1, 60_000).Draw(r, "per")) * time.Millisecond
		requests := rapid.IntRange(1, 100).Draw(r, "requests")
		var got []time.Duration
		limits := limitsOf(n, per)
		synctest.Test(t, func(*testing.T) { got = flood(newLimiter(limits, machine), requests, scopeList) })
		for i, at := range got {
			if want := time.Duration(i/n) * limits.List.span(); at != want {
				r.Fatalf("request %d started at %v, want %v", i, at, want)
			}
		}
	})
}

type arrival struct {
	Gap    time.Duration
	Scopes []scope
	Pause  time.Duration
	GiveUp time.Duration
}

func drawArrival(r *rapid.T) arrival {
	millis := func(most int, name string) time.Duration {
		return time.Duration(rapid.IntRange(0, most).Draw(r, name)) * time.Millisecond
	}
	a := arrival{Gap: millis(300, "gap"), GiveUp: time.Hour}
	a.Scopes = rapid.SampledFrom([][]scope{
		{scopeLogs, scopeLogFunction("a")}, {scopeLogs, scopeLogFunction("b")}, {scopeLogs},
		{scopeCallRecords}, {scopeCallRecords, scopeList}, {scopeCallRecords, scopeRecord("1")},
	}).Draw(r, "scopes")
	switch rapid.IntRange(0, 20).Draw(r, "event") {
	case 0:
		a.Pause = millis(5000, "pause")
	case 1:
		a.GiveUp = millis(2000, "give up")
	}
	return a
}

// play lets the requests arrive one after the other and returns the starts of each scope.
func play(l *limiter, arrivals []arrival) map[scope][]time.Time {
	var (
		mu     sync.Mutex
		starts = map[scope][]time.Time{}
		all    sync.WaitGroup
	)
	for _, a := range arrivals {
		time.Sleep(a.Gap)
		if a.Pause > 0 {
			l.pause(a.Scopes, time.Now().Add(a.Pause))
		}
		all.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), a.GiveUp)
			defer cancel()
			if _, _, err := l.wait(ctx, a.Scopes); err != nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			for _, s := range a.Scopes {
				starts[s] = append(starts[s], time.Now())
			}
		})
	}
	all.Wait()
	return starts
}

// Whatever arrives, is paused or gives up: no span of a scope holds more starts than it may.
func TestNeverAboveTheLimit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		limits := Limits{}
		all := []*Limit{&limits.CallRecords, &limits.List, &limits.Record, &limits.Logs, &limits.LogFunction}
		for _, l := range all {
			*l = Limit{
				rapid.IntRange(1, 30).Draw(r, "requests"),
				time.Duration(rapid.IntRange(1, 3000).Draw(r, "per")) * time.Millisecond,
			}
		}
		arrivals := rapid.SliceOfN(rapid.Custom(drawArrival), 1, 80).Draw(r, "arrivals")
		var starts map[scope][]time.Time
		synctest.Test(t, func(*testing.T) { starts = play(newLimiter(limits, machine), arrivals) })
		for s, at := range starts {
			n, per := limits.of(s).starts(), limits.of(s).Per
			slices.SortFunc(at, time.Time.Compare)
			for i := n; i < len(at); i++ {
				if span := at[i].Sub(at[i-n]); span < per {
					r.Fatalf("%s: %d starts within %v, allowed are %d per %v", s, n+1, span, n, per)
				}
			}
		}
	})
}

func TestScopesAreIndependent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(limitsOf(2, 10*second), machine)
		l.limits.Logs = Limit{100, 10 * second}
		var slow []time.Duration
		var all sync.WaitGroup
		all.Go(func() { slow = flood(l, 4, scopeLogs, scopeLogFunction("a")) })
		synctest.Wait() // two of them are waiting for their function
		if got := flood(l, 2, scopeLogs, scopeLogFunction("b")); got[1] != 0 {
			t.Errorf("another function's requests started after %v, want at once", got)
		}
		all.Wait()
		span := l.limits.LogFunction.span()
		if want := []time.Duration{0, 0, span, span}; !cmp.Equal(slow, want) {
			t.Errorf("starts %v, want %v", slow, want)
		}
	})
}

func TestOrderOfArrival(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(limitsOf(3, 10*second), machine)
		var (
			mu    sync.Mutex
			order []int
			all   sync.WaitGroup
		)
		for i := range 30 {
			all.Go(func() {
				_, _, _ = l.wait(context.Background(), []scope{scopeList})
				mu.Lock()
				defer mu.Unlock()
				order = append(order, i/3) // three start at one instant, in any order
			})
			time.Sleep(time.Millisecond)
		}
		all.Wait()
		if !slices.IsSorted(order) {
			t.Errorf("requests started in the order %v", order)
		}
	})
}

func TestGivingUpCostsNoStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(limitsOf(1, 10*second), machine)
		flood(l, 1, scopeList)
		ctx, cancel := context.WithTimeout(context.Background(), 3*second)
		defer cancel()
		if _, _, err := l.wait(ctx, []scope{scopeList}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want the context's", err)
		}
		if got, want := flood(l, 1, scopeList), l.limits.List.span()-3*second; got[0] != want {
			t.Errorf("next start after %v, want %v", got[0], want)
		}
		if len(l.queue) != 0 {
			t.Errorf("%d requests are left in the queue", len(l.queue))
		}
	})
}

func TestPauseStopsTheScopeAndIsCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(limitsOf(4, 20*second), machine)
		flood(l, 4, scopeList)
		l.pause([]scope{scopeList}, time.Now().Add(5*second))
		if got := flood(l, 1, scopeLogs); got[0] != 0 {
			t.Errorf("another scope waited for %v", got[0])
		}
		began, span := time.Now(), l.limits.List.span()
		throttled, paced, err := l.wait(context.Background(), []scope{scopeCallRecords, scopeList})
		if waited := time.Since(began); err != nil || waited != span || throttled != 5*second ||
			paced != span-5*second {
			t.Errorf(
				"waited %v, of it throttled %v and paced %v, error %v; want %v and 5s",
				waited,
				throttled,
				paced,
				err,
				span,
			)
		}
	})
}

// What a throttled request pauses: its record or the list, and all of call records when a second one is throttled
// meanwhile.
func TestWhatAThrottledRequestPauses(t *testing.T) {
	t.Parallel()
	one := []scope{scopeCallRecords, scopeRecord("1")}
	two := []scope{scopeCallRecords, scopeRecord("2")}
	list := []scope{scopeCallRecords, scopeList}
	for name, test := range map[string]struct {
		throttled [][]scope
		between   time.Duration
		paused    [][]scope
		free      [][]scope
	}{
		"one record":       {[][]scope{one}, 0, [][]scope{one}, [][]scope{two, list}},
		"one record again": {[][]scope{one, one}, 0, [][]scope{one}, [][]scope{two, list}},
		"two records": {
			[][]scope{one, two}, 0, [][]scope{one, two, list, {scopeCallRecords, scopeRecord("3")}}, nil,
		},
		"two, one after another": {[][]scope{one, two}, 11 * second, [][]scope{two}, [][]scope{one, list}},
		"a record and the list":  {[][]scope{one, list}, 0, [][]scope{one, two, list}, nil},
		"the list and a record":  {[][]scope{list, one}, 0, [][]scope{one, two, list}, nil},
		"the list":               {[][]scope{list}, 0, [][]scope{list}, [][]scope{one}},
		"a log function": {
			[][]scope{{scopeLogs, scopeLogFunction("a")}}, 0, [][]scope{{scopeLogs, scopeLogFunction("b")}},
			[][]scope{one},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLimiter(DefaultLimits(), machine)
				for i, scopes := range test.throttled {
					if i > 0 {
						time.Sleep(test.between)
					}
					l.pause(scopes, time.Now().Add(10*second))
				}
				for _, scopes := range test.paused {
					if l.paused(scopes) == 0 {
						t.Errorf("%v is not paused", scopes)
					}
				}
				for _, scopes := range test.free {
					if l.paused(scopes) > 0 || !l.hasRoom(scopes) {
						t.Errorf("%v is paused", scopes)
					}
				}
			})
		})
	}
}

func TestRoomEndsAtTheLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &Client{retrier: &retrier{limiter: newLimiter(limitsOf(3, 10*second), machine)}}
		l := c.retrier.limiter
		for i := range 3 {
			if !c.HasRoom(CallRecords) {
				t.Errorf("after %d requests there is no room for a third", i)
			}
			if _, paced, err := l.wait(t.Context(), []scope{scopeCallRecords, scopeRecord("1")}); err != nil ||
				paced != 0 {
				t.Errorf("request %d waited for %v, error %v", i, paced, err)
			}
		}
		if c.HasRoom(CallRecords) || !c.HasRoom(pstnCalls) {
			t.Error("want room for logs only")
		}
		if _, paced, err := l.wait(t.Context(), []scope{scopeCallRecords, scopeRecord("2")}); err != nil ||
			paced != l.limits.CallRecords.span() {
			t.Errorf("the fourth request was paced for %v, error %v", paced, err)
		}
		if !c.HasRoom(CallRecords) {
			t.Error("no room in a new span")
		}
	})
}

func TestHalfTheRateAfterPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(limitsOf(4, 3*time.Minute), machine)
		l.pause([]scope{scopeList}, time.Now())
		span := l.limits.List.span()
		want := []time.Duration{
			0, 0, span, span, 2 * span, 2 * span, 3 * span, 3 * span, // then the full rate again
			slowFor, slowFor, 4 * span, 4 * span, slowFor + span, slowFor + span,
		}
		if diff := cmp.Diff(want, flood(l, len(want), scopeList)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestLongPauseIsNotSatOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(limitsOf(4, 20*second), machine)
		until := time.Now().Add(maxWait + second)
		l.pause([]scope{scopeList}, until)
		_, _, err := l.wait(context.Background(), []scope{scopeList})
		if e, ok := errors.AsType[*Error](err); !ok || e.Kind != Throttled || !e.Until.Equal(until) {
			t.Errorf("error %v, want throttled until %v", err, until)
		}
		if len(l.queue) != 0 {
			t.Errorf("%d requests are left in the queue", len(l.queue))
		}
		time.Sleep(2 * second)
		if got := flood(l, 1, scopeList); got[0] != maxWait-second {
			t.Errorf("started after %v, want the rest of the pause", got[0])
		}
	})
}

func TestIdleScopesAreDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(DefaultLimits(), machine)
		for i := range 3_000 {
			flood(l, 1, scopeRecord(string(rune('a'+i))))
			time.Sleep(100 * time.Millisecond)
		}
		if len(l.windows) > 600 { // 200 are in use in 20 seconds
			t.Errorf("%d scopes are remembered", len(l.windows))
		}
	})
}
