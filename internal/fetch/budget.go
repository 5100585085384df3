package fetch

import (
	"context"
	"slices"
	"sync"
)

// A Budget bounds the bytes that many holders keep in memory together, as answers about call records do until they are
// stored. It counts what is really held, so that large records wait for memory and small ones do not.
type Budget struct {
	size int64

	mu      sync.Mutex
	held    int64
	waiting []*growth    // in the order of their arrival
	beyond  *Reservation // the holder that may exceed the budget
}

// A Reservation is what one holder keeps. A nil Reservation counts nothing.
type Reservation struct {
	budget *Budget
	held   int64
}

type growth struct {
	holder  *Reservation
	bytes   int64
	granted chan struct{} // closed when the bytes are the holder's
}

// NewBudget returns a Budget of so many bytes.
func NewBudget(bytes int64) *Budget { return &Budget{size: bytes} }

// Reserve returns a Reservation of nothing. Release must be called when its bytes are no longer held.
func (b *Budget) Reserve() *Reservation { return &Reservation{budget: b} }

// Held is how many bytes are held now.
func (b *Budget) Held() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held
}

// Scarce reports whether more than half of the bytes are held. Nothing new should be begun then: the rest is for
// holders to get to their ends, as one that waits for memory gives none back.
func (b *Budget) Scarce() bool { return b.Held() > b.size/2 }

// Grow adds n bytes, and waits for them while the budget is full. The holder that has waited longest need not wait for
// room: one at a time may exceed the budget until its Release. So someone always gets on, and nobody waits for ever. It
// fails with ctx only.
func (r *Reservation) Grow(ctx context.Context, n int64) error {
	if r == nil || n <= 0 {
		return nil
	}
	g := &growth{r, n, make(chan struct{})}
	r.budget.update(func(b *Budget) { b.waiting = append(b.waiting, g) })
	select {
	case <-g.granted:
		return nil
	case <-ctx.Done():
		return r.budget.giveUp(ctx, g)
	}
}

// Release gives all bytes back. The Reservation may be used again.
func (r *Reservation) Release() {
	if r == nil {
		return
	}
	r.budget.update(func(b *Budget) {
		b.held -= r.held
		r.held = 0
		if b.beyond == r {
			b.beyond = nil
		}
	})
}

// shrink gives n bytes back.
func (r *Reservation) shrink(n int64) {
	if r == nil || n <= 0 {
		return
	}
	r.budget.update(func(b *Budget) {
		b.held -= n
		r.held -= n
	})
}

// giveUp takes a growth out of the queue. One that was granted meanwhile stays.
func (b *Budget) giveUp(ctx context.Context, g *growth) (err error) {
	b.update(func(b *Budget) {
		if i := slices.Index(b.waiting, g); i >= 0 {
			b.waiting, err = slices.Delete(b.waiting, i, i+1), ctx.Err()
		}
	})
	return err
}

// update makes a change and then grants all that can be granted, in order.
func (b *Budget) update(change func(*Budget)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b)
	b.waiting = slices.DeleteFunc(b.waiting, func(g *growth) bool { return g.holder == b.beyond && b.grant(g) })
	for len(b.waiting) > 0 && b.mayGrow(b.waiting[0]) {
		b.grant(b.waiting[0])
		b.waiting = slices.Delete(b.waiting, 0, 1)
	}
}

// mayGrow reports whether the first in the queue need not wait. Where there is no room it becomes the one that may
// exceed the budget, if nobody is.
func (b *Budget) mayGrow(g *growth) bool {
	if b.held+g.bytes <= b.size {
		return true
	}
	if b.beyond == nil {
		b.beyond = g.holder
		return true
	}
	return b.beyond == g.holder
}

func (b *Budget) grant(g *growth) bool {
	b.held += g.bytes
	g.holder.held += g.bytes
	close(g.granted)
	return true
}
