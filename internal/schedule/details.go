package schedule

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/store"
)

const (
	// firstInFlight and maxInFlight are how many call records of a tenant are
	// read at once: few at first, and one more each time the limits have room.
	// At the published limits it takes 37 at half a second for an answer.
	firstInFlight = 16
	maxInFlight   = 128
	// waitedForInFlight is how many that somebody waits for are read at once: a
	// daemon has the same limits to go by.
	waitedForInFlight = 8
	// fetchAhead is how many due records are asked of the database at a time.
	fetchAhead = 2 * maxInFlight
	// saveAtOnce is how many records are saved in one transaction at most.
	saveAtOnce = 64
	// savers is how many transactions with details are under way at once.
	savers = 2
	// budgetBytes bounds the memory of call records in flight in the process.
	budgetBytes = 48 << 20
)

// NewBudget bounds the memory that call records in flight take. The jobs of a
// process share one.
func NewBudget() *fetch.Budget { return fetch.NewBudget(budgetBytes) }

// A fetcher reads the details of call records and stores them. Records that
// are ready together are saved together.
type fetcher struct {
	job    *Job
	policy Policy // with its origin
	run    *store.Run
	log    *runLog
	now    time.Time       // when the run began
	finish context.Context // outlives the run's by the grace period
	stop   func() bool     // reports whether no more records are to be begun
	named  <-chan struct{} // holds a token when the list has named records
	listed <-chan struct{} // closed when the list is read
	waited *waitedFor      // the records that somebody waits for; nil: all that are due are read

	began    int // the columns that say when a call began and ended
	ended    int
	ready    chan *fetched
	done     chan uuid.UUID // records that were stored, or whose failure is noted
	fatal    chan error     // errors that end the run
	failing  *streak        // over all runs of the job
	inFlight map[uuid.UUID]bool
	limit    int
}

// A fetched is a record that was read, to be saved.
type fetched struct {
	record  store.Record
	batch   *mapping.Batch
	version int64
	memory  *fetch.Reservation
	counted int64 // of the bytes of batch, in memory
}

// readBeside reads records while a list names them.
func (f *fetcher) readBeside(ctx context.Context, list func() error) error {
	var listing error
	listed := make(chan struct{})
	go func() {
		defer close(listed)
		listing = safely(list)
	}()
	f.listed = listed
	details := f.readAll(ctx)
	<-listed
	return mostSevere(listing, details)
}

// readAll reads and stores the details of every record that was due when the
// run began or is named in it, while the list is read and until none is left or
// it is told to begin no more. Those that failed are left to a later run. A
// record fails alone. The error ends the run: every other record would meet it
// too.
func (f *fetcher) readAll(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	f.ready = make(chan *fetched, saveAtOnce)
	f.done, f.fatal = make(chan uuid.UUID, maxInFlight), make(chan error, 1)
	f.inFlight, f.limit = map[uuid.UUID]bool{}, firstInFlight
	if f.waited != nil {
		f.limit = waitedForInFlight
	}
	columns := f.job.Endpoint.Rows.Tables[0].ColumnNames()
	f.began, f.ended = slices.Index(columns, f.job.Endpoint.EventTime), slices.Index(columns, "end_at")
	for range savers {
		go f.saveAll()
	}
	defer close(f.ready)
	err := safely(func() error { return f.dispatch(ctx) })
	if err != nil {
		cancel(err)
	}
	for len(f.inFlight) > 0 { // each ends soon, and is stored if it was read
		select {
		case id := <-f.done:
			delete(f.inFlight, id)
		case fatal := <-f.fatal:
			cancel(fatal)
			err = mostSevere(err, fatal)
		}
	}
	select {
	case fatal := <-f.fatal:
		err = mostSevere(err, fatal)
	default:
	}
	return err
}

// dispatch starts records as long as there are any.
func (f *fetcher) dispatch(ctx context.Context) error {
	listed := f.listed
	for {
		due, err := f.due(ctx)
		if err != nil {
			return err
		}
		if len(due) == 0 && len(f.inFlight) == 0 && listed == nil || f.stop() && f.hasRead(due) {
			return nil
		}
		for _, r := range due {
			for f.busy() {
				if err := f.wait(ctx, nil, nil); err != nil {
					return err
				}
			}
			if f.stop() && f.hasRead(due) {
				return nil
			}
			f.inFlight[r.ID] = true
			go f.readOne(ctx, r)
		}
		if len(due) > 0 {
			continue
		}
		if err := f.wait(ctx, f.named, listed); err != nil {
			return err
		}
		select {
		case <-f.listed:
			listed = nil
		default:
		}
	}
}

// busy reports whether a record that is in flight must be done before another is
// begun. While memory is scarce one at a time gets on.
func (f *fetcher) busy() bool {
	return len(f.inFlight) >= f.limit || len(f.inFlight) > 0 && f.job.Budget.Scarce()
}

// hasRead reports whether the run has read anything: one that begins after its
// tick has passed reads a little all the same.
func (f *fetcher) hasRead(due []store.Record) bool {
	return len(due) == 0 || f.log.details.Load()+f.log.failed.Load()+f.log.waiting.Load() > 0
}

// due are records to be read that are not in flight.
func (f *fetcher) due(ctx context.Context) ([]store.Record, error) {
	if f.waited != nil {
		return f.waited.take(), nil
	}
	now := f.job.Client.Clock()
	p := f.policy
	list, err := f.job.DB.DueRecords(ctx, f.job.Tenant, f.now, now, p.horizon(now), p.edge(now), fetchAhead)
	fresh := list[:0]
	for _, r := range list {
		if !f.inFlight[r.ID] {
			fresh = append(fresh, r)
		}
	}
	return fresh, err
}

// wait waits until a record is done, one is named, or the list is read. A
// record that is done makes room for one more if the limits have room, too.
func (f *fetcher) wait(ctx context.Context, named, listed <-chan struct{}) error {
	select {
	case id := <-f.done:
		delete(f.inFlight, id)
		mayGrow := f.waited == nil && f.limit < maxInFlight && len(f.ready) == 0
		if mayGrow && f.job.Client.HasRoom(f.job.Endpoint) {
			f.limit++
		}
	case <-named:
	case <-listed:
	case err := <-f.fatal:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// readOne reads the details of one record and hands them on to be saved, or
// notes why not.
func (f *fetcher) readOne(ctx context.Context, r store.Record) {
	var got *fetched
	read := func() (err error) {
		got, err = f.read(ctx, r)
		return err
	}
	err := safely(read)
	if errors.Is(err, fetch.ErrLinkExpired) { // it may have waited long for memory
		err = safely(read)
	}
	if err != nil {
		f.end(r, err)
		return
	}
	f.ready <- got
}

// read reads a record in all its parts. All must be of one version.
func (f *fetcher) read(ctx context.Context, r store.Record) (*fetched, error) {
	got := &fetched{record: r, batch: f.job.newBatch(), memory: f.job.Budget.Reserve()}
	whole := false
	defer func() { // after a panic, too
		if !whole {
			got.memory.Release()
		}
	}()
	err := f.readParts(ctx, got)
	f.log.misfits.Add(int64(got.batch.Misfits))
	f.log.unknown.Add(int64(got.batch.Unknown))
	f.log.meet(got.batch.TakeStrange())
	if err != nil {
		return nil, err
	}
	whole = true
	return got, nil
}

func (f *fetcher) readParts(ctx context.Context, got *fetched) error {
	id, atOnce := got.record.ID.String(), f.waited != nil
	for part, err := range f.job.Client.Record(ctx, f.job.API, id, atOnce, got.memory, &f.log.usage) {
		if err != nil {
			return err
		}
		if err := got.add(part); err != nil {
			return err
		}
		if got.record.Told > 0 && f.isNothingNew(got) {
			return errNothingNew
		}
		if err := got.count(ctx); err != nil {
			return err
		}
	}
	return nil
}

// isNothingNew reports whether the version read of a record that was told is stored, or the record began before all
// that is wanted.
func (f *fetcher) isNothingNew(got *fetched) bool {
	if len(got.batch.Elements) == 0 {
		return false
	}
	began, known := got.batch.Time(0, f.began)
	return got.version <= got.record.Stored || got.record.Version == 0 && known && began.Before(f.policy.Origin)
}

// count counts the rows made of an answer, which are held beside its bytes.
func (g *fetched) count(ctx context.Context) error {
	held := g.batch.Held()
	more := held - g.counted
	g.counted = held
	return g.memory.Grow(ctx, more)
}

// errOlder is an answer of an older version than the list named, and
// errTwoVersions one whose parts are of two. Graph's servers do not all learn
// of a version at once.
var (
	errOlder = errors.New(
		"Graph answers with an older version than it listed; it is stored, and the listed one asked for later",
	)
	errNothingNew  = errors.New("a notification told of nothing new")
	errTwoVersions = errors.New("Graph answers with parts of two versions; it is asked again later")
)

// add encodes one answer about the record.
func (g *fetched) add(part *fetch.Part) error {
	header := part.Record.Kind() == '{'
	switch {
	case len(g.batch.Elements) == 0 && len(g.batch.Rejects) == 0:
		g.version = part.Version
		g.batch.Append(part.Record, part.Served)
	case header && part.Version != g.version:
		return errTwoVersions
	case len(g.batch.Elements) > 0:
		err := g.batch.Extend(part.Array, part.Page, part.First)
		if len(g.batch.Elements) > 0 {
			return err
		}
	}
	return nil // a record that has no rows is among the batch's rejects, and is saved as such
}

// tellStored tells the observer of a record that was stored for the first time.
func (f *fetcher) tellStored(g *fetched, err error) {
	if err != nil || g.record.Stored > 0 || f.job.Observer == nil {
		return
	}
	if ended, ok := g.batch.Time(0, f.ended); ok {
		f.job.Observer.Stored(f.job.Client.Clock().Sub(ended))
	}
}

// saveAll saves what is ready, several records in a transaction if several are.
func (f *fetcher) saveAll() {
	for first := range f.ready {
		group := []*fetched{first}
		for more := true; more && len(group) < saveAtOnce; {
			select {
			case next, ok := <-f.ready:
				if more = ok; ok {
					group = append(group, next)
				}
			default:
				more = false
			}
		}
		f.save(group)
	}
}

func (f *fetcher) save(group []*fetched) {
	batches := make([]*mapping.Batch, len(group))
	for i, g := range group {
		batches[i] = g.batch
	}
	errs := make([]error, len(group))
	if err := safely(func() error {
		errs = f.job.DB.SaveDetails(f.finish, f.run, f.job.Target, batches)
		return nil
	}); err != nil {
		for i := range errs {
			errs[i] = err
		}
	}
	for i, g := range group {
		f.tellStored(g, errs[i])
		g.memory.Release()
		err := errs[i]
		if (err == nil || errors.Is(err, store.ErrNewer)) && g.version < g.record.Version {
			err = errOlder
		}
		f.end(g.record, err)
	}
}
