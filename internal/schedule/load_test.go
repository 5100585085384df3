package schedule

import (
	"testing"
	"time"

	"ingestd/internal/store"
)

// What the watermark covers is not looked at again, but for what Graph can have named since it was noted.
func TestUncovered(t *testing.T) {
	t.Parallel()
	p := Policy{Reach: 30 * day, Origin: noon.Add(-900 * day)}
	ago := func(days int) time.Time { return noon.Add(-time.Duration(days) * day) }
	for _, tt := range []struct {
		name                            string
		finished, settled, covered, day int // days ago; finished -1: never
	}{
		{"no run has ended", -1, 900, 900, 900},
		{"all is stored", 0, 2, 2, 32},
		{"all was stored when it ran last", 100, 102, 102, 132},
		{"a record within reach is missing", 0, 2, 10, 32},
		{"a loss is not acknowledged", 0, 2, 300, 300},
		{"origin has moved back", 0, 900, 2, 900},
	} {
		state := store.Endpoint{Origin: p.Origin, SettledUntil: ago(tt.settled), Watermark: ago(tt.covered)}
		if tt.finished >= 0 {
			finished := ago(tt.finished)
			state.LastFinishedAt = &finished
		}
		if got := p.uncovered(state); !got.Equal(ago(tt.day)) {
			t.Errorf("%s: %v, want %v", tt.name, got, ago(tt.day))
		}
	}
}
