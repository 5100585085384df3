package schedule

import (
	"slices"
	"strings"
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
	return Policy{
		Slot: day, Span: 10 * day, Reach: 30 * day, Settle: 72 * time.Hour, Rereads: LogRereads,
		Origin: noon.Add(margin - 50*day),
	}
}

// date is a day of the days before noon's, at midnight.
func date(daysAgo int) time.Time { return noon.Truncate(day).Add(-time.Duration(daysAgo) * day) }

// readDaily is the ledger of a daemon that ran until some days ago at noon:
// the slots of the days from..to, each read until it was ten days old.
func readDaily(from, to, until int) []store.Slot {
	var ledger []store.Slot
	for d := from; d >= to; d-- {
		lastRead := max(until, d-10)
		ledger = append(
			ledger,
			store.Slot{From: date(d), To: date(d - 1), ReadAt: noon.Add(-time.Duration(lastRead) * day)},
		)
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

// short is a time without what is midnight of it.
func short(t time.Time) string { return strings.TrimSuffix(t.Format("01-02T15:04"), "T00:00") }

func spans(windows []fetch.Window) []string {
	out := []string{}
	for _, w := range windows {
		out = append(out, short(w.From)+".."+short(w.To))
	}
	return out
}

func planned(windows []Window) []string {
	out := []fetch.Window{}
	for _, w := range windows {
		out = append(out, w.Window)
	}
	return spans(out)
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
				"05-16..05-19",
				"06-06..06-15T12:00", "05-27..06-06", "05-19..05-27",
			},
			watermark: "05-16T13:00", lost: []string{},
		},
		{
			name:   "first start from a date",
			policy: with(func(p *Policy) { p.Origin = p.FirstOrigin(noon, date(5)) }), now: noon,
			plan: []string{"06-10..06-15T12:00"}, watermark: "06-10", lost: []string{},
		},
		{
			name:   "first start from a date beyond reach",
			policy: with(func(p *Policy) { p.Origin = p.FirstOrigin(noon, date(5000)); p.Span = 90 * day }), now: noon,
			plan: []string{"05-16..05-19", "05-19..06-15T12:00"}, watermark: "05-16T13:00", lost: []string{},
		},
		{
			name: "nothing due", policy: month(), now: noon,
			ledger: everRead(0), plan: []string{}, watermark: "06-12", lost: []string{},
		},
		{
			name: "an hour later the young slots are read again", policy: month(), now: noon.Add(time.Hour),
			ledger: everRead(0), plan: []string{"06-12..06-15T13:00"}, watermark: "06-12", lost: []string{},
		},
		{
			name: "the next day all slots of a week", policy: month(), now: noon.Add(day),
			ledger: everRead(0), plan: []string{"06-15..06-16T12:00", "06-12..06-13", "06-13..06-15", "06-09..06-12"},
			watermark: "06-12", lost: []string{},
		},
		{
			name: "slept 5 days", policy: month(), now: noon,
			ledger:    everRead(5),
			plan:      []string{"06-14..06-15T12:00", "06-07..06-14"},
			watermark: "06-07", lost: []string{},
		},
		{
			name: "slept 400 days", policy: month(), now: noon.Add(400 * day),
			ledger: everRead(0),
			plan: []string{
				"07-19..07-20T12:00", "06-20..06-23",
				"07-09..07-19", "06-29..07-09", "06-23..06-29",
			},
			watermark: "06-12", lost: []string{"06-12..06-20T12:00"},
		},
		{
			name: "clock 60 days ahead", policy: month(), now: noon.Add(60 * day),
			ledger:    everRead(0),
			plan:      []string{"08-13..08-14T12:00", "07-15..07-18", "08-03..08-13", "07-24..08-03", "07-18..07-24"},
			watermark: "06-12", lost: []string{"06-12..07-15T12:00"},
		},
		{
			name: "clock right again after an hour of readings 60 days ahead", policy: month(),
			now:       noon.Add(time.Hour),
			ledger:    append(everRead(0), readDaily(-1, -60, -60)...),
			plan:      []string{"06-12..06-15T13:00"},
			watermark: "06-12", lost: []string{},
		},
		{
			name:   "a slot read by the clock that was ahead is read again in its time",
			policy: month(), now: noon.Add(2 * day),
			ledger:    append(everRead(0), readDaily(-1, -60, -60)...),
			plan:      []string{"06-16..06-17T12:00", "06-12..06-14", "06-14..06-16", "06-10..06-12"},
			watermark: "06-12", lost: []string{},
		},
		{
			name: "reach mistyped", policy: with(func(p *Policy) { p.Reach = 5 * day }), now: noon,
			ledger: everRead(7), plan: []string{"06-14..06-15T12:00", "06-10..06-13", "06-13..06-14"},
			watermark: "04-26T13:00", lost: []string{"04-26T13:00..06-04", "06-05..06-10T12:00"},
		},
		{
			name: "reach mended", policy: month(), now: noon,
			ledger: append(everRead(7), readDaily(5, 0, 0)...), plan: []string{"06-05..06-10"},
			watermark: "06-05", lost: []string{},
		},
		{
			name: "settle raised", policy: with(func(p *Policy) { p.Settle = 8 * day }), now: noon,
			ledger: everRead(0), plan: []string{}, watermark: "06-07", lost: []string{},
		},
		{
			name:   "settle raised above when a slot was read",
			policy: with(func(p *Policy) { p.Settle, p.Origin = 6*day, date(20) }), now: noon,
			ledger: []store.Slot{
				{From: date(20), To: date(19), ReadAt: date(15)},
				{From: date(19), To: date(18), ReadAt: date(0)},
			},
			plan:      []string{"06-14..06-15T12:00", "06-04..06-14", "05-28..06-04", "05-26..05-27"},
			watermark: "05-26", lost: []string{},
		},
		{
			name: "slot at the edge of reach, partly gone and never read", policy: month(), now: noon,
			ledger:    append(readDaily(50, 31, 0), readDaily(29, 0, 0)...),
			plan:      []string{"05-16..05-17"},
			watermark: "05-16", lost: []string{"05-16..05-16T12:00"},
		},
		{
			name: "slot at the edge of reach, read when it was partly gone", policy: month(), now: noon,
			ledger: slices.Concat(
				readDaily(50, 31, 0),
				[]store.Slot{{From: date(30), To: date(29), ReadAt: noon.Add(-time.Minute)}},
				readDaily(29, 0, 0)),
			plan:      []string{},
			watermark: "05-16", lost: []string{"05-16..05-16T12:00"},
		},
		{
			name: "slot at the edge of reach, settled long ago", policy: month(), now: noon,
			ledger: everRead(0), plan: []string{}, watermark: "06-12", lost: []string{},
		},
		{
			name: "endpoint off for 40 days", policy: month(), now: noon.Add(40 * day),
			ledger:    everRead(0),
			plan:      []string{"07-24..07-25T12:00", "06-25..06-28", "07-14..07-24", "07-04..07-14", "06-28..07-04"},
			watermark: "06-12", lost: []string{"06-12..06-25T12:00"},
		},
		{
			name:   "403 since the first day, 35 days ago",
			policy: with(func(p *Policy) { p.Origin = p.FirstOrigin(noon.Add(-35*day), time.Time{}) }), now: noon,
			plan:      []string{"05-16..05-19", "06-06..06-15T12:00", "05-27..06-06", "05-19..05-27"},
			watermark: "04-11T13:00", lost: []string{"04-11T13:00..05-16T12:00"},
		},
		{
			name: "slots of another size do not count", policy: month(), now: noon,
			ledger:    append(everRead(0), store.Slot{From: date(9), To: date(9).Add(time.Hour), ReadAt: noon}),
			plan:      []string{"06-06..06-07"},
			watermark: "06-06", lost: []string{},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ledger := settle(tt.policy, slices.Clone(tt.ledger))
			plan := tt.policy.Plan(tt.now, tt.now.Add(5*time.Minute), ledger)
			if diff := cmp.Diff(tt.plan, planned(plan)); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
			if got := short(tt.policy.Advance(tt.policy.Origin, tt.now, ledger, nil)); got != tt.watermark {
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
				read := date(d).Add(time.Duration(at) * time.Hour)
				ledger = append(ledger, store.Slot{From: date(d), To: date(d - 1), ReadAt: read})
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
			t.Fatalf("still due after reading all: %v", planned(rest))
		}
		// Nothing that could be had is unread, so all that is not settled is lost, or still settling.
		mark, lost := p.Advance(p.Origin, now, ledger, nil), p.Lost(p.Origin, now, ledger, nil)
		settling := now.Add(-p.Settle - p.Slot)
		if len(lost) == 0 && mark.Before(settling) && !mark.Before(now.Add(-p.Reach)) {
			t.Fatalf("watermark %v lies before %v though nothing is lost", mark, settling)
		}
	})
}

// A slot whose first seconds are not asked for any more, as they leave reach meanwhile, is read once and not again and
// again at that moment.
func TestSlotThatLeavesReachIsReadOnce(t *testing.T) {
	t.Parallel()
	p := month()
	s := slot{from: date(30), to: date(29), owed: noon.Add(-p.Reach)}
	if u := p.urgency(s, noon, noon); u != expiring {
		t.Errorf("urgency of one never read = %v", u)
	}
	s.read = noon
	if u := p.urgency(s, noon, noon); u != notDue {
		t.Errorf("urgency of one read = %v", u)
	}
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
		{
			name: "some days", span: fetch.Window{From: date(4), To: date(2)},
			want: []string{"06-11..06-13"},
		},
		{
			name: "but for fresh ones", span: fetch.Window{From: date(4), To: date(1)}, fresh: time.Hour,
			want: []string{"06-13..06-14", "06-11..06-12"},
		},
		{
			name: "before the origin", span: fetch.Window{From: date(8), To: date(6)},
			want: []string{"06-07..06-09"},
		},
		{
			name: "all that is in reach", span: fetch.Window{To: noon.Add(day)}, fresh: time.Hour,
			want: []string{"06-13..06-15T12:00", "06-02..06-12", "05-23..06-02", "05-16..05-23"},
		},
		{
			name: "whole days only", span: fetch.Window{To: noon.Add(day)}, fresh: time.Hour, whole: true,
			want: []string{"06-13..06-15", "06-02..06-12", "05-23..06-02", "05-17..05-23"},
		},
	}
	for _, tt := range tests {
		p.WholeSlots = tt.whole
		if diff := cmp.Diff(tt.want, planned(p.PlanSpan(noon, ledger, tt.span, noon.Add(-tt.fresh)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	p.WholeSlots = false
	ledger = append(ledger, store.Slot{From: date(30), To: date(29), ReadAt: noon.Add(-10 * day)})
	if got := p.PlanSpan(noon, ledger, fetch.Window{To: date(29)}, noon); len(got) > 0 {
		t.Errorf("a slot partly out of reach is to be read again: %v", got)
	}
}

// TestRecentDuringCatchUp has hours in which calls still appear go before a month that is caught up: as many of them as
// a window has, or two where an hour alone fills one.
func TestRecentDuringCatchUp(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		rows int // of each hour
		want []string
	}{
		{name: "quiet", rows: 10, want: []string{"06-15T09:00..06-15T12:00", "06-14T06:00..06-15T06:00"}},
		{name: "busy", rows: 3000, want: []string{
			"06-15T10:00..06-15T11:00", "06-15T11:00..06-15T12:00", "06-15T05:00..06-15T06:00",
		}},
	}
	for _, tt := range tests {
		p := Policy{
			Slot: time.Hour, Span: day, Reach: 30 * day, Settle: 72 * time.Hour, Rereads: RecordRereads,
			Origin: noon.Add(-10 * day), WindowRows: 3000,
		}
		var ledger []store.Slot
		for from := noon.Add(-6 * time.Hour); from.Before(noon); from = from.Add(time.Hour) {
			ledger = append(ledger, store.Slot{
				From: from, To: from.Add(time.Hour), ReadAt: noon.Add(-10 * time.Minute), Rows: tt.rows,
			})
		}
		if got := planned(p.Plan(noon, noon.Add(5*time.Minute), ledger))[:len(tt.want)]; !slices.Equal(got, tt.want) {
			t.Errorf("%s: first %v, want %v", tt.name, got, tt.want)
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
		{name: "good", change: func(*Policy) {}},
		{name: "settle above reach", change: func(p *Policy) { p.Settle = 31 * day },
			want: "settle 31d is not below reach 30d by more than a slot of 1d: " +
				"rows would leave Graph before they are final"},
		{name: "window too long", change: func(p *Policy) { p.Span = 91 * day },
			want: "a window of 91d is longer than the 90d that Graph answers"},
		{name: "window below a slot", change: func(p *Policy) { p.Span = time.Hour },
			want: "a window of 1h0m0s does not hold a slot of 1d"},
		{name: "no cadence", change: func(p *Policy) { p.Rereads = nil }, want: "no interval for reading slots again"},
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

// TestCompletedSlots says of which slots a reading counts that met the edge of reach, and which of them it settles.
func TestCompletedSlots(t *testing.T) {
	t.Parallel()
	p := month()
	edge := noon.Add(-p.Reach)
	for _, tt := range []struct {
		name           string
		slot           slot
		cut            time.Duration // how much of it was not asked for
		counts, settle bool
	}{
		{name: "in reach", slot: slot{from: date(29), to: date(28), owed: date(29)}, counts: true, settle: true},
		{name: "begins to leave meanwhile", slot: slot{from: date(30), to: date(29), owed: edge.Add(time.Second)}},
		{
			name: "asked for in part", slot: slot{from: date(29), to: date(28), owed: date(29)}, cut: time.Minute,
			counts: true,
		},
		{name: "partly gone, never read", slot: slot{from: date(30), to: date(29), owed: date(30)}, counts: true},
		{name: "partly gone, read since", slot: slot{from: date(30), to: date(29), owed: date(30), read: noon}},
	} {
		r := &reading{
			lister: &lister{policy: p}, asked: noon, served: noon.Add(time.Minute), counts: []int{0},
			window: Window{
				Window: fetch.Window{From: tt.slot.owed.Add(tt.cut), To: tt.slot.to}, slots: []slot{tt.slot},
			},
		}
		got := r.completedSlots()
		if (len(got) == 1) != tt.counts || tt.counts && got[0].Settled != tt.settle {
			t.Errorf("%s: %+v, want it counted %v and settled %v", tt.name, got, tt.counts, tt.settle)
		}
	}
}
