package graphsim

import (
	"encoding/binary"
	"math"
	"slices"
)

// rise is when a record gets a version.
type rise struct {
	at  int64 // ticks: the list shows it from then on
	lag int64 // ticks after that: it can be read by its id
}

// mostRises is how many versions a record has at most by itself.
const mostRises = 4

// raise is what RaiseVersions did.
type raise struct {
	at    int64
	below uint64 // of records whose id has its first four bytes below it
}

func (r raise) hits(id guid) bool { return uint64(binary.BigEndian.Uint32(id[:])) < r.below }

// moment is when a record is looked at, and what was done to all until then.
type moment struct {
	now    int64
	raises []raise
}

func (r *callRecords) moment(now int64) moment {
	r.mu.Lock()
	defer r.mu.Unlock()
	return moment{now: now, raises: slices.Clip(r.raises)}
}

// RaiseVersions gives the share of the call records listed now, 0 to 1, one
// version more at once, with a late rating by who began the call; those of
// Config.Records have only the versions given. The same share means the same
// records, and a larger share includes the smaller.
func (s *Server) RaiseVersions(fraction float64) {
	below := uint64(min(max(fraction, 0), 1) * (1 << 32))
	s.records.mu.Lock()
	defer s.records.mu.Unlock()
	s.records.raises = append(s.records.raises, raise{ticks(s.now()), below})
}

// rises draws when the versions of a record appear. The first is documented to
// take 150 minutes at most, and less than 30 mostly; the others come whenever
// a client sends what it measured.
func (w *draw) rises(end int64) (rises []rise) {
	const minute = 60 * second
	at := end + 5*minute + min(int64(w.rng.ExpFloat64()*float64(12*minute)), 144*minute)
	for _, percent := range [mostRises]int{100, 75, 25, 20} {
		if w.rng.IntN(100) >= percent {
			break
		}
		r := rise{at: at - at%second + w.rng.Int64N(60)*second + w.fraction()}
		if w.rng.IntN(16) == 0 {
			r.lag = minute + w.rng.Int64N(7*minute)
		}
		rises = append(rises, r)
		at = r.at + min(2*minute+int64(math.Exp(3.7+1.5*w.rng.NormFloat64())*float64(minute)), 6*day)
	}
	return rises
}

func (c *call) listed(m moment) bool { return c.rises[0].at <= m.now }

// version is nil before the first one. Who reads a record may be a little
// behind who lists it, but never behind a raise.
func (r *callRecords) version(c *call, m moment, read bool) document {
	v := &callVersion{call: c, tickets: r.traffic.tickets, stories: &r.traffic.stories}
	raised := int64(math.MinInt64)
	for _, raise := range m.raises {
		if raise.hits(c.id) && c.rises[0].at <= raise.at && raise.at <= m.now {
			v.ratings, raised = v.ratings+1, raise.at
		}
	}
	for _, rise := range c.rises {
		visible := rise.at
		if read && rise.at > raised {
			visible += rise.lag
		}
		if visible <= m.now {
			v.telemetry, v.modified = v.telemetry+1, rise.at
		}
	}
	if v.telemetry == 0 {
		return nil
	}
	v.modified = max(v.modified, raised)
	return v
}
