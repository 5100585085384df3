package fetch

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// An answer that lists nothing is not taken for an empty list: a subscription that is there would be replaced.
func TestListOfSubscriptionsIsWhole(t *testing.T) {
	t.Parallel()
	for body, ok := range map[string]bool{`{"value": []}`: true, `{"@odata.count": 0}`: false, `null`: false} {
		c := newTestClient(t, new(login), answers(200, "5f0c9a1e-2c57", "application/json", body))
		if list, err := c.Subscriptions(t.Context()); (err == nil) != ok || len(list) > 0 {
			t.Errorf("%s: %v, %v", body, list, err)
		}
	}
}

// Where Graph refuses a subscription, the error says what to do about that, and not what it says of other requests.
func TestRefusedSubscription(t *testing.T) {
	t.Parallel()
	const id, json, webhook, hub = "5f0c9a1e-2c57", "application/json", "https://ingest.example.com/notifications",
		"EventHub:https://contoso.servicebus.windows.net/eventhubname/calls?tenantId=contoso.com"
	const invalid, forbidden = `{"error":{"code":"ValidationError"}}`, `{"error":{"code":"Forbidden"}}`
	for name, test := range map[string]struct {
		address string
		graph   http.HandlerFunc
		want    string
	}{
		"address":      {webhook, answers(400, id, json, invalid), "webhook.public_url"},
		"hub":          {hub, answers(400, id, json, invalid), "Data Sender"},
		"permission":   {webhook, answers(403, id, json, forbidden), "CallRecords.Read.All"},
		"too many":     {webhook, answers(403, id, json, forbidden), "100 subscriptions"},
		"exists":       {webhook, answers(409, id, json, `{"error":{"code":"Conflict"}}`), "registration of its own"},
		"another":      {webhook, answers(404, id, json, `{"error":{"code":"NotFound"}}`), hintRefused},
		"none of ours": {webhook, answers(403, "", "text/html", "<html>blocked"), hintProxy},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newTestClient(t, new(login), test.graph)
			_, err := c.Subscribe(t.Context(), test.address, "secret", time.Now().Add(time.Hour))
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%v; want %q", err, test.want)
			}
		})
	}
}
