package graphsim

import (
	"context"
	"errors"
)

// hubScheme begins the address of an event hub
// (https://learn.microsoft.com/graph/change-notifications-delivery-event-hubs).
const hubScheme = "EventHub:https://"

// reachability is what is sent to a hub in place of a validation request. Nobody answers it.
const reachability = `{"value": [{"subscriptionId": "NA", "subscriptionExpirationDateTime": "NA", "clientState": "NA",
	"changeType": "Validation: Testing client application reachability for subscription Request-Id: 0",
	"resource": "NA", "resourceData": {"@odata.type": "NA", "@odata.id": "NA", "id": "NA"}}]}`

// SetEventHub gives what sends a message to the event hub that subscriptions name.
func (s *Server) SetEventHub(send func(ctx context.Context, body []byte) error) {
	s.subscriptions.mu.Lock()
	defer s.subscriptions.mu.Unlock()
	s.subscriptions.hub = send
}

// toHub sends a message to the event hub.
func (s *Server) toHub(ctx context.Context, body []byte) error {
	s.subscriptions.mu.Lock()
	send := s.subscriptions.hub
	s.subscriptions.mu.Unlock()
	if send == nil {
		return errors.New("there is no event hub")
	}
	return send(ctx, body)
}
