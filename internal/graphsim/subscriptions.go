package graphsim

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Subscriptions by resource (https://learn.microsoft.com/graph/api/resources/subscription).
const (
	recordResource      = "communications/callrecords"
	longestSubscription = 4230 * time.Minute
	mostSubscriptions   = 100 // to call records, of an organization
	longestState        = 128 // characters of a clientState
	validationPatience  = 10 * time.Second
)

// A subscription is one that was created and has neither expired nor been deleted.
type subscription struct {
	ID             string    `json:"id"`
	Resource       string    `json:"resource"`
	ApplicationID  string    `json:"applicationId"`
	ChangeType     string    `json:"changeType"`
	URL            string    `json:"notificationUrl"`
	LifecycleURL   string    `json:"lifecycleNotificationUrl"`
	ExpiresAt      time.Time `json:"expirationDateTime"`
	State          string    `json:"clientState,omitempty"`
	notifiedBefore int64     // versions that appeared until then were told
}

// subscriptions are those of the simulated tenant.
type subscriptions struct {
	mu      sync.Mutex
	all     []*subscription
	queue   []delivery
	decide  func(Notification) Delivery
	decided int // notifications
	client  *http.Client
	hub     func(context.Context, []byte) error // sends to the event hub there is
}

// alive forgets those that have expired. mu is held.
func (l *subscriptions) alive(now time.Time) []*subscription {
	kept := l.all[:0]
	for _, sub := range l.all {
		if sub.ExpiresAt.After(now) {
			kept = append(kept, sub)
		}
	}
	l.all = kept
	return kept
}

func (l *subscriptions) find(id string, now time.Time) *subscription {
	for _, sub := range l.alive(now) {
		if strings.EqualFold(sub.ID, id) {
			return sub
		}
	}
	return nil
}

// Subscriptions is how many subscriptions there are now.
func (s *Server) Subscriptions() int {
	s.subscriptions.mu.Lock()
	defer s.subscriptions.mu.Unlock()
	return len(s.subscriptions.alive(s.now()))
}

// DeleteSubscriptions deletes all subscriptions behind the back of whoever made them, and tells nobody.
func (s *Server) DeleteSubscriptions() {
	s.subscriptions.mu.Lock()
	defer s.subscriptions.mu.Unlock()
	s.subscriptions.all = nil
}

func (s *Server) listSubscriptions(*http.Request, []byte) answer {
	s.subscriptions.mu.Lock()
	defer s.subscriptions.mu.Unlock()
	list := []subscription{}
	for _, sub := range s.subscriptions.alive(s.now()) {
		shown := *sub
		shown.State = "" // a list does not show it
		list = append(list, shown)
	}
	context := s.url + "/v1.0/$metadata#subscriptions"
	return encoded(http.StatusOK, map[string]any{"@odata.context": context, "value": list})
}

// faultySubscription gives requests about subscriptions their faults. One with a status has no effect, and any other
// fault is of the answer alone.
func (s *Server) faultySubscription(operation string, next handler) handler {
	return func(r *http.Request, dst []byte) answer {
		f := s.fault(Request{Operation: operation, URL: s.url + r.RequestURI})
		if f.Status != 0 {
			return f.failure()
		}
		a := next(r, dst)
		a.fault = f
		return a
	}
}

// subscribe creates a subscription, once whoever it notifies has answered the validation request.
func (s *Server) subscribe(r *http.Request, _ []byte) answer {
	var sub subscription
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&sub); err != nil {
		return badQuery()
	}
	if refused := s.refusedSubscription(&sub); refused != nil {
		return *refused
	}
	for _, to := range []string{sub.URL, sub.LifecycleURL} {
		if to == "" {
			continue
		}
		if err := s.validate(r.Context(), to); err != nil {
			return failure(http.StatusBadRequest, "ValidationError", "Subscription validation request failed. "+
				"Notification endpoint must respond with 200 OK to validation request.")
		}
	}
	s.subscriptions.mu.Lock()
	defer s.subscriptions.mu.Unlock()
	now := s.now()
	if refused := s.subscriptions.refused(&sub, now); refused != nil {
		return *refused
	}
	sub.ID, sub.ApplicationID, sub.notifiedBefore = uuid.NewString(), ClientID, ticks(now)
	s.subscriptions.all = append(s.subscriptions.all, &sub)
	return encoded(http.StatusCreated, sub)
}

// refusedSubscription is what the service says of a subscription that cannot be meant.
func (s *Server) refusedSubscription(sub *subscription) *answer {
	refuse := func(message string) *answer {
		a := failure(http.StatusBadRequest, "InvalidRequest", message)
		return &a
	}
	left := sub.ExpiresAt.Sub(s.now())
	switch to, err := url.Parse(sub.URL); {
	case resourceOf(sub.Resource) != recordResource:
		return refuse("Resource is not supported.")
	case sub.ChangeType != "updated" && sub.ChangeType != "created" && sub.ChangeType != "created,updated":
		return refuse("changeType is invalid.")
	case err != nil || to.Scheme != "https" && !strings.HasPrefix(sub.URL, hubScheme):
		return refuse("The underlying connection was closed: notificationUrl must be https.")
	case len(sub.State) > longestState:
		return refuse("clientState is too long.")
	case left <= 0 || left > longestSubscription:
		return refuse("Subscription expiration can only be 4230 minutes in the future.")
	}
	return nil
}

// refused is what the service says of one that is one too many. mu is held.
func (l *subscriptions) refused(sub *subscription, now time.Time) *answer {
	same := 0
	for _, other := range l.alive(now) {
		if other.ChangeType == sub.ChangeType && resourceOf(other.Resource) == resourceOf(sub.Resource) {
			a := failure(http.StatusConflict, "Conflict",
				"Subscription Id <"+other.ID+"> already exists for the requested combination")
			return &a
		}
		same++
	}
	if same >= mostSubscriptions {
		a := failure(http.StatusForbidden, "Forbidden", "The subscription limit has been reached.")
		return &a
	}
	return nil
}

func resourceOf(text string) string { return strings.ToLower(strings.Trim(text, "/")) }

// validate makes the handshake: the token comes back as it is, once it is decoded.
func (s *Server) validate(ctx context.Context, to string) error {
	ctx, cancel := context.WithTimeout(ctx, validationPatience)
	defer cancel()
	if strings.HasPrefix(to, hubScheme) {
		return s.toHub(ctx, []byte(reachability))
	}
	token := "Validation: Testing client application reachability, request+id <" + uuid.NewString() + ">"
	link := to + map[bool]string{true: "&", false: "?"}[strings.Contains(to, "?")] +
		"validationToken=" + url.QueryEscape(token)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, link, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "text/plain; charset=utf-8")
	got, err := s.subscriptions.client.Do(request)
	if err != nil {
		return err
	}
	defer got.Body.Close()
	body, err := io.ReadAll(io.LimitReader(got.Body, 4<<10))
	plain := strings.HasPrefix(got.Header.Get("Content-Type"), "text/plain")
	if err != nil || got.StatusCode != http.StatusOK || !plain || !bytes.Equal(body, []byte(token)) {
		return fmt.Errorf("status %d, %d bytes: %w", got.StatusCode, len(body), err)
	}
	return nil
}

// renew moves the end of a subscription.
func (s *Server) renew(r *http.Request, _ []byte) answer {
	var change struct{ ExpirationDateTime *time.Time }
	err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&change)
	s.subscriptions.mu.Lock()
	defer s.subscriptions.mu.Unlock()
	now := s.now()
	sub := s.subscriptions.find(r.PathValue("id"), now)
	switch {
	case err != nil || change.ExpirationDateTime == nil:
		return badQuery()
	case sub == nil:
		return failure(http.StatusNotFound, "ResourceNotFound", "The object was not found.")
	case change.ExpirationDateTime.Sub(now) > longestSubscription:
		return badQuery()
	}
	sub.ExpiresAt = *change.ExpirationDateTime
	return encoded(http.StatusOK, sub)
}

func (s *Server) unsubscribe(r *http.Request, _ []byte) answer {
	s.subscriptions.mu.Lock()
	defer s.subscriptions.mu.Unlock()
	sub := s.subscriptions.find(r.PathValue("id"), s.now())
	if sub == nil {
		return failure(http.StatusNotFound, "ResourceNotFound", "The object was not found.")
	}
	for i, other := range s.subscriptions.all {
		if other == sub {
			s.subscriptions.all = append(s.subscriptions.all[:i], s.subscriptions.all[i+1:]...)
			break
		}
	}
	return answer{status: http.StatusNoContent}
}
