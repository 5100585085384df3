package schedule_test

import (
	"fmt"
	"testing"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
)

// A daemon that was off for weeks reads what it missed, as far as Graph
// reaches; what is out of reach is listed as lost, to the second, and nothing
// else is.
func TestOutage(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
	const reach = 30 * 24 * time.Hour
	tests := []struct {
		name string
		off  time.Duration
		lost []fetch.Window
	}{
		{"of 29 days", 29 * 24 * time.Hour, nil},
		{"of 31 days", 31 * 24 * time.Hour, []fetch.Window{{From: date("2026-06-15"), To: noon.Add(31*24*time.Hour - reach)}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var rows []graphsim.Row
			for at := noon.Add(-reach + 2*time.Hour); at.Before(noon.Add(tt.off)); at = at.Add(5 * time.Hour) {
				rows = append(rows, graphsim.Row{Start: at, JSON: fmt.Appendf(nil, `{"id": "%d", "startDateTime": %q}`, at.Unix(), at.Format(time.RFC3339))})
			}
			w := newWorld(t, graphsim.Config{CallsPerDay: -1, Extra: rows})
			w.job.Policy.Reach, w.job.Policy.Settle = reach, 6*time.Hour
			w.once()
			w.wantServed()
			w.advance(tt.off)
			report := w.once()
			if got := fmt.Sprint(wholeSeconds(report.Lost)); got != fmt.Sprint(tt.lost) {
				t.Errorf("lost = %v, want %v", got, tt.lost)
			}
			state := "on_time 0"
			if len(tt.lost) > 0 {
				state = "late 0"
			}
			w.is("endpoint", w.endpoint(), state)
			w.is("run", w.lastRun(), "ok")
			for id, row := range w.served() {
				at := startOf(row)
				missed := at.After(noon) && at.Before(noon.Add(tt.off-reach).Truncate(24*time.Hour))
				if stored := w.query(`SELECT count(*) FROM teams.pstn_calls WHERE id = $1`, id) == "1"; stored == missed {
					t.Errorf("call of %v: stored %v", at, stored)
				}
			}
			again := w.once()
			if again.Windows != 0 || fmt.Sprint(wholeSeconds(again.Lost)) != fmt.Sprint(tt.lost) {
				t.Errorf("the run after it: %d windows, lost %v", again.Windows, again.Lost)
			}
		})
	}
}

// wholeSeconds leaves out how long the run took: the end of what is lost moves
// with the clock.
func wholeSeconds(windows []fetch.Window) []fetch.Window {
	for i := range windows {
		windows[i].From, windows[i].To = windows[i].From.Truncate(time.Minute), windows[i].To.Truncate(time.Minute)
	}
	return windows
}
