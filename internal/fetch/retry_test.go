package fetch

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
)

func newRetrier() *retrier {
	return &retrier{
		limiter: newLimiter(DefaultLimits(), machine), observe: unobserved{}, clock: machine, base: second,
		log: zap.NewNop(),
	}
}

func TestRetries(t *testing.T) {
	t.Parallel()
	transient := func() error { return &Error{Kind: Transient} }
	throttled := func(wait time.Duration) func() error {
		return func() error { return &Error{Kind: Throttled, Until: time.Now().Add(wait)} }
	}
	guess := func() error { return &Error{Kind: Throttled} }
	good := func() error { return nil }
	for name, test := range map[string]struct {
		answers           []func() error // the last one repeats
		calls             int
		kind              Kind
		shortest, longest time.Duration
	}{
		"good at once":             {[]func() error{good}, 1, 0, 0, 0},
		"transient, then good":     {[]func() error{transient, transient, good}, 3, 0, 0, 3 * second},
		"transient for ever":       {[]func() error{transient}, 5, Transient, 0, 15 * second},
		"denied":                   {[]func() error{func() error { return &Error{Kind: Denied} }}, 1, Denied, 0, 0},
		"refused":                  {[]func() error{func() error { return &Error{Kind: Refused} }}, 1, Refused, 0, 0},
		"throttled, then good":     {[]func() error{throttled(30 * second), good}, 2, 0, 30 * second, 30 * second},
		"throttled for ever":       {[]func() error{throttled(10 * second)}, 5, Throttled, 40 * second, 40 * second},
		"throttled for long":       {[]func() error{throttled(maxWait + second)}, 1, Throttled, 0, 0},
		"throttled without a time": {[]func() error{guess}, 5, Throttled, 15 * second, 30 * second},
		"throttles are not attempts": {
			[]func() error{transient, transient, throttled(second), transient, throttled(second), transient, good}, 7,
			0, 2 * second, 17 * second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				calls, began, usage := 0, time.Now(), new(Usage)
				err := newRetrier().do(t.Context(), []scope{scopeList}, usage, func() error {
					calls++
					return test.answers[min(calls, len(test.answers))-1]()
				})
				took := time.Since(began)
				if KindOf(err) != test.kind || (test.kind == 0) != (err == nil) {
					t.Errorf("error %v, want kind %v", err, test.kind)
				}
				if calls != test.calls || took < test.shortest || took > test.longest {
					t.Errorf(
						"%d calls in %v, want %d in %v to %v",
						calls,
						took,
						test.calls,
						test.shortest,
						test.longest,
					)
				}
			})
		})
	}
}

func TestThrottleWaitIsCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		usage, calls := new(Usage), 0
		err := newRetrier().do(t.Context(), []scope{scopeList}, usage, func() error {
			if calls++; calls == 1 {
				return &Error{Kind: Throttled, Until: time.Now().Add(2128 * time.Millisecond)}
			}
			return nil
		})
		if got := usage.Counts().ThrottleWait; err != nil || got != 2128*time.Millisecond {
			t.Errorf("counted %v, error %v", got, err)
		}
	})
}

func TestCancelledContextEndsRetriesAsSuch(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]*Error{
		"while backing off": {Kind: Transient},
		// Synctest's midnight and a minute.
		"while the scope pauses": {Kind: Throttled, Until: time.Date(2000, 1, 1, 0, 1, 0, 0, time.UTC)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Nanosecond, cancel)
				err := newRetrier().do(ctx, []scope{scopeList}, nil, func() error { return answer })
				if !errors.Is(err, context.Canceled) || KindOf(err) != 0 {
					t.Errorf("error %v of kind %v, want the context's", err, KindOf(err))
				}
			})
		})
	}
}

func TestBackoffGrowsToItsCap(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]time.Duration{1: second, 2: 2 * second, 5: 16 * second, 6: maxBackoff, 9: maxBackoff} {
		if got := newRetrier().backoff(n); got != want {
			t.Errorf("back-off %d is %v, want %v", n, got, want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	const date = "Wed, 21 Oct 2026 07:28:00 GMT"
	for name, test := range map[string]struct {
		values []string
		want   time.Duration // 0: no usable value
	}{
		"absent":               {nil, 0},
		"empty":                {[]string{""}, 0},
		"seconds":              {[]string{"10"}, 10 * second},
		"fraction":             {[]string{"2.128"}, 2128 * time.Millisecond},
		"zero":                 {[]string{"0"}, 0},
		"negative":             {[]string{"-5"}, 0},
		"words":                {[]string{"soon"}, 0},
		"not a number":         {[]string{"NaN"}, 0},
		"infinite":             {[]string{"Inf"}, 0},
		"exponent":             {[]string{"1e3"}, 0},
		"several":              {[]string{"10, 20"}, 20 * second},
		"several headers":      {[]string{"30", "20"}, 30 * second},
		"several, one no good": {[]string{"10, x"}, 0},
		"huge":                 {[]string{"99999999999999999999"}, longestPause},
		"beyond a float":       {[]string{"1" + strings.Repeat("0", 400)}, longestPause},
		"date":                 {[]string{"Wed, 21 Oct 2026 07:28:30 GMT"}, 30 * second},
		"date of old style":    {[]string{"Wednesday, 21-Oct-26 07:28:30 GMT"}, 30 * second},
		"date now":             {[]string{date}, 0},
		"date in the past":     {[]string{"Wed, 21 Oct 2026 07:00:00 GMT"}, 0},
		"date of next year":    {[]string{"Thu, 21 Oct 2027 07:28:00 GMT"}, longestPause},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := retryAfter(http.Header{"Date": {date}, "Retry-After": test.values}, time.Now())
			if ok != (test.want > 0) || ok && got != test.want {
				t.Errorf("%v, %v; want %v", got, ok, test.want)
			}
		})
	}
	t.Run("date without a Date", func(t *testing.T) {
		t.Parallel()
		in := time.Now().Add(30 * second).UTC().Format(http.TimeFormat)
		if got, ok := retryAfter(http.Header{"Retry-After": {in}}, time.Now()); !ok || got < 25*second ||
			got > 30*second {
			t.Errorf("%v, %v; want about 30s", got, ok)
		}
	})
}
