package schedule

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
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
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				tick := nextTick(func(now time.Time) time.Time { return now.Add(5 * time.Minute) })
				for set := false; !tick.passed(); {
					if !set && time.Since(start) >= time.Minute {
						set, tick.at = true, tick.at.Add(-tt.set) // as the wall clock would have it
						continue
					}
					if !tick.sleep(context.Background()) {
						t.Fatal("the context ended")
					}
				}
				if took := time.Since(start).Round(pollEvery); took != tt.want {
					t.Errorf("the tick passed after %v, want %v", took, tt.want)
				}
			})
		})
	}
}
