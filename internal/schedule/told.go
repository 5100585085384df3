package schedule

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/store"
)

const (
	// listedEvery is how often the newest hours of the list are read while
	// notifications arrive.
	listedEvery = 15 * time.Minute
	// silentFor is how many of the usual gaps may pass without a notification until
	// it is taken that none arrive any more: within shortestSilence and listedEvery.
	// One gap of twenty is longer, which costs one more reading of the list.
	silentFor       = 3
	shortestSilence = 5 * time.Minute
	// toldFor is how long it is remembered what was told and came to nothing.
	toldFor = 24 * time.Hour
	// mostTold is how many call records of a tenant are remembered as told, but for
	// those that come within knownFor. Reading by the list is faster long before.
	mostTold = 50_000
)

// listens reports whether Graph is to notify of changes.
func (j *Job) listens() bool { return j.NotifyURL != "" && j.Enabled }

// heard is a policy that reads the newest hours less often while notifications
// arrive. They are read as before once they do not.
func (j *Job) heard(ctx context.Context, p Policy, now time.Time) (Policy, error) {
	if !j.listens() {
		return p, nil
	}
	found, err := j.DB.Subscriptions(ctx, j.Tenant)
	if err != nil || len(found) == 0 || !arrive(found[0], now) {
		return p, err
	}
	p.Rereads = slices.Clone(p.Rereads)
	p.Rereads[0].Every = max(p.Rereads[0].Every, listedEvery)
	return p, nil
}

// arrive reports whether notifications arrive, as far as their own history tells:
// none is known to be missing, and the last is not older than is usual.
func arrive(s store.Subscription, now time.Time) bool {
	if s.NotifiedAt == nil || s.ID == nil || s.ExpiresAt == nil || s.ExpiresAt.Before(now) ||
		s.MissedAt != nil && now.Sub(*s.MissedAt) < listedEvery {
		return false
	}
	silence := shortestSilence
	if s.UsualGap != nil {
		usual := time.Duration(*s.UsualGap * float64(time.Second))
		silence = min(max(silentFor*usual, shortestSilence), listedEvery)
	}
	return now.Sub(*s.NotifiedAt) <= silence
}

// RunTold reads what notifications told of, and whatever details are due, but no
// list.
func (j *Job) RunTold(ctx context.Context, trigger string, stop func() bool) (Report, error) {
	return j.execute(ctx, trigger, nil, stop)
}

// lookForTold finds the tenants of which notifications told something that is due.
func (d *Daemon) lookForTold(ctx context.Context) (work func() error, note func()) {
	var resting []*worker
	var tenants []uuid.UUID
	for w := range d.workers() {
		if w.job.listens() && !w.atWork {
			resting, tenants = append(resting, w), append(tenants, w.job.Tenant)
		}
	}
	if len(resting) == 0 {
		return nil, nil
	}
	var due map[uuid.UUID]time.Time
	work = func() (err error) {
		due, err = d.db.FirstTold(ctx, tenants)
		return err
	}
	return work, func() {
		for _, w := range resting {
			first, any := due[w.job.Tenant]
			w.told = any && !first.After(w.job.Client.Clock())
		}
	}
}

// An Intake takes what notifications tell of the tenants of this process, for
// package notify.
type Intake map[uuid.UUID]*Job

// NewIntake returns an Intake for the jobs that listen.
func NewIntake(jobs []*Job) Intake {
	i := Intake{}
	for _, j := range jobs {
		if j.listens() {
			i[j.Tenant] = j
		}
	}
	return i
}

// Subscription returns the id of a tenant's subscription, the nil one while it is
// being made, and the SHA-256 of its secret; nil if there is none.
func (i Intake) Subscription(ctx context.Context, tenant uuid.UUID) (id uuid.UUID, secret []byte, err error) {
	j := i[tenant]
	if j == nil {
		return id, nil, nil
	}
	s, _, err := j.known.get(ctx, j)
	if s.ID != nil {
		id = *s.ID
	}
	return id, s.StateHash, err
}

// Discover notes call records that notifications told of, unless too many are noted.
func (i Intake) Discover(ctx context.Context, tenant uuid.UUID, ids []uuid.UUID) error {
	j := i[tenant]
	s, told, err := j.known.get(ctx, j)
	switch {
	case err != nil:
		return err
	case told >= mostTold:
		return fullError{j.Name}
	}
	return j.DB.Discover(ctx, tenant, ids, j.toldAt(s))
}

// A fullError is a tenant of which no more is noted that notifications tell.
type fullError struct{ tenant string }

func (e fullError) Error() string {
	return fmt.Sprintf("%s: %d call records that notifications told of wait, or nothing came of them in the last day: "+
		"no more are noted until some are read or forgotten", e.tenant, mostTold)
}

// Full reports that the error is the tenant's alone.
func (fullError) Full() bool { return true }

// toldAt is when a notification comes, by Graph's clock: what it tells is due then.
// Before Graph has answered it is when the subscription was made or renewed: this
// machine's clock may be ahead, and nothing would be due for as long as it is.
func (j *Job) toldAt(s store.Subscription) time.Time {
	if _, known := j.Client.Known(); !known && s.ExpiresAt != nil {
		return s.ExpiresAt.Add(-subscriptionLife)
	}
	return j.Client.Clock()
}

// Lifecycle notes that a subscription wants to be renewed, or else that
// notifications are missing.
func (i Intake) Lifecycle(ctx context.Context, tenant uuid.UUID, missed bool) error {
	j := i[tenant]
	return j.DB.NoteLifecycle(ctx, tenant, j.Client.Clock(), missed)
}

// knownFor is how long a subscription is not asked for again: whoever sends forged
// notifications keeps no database busy.
const knownFor = time.Second

// A subscribed is a job's subscription as it was known a moment ago.
type subscribed struct {
	mu    sync.Mutex
	it    store.Subscription // zero: there was none
	told  int                // call records that are noted as told
	asked time.Time
}

func (k *subscribed) get(ctx context.Context, j *Job) (it store.Subscription, told int, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if time.Since(k.asked) < knownFor {
		return k.it, k.told, nil
	}
	found, err := j.DB.Subscriptions(ctx, j.Tenant)
	if err == nil {
		told, err = j.DB.CountTold(ctx, j.Tenant)
	}
	if err != nil {
		return it, told, err
	}
	if len(found) > 0 {
		it = found[0]
	}
	k.it, k.told, k.asked = it, told, time.Now()
	return it, told, nil
}

// putSubscription notes a subscription, and has the next who asks know it.
func (j *Job) putSubscription(ctx context.Context, s store.Subscription, answered bool) error {
	err := j.DB.PutSubscription(ctx, s, answered)
	j.known.mu.Lock()
	defer j.known.mu.Unlock()
	j.known.asked = time.Time{}
	return err
}

// hashOf is what is stored of a secret.
func hashOf(secret string) []byte {
	hash := sha256.Sum256([]byte(secret))
	return hash[:]
}
