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
	batchPages = 5
	// readings is how often a window is read before it counts as failed.
	readings = 3
	// tooMany failures in a row are no bad minute in an hour: the way down to a
	// minute takes seven.
	tooMany = 9
	// saveTime is what work that has begun gets to end in once the daemon is
	// told to stop.
	saveTime = 20 * time.Second
)

// A reading is one pass over the pages of a window.
type reading struct {
	*execution
	window Window

	column int // of the time that windows apply to
	batch  *mapping.Batch
	pages  int              // in the batch
	asked  time.Time        // Graph's time of the first request
	served time.Time        // Graph's time of the last answer
	counts []int            // elements for each slot
	seen   map[uint64]int64 // hashes of the keys of earlier pages, and of their contents
	again  map[string]bool  // keys that said something else on an earlier page
	moved  bool             // a key stood on two pages
	mark   uint64           // sum of the hashes of all keys
	failed int              // spans in a row
}

// readWindow reads a window until a reading can be believed, and commits its
// slots with the last rows. Paging is by offset over a live log: a key that
// stands on two pages shows that rows moved, and others may have been passed
// over. Two readings that name the same keys are believed all the same.
func (x *execution) readWindow(ctx context.Context, w Window) error {
	var err error
	before := uint64(0)
	for n := range readings {
		r := &reading{execution: x, window: w, column: slices.Index(x.Endpoint.Rows.Tables[0].ColumnNames(), x.Endpoint.EventTime),
			batch: x.Endpoint.Rows.NewBatch(), counts: make([]int, len(w.slots)), seen: map[uint64]int64{}, again: map[string]bool{}}
		if err = r.read(ctx, w.Window); err != nil {
			if err := r.save(ctx, nil); err != nil { // what was served counts all the same
				return err
			}
			if toBeReadAgain(err) {
				continue
			}
			return err
		}
		if !r.moved || n > 0 && r.mark == before {
			return r.save(ctx, r.earned())
		}
		if err = r.save(ctx, nil); err != nil {
			return err
		}
		before, err = r.mark, r.shifted()
	}
	return err
}

func (r *reading) shifted() error {
	return &fetch.Error{Kind: fetch.Transient, What: r.Endpoint.Name + " " + r.window.Window.String(), Status: http.StatusOK, Err: fetch.ErrShifted,
		Hint: "it is read again at the next run; a shorter settle or a quieter hour helps if it lasts"}
}

// toBeReadAgain tells whether a reading failed in a way that the next one need
// not.
func toBeReadAgain(err error) bool {
	return errors.Is(err, fetch.ErrShifted) || errors.Is(err, fetch.ErrLinkExpired)
}

// read reads the pages of a span. Where a slot cannot be served, its halves are
// read one after the other, down to the smallest window worth asking for, so
// that what is unservable costs no more than its own minute. The slot is not
// read to its last page then; all else in it is stored.
func (r *reading) read(ctx context.Context, span fetch.Window) error {
	err := r.readPages(ctx, span)
	if err == nil {
		r.failed = 0
		return nil
	}
	r.failed++
	half := (span.To.Sub(span.From) / 2).Truncate(r.Policy.Smallest)
	if len(r.window.slots) > 1 || half <= 0 || r.Policy.Smallest == 0 || r.failed == tooMany || toBeReadAgain(err) || !r.unservable(err) {
		return err
	}
	middle := span.From.Add(half)
	first := r.read(ctx, fetch.Window{From: span.From, To: middle})
	if r.failed == tooMany || first != nil && hopeless(first) {
		return first
	}
	return cmp.Or(first, r.read(ctx, fetch.Window{From: middle, To: span.To}))
}

// readPages saves all pages but those of the last batch.
func (r *reading) readPages(ctx context.Context, span fetch.Window) error {
	for page, err := range r.Client.Pages(ctx, r.Endpoint, r.API, span, r.window.AtEdge, &r.usage) {
		if err != nil {
			return err
		}
		if r.pages == batchPages && !r.Endpoint.Aggregate {
			if err := r.save(ctx, nil); err != nil {
				return err
			}
		}
		if r.asked.IsZero() {
			r.asked = page.Asked
		}
		r.served = page.Served
		r.add(page)
	}
	return nil
}

// add encodes a page and counts its elements by slot. A key that stood on an
// earlier page shows that rows moved. If it says something else now, the two
// cannot both be right, and the later is kept raw.
func (r *reading) add(page *fetch.Page) {
	misfits, unknown := r.batch.Misfits, r.batch.Unknown
	here := map[uint64]int64{}
	for element := range page.Elements.Elements() {
		n := len(r.batch.Elements)
		r.batch.Append(element, page.Served)
		if len(r.batch.Elements) == n {
			continue
		}
		if at, ok := r.eventTime(n); ok {
			r.count(at)
		}
		e := r.batch.Elements[n]
		key := xxhash.Sum64String(e.Key)
		hash, again := r.seen[key]
		switch {
		case !again:
			here[key] = e.Hash
		case hash != e.Hash && !r.Endpoint.Versioned:
			here[key] = e.Hash
			r.again[e.Key] = true
		}
		r.moved = r.moved || again
	}
	for key, hash := range here {
		r.seen[key] = hash
		r.mark += key
	}
	r.pages++
	r.misfits.Add(int64(r.batch.Misfits - misfits))
	r.unknown.Add(int64(r.batch.Unknown - unknown))
}

// eventTime is the time by which an element belongs to a slot.
func (r *reading) eventTime(element int) (time.Time, bool) {
	if r.Endpoint.Aggregate {
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

// earned are the slots that were read to their last page. One that began to
// leave Graph's reach meanwhile is not among them. One that had begun before,
// and was never read, is: that is all there is to get of it, and by its time
// of reading it does not count as settled.
func (r *reading) earned() []store.Slot {
	var slots []store.Slot
	for i, s := range r.window.slots {
		leftBefore := s.owed.Before(r.asked.Add(-r.Policy.Reach))
		if s.owed.Before(r.served.Add(-r.Policy.Reach)) && !(leftBefore && s.read.IsZero()) {
			continue
		}
		slots = append(slots, store.Slot{From: s.from, To: s.to, ReadAt: r.asked, Rows: r.counts[i]})
	}
	return slots
}

// save commits the batch. Once begun it ends even if ctx is cancelled. An
// aggregate is saved only if its reading counts.
func (r *reading) save(ctx context.Context, read []store.Slot) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.Endpoint.Aggregate && len(read) == 0 {
		return nil
	}
	ctx, cancel := ending(ctx)
	defer cancel()
	window := store.Reading{From: r.window.From, To: r.window.To, Slot: r.Policy.Slot, Read: read, Pages: r.pages, Again: r.again}
	var counts store.Counts
	var err error
	switch {
	case r.Endpoint.Aggregate:
		counts, err = r.DB.ReplaceDay(ctx, r.run, r.target, r.batch, read[0], r.pages)
	case r.Endpoint.Versioned:
		counts, err = r.DB.Announce(ctx, r.run, r.target, r.batch, window)
	default:
		counts, err = r.DB.SaveRows(ctx, r.run, r.target, r.batch, window)
	}
	r.rowsServed.Add(counts.Seen)
	if err == nil {
		r.slotsRead.Add(int64(len(read)))
		select {
		case r.named <- struct{}{}:
		default: // nobody has looked since the last time
		}
	}
	r.batch.Reset()
	r.pages = 0
	if errors.Is(err, store.ErrEmptied) {
		return &fetch.Error{Kind: fetch.Transient, What: r.Endpoint.Name + " " + r.window.Window.String(), Status: http.StatusOK, Err: err,
			Hint: "the day's rows are kept, and it is asked for again"}
	}
	return err
}

// ending returns a context for work that, once begun, should come to its end:
// it is cancelled some time after ctx is, not with it.
func ending(ctx context.Context) (context.Context, context.CancelFunc) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(saveTime, cancel) })
	return late, func() { stop(); cancel() }
}
