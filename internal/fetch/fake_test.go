package fetch

import (
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

const (
	tenant = "11111111-2222-3333-4444-555555555555"
	app    = "66666666-7777-8888-9999-000000000000"
	canary = "s3cret~Canary-do.not/print"
)

// login is an authority that gives out token-1, token-2 and so on.
type login struct {
	issued    atomic.Int64
	discovery http.HandlerFunc // instead of the discovery document
	token     http.HandlerFunc // instead of a token
	header    func(http.Header)
}

func (l *login) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if l.header != nil {
		l.header(w.Header())
	}
	switch r.URL.Path {
	case "/" + tenant + "/v2.0/.well-known/openid-configuration":
		if l.discovery != nil {
			l.discovery(w, r)
			return
		}
		writeDiscovery(w, "https://"+r.Host)
	case "/" + tenant + "/oauth2/v2.0/token":
		n := l.issued.Add(1)
		if l.token != nil {
			l.token(w, r)
			return
		}
		fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":3599,"access_token":"token-%d"}`, n)
	default:
		http.NotFound(w, r)
	}
}

func writeDiscovery(w http.ResponseWriter, base string) {
	fmt.Fprintf(w, `{"issuer":"%[1]s/v2.0","authorization_endpoint":"%[1]s/oauth2/v2.0/authorize",`+
		`"token_endpoint":"%[1]s/oauth2/v2.0/token"}`, base+"/"+tenant)
}

func serve(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // of connections given up on purpose
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// newTestClient talks to the two over TLS on loopback, and backs off for milliseconds instead of seconds.
func newTestClient(t *testing.T, login http.Handler, graph http.HandlerFunc) *Client {
	t.Helper()
	return newTestClientAt(t, Clock{}, login, graph)
}

// newTestClientAt goes by a clock of its own.
func newTestClientAt(t *testing.T, clock Clock, login http.Handler, graph http.HandlerFunc) *Client {
	t.Helper()
	loginServer, graphServer := serve(t, login), serve(t, graph)
	roots := x509.NewCertPool()
	roots.AddCert(graphServer.Certificate()) // httptest uses one for all its servers
	many := Limit{100_000, time.Second}
	c, err := New(Options{
		TenantID: tenant, ClientID: app, Credential: ClientSecret(func() (string, error) { return canary, nil }),
		GraphURL: graphServer.URL, LoginURL: loginServer.URL, RootCAs: roots,
		Limits: Limits{many, many, many, many, many}, Clock: clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.http.CloseIdleConnections)
	c.retrier.base = time.Millisecond
	return c
}

// to is a request for a path of the client's Graph.
func (c *Client) to(path string) request {
	return request{
		url:    c.graph.String() + path,
		scopes: []scope{scopeLogs},
		what:   "pstn_calls 2026-01-01",
		usage:  new(Usage),
	}
}
