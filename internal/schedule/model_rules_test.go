package schedule

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
)

// policy is the one that health judges by.
func (m *model) policy() Policy {
	p := m.jobs[m.config].Policy
	p.Reach, p.Origin = m.state.Reach, m.state.Origin
	return p
}

func (m *model) lost() []fetch.Window {
	if !m.known {
		return nil
	}
	p := m.policy()
	return p.Lost(p.Origin, m.now, m.slots, m.taken)
}

// broken says what is not true of the ledger that must be, at all times.
func (m *model) broken() string {
	if m.wrong != "" || !m.known {
		return m.wrong
	}
	p, lost := m.policy(), m.lost()
	if mark := p.Advance(p.Origin, m.now, m.slots, m.taken); mark.Before(m.state.SettledUntil) {
		return fmt.Sprintf("settled until %v is noted, %v is true", m.state.SettledUntil, mark)
	}
	safe := p.Stand(m.standing(), m.now).Expires
	for _, s := range p.slots(p.Origin, m.now, m.slots) {
		for n := range modelRows {
			if why := m.missing(p, s, n, lost, safe); why != "" {
				return why
			}
		}
		for _, w := range lost {
			if why := m.falselyLost(p, s, w); why != "" {
				return why
			}
		}
	}
	return ""
}

// missing says what the ledger claims of a row that is not stored.
func (m *model) missing(p Policy, s slot, n int, lost []fetch.Window, safe time.Time) string {
	at, from := m.row(s.from, n)
	if at.Before(s.owed) || m.stored[modelDay(s.from)]&(1<<n) != 0 {
		return ""
	}
	here, horizon := fetch.Window{From: at, To: at.Add(time.Second)}, p.horizon(m.now)
	restRead := s.owed.Before(horizon) && !s.read.Before(s.to.Add(p.Settle)) // as far as reach then went
	wanted := at.After(horizon.Add(earliness)) && from.Before(m.now) && p.readable(s, m.now) && !restRead
	switch {
	case s.settled:
		return fmt.Sprintf("%v is settled without its row of %v", s.from, at)
	case len(without(here, m.taken)) == 0: // acknowledged
	case at.Before(m.state.SettledUntil):
		return fmt.Sprintf("the row of %v is not stored, and settled until %v", at, m.state.SettledUntil)
	case at.Before(horizon) && len(without(here, lost)) > 0:
		return fmt.Sprintf("the row of %v is lost in silence; lost: %v", at, lost)
	case wanted && at.Add(p.Reach).Before(safe):
		return fmt.Sprintf("the row of %v leaves reach before %v", at, safe)
	}
	return ""
}

// falselyLost says why a slot must not be called lost.
func (m *model) falselyLost(p Policy, s slot, lost fetch.Window) string {
	whole := m.whole[modelDay(s.from)]
	switch {
	case !lost.From.Before(s.to) || !s.from.Before(lost.To):
	case !whole.IsZero() && !whole.After(s.owed):
		return fmt.Sprintf("%v was read when it was final, and is called lost", s.from)
	case lost.To.After(p.horizon(m.now)):
		return fmt.Sprintf("%v is called lost before it left reach", lost)
	case len(m.taken) > 0 && !slices.Equal(without(lost, m.taken), []fetch.Window{lost}):
		return fmt.Sprintf("%v is acknowledged, and called lost", lost)
	}
	return ""
}

// standing is the ledger as a survey gives it, all of it slot by slot.
func (m *model) standing() store.Standing {
	s := store.Standing{Cut: m.state.Origin, Slots: m.slots}
	s.Origin, s.SettledUntil = m.state.Origin, m.state.Origin
	for _, w := range m.taken {
		s.Losses = append(s.Losses, store.Span{From: w.From, To: w.To})
	}
	return s
}

// stuck has both daemons crash and one read on undisturbed, and reports what it leaves undone.
func (m *model) stuck() string {
	m.daemons = [2]daemon{}
	m.pass(time.Minute)
	for range 4 {
		if m.run() == 0 {
			if why := cmp.Or(m.unread(), m.broken()); why != "" {
				return why + ", undisturbed"
			}
			return ""
		}
	}
	return "four undisturbed runs leave something to be read"
}

// run is a run of which nothing comes in the way. It returns how many windows were due.
func (m *model) run() (due int) {
	d := &m.daemons[0]
	m.begin(d)
	due = len(d.windows)
	for d.job != nil {
		m.goOn(d)
	}
	return due
}

// unread is what an undisturbed daemon should have read.
func (m *model) unread() string {
	p := m.policy()
	horizon := p.horizon(m.now.Add(earliness))
	for _, s := range p.slots(p.Origin, m.now, m.slots) {
		whole := !s.owed.Before(horizon)
		final := !m.now.Before(s.to.Add(p.Settle + earliness))
		switch {
		case s.parked && !s.owed.Before(p.edge(m.now)):
		case whole && final && !s.settled:
			return fmt.Sprintf("%v is final, in reach and not settled", s.from)
		case s.read.IsZero() && p.readable(s, m.now) && s.to.After(horizon):
			return fmt.Sprintf("%v is in reach and not read", s.from)
		case final && p.readable(s, m.now) && (whole || s.read.Before(s.to.Add(p.Settle))):
			for n := range modelRows {
				at, _ := m.row(s.from, n)
				stored := m.stored[modelDay(s.from)]&(1<<n) != 0
				if !stored && at.After(horizon) && !at.Before(s.owed) {
					return fmt.Sprintf("the row of %v is in reach and not read", at)
				}
			}
		}
	}
	return ""
}
