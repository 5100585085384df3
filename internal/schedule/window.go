package schedule

import (
	"context"
	"errors"
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
	// saveTime is what a Save gets to end in once the daemon is told to stop.
	saveTime = 20 * time.Second
)

// A reading is one pass over the pages of a window.
type reading struct {
	*execution
	window Window

	column int // of the time that windows apply to
	batch  *mapping.Batch
	pages  int                 // in the batch
	asked  time.Time           // Graph's time of the first request
	served time.Time           // Graph's time of the last answer
	counts []int               // elements for each slot
	seen   map[uint64]struct{} // hashes of the keys of earlier pages
	moved  bool                // a key stood on two pages
	mark   uint64              // sum of the hashes of all keys
}

// readWindow reads a window until a reading can be believed, and commits its
// slots with the last rows. Paging is by offset over a live log: a key that
// stands on two pages shows that rows moved, and others may have been passed
// over. Two readings that name the same keys are believed all the same.
func (x *execution) readWindow(ctx context.Context, w Window) error {
	var err error
	before := uint64(0)
	for n := range readings {
		r := &reading{execution: x, window: w, column: slices.Index(x.run.Model.Tables[0].ColumnNames(), x.run.EventTime),
			batch: x.Endpoint.Rows.NewBatch(), counts: make([]int, len(w.slots)), seen: map[uint64]struct{}{}}
		if err = r.read(ctx); errors.Is(err, fetch.ErrShifted) || errors.Is(err, fetch.ErrLinkExpired) {
			continue
		} else if err != nil {
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
	return &fetch.Error{Kind: fetch.Transient, What: r.Endpoint.Name + " " + r.window.Window.String(), Err: fetch.ErrShifted,
		Hint: "it is read again at the next run; a shorter settle or a quieter hour helps if it lasts"}
}

// read saves all pages but those of the last batch.
func (r *reading) read(ctx context.Context) error {
	for page, err := range r.Client.Pages(ctx, r.Endpoint, r.API, r.window.Window, r.window.AtEdge, &r.usage) {
		if err != nil {
			return err
		}
		if r.pages == batchPages {
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

// add encodes a page and counts its elements by slot.
func (r *reading) add(page *fetch.Page) {
	start := len(r.batch.Elements)
	for element := range page.Elements.Elements() {
		r.batch.Append(element, page.Served)
	}
	r.pages++
	keys := make([]uint64, 0, len(r.batch.Elements)-start)
	for i := start; i < len(r.batch.Elements); i++ {
		if at, ok := r.batch.Time(i, r.column); ok {
			r.count(at)
		}
		keys = append(keys, xxhash.Sum64String(r.batch.Elements[i].Key))
	}
	for _, key := range keys {
		if _, again := r.seen[key]; again {
			r.moved = true
		} else {
			r.mark += key
		}
	}
	for _, key := range keys {
		r.seen[key] = struct{}{}
	}
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
// leave Graph's reach meanwhile is not among them, unless it had left already
// and was never read: that is all there is to get of it.
func (r *reading) earned() []store.Slot {
	var slots []store.Slot
	for i, s := range r.window.slots {
		if s.owed.Before(r.served.Add(-r.Policy.Reach)) && !s.read.IsZero() {
			continue
		}
		slots = append(slots, store.Slot{From: s.from, To: s.to, ReadAt: r.asked, Rows: r.counts[i]})
	}
	return slots
}

// save commits the batch. Once begun it ends even if ctx is cancelled.
func (r *reading) save(ctx context.Context, read []store.Slot) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
	defer cancel()
	_, err := r.DB.Save(ctx, r.run, r.batch, read, r.pages)
	r.batch.Reset()
	r.pages = 0
	return err
}
