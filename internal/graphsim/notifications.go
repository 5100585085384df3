package graphsim

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// How long the service tries to deliver a notification
// (https://learn.microsoft.com/graph/change-notifications-delivery-webhooks).
const (
	deliveryPatience = 3 * time.Second
	deliveredWithin  = 4 * time.Hour
	firstRetry       = 10 * time.Second
)

// A Notification is about to be sent for a version of a call record.
type Notification struct {
	CallID string
	At     time.Time // when the version appeared
	N      int       // how many were decided on before
}

// A Delivery is what becomes of a notification; the zero value sends it once, at once.
type Delivery struct {
	Lost   bool
	Delay  time.Duration // notifications with different delays overtake each other
	Copies int           // beside the first
}

// A delivery waits to be sent.
type delivery struct {
	url   string
	item  map[string]any
	due   time.Time
	since time.Time
	tries int
}

// SetNotifications decides from now on what becomes of each notification; nil: each is sent once, at once.
func (s *Server) SetNotifications(decide func(Notification) Delivery) {
	s.subscriptions.mu.Lock()
	defer s.subscriptions.mu.Unlock()
	s.subscriptions.decide = decide
}

// senderClient trusts whoever a test listens as.
func senderClient() *http.Client {
	return &http.Client{
		Timeout: validationPatience,
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // a test's own listener
		},
	}
}

// Notify sends what is due by Graph's clock: a notification for each version that has appeared since it was called
// last, of the subscriptions there are. What is not taken is sent again later, for four hours. It returns how many
// were taken and how many were not.
func (s *Server) Notify(ctx context.Context) (taken, refused int) {
	now := s.now()
	for _, batch := range s.dueDeliveries(now) {
		if s.send(ctx, batch) {
			taken += len(batch)
			continue
		}
		refused += len(batch)
		s.sendLater(batch, now)
	}
	return taken, refused
}

// Lifecycle sends an event to all subscriptions: reauthorizationRequired, subscriptionRemoved or missed.
func (s *Server) Lifecycle(ctx context.Context, event string) (taken bool) {
	s.subscriptions.mu.Lock()
	var batch []delivery
	for _, sub := range s.subscriptions.alive(s.now()) {
		item := s.item(sub)
		item["lifecycleEvent"] = event
		batch = append(batch, delivery{url: cmp.Or(sub.LifecycleURL, sub.URL), item: item})
	}
	s.subscriptions.mu.Unlock()
	return len(batch) > 0 && s.send(ctx, batch)
}

// item is what all notifications of a subscription have in common.
func (s *Server) item(sub *subscription) map[string]any {
	return map[string]any{
		"subscriptionId": sub.ID, "clientState": sub.State, "tenantId": s.tenant,
		"subscriptionExpirationDateTime": sub.ExpiresAt.UTC().Format("2006-01-02T15:04:05.000-07:00"),
	}
}

// dueDeliveries takes from the queue what is due, by the address that it goes to.
func (s *Server) dueDeliveries(now time.Time) map[string][]delivery {
	l := &s.subscriptions
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, sub := range l.alive(now) {
		until := ticks(now)
		for _, n := range s.records.appeared(sub.notifiedBefore, until) {
			s.enqueue(sub, n)
		}
		sub.notifiedBefore = until
	}
	batches := map[string][]delivery{}
	l.queue = slices.DeleteFunc(l.queue, func(d delivery) bool {
		if d.due.After(now) {
			return false
		}
		batches[d.url] = append(batches[d.url], d)
		return true
	})
	for _, b := range batches {
		slices.SortStableFunc(b, func(a, b delivery) int { return a.due.Compare(b.due) })
	}
	return batches
}

// enqueue queues a notification as often as is decided. mu is held.
func (s *Server) enqueue(sub *subscription, n Notification) {
	l := &s.subscriptions
	n.N, l.decided = l.decided, l.decided+1
	var what Delivery
	if l.decide != nil {
		what = l.decide(n)
	}
	if what.Lost {
		return
	}
	item := s.item(sub)
	item["changeType"] = "updated"
	item["resource"] = "communications/callRecords/" + n.CallID
	item["resourceData"] = map[string]any{
		"@odata.type": "#Microsoft.Graph.callrecord", "id": n.CallID,
		"@odata.id": "communications/callRecords/" + n.CallID,
	}
	due := n.At.Add(what.Delay)
	for range 1 + what.Copies {
		l.queue = append(l.queue, delivery{url: sub.URL, item: item, due: due, since: due})
	}
}

// send sends notifications, and reports whether they were taken.
func (s *Server) send(ctx context.Context, batch []delivery) bool {
	items := make([]map[string]any, len(batch))
	for i, d := range batch {
		items[i] = d.item
	}
	body, err := json.Marshal(map[string]any{"value": items})
	if err != nil {
		panic(err) // strings only
	}
	ctx, cancel := context.WithTimeout(ctx, deliveryPatience)
	defer cancel()
	if strings.HasPrefix(batch[0].url, hubScheme) {
		return s.toHub(ctx, body) == nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, batch[0].url, bytes.NewReader(body))
	if err != nil {
		return false
	}
	request.Header.Set("Content-Type", "application/json")
	got, err := s.subscriptions.client.Do(request)
	if err != nil {
		return false
	}
	got.Body.Close()
	return got.StatusCode/100 == 2
}

// sendLater queues notifications again that were not taken, unless they are too old.
func (s *Server) sendLater(batch []delivery, now time.Time) {
	s.subscriptions.mu.Lock()
	defer s.subscriptions.mu.Unlock()
	for _, d := range batch {
		d.due = now.Add(firstRetry << min(d.tries, 10))
		d.tries++
		if d.due.Sub(d.since) < deliveredWithin {
			s.subscriptions.queue = append(s.subscriptions.queue, d)
		}
	}
}

// appeared are the versions that came to be after one time and up to another, in their order.
func (r *callRecords) appeared(after, until int64) (list []Notification) {
	m := r.moment(until)
	add := func(id string, at int64) {
		if after < at && at <= until {
			list = append(list, Notification{CallID: id, At: timeOf(at)})
		}
	}
	first, _ := floorDiv(until-recordReach, day)
	last, _ := floorDiv(until, day)
	for d := first; d <= last; d++ {
		calls := r.days.get(d).calls
		for i := range calls {
			c := &calls[i]
			for _, rise := range c.rises {
				add(c.id.String(), rise.at)
			}
			for _, raise := range m.raises {
				if raise.hits(c.id) && c.rises[0].at <= raise.at {
					add(c.id.String(), raise.at)
				}
			}
		}
	}
	for _, g := range r.given {
		for _, v := range g {
			add(v.name, v.available)
		}
	}
	slices.SortFunc(list, func(a, b Notification) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.CallID, b.CallID))
	})
	return list
}
