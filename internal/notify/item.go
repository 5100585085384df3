package notify

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"strings"

	"github.com/google/uuid"
)

// validating is what Graph names in place of a subscription in what it sends to a
// hub before it makes one.
const validating = "NA"

// An item is one notification of a body.
type item struct {
	SubscriptionID string `json:"subscriptionId"`
	ClientState    string `json:"clientState"`
	TenantID       string `json:"tenantId"`
	LifecycleEvent string `json:"lifecycleEvent"`
	Resource       struct {
		Type string `json:"@odata.type"`
		ID   string `json:"id"`
	} `json:"resourceData"`

	tenant, call uuid.UUID // as check has read them
}

// maxItems bounds the notifications of a body: Graph's take half a kilobyte each.
const maxItems = 1000

// parsing bounds the bodies that are read at once: one of a stranger may take some ten times its size.
var parsing = make(chan struct{}, 4)

// parse reads a body, unless it is large. A member of another type than it should
// have makes its notification one that tells nothing.
func parse(body []byte) ([]item, error) {
	parsing <- struct{}{}
	defer func() { <-parsing }()
	var all struct {
		Value []json.RawMessage `json:"value"`
	}
	if len(body) > maxBody || json.Unmarshal(body, &all) != nil || all.Value == nil || len(all.Value) > maxItems {
		return nil, errors.New("no JSON object with an array value, or a large one")
	}
	items := make([]item, len(all.Value))
	for n, text := range all.Value {
		if json.Unmarshal(text, &items[n]) != nil {
			items[n] = item{}
		}
	}
	return items, nil
}

// check says what is to become of a notification, and reads its ids.
func (r *Room) check(ctx context.Context, i *item) (Outcome, error) {
	if i.SubscriptionID == validating {
		return Validation, nil
	}
	var ok bool
	if i.tenant, ok = guid(i.TenantID); !ok {
		return Malformed, nil
	}
	id, secret, err := r.desk.Subscription(ctx, i.tenant)
	if err != nil {
		return "", err
	}
	shown := sha256.Sum256([]byte(i.ClientState))
	named, isID := guid(i.SubscriptionID)
	i.call, ok = guid(i.Resource.ID)
	switch {
	case secret == nil:
		return Foreign, nil
	case subtle.ConstantTimeCompare(shown[:], secret) != 1:
		return Forged, nil
	case !isID || id != uuid.Nil && id != named:
		return Stale, nil
	case i.LifecycleEvent != "":
		return Lifecycle, nil
	case !ok || !i.isRecord():
		return Malformed, nil
	}
	return Accepted, nil
}

// isRecord reports whether a notification is about a call record. Graph writes the
// type in two ways.
func (i *item) isRecord() bool {
	return strings.EqualFold(strings.TrimPrefix(i.Resource.Type, "#"), "microsoft.graph.callRecord")
}

// missed reports whether an event says that notifications were not sent, or are not
// any more.
func (i *item) missed() bool { return i.LifecycleEvent != "reauthorizationRequired" }

// guid reads the plain form of one.
func guid(text string) (uuid.UUID, bool) {
	id, err := uuid.Parse(text)
	return id, err == nil && len(text) == len(uuid.Nil.String())
}
