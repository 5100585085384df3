package fetch

import (
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
)

func TestGate(t *testing.T) {
	t.Parallel()
	graph, err := origin("graph_url", "https://graph.microsoft.com")
	if err != nil {
		t.Fatal(err)
	}
	for link, open := range map[string]bool{
		"https://graph.microsoft.com/v1.0/communications/callRecords":                                  true,
		"https://GRAPH.microsoft.com:443/beta/x?$skip=1000":                                            true,
		"https://graph.microsoft.com/v1.0/":                                                            true,
		"https://graph.microsoft.com/v1.0/x/../y":                                                      true,
		"https://graph.microsoft.com/v1.0/getPstnCalls(fromDateTime=2026-01-01,toDateTime=2026-01-02)": true,
		"https://graph.microsoft.com/v1.0/x?$filter=startDateTime ge 2026-01-01T00:00:00Z":             true,
		"http://graph.microsoft.com/v1.0/x":                                                            false,
		"https://graph.microsoft.com:8443/v1.0/x":                                                      false,
		"https://graph.microsoft.com.evil.example/v1.0/x":                                              false,
		"https://graph.microsoft.com@evil.example/v1.0/x":                                              false,
		"https://user:pass@graph.microsoft.com/v1.0/x":                                                 false,
		"https://evil.example/v1.0/x":                                                                  false,
		"https://evil.example\\@graph.microsoft.com/v1.0/x":                                            false,
		"//graph.microsoft.com/v1.0/x":                                                                 false,
		"/v1.0/x":                                                                                      false,
		"x?$skip=1":                                                                                    false,
		"":                                                                                             false,
		"https:graph.microsoft.com/v1.0/x":                                                             false,
		"https://graph.microsoft.com/v1.0/$metadata#communications/callRecords":                        false,
		"https://graph.microsoft.com/v1.0/x#":                                                          false,
		"https://graph.microsoft.com/v1.0/../admin":                                                    false,
		"https://graph.microsoft.com/v1.0/%2e%2e/admin":                                                false,
		"https://graph.microsoft.com/v1.0%2f..%2fadmin":                                                false,
		"https://graph.microsoft.com/v1.0evil/x":                                                       false,
		"https://graph.microsoft.com/":                                                                 false,
		"https://graph.microsoft.com":                                                                  false,
		"https://graph.microsoft.com/v1.0/x\r\nX-Evil: 1":                                              false,
		"https://graph.microsoft.com/v1.0/getPstnCalls(from=2019-11-01\",to=2019-12-01)?$skip=1000\x00":     false,
		"https://graph.microsoft.com/v1.0/x?next=https://evil.example/v1.0/":                                true,
		"ftp://graph.microsoft.com/v1.0/x":                                                                  false,
		"https://[::1]/v1.0/x":                                                                              false,
		"https://graph.microsoft.com:/v1.0/x":                                                               true,
		"https://graph%2emicrosoft.com/v1.0/x":                                                              false,
		"https://graph.microsoft.com/V1.0/x":                                                                false,
		"https://graph.microsoft.com/communications/callRecords/getPstnCalls(from=a,to=b)?$skip=/v1.0/1000": false,
	} {
		u, err := gate(graph, link)
		if open != (err == nil) {
			t.Errorf("%q: error %v, want open %v", link, err, open)
		}
		if err == nil && strings.Contains(u.String(), " ") {
			t.Errorf("%q: a blank is left in %q", link, u)
		}
	}
}

func TestOriginsAreHTTPSAndBare(t *testing.T) {
	t.Parallel()
	for raw, good := range map[string]bool{
		"https://graph.microsoft.us": true, "https://127.0.0.1:8443/": true,
		"": false, "graph.microsoft.com": false, "http://graph.microsoft.com": false, "https://": false,
		"https://h/v1.0": false,
		"https://u:p@h":  false, "https://h?x": false, "https://h/#": false, "https://h:port": false,
	} {
		if _, err := origin("graph_url", raw); good != (err == nil) {
			t.Errorf("%q: error %v, want good %v", raw, err, good)
		}
	}
}

// The token is for Graph alone: neither links nor redirects carry it elsewhere.
func TestTokenStaysAtGraph(t *testing.T) {
	t.Parallel()
	var stolen atomic.Int64
	evil := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stolen.Add(1) }))
	c := newTestClient(t, new(login), func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, evil.URL+"/v1.0/secret?query=1", http.StatusTemporaryRedirect)
	})
	host := strings.TrimPrefix(evil.URL, "https://")
	for name, link := range map[string]string{
		"redirect": c.graph.String() + "/v1.0/x",
		"link":     evil.URL + "/v1.0/secret?query=1",
	} {
		_, err := c.get(t.Context(), request{url: link, what: "test"})
		if KindOf(err) != Refused || !strings.Contains(err.Error(), host) || strings.Contains(err.Error(), "query") {
			t.Errorf("%s: error %v, want refused naming host %s only", name, err, host)
		}
	}
	if n := stolen.Load(); n != 0 {
		t.Errorf("%d requests went elsewhere", n)
	}
}

func TestGateHoldsThePathSent(t *testing.T) {
	t.Parallel()
	got := make(chan *url.URL, 1)
	c := newTestClient(t, new(login), func(_ http.ResponseWriter, r *http.Request) { got <- r.URL })
	const path = "/v1.0/communications/callRecords/" +
		"getPstnCalls(fromDateTime=2026-01-01T00:00:00Z,toDateTime=2026-01-02T00:00:00Z)"
	if _, err := c.get(t.Context(), c.to(path+"?$filter=a ge b&$skip=1000")); err != nil {
		t.Fatal(err)
	}
	if u := <-got; u.Path != path || u.Query().Get("$filter") != "a ge b" || u.Query().Get("$skip") != "1000" {
		t.Errorf("sent %q", u)
	}
}
