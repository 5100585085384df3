package torture

import (
	"fmt"
	"time"

	"ingestd/internal/fetch"
)

// check looks at the database and notes what does not hold, whatever has just gone wrong.
func (w *world) check() {
	w.Helper()
	w.observe()
	l := w.look()
	w.oracle.mu.Lock()
	defer w.oracle.mu.Unlock()
	for _, fault := range l.faults {
		w.violate("%s", fault)
	}
	for _, e := range fetch.Endpoints {
		w.checkLost(l, e)
		w.checkInvented(l, e)
		w.checkWatermark(l, e)
		w.checkKept(l, e)
		if w.before != nil {
			w.checkForward(l, e)
		}
	}
	w.checkSums(l)
	w.checkErased()
	w.checkNeighbour()
	w.checkForged()
	w.before = l
}

// paging is how long a window may be read for: rows that leave reach meanwhile need not be there.
const paging = 20 * time.Minute

// checkLost holds that all that could be read of a slot when it was read is stored, at least as new as it was then, or
// kept raw.
func (w *world) checkLost(l *look, e fetch.Endpoint) {
	reach := w.settings.leastReach
	if e.Versioned {
		reach = w.settings.leastRecordsReach
	}
	slots := map[int64]slot{}
	for _, s := range l.endpoints[e.Name].slots {
		slots[s.From.Unix()] = s
	}
	for key, r := range w.oracle.rows[e.Name] {
		s, read := slots[r.at.Truncate(e.Slot).Unix()]
		from := later(s.ReadAt.Add(paging-reach), l.endpoints[e.Name].KeptFrom)
		if !read || r.at.Before(from) || w.isChanged(e, r) {
			continue
		}
		if e.Aggregate && (s.From.Before(s.ReadAt.Add(paging-reach)) || !r.shown) { // a sum may go under another key
			continue
		}
		then, ok := r.said(s.ReadAt)
		if !ok {
			continue
		}
		if e.Name == "sms_messages" && r.seen[0].since.Sub(r.at) > day { // it may be served with those of a later day
			continue
		}
		got, there := l.stored[e.Name][key]
		switch now, known := r.place(got.Says); {
		case l.rejected[e.Name][key]:
		case !there:
			w.violate("%s: %s of %v could be read at %v, its slot was read at %v, and it is not stored",
				e.Name, key, r.at, r.seen[then].since, s.ReadAt)
		case known && now < then:
			w.violate("%s: %s is stored as it was from %v on, it had changed at %v, and its slot was read at %v",
				e.Name, key, r.seen[now].since, r.seen[then].since, s.ReadAt)
		}
	}
}

// checkInvented holds that all that is stored was served, as it is stored.
func (w *world) checkInvented(l *look, e fetch.Endpoint) {
	if e.Aggregate { // whose sums were asked for at any time
		return
	}
	if strangers, erased := w.strangers(l, e); len(strangers) > erased {
		w.violate("%s: %v are stored and were never served, and %d rows name persons who were erased",
			e.Name, strangers, erased)
	}
	for key, got := range l.stored[e.Name] {
		if got.UpdatedAt.After(w.clock.Now().Add(time.Second)) {
			w.violate("%s: %s was served in the future, at %v", e.Name, key, got.UpdatedAt)
		}
		r := w.oracle.rows[e.Name][key]
		switch {
		case r == nil || w.isChanged(e, r):
		case !r.ever[got.Says]:
			w.violate("%s: %s is stored as it was never served", e.Name, key)
		case got.Details != nil && w.oracle.documents[key][*got.Details] == nil:
			w.violate("%s: %s has details of version %d, which was never served", e.Name, key, *got.Details)
		}
	}
}

// checkWatermark holds that all before the watermark is settled, that what is settled was read late enough and while
// all of it was in reach, and that records before the watermark have their details.
func (w *world) checkWatermark(l *look, e fetch.Endpoint) {
	settle, reach := w.settings.leastSettle, w.settings.mostReach
	if e.Versioned {
		settle, reach = w.settings.leastRecSettle, w.settings.mostRecordsReach
	}
	of := l.endpoints[e.Name]
	settled := map[int64]bool{}
	for _, s := range of.slots {
		settled[s.From.Unix()] = s.Settled
		if s.Settled && s.ReadAt.Before(s.To.Add(settle)) {
			w.violate("%s: the slot of %v is settled, and was read at %v", e.Name, s.From, s.ReadAt)
		}
		if s.Settled && later(s.From, of.Origin).Before(s.ReadAt.Add(-reach-time.Second)) {
			w.violate("%s: the slot of %v is settled, and was read when its rows had begun to leave, at %v",
				e.Name, s.From, s.ReadAt)
		}
		if s.ReadAt.After(w.clock.Now().Add(time.Second)) {
			w.violate("%s: the slot of %v was read in the future, at %v", e.Name, s.From, s.ReadAt)
		}
	}
	from := of.Origin.Truncate(e.Slot)
	if of.Watermark.Equal(of.Origin) {
		from = of.Origin
	}
	for at := from; at.Before(of.Watermark); at = at.Add(e.Slot) {
		if !settled[at.Unix()] && at.Add(e.Slot).After(of.Origin) {
			w.violate("%s: the watermark is %v, and the slot of %v is not settled", e.Name, of.Watermark, at)
		}
	}
	if !e.Versioned {
		return
	}
	for key, got := range l.stored[e.Name] {
		r := w.oracle.rows[e.Name][key]
		if r == nil || got.Details != nil || l.rejected[e.Name][key] {
			continue
		}
		if !r.at.Before(of.Origin) && r.at.Before(of.Watermark) {
			w.violate("call_records: %s of %v has no details, and the watermark is %v", key, r.at, of.Watermark)
		}
	}
}

// checkForward holds that nothing has become older since the last time.
func (w *world) checkForward(l *look, e fetch.Endpoint) {
	for key, was := range w.before.stored[e.Name] {
		now, there := l.stored[e.Name][key]
		r := w.oracle.rows[e.Name][key]
		isKept := r != nil && !r.at.Before(l.endpoints[e.Name].KeptFrom) && !w.isChanged(e, r)
		switch {
		case !there && !e.Aggregate && isKept:
			w.violate("%s: %s has gone", e.Name, key)
		case !there:
		case e.Versioned && now.Says < was.Says:
			w.violate("%s: %s has gone from version %d to %d", e.Name, key, was.Says, now.Says)
		case was.Details != nil && (now.Details == nil || *now.Details < *was.Details):
			w.violate("%s: the details of %s have become older", e.Name, key)
		case !e.Versioned && now.UpdatedAt.Before(was.UpdatedAt):
			w.violate("%s: %s was served at %v, and now says %v", e.Name, key, was.UpdatedAt, now.UpdatedAt)
		}
	}
	before, now := w.before.endpoints[e.Name], l.endpoints[e.Name]
	if now.KeptFrom.Before(before.KeptFrom) || now.DetailsKeptFrom.Before(before.DetailsKeptFrom) {
		w.violate("%s: what is kept from %v was kept from %v", e.Name, now.KeptFrom, before.KeptFrom)
	}
	is := map[int64]slot{}
	for _, s := range now.slots {
		is[s.From.Unix()] = s
	}
	for _, s := range before.slots {
		if s.Settled && !is[s.From.Unix()].Settled && now.Origin.Equal(before.Origin) {
			w.violate("%s: the slot of %v was settled, and is not any more", e.Name, s.From)
		}
		if read := is[s.From.Unix()].ReadAt; read.Before(s.ReadAt) {
			w.violate("%s: the slot of %v was read at %v, and now was at %v", e.Name, s.From, s.ReadAt, read)
		}
	}
	if !before.Origin.IsZero() && !now.Origin.Equal(before.Origin) && !w.moved {
		w.violate("%s: the origin has moved from %v to %v", e.Name, before.Origin, now.Origin)
	}
}

// checkSums holds that the counts of each run add up.
func (w *world) checkSums(l *look) {
	for _, r := range l.runs {
		if r.Seen != r.New+r.Changed+r.Unchanged+r.Rejected {
			w.violate("the counts of a run do not add up: %+v", r)
		}
	}
}

// told is all violations in a few lines.
func (w *world) told() string {
	text := ""
	for i, v := range w.violations {
		if i == 8 {
			return text + fmt.Sprintf("\n  and %d more", len(w.violations)-i)
		}
		text += "\n  " + v
	}
	return text
}
