package fetch

import (
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// answers gives a status, a request-id if there is one, and a body.
func answers(status int, id, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if id != "" {
			w.Header().Set("request-id", id)
		}
		if status == http.StatusFound {
			w.Header().Set("Location", "https://login.hotel.example/")
		}
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func TestCauses(t *testing.T) {
	t.Parallel()
	const id, html, json = "5f0c9a1e-2c57", "text/html", "application/json"
	const refusal = `{"error":{"code":"Forbidden","message":""}}`
	for name, test := range map[string]struct {
		graph http.HandlerFunc
		spoil func(*testing.T, *Client)
		want  string
		says  string
	}{
		"rejected token":     {graph: answers(401, id, json, refusal), want: cloudWrong, says: hintToken},
		"no permission":      {graph: answers(403, id, json, refusal), want: permissionMissing, says: hintConsent},
		"bad request":        {graph: answers(400, id, json, refusal), want: requestRefused, says: hintRefused},
		"too many":           {graph: answers(429, id, json, refusal), want: throttledBy, says: hintThrottled},
		"failing":            {graph: answers(500, id, json, refusal), want: graphFailing, says: hintTransient},
		"garbled":            {graph: answers(200, id, json, `{"value":[`), want: graphFailing, says: hintTransient},
		"balancer's 502":     {graph: answers(502, "", html, "<html>"), want: graphFailing, says: hintTransient},
		"proxy forbids":      {graph: answers(403, "", html, "<html>blocked"), want: answerNotGraph, says: hintProxy},
		"proxy wants a user": {graph: answers(407, "", html, "<html>"), want: answerNotGraph, says: hintProxy},
		"hotel's page":       {graph: answers(200, "", html, "<html>welcome"), want: answerNotGraph, says: hintProxy},
		"hotel redirects":    {graph: answers(302, "", html, ""), want: answerNotGraph, says: `"login.hotel.example"`},
		"clock of the future": {
			graph: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", time.Now().AddDate(1, 0, 0).UTC().Format(http.TimeFormat))
			},
			want: clockSkewed, says: "jumped",
		},
		"nobody there": {spoil: func(t *testing.T, c *Client) {
			gone := serve(t, nil)
			gone.Close()
			c.lead(t, gone.URL)
		}, want: unreachable, says: "connection refused"},
		"unknown host": {spoil: func(t *testing.T, c *Client) { c.lead(t, "https://graph.invalid") }, want: unreachable,
			says: "graph.invalid"},
		"unknown authority": {spoil: func(_ *testing.T, c *Client) {
			c.http.Transport.(*http.Transport).TLSClientConfig.RootCAs = x509.NewCertPool()
		}, want: tlsUntrusted, says: "unknown authority"},
		"no TLS": {spoil: func(t *testing.T, c *Client) {
			plain := httptest.NewServer(http.NotFoundHandler())
			t.Cleanup(plain.Close)
			c.lead(t, strings.Replace(plain.URL, "http:", "https:", 1))
		}, want: answerNotGraph, says: "not TLS"},
		"a proxy that does not connect": {spoil: func(t *testing.T, c *Client) {
			proxy := httptest.NewServer(answers(407, "", html, "who are you"))
			t.Cleanup(proxy.Close)
			to, err := url.Parse(strings.Replace(proxy.URL, "http://", "http://anna:"+canary[:6]+"@", 1))
			if err != nil {
				t.Fatal(err)
			}
			c.http.Transport.(*http.Transport).Proxy = http.ProxyURL(to)
		}, want: unreachable, says: "407 Proxy Authentication Required"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newTestClient(t, new(login), test.graph)
			if _, err := c.Token(t.Context(), c.scope); err != nil {
				t.Fatal(err)
			}
			if test.spoil != nil {
				c.http.CloseIdleConnections()
				test.spoil(t, c)
			}
			_, err := c.page(t.Context(), c.to("/v1.0/x"))
			failure, ok := errors.AsType[*Error](err)
			if !ok || failure.Cause() != test.want || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v with cause %s, want %s and %q", err, causeOf(err), test.want, test.says)
			}
			if test.spoil != nil && KindOf(err) != Transient {
				t.Errorf("without an answer: error %v, want it transient", err)
			}
			if strings.Contains(err.Error(), canary[:6]) {
				t.Errorf("a password of the proxy is in %v", err)
			}
		})
	}
}

// lead makes another server the client's Graph.
func (c *Client) lead(t *testing.T, to string) {
	t.Helper()
	graph, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	c.graph = graph
}
