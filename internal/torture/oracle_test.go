package torture

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/schedule/scheduletest"
)

// An oracle knows what the tenant has served, and what it could have served at the times at which it was looked at.
type oracle struct {
	mu        sync.Mutex
	rows      map[string]map[string]*row // by endpoint and key
	documents map[string]map[int64][]byte
	unfit     map[string]map[string]time.Time // what does not fit as it is, by endpoint: bytes, asked for from when
	endpoints map[string]fetch.Endpoint
	parsed    map[uint64]element
	kept      map[uint64]bool // documents
}

// A row is an element in all that it has said.
type row struct {
	at    time.Time // of its event
	seen  []sight   // what could be read, as it changed
	ever  map[int64]bool
	shown bool     // it was there the last time
	texts []string // what it was served as
}

// A sight is what an element said from a time on, or a little before. What it said is a hash of its content; of call
// records the version.
type sight struct {
	says  int64
	since time.Time
	gone  bool // a sum that was not served any more
}

// An element is one that fits its table.
type element struct {
	key  string
	text string
	at   time.Time
	says int64
	fits bool
	kept bool // raw, as not all of it fits
}

func newOracle() *oracle {
	o := &oracle{
		rows: map[string]map[string]*row{}, unfit: map[string]map[string]time.Time{},
		documents: map[string]map[int64][]byte{}, kept: map[uint64]bool{},
		endpoints: map[string]fetch.Endpoint{"listCallRecords": fetch.CallRecords}, parsed: map[uint64]element{},
	}
	for _, e := range fetch.Endpoints {
		o.rows[e.Name], o.unfit[e.Name] = map[string]*row{}, map[string]time.Time{}
		if function := scheduletest.Function(e.Name); function != "" {
			o.endpoints[function] = e
		}
	}
	return o
}

// served notes an element that went into a page.
func (o *oracle) served(operation string, text []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	e := o.endpoints[operation]
	if operation == "getCallRecord" { // of one that no list may have named yet
		e = fetch.CallRecords
		o.document(text)
	}
	found := o.parse(e, text)
	if !found.fits || e.Aggregate { // a sum's key is its day's, too, which the window alone tells
		return
	}
	o.row(e, found).say(found)
}

func (o *oracle) row(e fetch.Endpoint, found element) *row {
	r := o.rows[e.Name][found.key]
	if r == nil {
		r = &row{at: found.at, ever: map[int64]bool{}}
		o.rows[e.Name][found.key] = r
	}
	return r
}

// say notes that a row can be read as it is found.
func (r *row) say(found element) {
	if !r.ever[found.says] {
		r.ever[found.says], r.texts = true, append(r.texts, found.text)
	}
}

// document keeps a call record's whole document.
func (o *oracle) document(text []byte) {
	name := xxhash.Sum64(text)
	if o.kept[name] {
		return
	}
	o.kept[name] = true
	id, version := identify(text)
	if o.documents[id] == nil {
		o.documents[id] = map[int64][]byte{}
	}
	o.documents[id][version] = slices.Clone(text)
}

func identify(text []byte) (id string, version int64) {
	var d struct {
		ID      string
		Version int64
	}
	if json.Unmarshal(text, &d) != nil {
		return "", 0
	}
	return d.ID, d.Version
}

// parse says what an element is to its table.
func (o *oracle) parse(e fetch.Endpoint, text []byte) element {
	name := xxhash.Sum64(text) ^ xxhash.Sum64String(e.Name)
	if found, ok := o.parsed[name]; ok {
		return found
	}
	var found element
	b := e.Rows.NewBatch()
	var doc mapping.Document
	if doc.Parse(slices.Clone(text)) == nil {
		b.Append(doc.Root(), time.Now())
	}
	if len(b.Elements) == 1 {
		at, _ := b.Time(0, slices.Index(e.Rows.Tables[0].ColumnNames(), e.EventTime))
		found = element{key: scheduletest.KeyOf(b.Elements[0]), at: at, says: b.Elements[0].Hash, fits: true,
			text: strings.ToLower(string(text))}
		if e.Versioned {
			found.key, found.says = identify(text)
		}
	}
	found.kept = len(b.Rejects) > 0
	o.parsed[name] = found
	return found
}

// observe looks at all that can be read now.
func (w *world) observe() {
	for _, e := range fetch.Endpoints {
		w.oracle.observe(w, e)
	}
}

func (o *oracle) observe(w *world, e fetch.Endpoint) {
	var found []element
	now, reach := w.clock.Now(), w.settings.logsReach
	switch {
	case e.Versioned:
		for document := range w.graph.CallRecords(now.Add(-w.settings.recordsReach), now) {
			o.mu.Lock()
			o.document(document)
			found = append(found, o.parse(e, document))
			o.mu.Unlock()
		}
	case e.Aggregate:
		for at := now.Add(e.Slot - reach).Truncate(e.Slot); !at.Add(e.Slot).After(now); at = at.Add(e.Slot) {
			for _, sum := range o.rowsOf(w, e, at, at.Add(e.Slot)) {
				sum.key, sum.at = at.Format("2006-01-02 ")+sum.key, at
				found = append(found, sum)
			}
		}
	default:
		found = o.rowsOf(w, e, now.Add(-reach), now)
	}
	o.note(e, found, w.clock.Now())
}

func (o *oracle) rowsOf(w *world, e fetch.Endpoint, from, to time.Time) (found []element) {
	for text := range w.graph.Rows(scheduletest.Function(e.Name), e.APIs[0], from, to) {
		o.mu.Lock()
		element := o.parse(e, text)
		if element.kept {
			o.unfit[e.Name][string(text)] = from
		}
		found = append(found, element)
		o.mu.Unlock()
	}
	return found
}

func (o *oracle) note(e fetch.Endpoint, found []element, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	shown := map[*row]bool{}
	for _, f := range found {
		if !f.fits {
			continue
		}
		r := o.row(e, f)
		shown[r] = true
		r.say(f)
		if n := len(r.seen); n == 0 || r.seen[n-1].gone || r.seen[n-1].says != f.says {
			r.seen = append(r.seen, sight{says: f.says, since: now})
		}
	}
	for _, r := range o.rows[e.Name] {
		if e.Aggregate && r.shown && !shown[r] {
			r.seen = append(r.seen, sight{since: now, gone: true})
		}
		r.shown = shown[r]
	}
}

// said is what a row could be read to say by a time; false if it could not be read.
func (r *row) said(by time.Time) (n int, ok bool) {
	for n = len(r.seen) - 1; n >= 0; n-- {
		if !r.seen[n].since.After(by) {
			return n, !r.seen[n].gone
		}
	}
	return 0, false
}

// newest is what a row says as it was looked at last.
func (r *row) newest() sight { return r.seen[len(r.seen)-1] }

// place is that of the last time that a row said something; false if it never did when it was looked at.
func (r *row) place(says int64) (n int, ok bool) {
	for n = len(r.seen) - 1; n >= 0; n-- {
		if r.seen[n].says == says && !r.seen[n].gone {
			return n, true
		}
	}
	return 0, false
}
