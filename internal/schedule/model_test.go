package schedule

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// A model is the ledger of one endpoint with two daemons at work on it, neither of which holds a lock, and the rows
// that Graph serves. All that decides is the planner's own; what the store does is in noted. Each step has a copy.
type model struct {
	rules
	now     time.Time
	config  int // of the next run
	known   bool
	state   store.Endpoint
	slots   noted
	taken   []fetch.Window // losses that were acknowledged
	daemons [2]daemon
	stored  [modelDays]uint8     // rows of each day, by their bits
	whole   [modelDays]time.Time // from when on a day was read once it was final; zero: never
	wrong   string               // what the last move did that it must not
}

// rules are what does not change in a model.
type rules struct{ jobs []*Job }

// A daemon is what one keeps in memory; nothing of it survives a crash.
type daemon struct {
	job     *Job // nil: no run
	state   store.Endpoint
	policy  Policy
	planned time.Time
	windows []Window  // left to be read; the first is being read
	asked   time.Time // for the first
}

const (
	modelDays   = 16
	modelSettle = 12 * time.Hour
)

// modelStart is when the first run may begin, by which time Graph has rows of four days.
var modelStart = time.Date(2026, 6, 5, 17, 0, 0, 0, time.UTC)

func modelDay(at time.Time) int { return int(at.Sub(modelStart.AddDate(0, 0, -4).Truncate(day)) / day) }

// modelRows are the rows of a day: when they happen, and whether they come as late as rows may.
var modelRows = []struct {
	after time.Duration
	late  bool
}{{0, false}, {12 * time.Hour, true}, {day - time.Second, true}}

// newModel has the configurations that a run may meet: reach of four days, a shorter one, and a day to start from.
func newModel(wholeSlots bool) *model {
	m := &model{now: modelStart}
	for _, reach := range []time.Duration{4 * day, 60 * time.Hour, 4 * day} {
		m.jobs = append(m.jobs, &Job{
			Policy: Policy{
				Slot: day, Span: 3 * day, Reach: reach, Settle: modelSettle, Rereads: LogRereads,
				WholeSlots: wholeSlots,
			},
			Enabled: true, Next: func(t time.Time) time.Time { return t.Add(5 * time.Minute) },
		})
	}
	m.jobs[2].StartFrom = modelStart.Truncate(day)
	return m
}

func (m *model) copy() *model {
	c := *m
	c.slots, c.taken = slices.Clone(m.slots), slices.Clone(m.taken)
	for i := range c.daemons {
		c.daemons[i].windows = slices.Clone(m.daemons[i].windows)
	}
	return &c
}

// begin begins a run: what prepare, load and Plan do, and the first request.
func (m *model) begin(d *daemon) {
	job := m.jobs[m.config]
	noted := m.state
	m.state, m.known = job.configure(noted, m.known, m.now, true, m.now), true
	if !noted.Origin.IsZero() && !noted.Origin.Equal(m.state.Origin) {
		m.slots.unsettle(noted.Origin)
		if begin := noted.Origin.Truncate(day); begin.Before(noted.Origin) {
			m.whole[modelDay(begin)] = time.Time{} // the ledger knows whole slots
		}
	}
	*d = daemon{job: job, state: m.state, policy: job.Policy, planned: m.now, asked: m.now}
	d.policy.Origin = m.state.Origin
	d.windows = d.policy.Plan(m.now, job.nextPlan(m.now), m.slots)
	m.wrong = cmp.Or(m.wrongOrigin(job, noted.Origin), d.wrongWindow())
}

// wrongOrigin says what is wrong with where the origin has moved: all is owed that Graph has, from start_from on, and
// what was owed stays so, but for what a later start_from gives up.
func (m *model) wrongOrigin(job *Job, before time.Time) string {
	has := later(m.now.Add(margin-job.Policy.Reach), job.StartFrom)
	at := m.state.Origin
	switch {
	case job.Policy.WholeSlots && at.Sub(has) < day:
	case at.After(has):
		return fmt.Sprintf("origin %v, though Graph has what happened since %v", at, has)
	}
	if !before.IsZero() && at.After(before) && !at.Equal(job.StartFrom) {
		return fmt.Sprintf("origin moved from %v to %v", before, at)
	}
	return ""
}

// wrongWindow says which day is asked for in part, of those that are sums.
func (d *daemon) wrongWindow() string {
	for _, w := range d.windows {
		for _, s := range w.slots {
			if d.policy.WholeSlots && (s.to.After(d.planned) || s.from.Before(d.policy.horizon(d.planned))) {
				return fmt.Sprintf("a part of %v is asked for", s.from)
			}
		}
	}
	return ""
}

// commit stores what was served of the first window: the rows that were there when it was asked for, and are still
// within Graph's reach.
func (m *model) commit(d *daemon) {
	w := d.windows[0]
	if !d.policy.WholeSlots {
		w = w.within(d.policy.horizon(d.asked.Add(earliness)))
	}
	if w.From.Before(w.To) {
		r := reading{
			lister: &lister{policy: d.policy}, window: w, counts: make([]int, len(w.slots)),
			asked: d.asked, served: m.now,
		}
		for _, s := range w.slots {
			m.store(d, s, w.Window)
		}
		for _, s := range r.completedSlots() {
			m.slots.put(s)
		}
	}
	d.windows, d.asked = d.windows[1:], m.now
}

// store stores the rows of a slot that were served.
func (m *model) store(d *daemon, s slot, asked fetch.Window) {
	i := modelDay(s.from)
	for n := range modelRows {
		at, from := m.row(s.from, n)
		if !at.Before(asked.From) && at.Before(asked.To) && !from.After(d.asked) && !at.Before(m.now.Add(-4*day)) {
			m.stored[i] |= 1 << n
		}
	}
	final := !d.asked.Before(s.to.Add(modelSettle)) && !asked.To.Before(s.to)
	inReach := !s.owed.Before(later(asked.From, m.now.Add(-d.policy.Reach)))
	if final && inReach && (m.whole[i].IsZero() || s.owed.Before(m.whole[i])) {
		m.whole[i] = s.owed
	}
}

// row is when a row of a day happens, and from when on Graph has it.
func (m *model) row(date time.Time, n int) (at, from time.Time) {
	at = date.Add(modelRows[n].after)
	if from = at; modelRows[n].late {
		from = date.Add(day + modelSettle - time.Second)
	}
	return at, from
}

// end notes what a run came to.
func (m *model) end(d *daemon) {
	mark := later(d.state.Origin, earlier(d.state.SettledUntil, d.policy.horizon(m.now).Add(-edge)))
	d.state.SettledUntil = d.policy.Advance(mark, m.now, m.slots, m.taken)
	d.state.ClockAt = &m.now
	m.state = d.state
	*d = daemon{}
}

// goOn is a daemon's next step.
func (m *model) goOn(d *daemon) {
	switch {
	case d.job == nil:
		m.begin(d)
	case len(d.windows) > 0:
		m.commit(d)
	default:
		m.end(d)
	}
}

// fail has a daemon's window fail, as in three runs if it is a slot.
func (m *model) fail(d *daemon) {
	halves := d.windows[0].halves(m.now)
	if len(halves) == 0 {
		m.slots.fail(d.windows[0].slots[0], d.planned, parkAfter)
	}
	d.windows, d.asked = append(halves, d.windows[1:]...), m.now
}

// A move is what may happen next in a model.
type move struct {
	name string
	make func(m *model) bool // reports whether it can happen
}

// moves are all that may happen.
func moves() []move {
	list := []move{
		{"20 minutes pass", func(m *model) bool { return m.pass(20 * time.Minute) }},
		{"7 hours pass", func(m *model) bool { return m.pass(7 * time.Hour) }},
		{"31 hours pass", func(m *model) bool { return m.pass(31 * time.Hour) }},
		{"the configuration changes, while no daemon works", func(m *model) bool {
			m.config = (m.config + 1) % len(m.jobs)
			return m.daemons[0].job == nil && m.daemons[1].job == nil
		}},
		{"losses are acknowledged", func(m *model) bool {
			lost := m.lost()
			m.taken = append(m.taken, lost...)
			return len(lost) > 0
		}},
	}
	for i, name := range []string{"A", "B"} {
		list = append(list,
			move{name + " goes on", func(m *model) bool { m.goOn(&m.daemons[i]); return true }},
			move{name + " crashes", func(m *model) bool {
				was := m.daemons[i].job != nil
				m.daemons[i] = daemon{}
				return was
			}},
			move{"the window of " + name + " fails", func(m *model) bool {
				d := &m.daemons[i]
				if len(d.windows) == 0 {
					return false
				}
				m.fail(d)
				return true
			}})
	}
	return list
}

func (m *model) pass(d time.Duration) bool {
	m.now = m.now.Add(d)
	return modelDay(m.now) < modelDays
}

// key tells models apart: their ledgers, and their daemons, which are interchangeable.
func (m *model) key() (ledger, daemons string) {
	b := m.times(nil, m.now, m.state.Origin, m.state.SettledUntil)
	b = append(b, byte(m.config), byte(m.state.Reach/time.Hour))
	b = m.slots.key(b)
	for _, w := range m.taken {
		b = m.times(b, w.From, w.To)
	}
	for i := range modelDays {
		b = append(b, m.stored[i])
		b = m.times(b, m.whole[i])
	}
	first, second := m.daemons[0].key(), m.daemons[1].key()
	return string(b), min(first, second) + "|" + max(first, second)
}

func (*model) times(b []byte, list ...time.Time) []byte {
	for _, t := range list {
		b = binary.BigEndian.AppendUint32(b, uint32(t.Unix()))
	}
	return b
}

func (d *daemon) key() string {
	if d.job == nil {
		return ""
	}
	b := (*model).times(nil, nil, d.planned, d.asked, d.state.Origin, d.state.SettledUntil)
	b = append(b, byte(d.policy.Reach/time.Hour))
	for _, w := range d.windows {
		b = (*model).times(nil, b, w.From, w.To)
	}
	return string(b)
}

// TestModel goes through all short histories of a ledger: whatever two daemons do in whatever order, where they crash
// and whose windows fail, as time passes, losses are acknowledged and the configuration changes.
func TestModel(t *testing.T) {
	t.Parallel()
	for name, wholeSlots := range map[string]bool{"rows": false, "sums of a day": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			read, hung := newModel(wholeSlots), newModel(wholeSlots)
			read.run()
			hung.config = 1
			hung.begin(&hung.daemons[0])
			hung.pass(7 * time.Hour)
			explore(t, storetest.Times(5, 7), newModel(wholeSlots), read, hung)
		})
	}
}

// A past is how a model came about.
type past struct {
	*model
	before *past
	by     string
}

// explore goes through all histories of so many moves.
func explore(t *testing.T, depth int, first ...*model) {
	met, ledgers := map[[2]string]bool{}, map[string]bool{}
	var generation []past
	for _, m := range first {
		generation = append(generation, past{model: m})
	}
	for range depth {
		var next []past
		for i := range generation {
			for _, move := range moves() {
				p := past{generation[i].copy(), &generation[i], move.name}
				if !move.make(p.model) {
					continue
				}
				ledger, daemons := p.key()
				if key := [2]string{ledger, daemons}; met[key] {
					continue
				} else {
					met[key] = true
				}
				if next = append(next, p); ledgers[ledger] {
					continue
				}
				ledgers[ledger] = true
				if why := cmp.Or(p.broken(), p.copy().stuck()); why != "" {
					t.Fatalf("%s\n%s", why, p.story())
				}
			}
		}
		generation = next
	}
	t.Logf("%d ledgers, %d with what the daemons are at", len(ledgers), len(met))
}

func (p *past) story() string {
	var lines []string
	for ; p.before != nil; p = p.before {
		lines = append(lines, fmt.Sprintf("%s %s", p.now.Format("01-02T15:04"), p.by))
	}
	slices.Reverse(lines)
	return strings.Join(lines, "\n")
}
