package schedule

import (
	"errors"
	"sync"
	"time"

	"go.uber.org/zap"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
)

// A streak counts the records that failed since one was stored. Those that
// Graph lists and does not serve yet do not count: that is no outage, however
// many they are.
type streak struct {
	mu     sync.Mutex
	failed int
	alike  int // the last ones of them, with one fate that ends the run if all get it
	last   *fate
}

// add counts a failure, and returns how many records failed in a row, and how
// many of the last ones alike.
func (s *streak) add(fate *fate) (failed, alike int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if fate.record == waits {
		return 0, 0
	}
	s.failed++
	if fate != s.last {
		s.alike, s.last = 0, fate
	}
	if fate.record == waitsAll || fate.record == parksAll {
		s.alike++
	}
	return s.failed, s.alike
}

// end ends the streak: a record was stored.
func (s *streak) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed, s.alike, s.last = 0, 0, nil
}

// end takes note of how a record fared.
func (f *fetcher) end(r store.Record, err error) {
	defer func() { f.done <- r.ID }()
	if f.waited != nil {
		f.waited.end(r.ID, err)
	}
	switch {
	case err == nil:
		f.log.details.Add(1)
		f.failing.end()
	case errors.Is(err, store.ErrNewer), errors.Is(err, errNothingNew):
	case isFatal(err):
		f.abort(err)
		return
	default:
		f.endFailed(r, err)
	}
	if r.Told == 0 {
		return
	}
	if err := f.noteTold(r, err); err != nil {
		f.abort(err)
	}
}

// endFailed takes note of a record that was not stored.
func (f *fetcher) endFailed(r store.Record, err error) {
	fate := fateOf(err)
	failed, alike := f.failing.add(fate)
	if err := f.note(r, err, fate, failed >= outageAfter); err != nil {
		f.abort(err)
	}
	if alike >= outageAfter {
		f.abort(err)
	}
}

// abort ends the run with its first error.
func (f *fetcher) abort(err error) {
	select {
	case f.fatal <- err:
	default:
	}
}

// silentTries is how often a record may be missing without a word: Graph lists
// it up to hours before it serves it.
const silentTries = 8

// note notes that the details of a record could not be stored. Graph may have
// it, or its newest version, some time after the list does. What fails
// otherwise, again and again, is parked: tried daily, and in nobody's way. While
// all records fail, that is an outage and no record's fault.
func (f *fetcher) note(r store.Record, why error, fate *fate, outage bool) error {
	if bug := (*panicError)(nil); errors.As(why, &bug) {
		f.job.Log.Error("panic", zap.String("tenant", f.job.Name), zap.Stringer("call_id", r.ID),
			zap.String("stack", bug.stack), zap.Error(bug))
	}
	var graph *fetch.Error
	errors.As(why, &graph)
	if fate.record == waits && r.Attempts < silentTries {
		f.log.waiting.Add(1)
	} else {
		f.log.failed.Add(1)
		f.log.note(why)
	}
	if f.waited != nil {
		return nil // who waits is told; the next run asks for the record in any case
	}
	now := f.job.Client.Clock()
	mayPark := fate.record != waits && fate.record != waitsAll
	parked := mayPark && (r.Parked || r.Attempts+1 >= parkAfter && !outage)
	note := store.DetailsRetry{CallID: r.ID, Version: r.Version, At: now, Parked: parked}
	note.Code, note.Error = codeOf(why), why.Error()
	note.NextAt = now.Add(f.policy.retryAfter(r, now, parked))
	if graph != nil {
		note.RequestID, note.Body = graph.RequestID, f.job.kept(graph.Body)
	}
	if isNotFound(why) {
		note.Code = graphFailing
		note.Error = "Graph lists the record and does not serve it (404); it is asked for again later"
	}
	return f.job.DB.NoteDetailsRetry(f.finish, f.run, note)
}

// noteTold notes what came of asking for a record because of a notification. Where nothing new did, it is asked for
// again later, or only when it is told again; the list, which is the truth, names it in any case.
func (f *fetcher) noteTold(r store.Record, why error) error {
	t := store.ToldTry{CallID: r.ID, Times: r.Told, NextAt: f.job.Client.Clock()}
	if why != nil {
		t.NextAt = t.NextAt.Add(time.Minute << r.Attempts)
		t.Attempts = r.Attempts + 1
		t.Again = !errors.Is(why, store.ErrNewer) && !errors.Is(why, errNothingNew)
	}
	return f.job.DB.NoteTold(f.finish, f.job.Tenant, t)
}

// retryAfter is how long a record that failed is left alone: a minute at first,
// twice as long each time, then a day, and at most an hour once it is about to
// leave Graph's reach.
func (p Policy) retryAfter(r store.Record, now time.Time, parked bool) time.Duration {
	wait := parkedFor
	if !parked && r.Attempts < 10 {
		wait = time.Minute << r.Attempts
	}
	if r.ReachFrom.Before(p.edge(now)) {
		wait = min(wait, time.Hour)
	}
	return wait
}
