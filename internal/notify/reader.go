package notify

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"

	"ingestd/internal/warn"
)

const (
	// readAtOnce is how many messages are read of a hub at once.
	readAtOnce = 20
	// readAgain is how long a reader rests after something has failed.
	readAgain = time.Second
	// quietFor is how long no message may come until the namespace is asked why.
	quietFor = 20 * time.Second
	// leaveWithin is how long the end of a reader may wait for the namespace.
	leaveWithin = 2 * time.Second
)

// A Reader has a room take what Graph sends to a hub. Readers of one consumer group
// share the hub.
type Reader struct {
	Hub  *Hub
	Room *Room
	Log  *zap.Logger

	mu     sync.Mutex
	reason error // why no notifications are taken; nil: they are, as far as is known
}

// Err says why no notifications are taken, and what to do; nil if they are.
func (r *Reader) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reason
}

// Run reads the hub until ctx ends. It marks as read what is stored, and nothing
// before: what was not stored when the process died is read again.
func (r *Reader) Run(ctx context.Context) {
	client, err := r.Hub.client(
		kgo.ConsumerGroup(r.Hub.Group),
		kgo.ConsumeTopics(r.Hub.Name),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(),
		kgo.FetchMaxWait(readAgain), // a partition that is added waits for the request at hand
		kgo.FetchMaxBytes(maxFetch),
		kgo.FetchMaxPartitionBytes(maxFetch),
	)
	if err != nil {
		r.note(ctx, err)
		return
	}
	defer leave(client)
	r.note(ctx, r.Hub.ask(ctx, client)) // what is wrong from the start is said at once
	for ctx.Err() == nil {
		err := r.read(ctx, client)
		r.note(ctx, err)
		if err != nil {
			pause(ctx, readAgain)
		}
	}
}

// leave gives the hub to the other readers of the group. One that cannot say so is
// missed after a while.
func leave(client *kgo.Client) {
	ctx, cancel := context.WithTimeout(context.Background(), leaveWithin)
	defer cancel()
	_ = client.LeaveGroupContext(ctx)
	client.Close()
}

// read waits for messages, and has what they tell stored.
func (r *Reader) read(ctx context.Context, client *kgo.Client) error {
	short, cancel := context.WithTimeout(ctx, quietFor)
	defer cancel()
	fetched := client.PollRecords(short, readAtOnce)
	if records := fetched.Records(); len(records) > 0 {
		return r.take(ctx, client, records)
	}
	if err := fetched.Err(); err != nil && short.Err() == nil {
		return r.Hub.explain(err)
	}
	return r.Hub.ask(ctx, client)
}

// take has what messages tell stored, and marks them as read. While the database
// takes nothing, no more is read. One that is none of Graph's, or of a tenant of
// which too many wait, is counted and passed over: the others do not wait for it.
func (r *Reader) take(ctx context.Context, client *kgo.Client, records []*kgo.Record) error {
	var items []item
	for _, record := range records {
		found, err := parse(record.Value)
		if err != nil {
			r.Room.count(Garbage, 1)
		}
		items = append(items, found...)
	}
	for err := r.Room.accept(ctx, items, false); err != nil; err = r.Room.accept(ctx, items, false) {
		r.Room.count(Refused, 1)
		r.note(ctx, err)
		if !pause(ctx, readAgain) {
			return ctx.Err()
		}
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	if err := client.CommitRecords(ctx, records...); !movedOn(err) {
		return r.Hub.explain(err)
	}
	return nil
}

// movedOn reports whether the hub was given to another reader meanwhile, which reads
// again what could not be marked.
func movedOn(err error) bool {
	return errors.Is(err, kerr.RebalanceInProgress) || errors.Is(err, kerr.IllegalGeneration) ||
		errors.Is(err, kerr.UnknownMemberID)
}

// note keeps why no notifications are taken, and warns of it once, and again when the
// reason changes. That it was told to stop is none.
func (r *Reader) note(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	r.mu.Lock()
	before := r.reason
	r.reason = err
	r.mu.Unlock()
	switch {
	case err == nil && before != nil:
		r.Log.Info("notifications are taken again", zap.String("hub", r.Hub.Name))
	case err != nil && warn.Reason(err) != warn.Reason(before):
		r.Log.Warn("no notifications are taken; reading goes on by the list, and the event hub is tried again",
			zap.String("hub", r.Hub.Name), zap.Duration("again_in", readAgain), zap.Error(err))
	}
}

// pause waits, and reports whether it was not told to stop.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
