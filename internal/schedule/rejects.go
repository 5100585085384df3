package schedule

import (
	"context"
	"errors"
	"slices"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/store"
)

// retryBytes is how many bytes of rejects are held at a time.
const retryBytes = 16 << 20

// ErrSums says that sums over a day cannot be retried one by one.
var ErrSums = errors.New(
	"a sum is stored with all others of its day: the day is read again within the hour, or with: ingestd backfill",
)

// RetryRejects tries to store rejects from their raw bytes, those named by their
// SHA-256 or all that are open: after an upgrade that knows what to do with them,
// or once the database takes them. It needs nothing of Graph. It returns how many
// are stored now, and how many are still rejects.
func (j *Job) RetryRejects(ctx context.Context, named [][]byte) (stored, kept int, err error) {
	if j.Endpoint.Aggregate {
		return 0, 0, ErrSums
	}
	run, err := j.DB.StartRun(ctx, j.Tenant, j.Endpoint.Name, "rejects", time.Now(), time.Now())
	if err != nil {
		return 0, 0, err
	}
	var after []byte
	for err = j.knowGone(ctx); err == nil; {
		var page []store.RawReject
		page, err = j.DB.RejectsToRetry(ctx, j.Tenant, j.Endpoint.Name, named, after, retryBytes)
		if len(page) == 0 {
			break
		}
		after = page[len(page)-1].SHA256
		// Of two contents of one row the later is stored last, to stay. A later page has none of a row that is stored.
		slices.SortFunc(page, func(a, b store.RawReject) int { return a.ServedAt.Compare(b.ServedAt) })
		for _, r := range page {
			var ok bool
			if ok, err = j.retryReject(ctx, run, r); err != nil {
				break
			}
			if ok {
				stored++
			} else {
				kept++
			}
		}
	}
	outcome := store.Outcome{Result: result(err)}
	if err != nil {
		outcome.Error = err.Error()
	}
	_, ending := j.DB.EndRun(context.WithoutCancel(ctx), run, outcome)
	return stored, kept, errors.Join(err, ending)
}

// retryReject tries to store one reject, and reports whether it is stored.
func (j *Job) retryReject(ctx context.Context, run *store.Run, r store.RawReject) (bool, error) {
	var doc mapping.Document
	b := j.newBatch()
	if err := doc.Parse(r.Raw); err != nil {
		return false, nil // no version of this program can read it
	}
	b.Append(doc.Root(), r.ServedAt)
	if len(b.Elements) == 0 {
		return false, nil
	}
	reading := store.Reading{Slot: j.Policy.Slot}
	if r.From != nil && r.To != nil {
		reading.From, reading.To = *r.From, *r.To
	}
	if !j.Endpoint.Versioned {
		counts, err := j.DB.SaveRows(ctx, run, j.Target, b, reading)
		if err != nil || counts.Rejected > 0 {
			return false, err
		}
		return true, j.DB.ResolveReject(ctx, run, r.SHA256)
	}
	counts, err := j.DB.Announce(ctx, run, j.Target, b, reading)
	if err != nil || counts.Rejected > 0 {
		return false, err
	}
	if !fetch.HasDetails(doc.Root()) { // the next run asks for them
		return true, j.DB.ResolveReject(ctx, run, r.SHA256)
	}
	return j.retryDetails(ctx, run, r, b)
}

// retryDetails stores the details of a call record from a reject.
func (j *Job) retryDetails(ctx context.Context, run *store.Run, r store.RawReject, b *mapping.Batch) (bool, error) {
	switch err := j.DB.SaveDetails(ctx, run, j.Target, []*mapping.Batch{b})[0]; {
	case err == nil || errors.Is(err, store.ErrNewer):
		return true, j.DB.ResolveReject(ctx, run, r.SHA256)
	case isFatal(err):
		return false, err
	}
	return false, nil
}
