package fetch

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"ingestd/internal/mapping"
)

// A page that is taken as whole is JSON to its end, and its elements are those that a plain reader finds.
func FuzzPage(f *testing.F) {
	for _, page := range []string{
		smallPage, `{"value":[]}`, `null`, `{"value":null}`, `{"error":{"code":"x"}}`, `{"value":[]}{"value":[]}`,
		`{"value":[],"@odata.nextLink":"https://graph.microsoft.com/v1.0/x?$skip=1"}`,
		`{"value":[{}],"callRecord@odata.NextLink":"x","@odata.nextlink":"y"}`, `{"v\u0061lue":[1]}`,
		`{"value":[1],"Value":[2]}`, `{"value":[{"sessions@odata.nextLink":"x"}]}`, "{\"value\":[\"\xff\"]}",
	} {
		f.Add([]byte(page))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var doc mapping.Document
		elements, next, err := readPage(&doc, body)
		if err != nil {
			return
		}
		var plain struct {
			Value []json.RawMessage `json:"value"`
		}
		if err := json.Unmarshal(body, &plain); err != nil || len(plain.Value) != elements.Len() {
			t.Errorf("%d elements, a plain reader finds %d: %v", elements.Len(), len(plain.Value), err)
		}
		names := strings.ToLower(string(body))
		if next != "" && !strings.Contains(names, "nextlink") && !strings.Contains(names, `\`) {
			t.Errorf("next page %q of a page that names none", next)
		}
	})
}

// A part of a record that is taken is of the record that was asked for, and says which version it is.
func FuzzRecord(f *testing.F) {
	const id = "e523d2ed-2966-4b6b-925b-754a88034cc5"
	for _, record := range []string{
		`{"id":"` + id + `","version":3,"sessions":[{"segments":[]}]}`, `{"id":"x","version":1}`, `[]`, `null`,
		`{"id":"` + id + `","version":1.5}`, `{"id":"` + id + `","Version":2,"version":1}`,
		`{"id":"` + id + `","version":1,"sessions":[],"sessions@odata.nextLink":"x"}`,
	} {
		f.Add([]byte(record))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p := Part{Array: "sessions"}
		if err := p.readRecord(body, id); err != nil {
			return
		}
		var plain struct {
			ID      string  `json:"id"`
			Version float64 `json:"version"`
		}
		err := json.Unmarshal(body, &plain)
		if err != nil || !strings.EqualFold(plain.ID, id) || plain.Version != float64(p.Version) {
			t.Errorf("version %d, a plain reader finds %+v: %v", p.Version, plain, err)
		}
	})
}

// fuzzClock stands still.
var fuzzClock = Clock{
	Now:  func() time.Time { return time.Unix(1_800_000_000, 0) },
	Wall: func() time.Time { return time.Unix(1_800_000_000, 0) },
}

// What failures say of the answers of Graph and Entra are names and numbers, whatever is in them.
func FuzzFailure(f *testing.F) {
	for _, seed := range []struct{ body, header string }{
		{`{"error":{"code":"generalException","innerError":{"request-id":"` + `1-2` + `"}}}`, "2.128"},
		{`{"error":"invalid_client","error_codes":[7000215],"correlation_id":"a-1"}`, "10, 20"},
		{`{"error":"<b>","error_description":"Anna Muster"}`, "Wed, 21 Oct 2026 07:28:00 GMT"},
		{`{"error":{"code":7,"innererror":[]}}`, "https://graph.microsoft.com@evil.com"},
		{`<html>`, "-1"}, {``, "1e400"},
	} {
		for _, status := range []int{302, 400, 401, 429, 503} {
			f.Add([]byte(seed.body), seed.header, status)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, header string, status int) {
		resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body))}
		for _, name := range []string{"Retry-After", "Date", "Location", "request-id", "Content-Type", "Via"} {
			resp.Header.Set(name, header)
		}
		for _, e := range []*Error{failureOf(resp, body, fuzzClock), entraFailure(resp, fuzzClock)} {
			if e.Until.After(fuzzClock.Now().Add(longestPause)) {
				t.Errorf("not before %v", e.Until)
			}
			for _, said := range []string{e.Code, e.RequestID, e.Type, e.Via} {
				if len(said) > 100 || strings.ContainsAny(said, "<>@\"'\n") {
					t.Errorf("says %q", said)
				}
			}
		}
	})
}

// Whatever Retry-After says, a pause is no longer than an hour, and not negative.
func FuzzRetryAfter(f *testing.F) {
	for _, value := range []string{
		"1", "2.128", "0", "-1", "", "10, 20", "9999999999999999999999", "1e9", "Wed, 21 Oct 2026 07:28:00 GMT", "NaN",
	} {
		f.Add(value, "Wed, 21 Oct 2026 07:00:00 GMT")
	}
	f.Fuzz(func(t *testing.T, value, date string) {
		h := http.Header{"Retry-After": {value}, "Date": {date}}
		pause, ok := retryAfter(h, fuzzClock.Now())
		if ok && (pause <= 0 || pause > longestPause) {
			t.Errorf("a pause of %v", pause)
		}
		c := graphClock{}
		if at, err := c.observe(date, fuzzClock.Now(), fuzzClock.Wall()); err == nil && at.IsZero() {
			t.Error("no time, and no error")
		}
	})
}

// A link that passes leads to Graph's own origin, below an API root, as the client that sends it reads it.
func FuzzGate(f *testing.F) {
	for _, link := range []string{
		"https://graph.microsoft.com/v1.0/communications/callRecords?$skip=1",
		"https://graph.microsoft.com.evil.com/v1.0/", "https://graph.microsoft.com@evil.com/v1.0/",
		"//graph.microsoft.com/beta/", "/v1.0/x", "http://graph.microsoft.com/v1.0",
		"https://graph.microsoft.com/v1.0/../admin", "https://graph.microsoft.com/v1.0/%2e%2e/admin",
		"https://graph.microsoft.com:443/beta?a=b c", "HTTPS://GRAPH.MICROSOFT.COM/v1.0/x#y",
		`https://graph.microsoft.com\@evil/v1.0/`,
	} {
		f.Add(link)
	}
	graph := &url.URL{Scheme: "https", Host: "graph.microsoft.com"}
	f.Fuzz(func(t *testing.T, link string) {
		u, err := gate(graph, link)
		if err != nil {
			return
		}
		req, err := http.NewRequest(http.MethodGet, u.String(), nil)
		if err != nil {
			return // it is not sent
		}
		host, path := strings.TrimSuffix(strings.ToLower(req.URL.Host), ":443"), req.URL.Path
		if req.URL.Scheme != "https" || host != graph.Host || req.URL.User != nil {
			t.Errorf("%q leads to %v", link, req.URL)
		}
		if !strings.HasPrefix(path, "/v1.0") && !strings.HasPrefix(path, "/beta") {
			t.Errorf("%q leads to %q", link, path)
		}
	})
}
