package schedule

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/store"
)

const (
	// batchPages is how many pages go into one transaction: smaller ones cost
	// the server more for each row, larger ones cost memory and redo.
	batchPages = 4
	// maxReads is how often a window is read before it counts as failed, and how
	// many readings that name the same keys are believed although rows moved.
	maxReads = 3
	// maxSpans is how many spans of one slot may fail before it is left to the
	// next run: an hour that fails in every minute is asked for 119 times.
	maxSpans = 40
	// seenRows is how many of the last rows a reading remembers. Rows move by as
	// many places as came or went between two pages, so a row that stands on
	// two pages stands on neighbours.
	seenRows = 250_000
)

// A reading is one pass over the pages of a window.
type reading struct {
	*lister
	window Window

	column  int // of the time that windows apply to
	batch   *mapping.Batch
	pages   int       // in the batch
	asked   time.Time // Graph's time of the first request
	served  time.Time // Graph's time of the last answer
	counts  []int     // elements for each slot
	seen    seen
	changed map[string]bool // keys of the batch that stood on an earlier page with other content
	moved   bool            // a key stood on two pages
	keySum  uint64          // sum of the hashes of all keys
	failed  int             // spans
}

// readWindow reads a window until a reading can be believed, and commits its
// slots with the last rows. Paging is by offset over a live log: a key that
// stands on two pages shows that rows moved, and others may have been passed
// over. Where all readings name the same keys the last one is believed all the
// same: Graph's list may have a row twice, and would have it at each run.
func (l *lister) readWindow(ctx context.Context, w Window) error {
	if !l.policy.WholeSlots { // a part of a day has other sums
		w = w.within(l.policy.horizon(l.graph.Clock().Add(earliness)))
	}
	if !w.From.Before(w.To) {
		return nil // it has left reach since it was planned
	}
	batch, ok := l.batches.Get().(*mapping.Batch)
	if !ok {
		batch = l.newBatch()
	}
	defer l.batches.Put(batch)
	batch.Aged = l.aged(w.Window)
	var err error
	alike := map[uint64]int{} // readings, by the sum of the keys they named
	for range maxReads {
		batch.Reset()
		r := &reading{
			lister:  l,
			window:  w,
			column:  slices.Index(l.endpoint.Rows.Tables[0].ColumnNames(), l.endpoint.EventTime),
			batch:   batch,
			counts:  make([]int, len(w.slots)),
			seen:    newSeen(),
			changed: map[string]bool{},
		}
		if err = r.readSpan(ctx, w.Window); err != nil {
			if saving := r.commit(ctx, nil); saving != nil && ctx.Err() == nil { // what was served counts all the same
				return saving
			}
			if toBeReadAgain(err) {
				continue
			}
			return err
		}
		alike[r.keySum]++
		if !r.moved || alike[r.keySum] == maxReads {
			return r.commit(ctx, r.completedSlots())
		}
		if err = r.commit(ctx, nil); err != nil {
			return err
		}
		err = r.shifted()
	}
	return err
}

func (r *reading) shifted() error {
	return r.unbelieved(
		fetch.ErrShifted, "it is read again at the next run; a shorter settle or a quieter hour helps if it lasts")
}

// errStalled is the cause of an error about an answer that is too old to be stored: a newer one that was stored
// meanwhile would pass for one of a clock that was ahead.
var errStalled = errors.New("more than an hour passed from the answer until it was to be stored")

// unbelieved is an error about an answer that was served, and is of no use.
func (r *reading) unbelieved(why error, hint string) error {
	return &fetch.Error{
		Kind: fetch.Transient, What: r.endpoint.Name + " " + r.window.Window.String(), Status: http.StatusOK,
		Err: why, Hint: hint,
	}
}

// toBeReadAgain reports whether a reading failed in a way that the next one
// need not.
func toBeReadAgain(err error) bool {
	return errors.Is(err, fetch.ErrShifted) || errors.Is(err, fetch.ErrLinkExpired)
}

// readSpan reads the pages of a span. Where a slot cannot be served, its halves
// are read one after the other, down to the smallest window worth asking for,
// so that what is unservable costs no more than its own minute. The slot is not
// read to its last page then; all else in it is stored.
func (r *reading) readSpan(ctx context.Context, span fetch.Window) error {
	err := r.readPages(ctx, span)
	if err == nil {
		return nil
	}
	r.failed++
	half := r.half(span)
	if half <= 0 || toBeReadAgain(err) || r.failed >= maxSpans || judge(err, r.hasAnswered()) != split {
		return err
	}
	middle := span.From.Add(half)
	first := r.readSpan(ctx, fetch.Window{From: span.From, To: middle})
	if first != nil && (r.failed >= maxSpans || judge(first, true) == abort) {
		return first
	}
	second := r.readSpan(ctx, fetch.Window{From: middle, To: span.To})
	if second != nil && judge(second, true) == abort {
		return second
	}
	return cmp.Or(first, second)
}

// half is half the length of a span within one slot; zero if it cannot be
// halved.
func (r *reading) half(span fetch.Window) time.Duration {
	if len(r.window.slots) > 1 || r.policy.Smallest == 0 {
		return 0
	}
	return (span.To.Sub(span.From) / 2).Truncate(r.policy.Smallest)
}

// readPages reads a span page by page and commits every few of them.
func (r *reading) readPages(ctx context.Context, span fetch.Window) error {
	atEdge := span.From.Before(r.policy.horizon(r.graph.Clock()).Add(margin))
	for page, err := range r.graph.Pages(ctx, r.endpoint, r.api, span, atEdge, &r.log.usage) {
		if err != nil {
			return err
		}
		if r.asked.IsZero() {
			r.asked = page.Asked
			r.hasServed()
		}
		r.served = page.Served
		r.add(page)
		if r.pages == batchPages && !r.endpoint.Aggregate {
			if err := r.commit(ctx, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// add encodes a page's elements. One whose key stood on an earlier page shows
// that rows moved.
func (r *reading) add(page *fetch.Page) {
	misfits, unknown := r.batch.Misfits, r.batch.Unknown
	for element := range page.Elements.Elements() {
		n := len(r.batch.Elements)
		r.batch.Append(element, page.Served)
		if len(r.batch.Elements) == n {
			continue
		}
		if at, ok := r.eventTime(n); ok {
			r.count(at)
		}
		e := &r.batch.Elements[n]
		before, differs := r.seen.add(xxhash.Sum64String(e.Key), e.Hash)
		r.moved = r.moved || before
		if differs {
			r.changed[e.Key] = true
		}
	}
	r.keySum += r.seen.nextPage()
	r.pages++
	r.log.misfits.Add(int64(r.batch.Misfits - misfits))
	r.log.unknown.Add(int64(r.batch.Unknown - unknown))
	r.log.meet(r.batch.TakeStrange())
}

// eventTime is the time by which an element belongs to a slot.
func (r *reading) eventTime(element int) (time.Time, bool) {
	if r.endpoint.Aggregate {
		return r.window.From, true
	}
	return r.batch.Time(element, r.column)
}

func (r *reading) count(at time.Time) {
	i, found := slices.BinarySearchFunc(r.window.slots, at, func(s slot, at time.Time) int {
		switch {
		case !s.to.After(at):
			return -1
		case s.from.After(at):
			return 1
		}
		return 0
	})
	if found {
		r.counts[i]++
	}
}

// completedSlots are the slots that were read to their last page. One that
// began to leave Graph's reach meanwhile is not among them. One that had begun
// before, and was not read since its rows were final, is: that is all there is to
// get of it, and it does not count as settled. One that had not ended when it was planned counts
// as read then, however much later it was asked for.
func (r *reading) completedSlots() []store.Slot {
	var list []store.Slot
	for i, s := range r.window.slots {
		readAt := r.asked
		if r.window.To.Before(s.to) {
			readAt = earlier(readAt, r.window.To)
		}
		leftBefore := s.owed.Before(later(r.policy.horizon(r.asked), r.window.From)) && !r.policy.WholeSlots
		if s.owed.Before(r.policy.horizon(r.served)) && !(leftBefore && r.policy.hasRest(s)) {
			continue
		}
		list = append(
			list,
			store.Slot{
				From:     s.from,
				To:       s.to,
				ReadAt:   readAt,
				ServedAt: r.served,
				Rows:     r.counts[i],
				Settled:  !leftBefore && r.policy.earns(s, readAt, r.served),
			},
		)
	}
	return list
}

// commit saves the batch. Once begun it ends even if ctx is cancelled. An
// aggregate is saved only if its reading counts.
func (r *reading) commit(ctx context.Context, read []store.Slot) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.endpoint.Aggregate && len(read) == 0 {
		return nil
	}
	if e := r.batch.Elements; len(e) > 0 && r.graph.Clock().Sub(e[0].At) > store.MaxLateness {
		return r.unbelieved(errStalled, "it is read again at the next run; was this process or machine suspended?")
	}
	counts, err := r.save(r.finish, r.batch, store.Reading{
		From: r.window.slots[0].from, To: r.window.slots[len(r.window.slots)-1].to, Slot: r.policy.Slot,
		Read: read, Pages: r.pages, Changed: r.changed,
	})
	r.log.rows.Add(counts.Seen)
	if r.endpoint.Versioned {
		r.log.named.Add(counts.New + counts.Changed)
	}
	if err == nil {
		r.log.slotsRead.Add(int64(len(read)))
		signal(r.named)
	}
	r.batch.Reset()
	clear(r.changed)
	r.pages = 0
	if errors.Is(err, store.ErrEmptied) {
		return r.unbelieved(err, "the day's rows are kept, and it is asked for again")
	}
	return err
}
