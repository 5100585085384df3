package graphsim

import (
	"net/http"
	"sync"
	"time"
)

// recordLimits are the published limits per application and tenant
// (https://learn.microsoft.com/graph/throttling-limits).
type recordLimits struct {
	all  *limit
	list *limit
	each limitPerID
}

func newRecordLimits(cfg Config) recordLimits {
	const span = 20 * time.Second
	each := cfg.limit("callRecord", 40, span)
	return recordLimits{
		all:  cfg.limit(callRecordsName, 1500, span),
		list: cfg.limit(listCallRecords, 40, span),
		each: limitPerID{name: each.name, allowed: each.allowed, per: each.per},
	}
}

// of are the limits a request counts toward.
func (l *recordLimits) of(r *http.Request) []*limit {
	if id := r.PathValue("call"); id != "" {
		return []*limit{l.all, l.each.of(id)}
	}
	return []*limit{l.all, l.list}
}

// limitPerID is the same limit for each record by itself. Only those of the
// last window are kept.
type limitPerID struct {
	name    string
	allowed int
	per     time.Duration

	mu   sync.Mutex
	kept map[string]*usedLimit
	uses []use // of the last window, oldest first
	peak int   // of the limits no longer kept
}

type usedLimit struct {
	*limit
	last time.Time
}

type use struct {
	id string
	at time.Time
}

func (l *limitPerID) of(id string) *limit {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.forget(now)
	if l.kept == nil {
		l.kept = make(map[string]*usedLimit)
	}
	u := l.kept[id]
	if u == nil {
		u = &usedLimit{limit: newLimit(l.name, l.allowed, l.per)}
		l.kept[id] = u
	}
	u.last = now
	l.uses = append(l.uses, use{id, now})
	return u.limit
}

func (l *limitPerID) forget(now time.Time) {
	gone := 0
	for gone < len(l.uses) && now.Sub(l.uses[gone].at) > l.per {
		oldest := l.uses[gone]
		if u := l.kept[oldest.id]; u != nil && u.last.Equal(oldest.at) {
			l.peak = max(l.peak, u.highest())
			delete(l.kept, oldest.id)
		}
		gone++
	}
	l.uses = l.uses[gone:]
}

func (l *limitPerID) highest() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	peak := l.peak
	for _, u := range l.kept {
		peak = max(peak, u.highest())
	}
	return peak
}
