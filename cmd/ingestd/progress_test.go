package main

import (
	"testing"
	"time"

	"ingestd/internal/schedule"
)

func TestProgressText(t *testing.T) {
	t.Parallel()
	half := schedule.Progress{Slots: 30, SlotsRead: 15, Rows: 20_000, Took: 10 * time.Second}
	throttled := half
	throttled.Waiting = 4 * time.Second
	for name, test := range map[string]struct {
		progress schedule.Progress
		bar      bool
		want     string
	}{
		"at the start":  {schedule.Progress{Slots: 30, Took: time.Second}, false, "0 of 30 slots, 0 rows, 0 rows/s"},
		"half way":      {half, false, "15 of 30 slots, 20000 rows, 2000 rows/s, 10s left"},
		"on a terminal": {half, true, "[==========          ] 15 of 30 slots, 20000 rows, 2000 rows/s, 10s left"},
		"throttled":     {throttled, false, "15 of 30 slots, 20000 rows, 2000 rows/s, waiting for Graph 4 s (429)"},
		"call records": {
			schedule.Progress{Slots: 2, SlotsRead: 2, Rows: 50, Details: 30, Took: 10 * time.Second}, false,
			"2 of 2 slots, 50 rows, 5 rows/s, 30 call records with details, 3/s",
		},
		"all but the last": {schedule.Progress{Slots: 2, SlotsRead: 2, Rows: 10, Took: time.Second}, false,
			"2 of 2 slots, 10 rows, 10 rows/s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := progressText(test.progress, test.bar); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
