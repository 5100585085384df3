package fetch

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestClock(t *testing.T) {
	t.Parallel()
	type answer struct {
		after  time.Duration // since the answer before
		date   time.Duration // of the answer, against the local clock
		jump   bool
		offset time.Duration // afterwards
	}
	const none = time.Duration(-1 << 62) // no readable Date
	for name, answers := range map[string][]answer{
		"in step":               {{0, 0, false, 0}, {time.Minute, 0, false, 0}, {48 * time.Hour, 0, false, 0}},
		"ahead by minutes":      {{0, 5 * time.Minute, false, 5 * time.Minute}, {time.Hour, 5 * time.Minute, false, 5 * time.Minute}},
		"drifting":              {{0, 0, false, 0}, {time.Minute, 59 * time.Minute, false, 59 * time.Minute}, {time.Minute, 100 * time.Minute, false, 100 * time.Minute}},
		"no Date at all":        {{0, none, false, 0}},
		"no Date once":          {{0, time.Minute, false, time.Minute}, {time.Minute, none, false, time.Minute}},
		"one wrong answer":      {{0, 0, false, 0}, {time.Minute, 3 * time.Hour, true, 0}, {time.Minute, 0, false, 0}},
		"wrong twice":           {{0, 0, false, 0}, {time.Minute, -3 * time.Hour, true, 0}, {time.Minute, -3 * time.Hour, true, 0}},
		"first answer wrong":    {{0, 9 * time.Hour, false, 9 * time.Hour}, {time.Minute, 0, true, 0}, {time.Minute, 0, false, 0}},
		"both clocks disagree":  {{0, 2 * time.Hour, false, 2 * time.Hour}, {time.Minute, 4 * time.Hour, true, 2 * time.Hour}},
		"local clock is wrong":  {{0, 20 * time.Hour, false, 20 * time.Hour}, {time.Minute, 20 * time.Hour, false, 20 * time.Hour}},
		"exactly an hour later": {{0, 0, false, 0}, {time.Minute, time.Hour, false, time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := &Client{local: machine}
				for i, a := range answers {
					time.Sleep(a.after)
					date := time.Now().Add(a.date).UTC().Format(http.TimeFormat)
					if a.date == none {
						date = "today"
					}
					served, err := c.clock.observe(date, time.Now(), time.Now())
					if a.jump != errors.Is(err, ErrClockJump) || a.jump != (err != nil) {
						t.Errorf("answer %d: error %v, want a jump: %v", i, err, a.jump)
					}
					if c.Skew() != a.offset {
						t.Errorf("answer %d: skew %v, want %v", i, c.Skew(), a.offset)
					}
					if now := time.Now().Add(a.offset); err == nil && !served.Equal(now) {
						t.Errorf("answer %d: served %v, want %v", i, served, now)
					}
				}
				time.Sleep(time.Hour)
				if now, _ := c.clock.now(time.Now()); !now.Equal(time.Now().Add(answers[len(answers)-1].offset)) {
					t.Errorf("an hour later it is %v", now)
				}
			})
		})
	}
}

func TestNowAsksOnce(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"answered": 200, "not found": 404, "denied": 403} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			c := newTestClient(t, new(login), func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				if r.URL.Path != "/v1.0/" || r.Header.Get("Authorization") != "Bearer token-1" {
					t.Errorf("asked %s", r.URL)
				}
				w.Header().Set("Date", time.Now().Add(10*time.Minute).UTC().Format(http.TimeFormat))
				w.WriteHeader(status)
			})
			for range 2 {
				now, err := c.Now(t.Context())
				if ahead := time.Until(now); err != nil || ahead < 10*time.Minute-5*second || ahead > 10*time.Minute {
					t.Errorf("now is ahead by %v, error %v; want 10 minutes", ahead, err)
				}
			}
			if asked.Load() != 1 {
				t.Errorf("asked %d times, want once", asked.Load())
			}
		})
	}
}

func TestNowWithoutGraph(t *testing.T) {
	t.Parallel()
	c := newTestClient(t, new(login), raw(nil))
	if _, err := c.Now(t.Context()); KindOf(err) != Transient {
		t.Errorf("error %v, want transient", err)
	}
}

func TestNowWithoutDate(t *testing.T) {
	t.Parallel()
	c := newTestClient(t, new(login), func(w http.ResponseWriter, _ *http.Request) { w.Header()["Date"] = nil })
	if now, err := c.Now(t.Context()); err != nil || time.Since(now).Abs() > 5*second {
		t.Errorf("now %v, error %v; want the local clock's", now, err)
	}
}

func TestJumpEndsTheRequest(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	c := newTestClient(t, new(login), func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("request-id", "r1")
		if n.Add(1) == 2 {
			w.Header().Set("Date", time.Now().Add(-2*time.Hour).UTC().Format(http.TimeFormat))
		}
	})
	for i, want := range []Kind{0, Refused, 0} {
		_, err := c.get(t.Context(), c.to("/v1.0/x"))
		if KindOf(err) != want || errors.Is(err, ErrClockJump) != (want == Refused) {
			t.Errorf("request %d: error %v, want kind %v", i, err, want)
		}
	}
}
