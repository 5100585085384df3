package schedule

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
)

const day = 24 * time.Hour

var noon = time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)

// month is a policy small enough to think about: reach of 30 days, as of a
// first start 20 days ago.
func month() Policy {
	return Policy{Slot: day, Span: 10 * day, Reach: 30 * day, Settle: 72 * time.Hour, Rereads: LogRereads, Origin: noon.Add(margin - 50*day)}
}

// date is a day of the days before noon's, at midnight.
func date(daysAgo int) time.Time { return noon.Truncate(day).Add(-time.Duration(daysAgo) * day) }

// readDaily is the ledger of a daemon that ran until some days ago at noon:
// the slots of the days from..to, each read until it was ten days old.
func readDaily(from, to, until int) []store.Slot {
	var ledger []store.Slot
	for d := from; d >= to; d-- {
		lastRead := max(until, d-10)
		ledger = append(ledger, store.Slot{From: date(d), To: date(d - 1), ReadAt: noon.Add(-time.Duration(lastRead) * day)})
	}
	return ledger
}

// settle marks the slots of a ledger that their readings settled.
func settle(p Policy, ledger []store.Slot) []store.Slot {
	for i, s := range ledger {
		ledger[i].Settled = p.earns(slot{from: s.From, to: s.To, owed: later(s.From, p.Origin)}, s.ReadAt, s.ReadAt)
	}
	return ledger
}

func windows(ws []Window) []string {
	out := []string{}
	for _, w := range ws {
		text := w.From.Format("01-02T15:04") + ".." + w.To.Format("01-02T15:04")
		out = append(out, text)
	}
	return out
}

func spans(ws []fetch.Window) []string {
	out := []string{}
	for _, w := range ws {
		out = append(out, w.From.Format("01-02T15:04")+".."+w.To.Format("01-02T15:04"))
	}
	return out
}

func TestPlan(t *testing.T) {
	t.Parallel()
	with := func(change func(*Policy)) Policy {
		p := month()
		change(&p)
		return p
	}
	everRead := func(until int) []store.Slot { return readDaily(50, until, until) }
	tests := []struct {
		name      string
		policy    Policy
		now       time.Time
		ledger    []store.Slot
		plan      []string
		watermark string
		lost      []string
	}{
		{
			name:   "first start",
			policy: with(func(p *Policy) { p.Origin = p.FirstOrigin(noon, time.Time{}) }), now: noon,
			plan: []string{
				"05-16T00:00..05-19T00:00",
				"06-06T00:00..06-15T12:00", "05-27T00:00..06-06T00:00", "05-19T00:00..05-27T00:00",
			},
			watermark: "05-16T13:00", lost: []string{},
		},
		{
			name:   "first start from a date",
			policy: with(func(p *Policy) { p.Origin = p.FirstOrigin(noon, date(5)) }), now: noon,
			plan: []string{"06-10T00:00..06-15T12:00"}, watermark: "06-10T00:00", lost: []string{},
		},
		{
			name:   "first start from a date beyond reach",
			policy: with(func(p *Policy) { p.Origin = p.FirstOrigin(noon, date(5000)); p.Span = 90 * day }), now: noon,
			plan: []string{"05-16T00:00..05-19T00:00", "05-19T00:00..06-15T12:00"}, watermark: "05-16T13:00", lost: []string{},
		},
		{
			name: "nothing due", policy: month(), now: noon,
			ledger: everRead(0), plan: []string{}, watermark: "06-12T00:00", lost: []string{},
		},
		{
			name: "an hour later the young slots are read again", policy: month(), now: noon.Add(time.Hour),
			ledger: everRead(0), plan: []string{"06-12T00:00..06-15T13:00"}, watermark: "06-12T00:00", lost: []string{},
		},
		{
			name: "the next day all slots of a week", policy: month(), now: noon.Add(day),
			ledger: everRead(0), plan: []string{"06-15T00:00..06-16T12:00", "06-12T00:00..06-13T00:00", "06-13T00:00..06-15T00:00", "06-09T00:00..06-12T00:00"},
			watermark: "06-12T00:00", lost: []string{},
		},
		{
			name: "slept 5 days", policy: month(), now: noon,
			ledger:    everRead(5),
			plan:      []string{"06-14T00:00..06-15T12:00", "06-07T00:00..06-14T00:00"},
			watermark: "06-07T00:00", lost: []string{},
		},
		{
			name: "slept 400 days", policy: month(), now: noon.Add(400 * day),
			ledger: everRead(0),
			plan: []string{
				"07-19T00:00..07-20T12:00", "06-20T00:00..06-23T00:00",
				"07-09T00:00..07-19T00:00", "06-29T00:00..07-09T00:00", "06-23T00:00..06-29T00:00",
			},
			watermark: "06-12T00:00", lost: []string{"06-12T00:00..06-20T12:00"},
		},
		{
			name: "clock 60 days ahead", policy: month(), now: noon.Add(60 * day),
			ledger:    everRead(0),
			plan:      []string{"08-13T00:00..08-14T12:00", "07-15T00:00..07-18T00:00", "08-03T00:00..08-13T00:00", "07-24T00:00..08-03T00:00", "07-18T00:00..07-24T00:00"},
			watermark: "06-12T00:00", lost: []string{"06-12T00:00..07-15T12:00"},
		},
		{
			name: "clock right again after an hour of readings 60 days ahead", policy: month(), now: noon.Add(time.Hour),
			ledger:    append(everRead(0), readDaily(-1, -60, -60)...),
			plan:      []string{"06-12T00:00..06-15T13:00"},
			watermark: "06-12T00:00", lost: []string{},
		},
		{
			name: "a slot read by the clock that was ahead is read again in its time", policy: month(), now: noon.Add(2 * day),
			ledger:    append(everRead(0), readDaily(-1, -60, -60)...),
			plan:      []string{"06-16T00:00..06-17T12:00", "06-12T00:00..06-14T00:00", "06-14T00:00..06-16T00:00", "06-10T00:00..06-12T00:00"},
			watermark: "06-12T00:00", lost: []string{},
		},
		{
			name: "reach mistyped", policy: with(func(p *Policy) { p.Reach = 5 * day }), now: noon,
			ledger: everRead(7), plan: []string{"06-14T00:00..06-15T12:00", "06-10T00:00..06-13T00:00", "06-13T00:00..06-14T00:00"},
			watermark: "04-26T13:00", lost: []string{"04-26T13:00..06-04T00:00", "06-05T00:00..06-10T12:00"},
		},
		{
			name: "reach mended", policy: month(), now: noon,
			ledger: append(everRead(7), readDaily(5, 0, 0)...), plan: []string{"06-05T00:00..06-10T00:00"},
			watermark: "06-05T00:00", lost: []string{},
		},
		{
			name: "settle raised", policy: with(func(p *Policy) { p.Settle = 8 * day }), now: noon,
			ledger: everRead(0), plan: []string{}, watermark: "06-07T00:00", lost: []string{},
		},
		{
			name: "settle raised above when a slot was read", policy: with(func(p *Policy) { p.Settle, p.Origin = 6*day, date(20) }), now: noon,
			ledger:    []store.Slot{{From: date(20), To: date(19), ReadAt: date(15)}, {From: date(19), To: date(18), ReadAt: date(0)}},
			plan:      []string{"06-14T00:00..06-15T12:00", "06-04T00:00..06-14T00:00", "05-28T00:00..06-04T00:00", "05-26T00:00..05-27T00:00"},
			watermark: "05-26T00:00", lost: []string{},
		},
		{
			name: "slot at the edge of reach, partly gone and never read", policy: month(), now: noon,
			ledger:    append(readDaily(50, 31, 0), readDaily(29, 0, 0)...),
			plan:      []string{"05-16T00:00..05-17T00:00"},
			watermark: "05-16T00:00", lost: []string{"05-16T00:00..05-16T12:00"},
		},
		{
			name: "slot at the edge of reach, read when it was partly gone", policy: month(), now: noon,
			ledger:    append(append(readDaily(50, 31, 0), store.Slot{From: date(30), To: date(29), ReadAt: noon.Add(-time.Minute)}), readDaily(29, 0, 0)...),
			plan:      []string{},
			watermark: "05-16T00:00", lost: []string{"05-16T00:00..05-16T12:00"},
		},
		{
			name: "slot at the edge of reach, settled long ago", policy: month(), now: noon,
			ledger: everRead(0), plan: []string{}, watermark: "06-12T00:00", lost: []string{},
		},
		{
			name: "endpoint off for 40 days", policy: month(), now: noon.Add(40 * day),
			ledger:    everRead(0),
			plan:      []string{"07-24T00:00..07-25T12:00", "06-25T00:00..06-28T00:00", "07-14T00:00..07-24T00:00", "07-04T00:00..07-14T00:00", "06-28T00:00..07-04T00:00"},
			watermark: "06-12T00:00", lost: []string{"06-12T00:00..06-25T12:00"},
		},
		{
			name: "403 since the first day, 35 days ago", policy: with(func(p *Policy) { p.Origin = p.FirstOrigin(noon.Add(-35*day), time.Time{}) }), now: noon,
			plan:      []string{"05-16T00:00..05-19T00:00", "06-06T00:00..06-15T12:00", "05-27T00:00..06-06T00:00", "05-19T00:00..05-27T00:00"},
			watermark: "04-11T13:00", lost: []string{"04-11T13:00..05-16T12:00"},
		},
		{
			name: "slots of another size do not count", policy: month(), now: noon,
			ledger:    append(everRead(0), store.Slot{From: date(9), To: date(9).Add(time.Hour), ReadAt: noon}),
			plan:      []string{"06-06T00:00..06-07T00:00"},
			watermark: "06-06T00:00", lost: []string{},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ledger := settle(tt.policy, slices.Clone(tt.ledger))
			if diff := cmp.Diff(tt.plan, windows(tt.policy.Plan(tt.now, tt.now.Add(5*time.Minute), ledger))); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
			if got := tt.policy.Watermark(tt.now, ledger, nil).Format("01-02T15:04"); got != tt.watermark {
				t.Errorf("watermark = %s, want %s", got, tt.watermark)
			}
			if diff := cmp.Diff(tt.lost, spans(tt.policy.Lost(tt.policy.Origin, tt.now, ledger, nil))); diff != "" {
				t.Errorf("lost (-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever was read whenever: a plan's windows hold distinct slots inside
// reach and below the longest span, and once they are read nothing is due.
func TestPlanIsCompleteAndEnds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := month()
		p.Settle = time.Duration(rapid.IntRange(1, 200).Draw(t, "settle")) * time.Hour
		now := noon.Add(time.Duration(rapid.IntRange(0, 100*24*60).Draw(t, "minutes")) * time.Minute)
		var ledger []store.Slot
		for d := -100; d < 60; d++ {
			if at := rapid.IntRange(-1, 200).Draw(t, "read"); at >= 0 {
				ledger = append(ledger, store.Slot{From: date(d), To: date(d - 1), ReadAt: date(d).Add(time.Duration(at) * time.Hour)})
			}
		}
		settle(p, ledger)
		seen := map[time.Time]bool{}
		for _, w := range p.Plan(now, now, ledger) {
			if w.To.Sub(w.From) > p.Span || !w.From.Before(w.To) || w.To.After(now) {
				t.Fatalf("window %v", w)
			}
			for _, s := range w.slots {
				if seen[s.from] {
					t.Fatalf("slot %v twice", s.from)
				}
				seen[s.from] = true
				if !s.to.After(now.Add(-p.Reach)) {
					t.Fatalf("slot %v is out of reach", s.from)
				}
				ledger = append(ledger, store.Slot{From: s.from, To: s.to, ReadAt: now})
			}
		}
		settle(p, ledger)
		if rest := p.Plan(now, now, ledger); len(rest) > 0 {
			t.Fatalf("still due after reading all: %v", windows(rest))
		}
		// Nothing that could be had is unread, so all that is not settled is lost, or still settling.
		mark, lost := p.Watermark(now, ledger, nil), p.Lost(p.Origin, now, ledger, nil)
		settling := now.Add(-p.Settle - p.Slot)
		if len(lost) == 0 && mark.Before(settling) && !mark.Before(now.Add(-p.Reach)) {
			t.Fatalf("watermark %v lies before %v though nothing is lost", mark, settling)
		}
	})
}

func TestPlanSpan(t *testing.T) {
	t.Parallel()
	p := month()
	p.Origin = date(5)
	ledger := []store.Slot{{From: date(3), To: date(2), ReadAt: noon.Add(-30 * time.Minute)}}
	tests := []struct {
		name  string
		whole bool
		span  fetch.Window
		fresh time.Duration
		want  []string
	}{
		{"some days", false, fetch.Window{From: date(4), To: date(2)}, 0, []string{"06-11T00:00..06-13T00:00"}},
		{"but for fresh ones", false, fetch.Window{From: date(4), To: date(1)}, time.Hour, []string{"06-13T00:00..06-14T00:00", "06-11T00:00..06-12T00:00"}},
		{"before the origin", false, fetch.Window{From: date(8), To: date(6)}, 0, []string{"06-07T00:00..06-09T00:00"}},
		{"all that is in reach", false, fetch.Window{To: noon.Add(day)}, time.Hour, []string{"06-13T00:00..06-15T12:00", "06-02T00:00..06-12T00:00", "05-23T00:00..06-02T00:00", "05-16T00:00..05-23T00:00"}},
		{"whole days only", true, fetch.Window{To: noon.Add(day)}, time.Hour, []string{"06-13T00:00..06-15T00:00", "06-02T00:00..06-12T00:00", "05-23T00:00..06-02T00:00", "05-17T00:00..05-23T00:00"}},
	}
	for _, tt := range tests {
		p.WholeSlots = tt.whole
		if diff := cmp.Diff(tt.want, windows(p.PlanSpan(noon, ledger, tt.span, noon.Add(-tt.fresh)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestPolicyCheck(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*Policy)
		want   string
	}{
		{"good", func(*Policy) {}, ""},
		{"settle above reach", func(p *Policy) { p.Settle = 31 * day }, "settle 31d is not below reach 30d by more than a slot of 1d: rows would leave Graph before they are final"},
		{"window too long", func(p *Policy) { p.Span = 91 * day }, "a window of 91d is longer than the 90d that Graph answers"},
		{"window below a slot", func(p *Policy) { p.Span = time.Hour }, "a window of 1h0m0s does not hold a slot of 1d"},
		{"no cadence", func(p *Policy) { p.Rereads = nil }, "no interval for reading slots again"},
	}
	for _, tt := range tests {
		p := month()
		tt.change(&p)
		got := ""
		if err := p.Check(); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
