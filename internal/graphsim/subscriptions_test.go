package graphsim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// A subscription is made once, for those who answer the handshake, and lasts at most 4,230 minutes.
func TestSubscriptions(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
	a := start(t, Config{CallsPerDay: -1, Now: func() time.Time { return now }})
	deaf := httptest.NewTLSServer(http.NotFoundHandler())
	defer deaf.Close()
	hears := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, r.URL.Query().Get("validationToken"))
	}))
	defer hears.Close()
	longest := now.Add(4230 * time.Minute)
	for _, c := range []struct {
		method, url string
		until       time.Time
		status      int
	}{
		{"POST", "http://example.com", longest, 400},
		{"POST", deaf.URL, longest, 400},
		{"POST", hears.URL, longest.Add(time.Second), 400},
		{"POST", hears.URL, now, 400},
		{"POST", hears.URL, longest, 201},
		{"POST", hears.URL, longest, 409},
		{"PATCH", hears.URL, longest, 404},
	} {
		body := fmt.Appendf(nil, `{
			"changeType": "updated", "resource": "/communications/callRecords", "clientState": "s",
			"notificationUrl": %q, "expirationDateTime": %q}`, c.url, c.until.Format(time.RFC3339))
		address := a.GraphURL() + "/v1.0/subscriptions"
		if c.method == "PATCH" {
			address += "/00000000-0000-0000-0000-000000000000"
		}
		req, err := http.NewRequest(c.method, address, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+a.token)
		got, err := a.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		got.Body.Close()
		if got.StatusCode != c.status {
			t.Errorf("%s of %s until %v: status %d, want %d", c.method, c.url, c.until, got.StatusCode, c.status)
		}
	}
	_, text := a.get(t, a.GraphURL()+"/v1.0/subscriptions")
	var list struct{ Value []map[string]any }
	if err := json.Unmarshal(text, &list); err != nil || len(list.Value) != 1 || list.Value[0]["clientState"] != nil {
		t.Errorf("the list is %s, %v", text, err)
	}
	now = longest
	if n := a.Subscriptions(); n != 0 {
		t.Errorf("%d subscriptions have not expired", n)
	}
}
