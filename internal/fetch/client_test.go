package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

func TestNewRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	good := Options{
		TenantID: tenant, ClientID: app, Credential: ClientSecret(func() (string, error) { return "", nil }),
		GraphURL: "https://graph.microsoft.com", LoginURL: "https://login.microsoftonline.com", Limits: DefaultLimits(),
	}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Options){
		"graph url":  func(o *Options) { o.GraphURL = "http://graph.microsoft.com" },
		"login url":  func(o *Options) { o.LoginURL = "login.microsoftonline.com" },
		"tenant":     func(o *Options) { o.TenantID = "" },
		"client":     func(o *Options) { o.ClientID = "" },
		"credential": func(o *Options) { o.Credential = Credential{} },
		"requests":   func(o *Options) { o.Limits.Logs.Requests = 0 },
		"span":       func(o *Options) { o.Limits.Record.Per = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := good
			spoil(&o)
			if _, err := New(o); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestStatusesAndKinds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status     int
		retryAfter string
		kind       Kind
		requests   int
		hint       string
	}{
		{status: 200, requests: 1},
		{status: 204, kind: Refused, requests: 1, hint: hintRefused},
		{status: 304, kind: Refused, requests: 1, hint: hintRefused},
		{status: 400, kind: Refused, requests: 1, hint: hintRefused},
		{status: 401, kind: Denied, requests: 2, hint: hintToken},
		{status: 403, kind: Denied, requests: 1, hint: hintConsent},
		{status: 404, kind: Refused, requests: 1, hint: hintRefused},
		{status: 406, kind: Refused, requests: 1, hint: hintRefused},
		{status: 408, kind: Transient, requests: 5, hint: hintTransient},
		{status: 410, kind: Refused, requests: 1, hint: hintRefused},
		{status: 429, kind: Throttled, requests: 5, hint: hintThrottled},
		{status: 429, retryAfter: "0.01", kind: Throttled, requests: 5, hint: hintThrottled},
		{status: 429, retryAfter: "3600", kind: Throttled, requests: 1, hint: hintThrottled},
		{status: 500, kind: Transient, requests: 5, hint: hintTransient},
		{status: 502, retryAfter: "3600", kind: Transient, requests: 5, hint: hintTransient},
		{status: 503, kind: Transient, requests: 5, hint: hintTransient},
		{status: 503, retryAfter: "soon", kind: Transient, requests: 5, hint: hintTransient},
		{status: 503, retryAfter: "3600", kind: Throttled, requests: 1, hint: hintThrottled},
		{status: 504, kind: Transient, requests: 5, hint: hintTransient},
		{status: 509, kind: Transient, requests: 5, hint: hintTransient},
	} {
		t.Run(fmt.Sprint(test.status, " ", test.retryAfter), func(t *testing.T) {
			t.Parallel()
			c := newTestClient(t, new(login), func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("request-id", "r1")
				if test.retryAfter != "" {
					w.Header().Set("Retry-After", test.retryAfter)
				}
				w.WriteHeader(test.status)
				if test.status != 204 && test.status != 304 {
					io.WriteString(w, `{"error":{"code":"SomeCode","message":"some text"}}`)
				}
			})
			r := c.to("/v1.0/x")
			_, err := c.get(t.Context(), r)
			if got := r.usage.Counts().Requests; KindOf(err) != test.kind || got != test.requests {
				t.Errorf(
					"%d requests, error %v of kind %v; want %d and %v",
					got,
					err,
					KindOf(err),
					test.requests,
					test.kind,
				)
			}
			if failure, ok := errors.AsType[*Error](err); ok {
				if failure.Status != test.status || failure.RequestID != "r1" || failure.Hint != test.hint ||
					failure.What != r.what {
					t.Errorf("unexpected %+v", failure)
				}
				if wait := time.Until(failure.Until); test.retryAfter == "3600" && test.kind == Throttled &&
					(wait < 59*time.Minute || wait > time.Hour) {
					t.Errorf("throttled for %v, want an hour", wait)
				}
			}
		})
	}
}

func TestNoConnectionIsTransient(t *testing.T) {
	t.Parallel()
	c := newTestClient(t, new(login), func(w http.ResponseWriter, _ *http.Request) {
		conn, _, _ := w.(http.Hijacker).Hijack()
		conn.Close()
	})
	r := c.to("/v1.0/x?secret=1")
	_, err := c.get(t.Context(), r)
	if KindOf(err) != Transient || r.usage.Counts().Requests != attempts || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v after %d requests", err, r.usage.Counts().Requests)
	}
}

func TestRequestHeaders(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var seen []http.Header
	c := newTestClient(t, new(login), func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, r.Header)
		if len(seen) == 1 {
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	r := c.to("/v1.0/x")
	r.prefer = []string{"odata.maxpagesize=60", "include-unknown-enum-members"}
	if _, err := c.get(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, h := range seen {
		ids = append(ids, h.Get("client-request-id"))
		h.Del("client-request-id")
		if !strings.HasPrefix(h.Get("User-Agent"), "ingestd/") {
			t.Errorf("User-Agent %q", h.Get("User-Agent"))
		}
		h.Del("User-Agent")
		want := http.Header{
			"Authorization": {"Bearer token-1"}, "Accept": {"application/json"}, "Accept-Encoding": {"gzip"},
			"Prefer": {"odata.maxpagesize=60, include-unknown-enum-members"},
		}
		if diff := cmp.Diff(want, h); diff != "" {
			t.Error(diff)
		}
	}
	if len(ids) != 2 || ids[0] == ids[1] || uuid.Validate(ids[0]) != nil || uuid.Validate(ids[1]) != nil {
		t.Errorf("client-request-ids %q, want a fresh GUID for each attempt", ids)
	}
}

func TestResponseAndUsage(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	c := newTestClient(t, new(login), func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("request-id", fmt.Sprint("r", n.Add(1)))
		w.Header().Set("Retry-After", "0.02")
		w.WriteHeader([]int{0, 429, 500, 200}[min(n.Load(), 3)])
		io.WriteString(w, `{"value":[]}`)
	})
	r := c.to("/v1.0/x")
	resp, err := c.get(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if string(resp.body) != `{"value":[]}` || resp.requestID != "r3" {
		t.Errorf("body %q, request-id %q", resp.body, resp.requestID)
	}
	if age := time.Since(resp.served); resp.asked.After(resp.served) || age < -second || age > 5*second {
		t.Errorf("asked %v, served %v", resp.asked, resp.served)
	}
	got := r.usage.Counts()
	if got.ThrottleWait < 10*time.Millisecond {
		t.Errorf("throttle wait %v, want about 20ms", got.ThrottleWait)
	}
	got.ThrottleWait, got.Paced = 0, 0
	want := Counts{Requests: 3, Throttled: 1, Bytes: 12, FailedRequestIDs: []string{"r1", "r2"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNewConnectionAfter503(t *testing.T) {
	t.Parallel()
	for status, same := range map[int]bool{500: true, 503: false} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			peers := make(chan string, 2)
			c := newTestClient(t, new(login), func(w http.ResponseWriter, r *http.Request) {
				if peers <- r.RemoteAddr; len(peers) == 1 {
					w.WriteHeader(status)
					io.WriteString(w, "busy")
				}
			})
			if _, err := c.get(t.Context(), c.to("/v1.0/x")); err != nil {
				t.Fatal(err)
			}
			if first, second := <-peers, <-peers; same != (first == second) {
				t.Errorf("connections from %s and %s, want the same: %v", first, second, same)
			}
		})
	}
}

func TestCancellationIsPassedThrough(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]string{"before the header": "", "within the body": `{"value":`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			c := newTestClient(t, new(login), func(w http.ResponseWriter, r *http.Request) {
				if before != "" {
					io.WriteString(w, before)
					w.(http.Flusher).Flush()
				}
				cancel()
				<-r.Context().Done()
				panic(http.ErrAbortHandler)
			})
			if _, err := c.once(ctx, "/v1.0/x"); !errors.Is(err, context.Canceled) || KindOf(err) != 0 {
				t.Errorf("error %v of kind %v, want the context's", err, KindOf(err))
			}
			if _, err := c.get(ctx, c.to("/v1.0/x")); !errors.Is(err, context.Canceled) {
				t.Errorf("error %v, want the context's", err)
			}
		})
	}
}

func TestStalledAnswersEnd(t *testing.T) {
	t.Parallel()
	for name, begins := range map[string]string{
		"no header": "", "no end of body": `{"value":`, "a byte at a time": " ",
	} {
		header := begins != ""
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newTestClient(t, new(login), func(w http.ResponseWriter, r *http.Request) {
				for header && r.Context().Err() == nil {
					io.WriteString(w, begins)
					w.(http.Flusher).Flush()
					if len(begins) > 1 {
						break
					}
					time.Sleep(5 * time.Millisecond) // the pace of the fault, not a wait for anything
				}
				<-r.Context().Done()
				panic(http.ErrAbortHandler) // returning would end the body properly
			})
			if _, err := c.Token(t.Context(), c.scope); err != nil { // it is not to be timed
				t.Fatal(err)
			}
			if c.timeout = 100 * time.Millisecond; !header {
				c.timeout = time.Minute
				c.http.Transport.(*http.Transport).ResponseHeaderTimeout = 100 * time.Millisecond
			}
			r := c.to("/v1.0/x")
			_, err := c.get(t.Context(), r)
			if KindOf(err) != Transient || errors.Is(err, context.DeadlineExceeded) ||
				r.usage.Counts().Requests != attempts {
				t.Errorf("error %v after %d requests", err, r.usage.Counts().Requests)
			}
		})
	}
}
