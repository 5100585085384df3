package schedule

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/store"
)

const (
	// concurrency is how many windows of one endpoint are read at once.
	concurrency = 2
	// outageAfter is how many windows or records fail in a row before it is asked
	// whether anything succeeds at all.
	outageAfter = 6
)

// A saveFunc stores a batch of a reading and the slots that it earns.
type saveFunc func(ctx context.Context, batch *mapping.Batch, r store.Reading) (store.Counts, error)

// A lister reads the windows of a plan.
type lister struct {
	graph    *fetch.Client
	endpoint fetch.Endpoint
	api      string
	policy   Policy
	save     saveFunc
	finish   context.Context // outlives the run's by the grace period
	log      *runLog
	stop     func() bool   // reports whether no more windows are to be begun
	named    chan struct{} // holds a token when records were named since it was last taken
	newBatch func() *mapping.Batch
	aged     func(fetch.Window) *mapping.Aged
	batches  sync.Pool // of *mapping.Batch that were stored: the memory of one is worth keeping

	mu       sync.Mutex
	answered bool // Graph has served a page in this run
	outage   bool // nothing succeeds any more
	inARow   int  // windows that failed since one was read
	read     []slot
	known    []slot // read before this run: for probes

	probing sync.Mutex
}

// A failure is a window that was not read, and why.
type failure struct {
	window Window
	err    error
}

// readAll reads windows in order, until it is told to begin no more. One that
// cannot be served is read again in halves, down to a slot. It returns how many
// windows and parts of them were not read, the slots that failed alone, and the
// most severe error. An error that every window would meet ends it at once.
func (l *lister) readAll(ctx context.Context, windows []Window) (failed int, alone []failure, err error) {
	var errs []error
	for len(windows) > 0 {
		failures, stop := l.readRound(ctx, windows)
		windows = nil
		for _, f := range failures {
			halves := f.window.halves(l.graph.Clock().UTC().Truncate(time.Second))
			switch {
			case judge(f.err, l.hasAnswered()) == split && len(halves) > 0:
				windows = append(windows, halves...)
				continue
			case judge(f.err, l.hasAnswered()) == split:
				alone = append(alone, f)
			}
			failed++
			errs = append(errs, f.err)
		}
		if stop != nil {
			return failed + len(windows), alone, stop
		}
	}
	return failed, alone, mostSevere(errs...)
}

// readRound reads windows, a few at a time, and returns those that failed. The
// error ends the run.
func (l *lister) readRound(ctx context.Context, windows []Window) ([]failure, error) {
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(concurrency)
	errs := make([]error, len(windows))
	for i, w := range windows {
		group.Go(func() error {
			if gctx.Err() != nil || i > 0 && l.stop() {
				return nil
			}
			errs[i] = safely(func() error { return l.readWindow(gctx, w) })
			return l.weigh(gctx, w, errs[i])
		})
	}
	stop := group.Wait()
	var failures []failure
	for i, err := range errs {
		if err != nil {
			l.log.note(err)
			failures = append(failures, failure{windows[i], err})
		}
		if stop != nil && err != nil && judge(err, true) == abort {
			stop = mostSevere(stop, err) // of two that met the same, the answer rather than the waiting for it
		}
	}
	if ctx.Err() != nil {
		stop = ctx.Err()
	}
	return failures, stop
}

// weigh takes note of how a window fared. Its error ends the run.
func (l *lister) weigh(ctx context.Context, w Window, err error) error {
	if err == nil {
		l.succeeded(w)
		return nil
	}
	if judge(err, true) == abort {
		return err
	}
	l.mu.Lock()
	l.inARow++
	suspicious := l.inARow >= outageAfter
	l.mu.Unlock()
	if suspicious {
		return l.probe(ctx, w, err)
	}
	return nil
}

func (l *lister) succeeded(w Window) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inARow = 0
	l.read = append(l.read, w.slots[len(w.slots)-1])
}

// hasServed notes that Graph serves pages.
func (l *lister) hasServed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answered = true
}

func (l *lister) hasAnswered() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.answered
}

// probes is how many slots are asked for before an outage is believed.
const probes = 6

// probe tells many bad windows from an outage: it reads single slots that were
// read before, or lie elsewhere. If none can be read, why is returned, which
// ends the run.
func (l *lister) probe(ctx context.Context, failed Window, why error) error {
	l.probing.Lock()
	defer l.probing.Unlock()
	l.mu.Lock()
	if l.inARow < outageAfter { // another probe has succeeded meanwhile
		l.mu.Unlock()
		return nil
	}
	candidates := l.candidates(failed)
	l.mu.Unlock()
	for _, s := range candidates {
		w := Window{slots: []slot{s}}
		w.bound(l.graph.Clock().UTC().Truncate(time.Second))
		err := safely(func() error { return l.readWindow(ctx, w) })
		switch {
		case err == nil:
			l.succeeded(w)
			return nil
		case judge(err, true) == abort:
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.outage = true
	return why
}

// candidates are slots to probe with: the last ones read in this run, some that
// were read before it, and some of the failed window, other ones at each run.
func (l *lister) candidates(failed Window) []slot {
	list := append(newest(l.read, probes/3), newest(l.known, probes/3)...)
	if n := len(l.known); n > 0 {
		list = append(list, l.known[n/2], l.known[int(l.log.run.ID)%n])
	}
	for n := len(failed.slots); len(list) < probes && n > 0; n = n * 2 / 3 {
		list = append(list, failed.slots[int(l.log.run.ID)%n])
	}
	return list
}

func newest(slots []slot, most int) []slot {
	list := slices.Clone(slots[max(0, len(slots)-most):])
	slices.Reverse(list)
	return list
}

// noteFailures notes the slots that cannot be read, so that they are not in the
// way of others for long. While nothing at all can be read, that is an outage
// and no slot's fault.
func (j *Job) noteFailures(ctx context.Context, run *store.Run, now time.Time, alone []failure, l *lister) error {
	if !l.hasAnswered() || l.outage {
		return nil
	}
	for _, f := range alone {
		s := f.window.slots[0]
		note := store.Failure{From: s.from, To: s.to, At: now, Code: codeOf(f.err), Error: f.err.Error()}
		if graph := (*fetch.Error)(nil); errors.As(f.err, &graph) {
			note.RequestID, note.Body = graph.RequestID, j.kept(graph.Body)
		}
		if err := j.DB.NoteFailure(ctx, run, note); err != nil {
			return err
		}
	}
	return nil
}
