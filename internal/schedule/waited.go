package schedule

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
)

// A Wanted says which call records somebody waits for: one by its id, or those of a
// person that began in a span.
type Wanted struct {
	Call   uuid.UUID
	Person uuid.UUID    // an Entra object id
	Span   fetch.Window // of a person's calls
}

// A Told is a call record that somebody waited for.
type Told struct {
	ID  uuid.UUID
	Err error // why it is not stored at its newest version; nil: it is
}

// Fetch reads and stores call records now, as a run does, and tells of them newest
// first, each once it is stored. It asks for no more than is not stored yet. The
// ledger is left alone, as a list of one person's calls covers nothing. It may be at
// work beside a daemon. The error says that some may not have been told of.
func (j *Job) Fetch(ctx context.Context, wanted Wanted, tell func([]Told) error) (report Report, err error) {
	finish, cancel := WithGrace(ctx)
	defer cancel()
	now := j.Client.Clock().UTC().Truncate(time.Second)
	wanted.Span.From = later(wanted.Span.From, now.Add(-j.Policy.Reach))
	wanted.Span.To = earlier(wanted.Span.To, now.Add(margin))
	if wanted.Call != uuid.Nil {
		wanted.Span = fetch.Window{From: now, To: now}
	}
	log, rest, err := j.begin(ctx, finish, "fetch", wanted.Span, daysOf(wanted.Span))
	if err != nil {
		return report, err
	}
	defer rest()
	waited := newWaitedFor()
	f := &fetcher{
		job: j, run: log.run, log: log, finish: finish, stop: never, named: waited.named, waited: waited,
		failing: &streak{},
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	work := func() error { return f.readBeside(ctx, func() error { return f.list(ctx, wanted) }) }
	if report.err = j.knowGone(ctx); report.err == nil {
		report.err = waited.tellAll(work, tell, stop)
	}
	j.end(finish, log, "fetch", &report)
	return report, report.err
}

// list finds out which records are wanted.
func (f *fetcher) list(ctx context.Context, wanted Wanted) error {
	if wanted.Call != uuid.Nil {
		f.waited.add([]store.Record{{ID: wanted.Call, Pending: true}})
		return nil
	}
	windows := windowsBack(wanted.Span)
	return f.waited.addInTurn(ctx, windows, func(ctx context.Context, w fetch.Window) ([]store.Record, error) {
		return f.listCalls(ctx, wanted.Person, w)
	})
}

// windowsBack are the parts of a span, newest first, each twice as long as the one
// before: the newest calls come with the first answers, however many there are.
func windowsBack(span fetch.Window) (windows []fetch.Window) {
	const day = 24 * time.Hour
	for to, length := span.To, day; to.After(span.From); length *= 2 {
		w := fetch.Window{From: later(span.From, to.Add(-length)), To: to}
		windows = append(windows, w)
		to = w.From
	}
	return windows
}

func daysOf(span fetch.Window) int { return int((span.To.Sub(span.From).Hours() + 23) / 24) }

// listCalls stores what Graph lists of a person's calls in a window, and returns their
// records.
func (f *fetcher) listCalls(ctx context.Context, person uuid.UUID, w fetch.Window) ([]store.Record, error) {
	j, reading := f.job, store.Reading{From: w.From, To: w.To, Slot: f.job.Policy.Slot, Pages: 1}
	var ids []string
	for page, err := range j.Client.PagesOf(ctx, person, j.API, w, &f.log.usage) {
		if err != nil {
			return nil, err
		}
		b := j.newBatch()
		for element := range page.Elements.Elements() {
			b.Append(element, page.Served)
		}
		counts, err := j.DB.Announce(f.finish, f.run, j.Target, b, reading)
		if err != nil {
			return nil, err
		}
		f.log.rows.Add(counts.Seen)
		f.log.named.Add(counts.New + counts.Changed)
		ids = append(ids, j.Target.Keys(b)...)
	}
	f.log.slotsRead.Add(int64(daysOf(w)))
	return j.DB.Records(ctx, j.Tenant, ids)
}

// A waitedFor is the call records that somebody waits for, newest first.
type waitedFor struct {
	named chan struct{} // holds a token when records were added since it was last taken
	news  chan struct{} // the same when there may be some to tell of

	mu    sync.Mutex
	calls []waitedCall
	taken int // of the calls, to be read
	told  int
}

type waitedCall struct {
	store.Record
	ended bool
	err   error
}

func newWaitedFor() *waitedFor {
	return &waitedFor{named: make(chan struct{}, 1), news: make(chan struct{}, 1)}
}

// addInTurn lists windows, two at a time, and adds what they name in their order.
func (c *waitedFor) addInTurn(
	ctx context.Context, windows []fetch.Window, list func(context.Context, fetch.Window) ([]store.Record, error),
) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(concurrency)
	turn := make(chan struct{})
	close(turn)
	for _, w := range windows {
		mine, next := turn, make(chan struct{})
		turn = next
		group.Go(func() error {
			records, err := list(ctx, w)
			if err != nil {
				return err
			}
			select {
			case <-mine:
			case <-ctx.Done():
				return ctx.Err()
			}
			c.add(records)
			close(next)
			return nil
		})
	}
	return group.Wait()
}

// add adds records. Those whose details are stored need not be read.
func (c *waitedFor) add(records []store.Record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range records {
		if !slices.ContainsFunc(c.calls, func(known waitedCall) bool { return known.ID == r.ID }) {
			c.calls = append(c.calls, waitedCall{Record: r, ended: !r.Pending})
		}
	}
	signal(c.named)
	signal(c.news)
}

// take returns the records that are to be read and were not taken yet.
func (c *waitedFor) take() (list []store.Record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for ; c.taken < len(c.calls); c.taken++ {
		if call := c.calls[c.taken]; !call.ended {
			list = append(list, call.Record)
		}
	}
	return list
}

// end notes how a record fared.
func (c *waitedFor) end(id uuid.UUID, err error) {
	if errors.Is(err, store.ErrNewer) {
		err = nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.calls, func(call waitedCall) bool { return call.ID == id })
	c.calls[i].ended, c.calls[i].err = true, err
	signal(c.news)
}

// next returns those that can be told of now: all before them have been.
func (c *waitedFor) next() (list []Told) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for ; c.told < len(c.calls) && c.calls[c.told].ended; c.told++ {
		list = append(list, Told{c.calls[c.told].ID, c.calls[c.told].err})
	}
	return list
}

// tellAll tells of the calls while work is done. Where they cannot be told of, the
// work is stopped.
func (c *waitedFor) tellAll(work func() error, tell func([]Told) error, stop func()) (err error) {
	worked := make(chan error, 1)
	go func() { worked <- work() }()
	var untold error
	for done := false; !done; {
		select {
		case <-c.news:
		case err = <-worked:
			done = true
		}
		if list := c.next(); len(list) > 0 && untold == nil {
			if untold = tell(list); untold != nil {
				stop()
			}
		}
	}
	if untold != nil {
		return untold
	}
	return err
}

// signal leaves a token, unless there is one: nobody has looked since the last time.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
