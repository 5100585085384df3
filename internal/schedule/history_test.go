package schedule

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
)

// A history is what is noted of an endpoint over many runs, kept by the rules of the store.
type history struct {
	job   Job
	known bool
	state store.Endpoint
	slots noted
	taken []fetch.Window              // losses that were acknowledged
	split map[int64]bool              // slots of which a part was read for good, and the whole is not settled
	read  func(s slot, now time.Time) // told of each slot that was read
}

func newHistory(p Policy) *history {
	return &history{
		job:   Job{Policy: p, Enabled: true, Next: func(t time.Time) time.Time { return t.Add(5 * time.Minute) }},
		split: map[int64]bool{},
		read:  func(slot, time.Time) {},
	}
}

// clock is what a run believes of the time.
type clock struct {
	now       time.Time
	witnessed bool // this machine's clock agrees with Graph's
}

// run is a run in which Graph serves everything.
func (h *history) run(c clock) {
	h.prepare(c)
	p := h.policy(c)
	for _, w := range p.Plan(c.now, h.job.Next(c.now), h.slots.since(p.horizon(c.now).Add(-edge))) {
		r := reading{
			lister: &lister{policy: p}, window: w, counts: make([]int, len(w.slots)),
			asked: c.now, served: c.now.Add(time.Second),
		}
		for _, s := range w.slots {
			h.read(s, c.now)
		}
		for _, s := range r.completedSlots() {
			h.slots.put(s)
		}
	}
	h.state.SettledUntil = h.watermark(c)
	if c.witnessed {
		now := c.now
		h.state.ClockAt = &now
	}
}

// prepare is what a run does before it reads, and all that one does that Graph denies.
func (h *history) prepare(c clock) {
	origin, known := h.state.Origin, h.known
	h.state, h.known = h.job.configure(h.state, h.known, c.now, c.witnessed, c.now), true
	if known && !h.state.Origin.Equal(origin) && h.slots.unsettle(origin) {
		h.split[origin.Truncate(h.job.Policy.Slot).Unix()] = true
	}
}

func (h *history) policy(c clock) Policy {
	p := h.job.Policy
	p.Origin = h.state.Origin
	if h.state.ClockAt != nil && !c.witnessed {
		p.Known = *h.state.ClockAt
	}
	return p
}

// watermark goes on from the last one, as a run does.
func (h *history) watermark(c clock) time.Time {
	p := h.policy(c)
	mark := later(p.Origin, earlier(h.state.SettledUntil, p.horizon(c.now).Add(-edge)))
	return p.Advance(mark, c.now, h.slots.since(mark), h.taken)
}

func (h *history) lost(c clock) []fetch.Window {
	p := h.policy(c)
	return p.Lost(p.Origin, c.now, h.slots, nil)
}

func (h *history) settled(from, to time.Time) []string {
	var list []string
	for _, s := range h.slots {
		if s.Settled && !s.From.Before(from) && !s.ReadAt.After(to) {
			list = append(list, s.From.Format("2006-01-02T15"))
		}
	}
	return list
}

// An outcome is what a history comes to. It must not depend on clocks that were wrong for a while.
type outcome struct {
	Settled   []string
	Watermark string
	Lost      []string
	Unread    []string
}

func (h *history) outcome(now, from time.Time) outcome {
	c := clock{now, true}
	o := outcome{
		Settled: h.settled(from, now), Watermark: later(from, h.watermark(c)).String(), Lost: spans(h.lost(c)),
		Unread: planned(h.policy(c).Unread(now, h.slots)),
	}
	return o
}

var offsets = []time.Duration{
	-400 * day, -200 * day, -31 * day, -29 * day, -27 * day, -10 * day, -day, -5 * time.Hour, -50 * time.Minute,
	50 * time.Minute, 2 * time.Hour, 7 * time.Hour, day, 3 * day, 29 * day, 40 * day, 400 * day,
}

// TestClocksLeaveNothingBehind has Graph's clock or this machine's go wrong for a while, back or ahead, at the first
// answer or later. An hour after it is over, the ledger is as if nothing had been.
func TestClocksLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := month()
		p.Origin = time.Time{}
		p.Slot = rapid.SampledFrom([]time.Duration{day, day, 6 * time.Hour}).Draw(t, "slot")
		p.WholeSlots = rapid.Bool().Draw(t, "whole slots")
		p.Settle = time.Duration(rapid.IntRange(1, 200).Draw(t, "settle")) * time.Hour
		with, without := newHistory(p), newHistory(p)
		// No run falls into the second in which a slot settles.
		now := noon.Add(30*time.Second + time.Duration(rapid.IntRange(0, 24*60).Draw(t, "start"))*time.Minute)
		step := func(wrong func() clock) {
			without.run(clock{now, true})
			with.run(wrong())
		}
		right := func() clock { return clock{now, true} }
		walk := func(name string, most int) {
			for _, minutes := range rapid.SliceOfN(rapid.IntRange(5, 3*24*60), 0, most).Draw(t, name) {
				step(right)
				now = now.Add(time.Duration(minutes) * time.Minute)
			}
		}
		walk("before", 20)
		first := !with.known
		began := now
		for range rapid.IntRange(1, 3).Draw(t, "excursions") {
			off := rapid.SampledFrom(offsets).Draw(t, "off")
			wrongGraph := rapid.Bool().Draw(t, "Graph's clock")
			for _, minutes := range rapid.SliceOfN(rapid.IntRange(5, 4*60), 1, 4).Draw(t, "excursion") {
				step(func() clock {
					if wrongGraph {
						return clock{now.Add(off), off.Abs() <= time.Hour}
					}
					return clock{now, off.Abs() <= time.Hour}
				})
				now = now.Add(time.Duration(minutes) * time.Minute)
			}
		}
		lasted := now.Sub(began)
		for range 13 {
			step(right)
			now = now.Add(5 * time.Minute)
		}
		now = now.Add(-5 * time.Minute)
		a, b := without.state.Origin, with.state.Origin
		latest := a
		if first { // the promise is made by the first clock that is sure
			latest = a.Add(lasted + 2*p.Slot)
		}
		if b.Before(a.Add(-time.Hour)) || b.After(latest) {
			t.Fatalf("origin %v, without the excursion %v", b, a)
		}
		from := later(a, b)
		if first {
			without.state.Origin, without.state.SettledUntil = from, from
			with.state.Origin, with.state.SettledUntil = from, from
		}
		if diff := cmp.Diff(without.outcome(now, from), with.outcome(now, from)); diff != "" {
			t.Fatalf("(-without the excursion +with):\n%s", diff)
		}
	})
}

// TestChangedConfigurationLosesNothing changes reach, settle and start_from any number of times, with pauses in
// between. What is reported lost is what left reach before it was read, hour by hour, and nothing else, but for slots
// of which Graph could serve only a part; what was settled stays so.
func TestChangedConfigurationLosesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := month()
		p.Origin = time.Time{}
		h := newHistory(p)
		now := noon
		stored := map[int64]bool{} // hours that were read for good
		h.read = func(s slot, now time.Time) {
			p := h.job.Policy
			if s.owed.Before(p.horizon(now.Add(time.Second))) {
				h.split[s.from.Unix()] = true // Graph has a part of it
			}
			if !now.Before(s.to.Add(p.Settle)) {
				for at := s.from; at.Before(s.to); at = at.Add(time.Hour) {
					if !at.Before(p.horizon(now.Add(time.Second))) {
						stored[at.Unix()] = true
					}
				}
			}
		}
		settled := map[string]bool{}
		for n := range rapid.IntRange(2, 12).Draw(t, "steps") {
			before := h.job.StartFrom
			if n > 0 {
				h.job.Policy.Reach = time.Duration(rapid.SampledFrom([]int{12, 20, 30, 60}).Draw(t, "reach")) * day
				h.job.Policy.Settle = time.Duration(rapid.SampledFrom([]int{1, 72, 200}).Draw(t, "settle")) * time.Hour
				h.job.StartFrom = time.Time{}
				if ago := rapid.IntRange(-70, 70).Draw(t, "start from"); ago >= 0 {
					h.job.StartFrom = noon.Truncate(day).Add(-time.Duration(ago) * day)
				}
			}
			denied := rapid.IntRange(0, 3).Draw(t, "denied") == 0
			want := h.movedOrigin(before, now)
			hours := rapid.SampledFrom([]int{1, 7, 24}).Draw(t, "hours")
			for range rapid.IntRange(1, 60).Draw(t, "runs") {
				if denied {
					h.prepare(clock{now, true})
				} else {
					h.run(clock{now, true})
				}
				now = now.Add(time.Duration(hours) * time.Hour)
			}
			if !h.state.Origin.Equal(want) {
				t.Fatalf("origin %v, want %v; start_from %v, before %v", h.state.Origin, want, h.job.StartFrom, before)
			}
			wantLost(t, h, stored, now)
			for _, s := range h.settled(time.Time{}, now) {
				settled[s] = true
			}
			if got := len(h.settled(time.Time{}, now)) + len(h.split); got < len(settled) {
				t.Fatalf("%d slots are settled, %d were", got, len(settled))
			}
		}
	})
}

// movedOrigin is where the origin belongs: start_from alone gives up the past, up to itself, and what opens it up
// does so as far as Graph answers.
func (h *history) movedOrigin(startedFrom, now time.Time) time.Time {
	origin, startFrom := h.state.Origin, h.job.StartFrom
	possible := later(now.Add(margin-h.job.Policy.Reach), startFrom)
	switch {
	case !h.known:
		return possible
	case !startFrom.Equal(startedFrom) && startFrom.After(origin):
		return startFrom
	case possible.Before(origin):
		return possible
	}
	return origin
}

// wantLost compares what is reported as lost to the hours that were read.
func wantLost(t *rapid.T, h *history, stored map[int64]bool, now time.Time) {
	t.Helper()
	c := clock{now, true}
	p := h.policy(c)
	want, got := map[string]bool{}, map[string]bool{}
	for at := p.Origin.Truncate(p.Slot); at.Before(now); at = at.Add(p.Slot) {
		owed := later(at, p.Origin)
		complete := true
		for hour := owed; hour.Before(at.Add(p.Slot)); hour = hour.Add(time.Hour) {
			complete = complete && stored[hour.Unix()]
		}
		if !complete && owed.Before(p.horizon(now)) {
			want[at.Format("01-02")] = true
		}
	}
	for _, w := range h.lost(c) {
		for at := w.From.Truncate(p.Slot); at.Before(w.To); at = at.Add(p.Slot) {
			got[at.Format("01-02")] = true
		}
	}
	for at := range h.split { // the ledger knows whole slots, and calls lost what it is not sure of
		if name := time.Unix(at, 0).UTC().Format("01-02"); got[name] && !want[name] {
			delete(got, name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("lost of %v..%v (-want +got):\n%s", p.Origin, p.horizon(now), diff)
	}
	if mark, again := h.watermark(c), p.Advance(p.Origin, now, h.slots, nil); !mark.Equal(again) {
		t.Fatalf("watermark %v, counted from the origin %v", mark, again)
	}
}

// TestReadingAgainNeverUnsettles reads slots of a sound clock in any order, late commits of older readings among them.
func TestReadingAgainNeverUnsettles(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := newHistory(month())
		settled := false
		newest := noon
		h.slots.put(store.Slot{From: date(0), To: date(-1), ReadAt: noon})
		for range rapid.IntRange(1, 30).Draw(t, "readings") {
			at := newest.Add(time.Duration(rapid.IntRange(-60, 60*24).Draw(t, "minutes")) * time.Minute)
			newest = later(newest, at)
			s := slot{from: date(0), to: date(-1), owed: date(0)}
			earns := h.job.Policy.earns(s, at, at)
			h.slots.put(store.Slot{From: s.from, To: s.to, ReadAt: at, Settled: earns})
			settled = settled || earns
			if got := *h.slots.at(s.from); got.Settled != settled || !got.ReadAt.Equal(newest) {
				t.Fatalf("%+v after a reading at %v, want settled %v and read at %v", got, at, settled, newest)
			}
		}
	})
}
