package schedule

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/store"
)

const (
	// inFlight is how many call records of a tenant are read at once: at half a
	// second for an answer that is as fast as Graph allows.
	inFlight = 16
	// fetchAhead is how many due records are asked of the database at a time.
	fetchAhead = 256

	// room is how many bytes of call records may be in flight in the process,
	// share what a record takes of it, and big what one takes that has a second
	// page of sessions or turns out larger: so one of these goes at a time.
	room  = 64 << 20
	share = 2 << 20
	big   = 34 << 20
)

// NewRoom bounds the memory that call records in flight take. The jobs of a
// process share one.
func NewRoom() *semaphore.Weighted { return semaphore.NewWeighted(room) }

// fetchDetails reads and stores every record whole that was due when the run began
// or is named in it, while the list is read and until none is left. Those that
// failed are left to a later run: once due again, they would stand in front of
// the others. A record fails alone. The error ends the run: every other record
// would meet it too.
func (x *execution) fetchDetails(ctx context.Context, listed <-chan struct{}) error {
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(inFlight)
	tried := map[uuid.UUID]int64{}
	for listing := true; gctx.Err() == nil; {
		listing = listing && !closed(listed)
		now := x.Client.Clock()
		due, err := x.DB.DueRecords(gctx, x.Tenant, x.now, x.Policy.horizon(now), x.Policy.edge(now), fetchAhead)
		if err != nil {
			group.Go(func() error { return err })
			break
		}
		fresh := 0
		for _, r := range due {
			if version, again := tried[r.ID]; again && version >= r.Version {
				continue // in flight, or done since due was asked for
			}
			tried[r.ID] = r.Version
			fresh++
			group.Go(func() error { return x.fetchRecord(gctx, r) })
		}
		if fresh > 0 {
			continue
		}
		if !listing {
			break
		}
		select {
		case <-x.named:
		case <-listed:
		case <-gctx.Done():
		}
	}
	return group.Wait()
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// fetchRecord stores one record whole, or notes why not.
func (x *execution) fetchRecord(ctx context.Context, r store.Record) error {
	err := safely(func() error { return x.storeRecord(ctx, r) })
	if errors.Is(err, fetch.ErrLinkExpired) { // it may have waited long for room
		err = safely(func() error { return x.storeRecord(ctx, r) })
	}
	switch {
	case err == nil:
		x.details.Add(1)
		x.failing.Store(0)
		return nil
	case errors.Is(err, store.ErrNewer):
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case stranded(err):
		return err
	}
	inARow := x.failing.Add(1)
	noted := x.noteRetry(ctx, r, err, inARow >= outage)
	if inARow >= outage && (keptOut(err) || unanswered(err) || broken(err)) {
		return err
	}
	return noted
}

// unanswered tells whether the network is to blame, and no record.
func unanswered(err error) bool {
	var graph *fetch.Error
	return errors.As(err, &graph) && graph.Kind == fetch.Transient && graph.Status == 0
}

// broken tells whether the database refused a record for no fault of its rows:
// a missing privilege, or a statement_timeout that only large records meet.
func broken(err error) bool {
	var database *store.Error
	return errors.As(err, &database) && database.Kind == store.Broken
}

// errOlder is an answer of an older version than the list named, or parts of
// two versions. Graph's servers do not all learn of a version at once.
var errOlder = errors.New("Graph answers with an older version than it listed, or with two; it is asked again later")

// storeRecord reads a record in all its parts and stores it. One with an answer
// above its share of memory is asked for again once it has more.
func (x *execution) storeRecord(ctx context.Context, r store.Record) error {
	err := x.storeWithin(ctx, r, share)
	if errors.Is(err, fetch.ErrTooLarge) {
		err = x.storeWithin(ctx, r, big)
	}
	return err
}

func (x *execution) storeWithin(ctx context.Context, r store.Record, taken int64) error {
	if err := x.Room.Acquire(ctx, taken); err != nil {
		return err
	}
	defer func() { x.Room.Release(taken) }()
	b, version := x.Endpoint.Rows.NewBatch(), int64(0)
	for part, err := range x.Client.Record(ctx, x.API, r.ID.String(), taken, &x.usage) {
		if err != nil {
			return err
		}
		if err := x.addPart(b, part, r.Version, &version); err != nil {
			return err
		}
		if part.More && taken < big {
			x.Room.Release(taken) // whoever waits holds nothing, so somebody always gets on
			taken = 0
			if err := x.Room.Acquire(ctx, big); err != nil {
				return err
			}
			taken = big
		}
	}
	ctx, cancel := ending(ctx)
	defer cancel()
	return x.DB.SaveDetails(ctx, x.run, x.target, []*mapping.Batch{b})[0]
}

// addPart encodes one answer about a record. All parts must be of one version,
// and of none older than wanted.
func (x *execution) addPart(b *mapping.Batch, part *fetch.Part, wanted int64, version *int64) error {
	misfits, unknown := b.Misfits, b.Unknown
	defer func() {
		x.misfits.Add(int64(b.Misfits - misfits))
		x.unknown.Add(int64(b.Unknown - unknown))
	}()
	switch header := part.Record.Kind() == '{'; {
	case header && (part.Version < wanted || len(b.Elements) > 0 && part.Version != *version):
		return errOlder
	case len(b.Elements) > 0:
		return b.Extend(part.Array, part.Page, part.First)
	}
	*version = part.Version
	b.Append(part.Record, part.Served)
	if len(b.Elements) == 0 {
		return errors.New(b.Rejects[0].Reason)
	}
	return nil
}

// noteRetry notes that a record could not be stored whole. Graph may have
// it, or its newest version, some time after the list does. What fails
// otherwise, again and again, is parked: tried daily, and in nobody's way. While
// all records fail, that is an outage and no record's fault.
func (x *execution) noteRetry(ctx context.Context, r store.Record, why error, outage bool) error {
	x.detailsFailed.Add(1)
	if bug := (*panicError)(nil); errors.As(why, &bug) {
		x.Log.Error("panic", zap.String("tenant", x.Name), zap.Stringer("call_id", r.ID), zap.String("stack", bug.stack), zap.Error(bug))
	}
	var graph *fetch.Error
	errors.As(why, &graph)
	notFound := graph != nil && graph.Status == http.StatusNotFound
	missing := notFound || errors.Is(why, errOlder) || unanswered(why) || fetch.KindOf(why) == fetch.Throttled
	now := x.Client.Clock()
	parked := !missing && (r.Parked || r.Attempts+1 >= parkAfter && !outage)
	note := store.DetailsRetry{CallID: r.ID, Version: r.Version, At: now, Parked: parked, Error: why.Error()}
	note.NextAt = now.Add(x.retryAfter(r, now, parked))
	if graph != nil {
		note.RequestID, note.Body = graph.RequestID, graph.Body
	}
	if notFound {
		note.Error = "Graph lists the record and does not serve it (404); it is asked for again later"
	}
	ctx, cancel := ending(ctx)
	defer cancel()
	return x.DB.NoteDetailsRetry(ctx, x.run, note)
}

// retryAfter is how long a record that failed is left alone: a minute at first,
// twice as long each time, then a day, and at most an hour once it is about to
// leave Graph's reach.
func (x *execution) retryAfter(r store.Record, now time.Time, parked bool) time.Duration {
	wait := parkedFor
	if !parked && r.Attempts < 10 {
		wait = time.Minute << r.Attempts
	}
	if r.StartAt != nil && r.StartAt.Before(x.Policy.edge(now)) {
		wait = min(wait, time.Hour)
	}
	return wait
}
