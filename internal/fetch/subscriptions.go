package fetch

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
)

// LongestSubscription is how long Graph keeps a subscription to call records at most
// (https://learn.microsoft.com/graph/change-notifications-overview#subscription-lifetime).
const LongestSubscription = 4230 * time.Minute

// A Subscription has Graph notify somebody of changes.
type Subscription struct {
	ID              string    `json:"id,omitempty"`
	ChangeType      string    `json:"changeType"`
	Resource        string    `json:"resource"`
	NotificationURL string    `json:"notificationUrl"`
	LifecycleURL    string    `json:"lifecycleNotificationUrl,omitempty"`
	ExpiresAt       time.Time `json:"expirationDateTime"`
	ClientState     string    `json:"clientState,omitempty"` // a secret; Graph tells it in notifications only
}

// recordChanges is what is subscribed to: each version of a call record, the first included.
const (
	recordChanges  = "updated"
	recordResource = "communications/callRecords"
)

// ofRecords reports whether a subscription is one to the call records of the whole tenant.
func (s Subscription) ofRecords() bool {
	return s.ChangeType == recordChanges && strings.EqualFold(strings.Trim(s.Resource, "/"), recordResource)
}

// Subscriptions lists the app's subscriptions to call records.
func (c *Client) Subscriptions(ctx context.Context) (list []Subscription, err error) {
	next, seen := c.subscriptionURL(""), map[string]bool{}
	for next != "" {
		if err := visit(seen, next); err != nil {
			return nil, &Error{Kind: Transient, What: subscriptionsName, Err: err, Hint: hintTransient}
		}
		var page struct {
			Value []Subscription `json:"value"`
			Next  string         `json:"@odata.nextLink"`
		}
		if err := c.aboutSubscription(ctx, http.MethodGet, next, nil, &page); err != nil {
			return nil, err
		}
		if page.Value == nil {
			return nil, &Error{Kind: Transient, What: subscriptionsName, Host: c.graph.Host, Hint: hintTransient,
				Err: errors.New("an answer without a list")}
		}
		for _, s := range page.Value {
			if s.ofRecords() {
				list = append(list, s)
			}
		}
		next = page.Next
	}
	return list, nil
}

// Subscribe has Graph notify an address of each version of a call record until a time. Graph asks the address first
// whether it wants that.
func (c *Client) Subscribe(ctx context.Context, address, clientState string, until time.Time) (Subscription, error) {
	made, wanted := Subscription{}, Subscription{
		ChangeType: recordChanges, Resource: recordResource, NotificationURL: address, LifecycleURL: address,
		ClientState: clientState, ExpiresAt: until.UTC(),
	}
	err := c.aboutSubscription(ctx, http.MethodPost, c.subscriptionURL(""), wanted, &made)
	if refused, ok := errors.AsType[*Error](err); ok && refused.cause == "" {
		refused.Hint = cmp.Or(hintSubscribe(refused.Status, address), refused.Hint)
	}
	return made, err
}

// hintSubscribe is what to do where Graph answers a status in place of a new subscription. It is empty where nothing is
// special about it.
func hintSubscribe(status int, address string) string {
	switch {
	case status == http.StatusBadRequest && strings.HasPrefix(address, "EventHub:"):
		return "Graph sends a message to the hub before it subscribes, and could not: check host, hub and domain of " +
			"notifications.event_hub, and that Microsoft Graph Change Tracking has the role Azure Event Hubs " +
			"Data Sender on the hub"
	case status == http.StatusBadRequest:
		return "Graph asks notifications.webhook.public_url before it subscribes, and had no right answer within " +
			"10 s: let requests from the internet through to it, with a certificate that Microsoft trusts"
	case status == http.StatusForbidden:
		return hintConsent + "; if it is granted, the organization has 100 subscriptions to call records, which is " +
			"all that Graph allows: delete some"
	case status == http.StatusConflict:
		return "the app has a subscription that Graph did not list: it is looked for again within a minute; if this " +
			"lasts, another program uses the app: give ingestd an app registration of its own"
	}
	return ""
}

// Prolong moves the end of a subscription.
func (c *Client) Prolong(ctx context.Context, id string, until time.Time) error {
	change := struct {
		ExpiresAt time.Time `json:"expirationDateTime"`
	}{until.UTC()}
	return c.aboutSubscription(ctx, http.MethodPatch, c.subscriptionURL(id), change, nil)
}

// Unsubscribe ends a subscription.
func (c *Client) Unsubscribe(ctx context.Context, id string) error {
	err := c.aboutSubscription(ctx, http.MethodDelete, c.subscriptionURL(id), nil, nil)
	if gone, ok := errors.AsType[*Error](err); ok && gone.Status == http.StatusNotFound {
		return nil
	}
	return err
}

// subscriptionsName is what requests about subscriptions are called.
const subscriptionsName = "subscriptions"

// subscriptionURL is the address of a subscription, or of all of them.
func (c *Client) subscriptionURL(id string) string {
	url := c.graph.String() + "/v1.0/" + subscriptionsName
	if id != "" {
		url += "/" + identifier(id)
	}
	return url
}

// aboutSubscription makes a request and reads its answer.
func (c *Client) aboutSubscription(ctx context.Context, method, url string, send, answer any) error {
	r := request{method: method, url: url, scopes: []scope{scopeSubscriptions}, what: subscriptionsName}
	if send != nil {
		text, err := json.Marshal(send)
		if err != nil {
			return err // strings and times only
		}
		r.send = text
	}
	r.accept = func(body []byte) error {
		if answer == nil {
			return nil
		}
		if json.Unmarshal(body, answer) != nil {
			return errors.New("no JSON object about subscriptions") // the cause would quote what was answered
		}
		return nil
	}
	_, err := c.get(ctx, r)
	return err
}
