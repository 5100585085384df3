package schedule

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
)

// A stand says of watermark and losses what the ledger says slot by slot.
func TestStandAgreesWithTheLedger(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := Policy{Slot: day, Span: day, Reach: 10 * day, Settle: day, Rereads: LogRereads}
		p.Origin = noon.Add(-time.Duration(rapid.IntRange(1, 500).Draw(t, "hours since origin")) * time.Hour)
		s := store.Standing{Cut: noon.Add(-p.Reach).Truncate(day).Add(-2 * day)}
		s.Origin, s.SettledUntil = p.Origin, p.Origin
		var ledger []store.Slot
		for at := p.Origin.Truncate(day); at.Before(noon); at = at.Add(day) {
			slot := store.Slot{From: at, To: at.Add(day)}
			if rapid.IntRange(0, 3).Draw(t, "unread") > 0 {
				slot.ReadAt = earlier(slot.To.Add(2*day), noon)
				slot.Settled = !slot.ReadAt.Before(slot.To.Add(p.Settle)) && rapid.IntRange(0, 5).Draw(t, "settled") > 0
				ledger = append(ledger, slot)
			}
			if !slot.Settled && slot.To.Before(noon.Add(-p.Reach)) && rapid.Bool().Draw(t, "acknowledged") {
				s.Losses = append(s.Losses, store.Span{From: later(slot.From, p.Origin), To: slot.To})
			}
		}
		acknowledged := windowsOf(s.Losses)
		s.SettledUntil = p.Advance(p.Origin, earlier(noon, s.Cut), ledger, nil)
		for _, gap := range p.Lost(s.SettledUntil, s.Cut.Add(p.Reach), ledger, nil) {
			s.Gaps = append(s.Gaps, store.Span{From: gap.From, To: earlier(gap.To, s.Cut)})
		}
		for _, slot := range ledger {
			if !slot.From.Before(s.Cut) {
				s.Slots = append(s.Slots, slot)
			}
		}
		stand := p.Stand(s, noon)
		if want := p.Advance(p.Origin, noon, ledger, acknowledged); !stand.Watermark.Equal(earlier(want, noon)) {
			t.Errorf("watermark %v, want %v", stand.Watermark, want)
		}
		var lost []fetch.Window
		for _, piece := range stand.Pieces {
			if piece.Kind == Lost {
				lost = append(lost, piece.Window)
			}
		}
		if diff := cmp.Diff(p.Lost(p.Origin, noon, ledger, acknowledged), lost); diff != "" {
			t.Errorf("lost (-ledger +stand):\n%s", diff)
		}
	})
}
