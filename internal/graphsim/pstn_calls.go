package graphsim

import (
	"cmp"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"
)

const (
	reach   = 365 * day          // how long the service keeps PSTN calls after their start
	settled = 70 * 3600 * second // age at which every row has appeared and has its final form
)

// pstnCalls is the log of calls to and from the telephone network.
type pstnCalls struct {
	seed    uint64
	first   int64 // day: no calls are older
	perDay  int   // calls of a working day
	tickets []*user
	extra   []Row
	byDay   map[int64][]int // indices of extra
	days    dayCache
	changed atomic.Uint64 // ids whose first four bytes are below it are served with another charge
}

func newPSTNCalls(cfg Config) *pstnCalls {
	today, _ := floorDiv(ticks(cfg.Now()), day)
	p := &pstnCalls{
		seed:    uint64(cfg.Seed),
		first:   today - int64(cfg.History/(24*time.Hour)),
		perDay:  max(cfg.CallsPerDay, 0),
		tickets: newCompany(cfg.Seed, cfg.Users),
		extra:   cfg.Extra,
		byDay:   make(map[int64][]int),
	}
	for i, row := range p.extra {
		d, _ := floorDiv(ticks(row.Start), day)
		p.byDay[d] = append(p.byDay[d], i)
	}
	p.days.generate = p.generate
	return p
}

func (p *pstnCalls) setChanged(fraction float64) {
	p.changed.Store(uint64(min(max(fraction, 0), 1) * (1 << 32)))
}

// volume is the number of calls generated for a day, known without generating
// them. Working days differ a little, weekends are nearly empty.
func (p *pstnCalls) volume(d int64) int {
	switch {
	case d < p.first:
		return 0
	case weekend(d):
		return p.perDay / 25
	}
	percent := 92 + rand.New(rand.NewPCG(p.seed, ^uint64(d))).IntN(17)
	return p.perDay * percent / 100
}

// generate makes all rows of a day, by start.
func (p *pstnCalls) generate(d int64) []pstnCall {
	t := newTraffic(p.seed, d, p.tickets)
	rows := make([]pstnCall, 0, p.volume(d)+len(p.byDay[d]))
	for range p.volume(d) {
		rows = append(rows, t.next())
	}
	for _, i := range p.byDay[d] {
		rows = append(rows, pstnCall{start: ticks(p.extra[i].Start), ready: math.MinInt32, verbatim: p.extra[i].JSON})
	}
	return byStart(rows)
}

// byStart sorts places instead of rows, which are large and hold pointers:
// three times as fast.
func byStart(rows []pstnCall) []pstnCall {
	type place struct {
		start int64
		index int
	}
	places := make([]place, len(rows))
	for i, row := range rows {
		places[i] = place{row.start, i}
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.index, b.index))
	})
	sorted := make([]pstnCall, len(rows))
	for i, p := range places {
		sorted[i] = rows[p.index]
	}
	return sorted
}

// served yields what Graph answers for a window, without the first skip rows.
// Whole settled days are stepped over by their volume: the last page of a long
// window costs no more than the first.
func (p *pstnCalls) served(w window, skip int) iter.Seq[*pstnCall] {
	w.from = max(w.from, w.now-reach)
	first, _ := floorDiv(w.from, day)
	last, _ := floorDiv(w.to, day)
	return func(yield func(*pstnCall) bool) {
		for d := first; d <= last; d++ {
			rows := p.volume(d) + len(p.byDay[d])
			start, end := d*day, (d+1)*day
			whole := w.from <= start && end <= w.to && end+settled <= w.now
			switch {
			case whole && rows <= skip:
				skip -= rows
				continue
			case rows == 0, start > w.now && len(p.byDay[d]) == 0:
				continue
			}
			generated := p.days.get(d)
			for i := range generated {
				c := &generated[i]
				if !c.in(w) {
					continue
				}
				if skip > 0 {
					skip--
				} else if !yield(c) {
					return
				}
			}
		}
	}
}

func (p *pstnCalls) page(w window, skip, top int) page {
	rows := make([]*pstnCall, 0, top)
	more := false
	for c := range p.served(w, skip) {
		if more = len(rows) == top; more {
			break
		}
		rows = append(rows, c)
	}
	return page{rows: len(rows), more: more, appendTo: func(dst []byte, beta bool) []byte {
		for i, c := range rows {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = c.appendJSON(dst, p.form(c, w, beta))
		}
		return dst
	}}
}

// rows yields the elements of a window on v1.0.
func (p *pstnCalls) rows(w window) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for c := range p.served(w, 0) {
			if !yield(c.appendJSON(nil, p.form(c, w, false))) {
				return
			}
		}
	}
}
