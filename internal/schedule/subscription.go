package schedule

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
)

const (
	// subscribedEvery is how often it is seen to that there is a subscription, and
	// subscribedAgain when that has failed.
	subscribedEvery = 5 * time.Minute
	subscribedAgain = time.Minute
	// subscriptionLife is how long a subscription is asked for: Graph refuses one a
	// moment too long, by a clock that is not quite ours.
	subscriptionLife = fetch.LongestSubscription - 5*time.Minute
	// keptAtOnce is how many tenants are seen to at a time.
	keptAtOnce = 8
	// keepPatience is how long one may take.
	keepPatience = time.Minute
	// takenOften is how often within takenWithin another program may have subscribed
	// in this one's place until that is said: a database that was restored does once.
	takenOften  = 3
	takenWithin = time.Hour
)

// keepSubscriptions sees to it that Graph notifies of changes of each tenant whose
// lock is held. What fails is the tenant's complaint; its reading does not wait.
func (d *Daemon) keepSubscriptions(ctx context.Context) (work func() error, note func()) {
	var due []*Job
	var of []*tenant
	for _, t := range d.tenants {
		for _, w := range t.workers {
			if t.phase == ready && w.job.listens() && (t.subscribed.clock.Now == nil || t.subscribed.passed()) {
				due, of = append(due, w.job), append(of, t)
			}
		}
	}
	if len(due) == 0 {
		return nil, nil
	}
	failed := make([]error, len(due))
	work = func() error {
		var all errgroup.Group
		all.SetLimit(keptAtOnce)
		for i, j := range due {
			all.Go(func() error {
				failed[i] = safely(func() error { return j.KeepSubscription(ctx) })
				return nil
			})
		}
		return all.Wait()
	}
	return work, func() {
		for i, t := range of {
			t.subscribed = tickIn(d.clock, subscribedEvery)
			if failed[i] != nil && !errors.Is(failed[i], errContested) { // which would be contested sooner
				t.subscribed = tickIn(d.clock, subscribedAgain)
			}
			if t.unsubscribed.IsNew(failed[i]) {
				t.log.Warn("no notifications; the list is read as often as without, and it is tried again",
					zap.Error(failed[i]))
			}
		}
	}
}

// KeepSubscription makes the tenant's subscription if there is none, renews it at
// half its life, notes if what Graph sends cannot be read, and forgets what
// notifications told long ago. What came of it is noted also where Graph has not
// answered in time, or ctx has ended: that it was told to stop is no error then.
func (j *Job) KeepSubscription(ctx context.Context) error {
	finish, cancel := WithGrace(ctx)
	defer cancel()
	ctx, cancel = context.WithTimeout(ctx, keepPatience)
	defer cancel()
	if err := j.keepLock(ctx); err != nil {
		return err
	}
	noted, err := j.DB.Subscriptions(ctx, j.Tenant)
	if err != nil {
		return err
	}
	now, err := j.Client.Now(ctx)
	if err != nil {
		return err
	}
	s := store.Subscription{Tenant: j.Tenant, URL: j.NotifyURL, StateHash: []byte{}}
	if len(noted) > 0 {
		s = noted[0]
	}
	asked := s.Reauthorize
	err = j.keepSubscription(ctx, &s, now)
	if errors.Is(err, context.DeadlineExceeded) {
		err = errNoAnswer
	}
	if err == nil && j.Unread != nil {
		if err = j.Unread(); err != nil {
			s.MissedAt = &now
		}
	}
	if err == nil && len(j.taken) >= takenOften {
		err = errContested
	}
	switch {
	case err == nil:
		s.Error = nil
	case !errors.Is(err, context.Canceled):
		text := err.Error()
		s.Error = &text
	}
	return errors.Join(err, j.putSubscription(finish, s, asked && !s.Reauthorize),
		j.DB.ForgetTold(finish, j.Tenant, now.Add(-toldFor)))
}

var (
	errNoAnswer = errors.New("subscriptions: nothing came of it for a minute, as Graph or Entra does not answer or " +
		"throttles; it is tried again; if it lasts, check the network and Microsoft's service health")
	errContested = errors.New("another program with the same app and the same address subscribes in this one's place " +
		"again and again, and notifications are lost: give each an app registration of its own, or stop one")
)

// keepSubscription compares what is noted with what Graph lists, and mends what
// differs.
func (j *Job) keepSubscription(ctx context.Context, s *store.Subscription, now time.Time) error {
	listed, err := j.Client.Subscriptions(ctx)
	if err != nil {
		return err
	}
	var kept *fetch.Subscription
	var foreign error
	j.taken = slices.DeleteFunc(j.taken, func(at time.Time) bool { return now.Sub(at) > takenWithin })
	for _, l := range listed {
		switch {
		case j.isNoted(s, l):
			kept = &l
		case j.isOurs(s, l):
			if err := j.Client.Unsubscribe(ctx, l.ID); err != nil {
				return err
			}
			s.MissedAt = &now
			if s.ID != nil && !sameID(s, l) {
				j.taken = append(j.taken, now)
			}
		default:
			foreign = foreignSubscription(l)
		}
	}
	switch {
	case kept == nil && foreign != nil: // Graph has one of a kind for each app
		if s.ID != nil {
			s.MissedAt = &now
		}
		s.ID, s.ExpiresAt = nil, nil
		return foreign
	case kept == nil:
		return j.subscribe(ctx, s, now)
	}
	return j.renew(ctx, s, kept, now)
}

// isNoted reports whether a subscription is the one noted, whose secret is known. One
// that was made just before this program was killed has no id yet and is known by its
// end: another may be older than the secret that is noted.
func (j *Job) isNoted(s *store.Subscription, l fetch.Subscription) bool {
	made := s.ID == nil && s.ExpiresAt != nil && l.ExpiresAt.Sub(*s.ExpiresAt).Abs() < time.Second
	return (made || sameID(s, l)) && s.URL == j.NotifyURL && l.NotificationURL == j.NotifyURL
}

// isOurs reports whether a subscription was made by this program, with a secret
// that is not known any more or for an address it had.
func (j *Job) isOurs(s *store.Subscription, l fetch.Subscription) bool {
	return l.NotificationURL == j.NotifyURL || l.NotificationURL == s.URL || sameID(s, l)
}

func sameID(s *store.Subscription, l fetch.Subscription) bool {
	return s.ID != nil && strings.EqualFold(l.ID, s.ID.String())
}

// foreignSubscription says that somebody else has subscribed.
func foreignSubscription(l fetch.Subscription) error {
	host := "another address"
	if u, err := url.Parse(strings.TrimPrefix(l.NotificationURL, "EventHub:")); err == nil && u.Hostname() != "" {
		host = fmt.Sprintf("host %q", u.Hostname())
	}
	return fmt.Errorf("the app has a subscription already, which notifies %s, and Graph allows one: "+
		"delete it, or give this program an app of its own", host)
}

// subscribe makes a subscription. Its secret is noted first: notifications may
// arrive before Graph has answered. Where there was one before, some were missed.
func (j *Job) subscribe(ctx context.Context, s *store.Subscription, now time.Time) error {
	secret := rand.Text()
	if s.ID != nil {
		s.MissedAt = &now
	}
	until := now.Add(subscriptionLife)
	s.ID, s.ExpiresAt, s.RenewedAt, s.Reauthorize = nil, &until, nil, false
	s.URL, s.StateHash = j.NotifyURL, hashOf(secret)
	if err := j.putSubscription(ctx, *s, false); err != nil {
		return err
	}
	made, err := j.Client.Subscribe(ctx, j.NotifyURL, secret, until)
	if err != nil {
		s.ExpiresAt = nil // there may be none, or another
		return err
	}
	id, err := subscriptionID(made)
	if err != nil {
		return err
	}
	s.ID, s.ExpiresAt, s.RenewedAt = &id, &made.ExpiresAt, &now
	j.Log.Info("subscribed to changes of call records", zap.String("tenant", j.Name),
		zap.Time("until", made.ExpiresAt))
	return nil
}

func subscriptionID(s fetch.Subscription) (uuid.UUID, error) {
	id, err := uuid.Parse(s.ID)
	if err != nil {
		return id, errors.New("Graph names a subscription by no GUID: a change of the API; report it")
	}
	return id, nil
}

// renew takes over a subscription as Graph lists it, and renews it if half of its
// life is over or Graph has asked for that.
func (j *Job) renew(ctx context.Context, s *store.Subscription, listed *fetch.Subscription, now time.Time) error {
	id, err := subscriptionID(*listed)
	if err != nil {
		return err
	}
	s.ID, s.ExpiresAt = &id, &listed.ExpiresAt
	if !s.Reauthorize && listed.ExpiresAt.Sub(now) > subscriptionLife/2 {
		return nil
	}
	until := now.Add(subscriptionLife)
	if err := j.Client.Prolong(ctx, listed.ID, until); err != nil {
		return err
	}
	s.ExpiresAt, s.RenewedAt, s.Reauthorize = &until, &now, false
	return nil
}
