package main

import (
	"strings"
	"testing"
	"time"

	"ingestd/internal/schedule"
)

func TestProgressOfARun(t *testing.T) {
	t.Parallel()
	half := schedule.Progress{Slots: 30, SlotsRead: 15, Rows: 20_000, Took: 10 * time.Second}
	start := schedule.Progress{Slots: 30, Took: time.Second}
	read := schedule.Progress{Slots: 2, SlotsRead: 2, Rows: 10, Took: 10 * time.Second}
	early, throttled, listed := half, half, read
	listed.Named, listed.Details = 40, 20
	early.Took = 4 * time.Second
	throttled.Waiting = 4 * time.Second
	for name, test := range map[string]struct {
		progress schedule.Progress
		slot     time.Duration
		pending  int
		want     string
	}{
		"at the start":          {start, day, 0, "0 of 30 d, 0 rows, 0.0/s"},
		"half way":              {half, day, 0, "15 of 30 d, 20,000 rows, 2000.0/s, 10 s left"},
		"too early for a guess": {early, day, 0, "15 of 30 d, 20,000 rows, 5000.0/s"},
		"throttled": {
			throttled, day, 0, "15 of 30 d, 20,000 rows, 2000.0/s, Graph lets it wait 4 s (429)",
		},
		"all is read":            {read, time.Hour, 0, "2 of 2 h, 10 rows, 1.0/s"},
		"call records take long": {listed, time.Hour, 10, "2 of 2 h, 20 records, 2.0/s, 15 s left"},
		"more came than was due": {listed, time.Hour, -30, "2 of 2 h, 20 records, 2.0/s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := work{slot: test.slot, pending: test.pending}
			if got := strings.Join(w.parts(test.progress), ", "); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// A line has the width of the terminal at most, whatever its endpoint and
// tenant are called.
func TestProgressLineIsCutToTheWidth(t *testing.T) {
	t.Parallel()
	running := schedule.Progress{Slots: 132, SlotsRead: 83, Named: 90_000, Details: 66_412, Took: 30 * time.Minute}
	works := []work{
		{"contoso", "call_records", time.Hour, 0, func() (schedule.Progress, bool) { return running, true }},
		{"日本", "pstn_calls", 24 * time.Hour, 0, func() (schedule.Progress, bool) { return running, false }},
	}
	names := labels(works)
	for width, want := range map[int][2]string{
		120: {
			"contoso  call_records  ========----  83 of 132 h  66,412 records  36.9/s  11 min left",
			"日本     pstn_calls  ",
		},
		40: {"contoso  call_records  ========----  83…", "日本     pstn_calls  "},
		10: {"contoso  …", "日本     …"},
	} {
		for i, w := range works {
			if got := progressLine(names[i], w, width); got != want[i] {
				t.Errorf("%d columns: got %q, want %q", width, got, want[i])
			}
		}
	}
}
