package schedule

import (
	"testing"
	"time"

	"ingestd/internal/fetch"
)

// TestTickPassesOnEitherClock sets the wall clock back or ahead while a tick is waited for. The tick has passed after
// the time that was to wait in any case, and at once where the wall clock is past it.
func TestTickPassesOnEitherClock(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		set  time.Duration // the wall clock, a minute after the wait began
		want time.Duration // until the tick has passed
	}{
		{name: "right", want: 5 * time.Minute},
		{name: "a day back", set: -24 * time.Hour, want: 5 * time.Minute},
		{name: "an hour ahead", set: time.Hour, want: time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			start := time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
			now, set := start, time.Duration(0)
			clock := fetch.Clock{
				Now:  func() time.Time { return now },
				Wall: func() time.Time { return now.Add(set) },
			}
			tick := nextTick(clock, func(now time.Time) time.Time { return now.Add(5 * time.Minute) })
			for !tick.passed() {
				now = now.Add(time.Second)
				if now.Sub(start) == time.Minute {
					set = tt.set
				}
			}
			if took := now.Sub(start); took != tt.want {
				t.Errorf("the tick passed after %v, want %v", took, tt.want)
			}
		})
	}
}

// TestNextDue has a run end at its own tick, by Graph's clock a moment before it.
func TestNextDue(t *testing.T) {
	t.Parallel()
	j := &Job{Next: func(after time.Time) time.Time {
		return after.Truncate(5 * time.Minute).Add(5 * time.Minute)
	}}
	tick := time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
	for _, off := range []time.Duration{-time.Second, 0, time.Minute} {
		if got, want := j.nextDue(tick.Add(off)), tick.Add(5*time.Minute); !got.Equal(want) {
			t.Errorf("a run that ends %v off is followed by one at %v, want %v", off, got, want)
		}
	}
}

// What takes long and fails does not keep the database busy.
func TestRestOfRollups(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		took   time.Duration
		failed bool
		want   time.Duration
	}{
		{time.Second, false, 10 * time.Second},
		{time.Minute, false, time.Minute},
		{time.Second, true, time.Minute},
		{time.Minute, true, 10 * time.Minute},
		{30 * time.Minute, true, time.Hour},
	} {
		if got := restOf(c.took, c.failed); got != c.want {
			t.Errorf("after %v, failed %v: %v, want %v", c.took, c.failed, got, c.want)
		}
	}
}
