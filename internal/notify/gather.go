package notify

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	// gatherFor is how long ids of several requests come together.
	gatherFor = 5 * time.Millisecond
	// storeWithin is how long ids may take to be stored.
	storeWithin = 2 * time.Second
)

// A gatherer hands on the ids of many requests together, one batch of a tenant after
// the other: however many requests there are, one statement is at work.
type gatherer struct {
	desk Desk
	wake chan struct{} // holds a token while something waits

	mu      sync.Mutex
	waiting map[uuid.UUID]*batch // by tenant
}

// A batch is what is handed on at once.
type batch struct {
	ids  []uuid.UUID
	done chan struct{} // closed when it is stored, or is not
	err  error         // why not; read after done
}

func newGatherer(desk Desk) *gatherer {
	return &gatherer{desk: desk, wake: make(chan struct{}, 1), waiting: map[uuid.UUID]*batch{}}
}

// add hands ids on and returns when they are stored.
func (g *gatherer) add(ctx context.Context, tenant uuid.UUID, ids []uuid.UUID) error {
	g.mu.Lock()
	b := g.waiting[tenant]
	if b == nil {
		b = &batch{done: make(chan struct{})}
		g.waiting[tenant] = b
	}
	b.ids = append(b.ids, ids...)
	g.mu.Unlock()
	select {
	case g.wake <- struct{}{}:
	default:
	}
	select {
	case <-b.done:
		return b.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run stores what is added, until ctx ends.
func (g *gatherer) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.wake:
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(gatherFor):
		}
		for tenant, b := range g.take() {
			short, cancel := context.WithTimeout(ctx, storeWithin)
			b.err = g.desk.Discover(short, tenant, b.ids)
			cancel()
			close(b.done)
		}
	}
}

// take takes all that waits.
func (g *gatherer) take() map[uuid.UUID]*batch {
	g.mu.Lock()
	defer g.mu.Unlock()
	taken := g.waiting
	g.waiting = map[uuid.UUID]*batch{}
	return taken
}
