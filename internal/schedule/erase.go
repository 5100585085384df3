package schedule

import (
	"context"
	"fmt"
	"strings"
	"time"

	"ingestd/internal/mapping"
	"ingestd/internal/store"
)

// mostPasses is how often an erasure looks for the person again: a run that began before
// may have stored something behind it.
const mostPasses = 10

// An Erasure takes a person out of all that is stored of one tenant. What is done stays if
// it is stopped, and the same erasure goes on.
type Erasure struct {
	Jobs     []*Job // of the tenant
	Noted    store.Erasure
	Search   store.Search
	Eraser   func(*mapping.Model) *mapping.Eraser // knows who was erased of the tenant, and this person
	Progress func(what string, done, all int)     // nil: nobody asks
	Wait     time.Duration                        // between two looks for runs that have not ended
}

// Run erases until nothing is found of the person, and nobody is at work who does not
// know of it.
func (e *Erasure) Run(ctx context.Context, found []store.Find) (id int64, err error) {
	db := e.Jobs[0].DB
	id, seen, err := db.BeginErasure(ctx, e.Noted)
	for pass := 0; err == nil && pass < mostPasses; pass++ {
		if err = e.erase(ctx, found); err != nil {
			break
		}
		if err = e.awaitRuns(ctx, seen); err != nil {
			break
		}
		if found, err = db.Find(ctx, e.Search); err == nil && len(found) == 0 {
			return id, db.EndErasure(ctx, e.Noted.Tenant, id)
		}
	}
	if err != nil {
		return id, err
	}
	var tables []string
	for _, f := range found {
		tables = append(tables, f.Table)
	}
	return id, fmt.Errorf("the person is still found in %s; look there by hand, and call this again",
		strings.Join(tables, ", "))
}

// awaitRuns waits for the runs that began before the erasure was noted.
func (e *Erasure) awaitRuns(ctx context.Context, noted time.Time) error {
	for {
		runs, err := e.Jobs[0].DB.RunsBefore(ctx, e.Noted.Tenant, noted)
		if err != nil || runs == 0 {
			return err
		}
		e.tell("runs that began before have not ended", 0, int(runs))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(e.Wait):
		}
	}
}

func (e *Erasure) tell(what string, done, all int) {
	if e.Progress != nil {
		e.Progress(what, done, all)
	}
}

// erase is one pass. Names are known from teams.users, which go last.
func (e *Erasure) erase(ctx context.Context, found []store.Find) error {
	if len(found) == 0 {
		return nil
	}
	db := e.Jobs[0].DB
	if err := db.EraseTexts(ctx, e.Search); err != nil {
		return err
	}
	var rewrites []*store.Rewrite
	for _, j := range e.Jobs {
		keys, err := db.KeysFound(ctx, e.Search, j.Target)
		if err != nil {
			return err
		}
		rewrites = append(rewrites, &store.Rewrite{
			Target: j.Target, NewBatch: e.newBatch, Name: "erase", Keys: append([][]string{}, keys...),
		})
	}
	return db.Rewrite(ctx, rewrites, func(r *store.Rewrite) {
		e.tell(r.Target.Endpoint, int(r.Rows), int(r.Rows)+len(r.Keys))
	})
}

func (e *Erasure) newBatch(m *mapping.Model) *mapping.Batch {
	b := m.NewBatch()
	b.Eraser = e.Eraser(m)
	return b
}
