package graphsim

import (
	"cmp"
	"encoding/binary"
	"iter"
	"math"
	"slices"
)

// cachedDays is enough for two readers of long windows: each needs the day it
// reads, and those at the newer edge, which are not settled.
const cachedDays = 16

// settled is the age at which every row has appeared and has its final form.
const settled = 70 * 3600 * second

// event is what the rows of all logs have in common.
type event struct {
	id    guid  // also of rows that are served without one
	start int64 // ticks: what the window of a request applies to
	ready int32 // seconds after start: first served
	final int32 // seconds after start: served with its price
}

func (e *event) common() *event { return e }

// in reports whether a row is served. That it is still kept is in the window
// already.
func (e *event) in(w window) bool {
	return w.from <= e.start && e.start <= w.to && e.start+int64(e.ready)*second <= w.now
}

// form is how a row is served at a time.
type form struct {
	beta, priced, changed bool
}

func (e *event) form(w window) form {
	return form{
		beta:    w.beta,
		priced:  e.start+int64(e.final)*second <= w.now && uint64(binary.BigEndian.Uint32(e.id[4:])) >= w.unpriced,
		changed: uint64(binary.BigEndian.Uint32(e.id[:])) < w.changed,
	}
}

// record is a row before it becomes JSON.
type record interface {
	common() *event
	appendJSON(dst []byte, f form) []byte
}

// records points at rows.
func records[R any, P interface {
	*R
	record
}](rows []R) []record {
	list := make([]record, len(rows))
	for i := range rows {
		list[i] = P(&rows[i])
	}
	return list
}

// verbatim is a row of Config.Extra.
type verbatim struct {
	event
	json []byte
}

func (v *verbatim) appendJSON(dst []byte, _ form) []byte { return append(dst, v.json...) }

// source makes up rows by UTC day.
type source interface {
	volume(d int64) int // the number of rows generated for a day, at little cost
	generate(d int64) []record
}

// nothing is the source of a log of extra rows alone.
type nothing struct{}

func (nothing) volume(int64) int        { return 0 }
func (nothing) generate(int64) []record { return nil }

// eventLog is what the service keeps of a source.
type eventLog struct {
	source
	reach     int64              // how long rows are kept after their start
	exclusive bool               // the end of a window does not belong to it
	extra     map[int64][]record // by day
	days      dayCache[[]record]
}

func newEventLog(s source, reach int64, extra []Row) *eventLog {
	l := &eventLog{source: s, reach: reach, extra: make(map[int64][]record)}
	for _, row := range extra {
		d, _ := floorDiv(ticks(row.Start), day)
		l.extra[d] = append(l.extra[d], &verbatim{event{start: ticks(row.Start), ready: math.MinInt32}, row.JSON})
	}
	l.days.keep = cachedDays
	l.days.generate = func(d int64) []record { return byStart(append(l.generate(d), l.extra[d]...)) }
	return l
}

// byStart sorts places instead of rows: three times as fast.
func byStart(rows []record) []record {
	type place struct {
		start int64
		index int
	}
	places := make([]place, len(rows))
	for i, row := range rows {
		places[i] = place{row.common().start, i}
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.index, b.index))
	})
	sorted := make([]record, len(rows))
	for i, p := range places {
		sorted[i] = rows[p.index]
	}
	return sorted
}

// served yields what Graph answers for a window, without the first skip rows.
// Whole settled days are stepped over by their volume: the last page of a long
// window costs no more than the first.
func (l *eventLog) served(w window, skip int) iter.Seq[record] {
	w.from = max(w.from, w.now-l.reach)
	if l.exclusive {
		w.to--
	}
	first, _ := floorDiv(w.from, day)
	last, _ := floorDiv(w.to, day)
	return func(yield func(record) bool) {
		for d := first; d <= last; d++ {
			rows := l.volume(d) + len(l.extra[d])
			start, end := d*day, (d+1)*day
			whole := w.from <= start && end <= w.to && end+settled <= w.now
			switch {
			case whole && rows <= skip:
				skip -= rows
				continue
			case rows == 0, start > w.now && len(l.extra[d]) == 0:
				continue
			}
			for _, row := range l.days.get(d) {
				if !row.common().in(w) {
					continue
				}
				if skip > 0 {
					skip--
				} else if !yield(row) {
					return
				}
			}
		}
	}
}
