package graphsim

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"
)

// recordReach is how long a call record is kept after the start of its call
// (https://learn.microsoft.com/graph/api/resources/callrecords-api-overview).
const recordReach = 30 * day

// callRecords are what the service keeps of the tenant's calls and meetings.
type callRecords struct {
	traffic callTraffic
	days    dayCache[*callDay]
	given   map[string]givenRecord
	limits  recordLimits

	mu     sync.Mutex
	raises []raise
}

// callDay are the calls that start on a UTC day, in this order.
type callDay struct {
	calls []call
	byID  map[guid]*call
}

func newCallRecords(cfg Config, c *company) (*callRecords, error) {
	given, err := givenRecords(cfg.Records)
	if err != nil {
		return nil, err
	}
	r := &callRecords{traffic: newCallTraffic(c, cfg.RecordsPerDay), given: given, limits: newRecordLimits(cfg)}
	r.days.keep = int(recordReach/day) + 3 // both edges, and tomorrow
	r.days.generate = func(d int64) *callDay {
		calls := &callDay{calls: r.traffic.generate(d), byID: make(map[guid]*call)}
		for i := range calls.calls {
			calls.byID[calls.calls[i].id] = &calls.calls[i]
		}
		return calls
	}
	return r, nil
}

// listed are the records that the list shows of a window of start times, in
// their order.
func (r *callRecords) listed(w window) (list []document) {
	w.from = max(w.from, w.now-recordReach)
	m := r.moment(w.now)
	first, _ := floorDiv(w.from, day)
	last, _ := floorDiv(min(w.to, w.now), day)
	for d := first; d <= last; d++ {
		calls := r.days.get(d).calls
		for i := range calls {
			if c := &calls[i]; w.from <= c.start && c.start <= w.to && c.listed(m) {
				list = append(list, r.version(c, m, false))
			}
		}
	}
	for _, g := range r.given {
		if v := g.version(m); v != nil && w.from <= v.start && v.start <= w.to {
			list = append(list, v)
		}
	}
	if len(r.given) > 0 {
		slices.SortFunc(list, func(a, b document) int {
			return cmp.Or(cmp.Compare(a.startTicks(), b.startTicks()), strings.Compare(a.id(), b.id()))
		})
	}
	return list
}

// find returns a record as the list shows it or, what may be a little behind,
// as it can be read by its id. It is nil where there is none.
func (r *callRecords) find(id string, now int64, read bool) document {
	m := r.moment(now)
	if g := r.given[strings.ToLower(id)]; len(g) > 0 {
		if v := g.version(m); v != nil && v.start >= now-recordReach {
			return v
		}
		return nil
	}
	key, err := uuid.Parse(id)
	if err != nil {
		return nil
	}
	first, _ := floorDiv(now-recordReach, day)
	last, _ := floorDiv(now, day)
	for d := last; d >= first; d-- {
		if c := r.days.get(d).byID[guid(key)]; c != nil && c.start >= now-recordReach {
			return r.version(c, m, read)
		}
	}
	return nil
}
