package fetch

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"
)

// attempt makes one request and counts it.
func (c *Client) attempt(ctx context.Context, r request, u *url.URL, token string) (*response, error) {
	id := uuid.NewString()
	counts := Counts{Requests: 1}
	resp, err := c.exchange(ctx, c.header(r, token, id), u, r)
	if failure, ok := errors.AsType[*Error](err); ok {
		failure.ClientRequestID = id
		if failure.Kind == Throttled {
			counts.Throttled = 1
		}
		if failure.RequestID != "" {
			counts.FailedRequestIDs = []string{failure.RequestID}
		}
	}
	if err == nil {
		counts.Bytes = int64(len(resp.body))
	}
	r.usage.add(counts)
	return resp, err
}

func (c *Client) header(r request, token, id string) http.Header {
	h := http.Header{}
	h.Set("Authorization", "Bearer "+token)
	h.Set("Accept", "application/json")
	h.Set("Accept-Encoding", "gzip")
	h.Set("User-Agent", c.agent)
	h.Set("client-request-id", id)
	if len(r.prefer) > 0 {
		h.Set("Prefer", strings.Join(r.prefer, ", "))
	}
	return h
}

// exchange sends one request and reads its answer to the end. One that is not accepted counts as garbled.
func (c *Client) exchange(caller context.Context, header http.Header, u *url.URL, r request) (*response, error) {
	ctx, cancel := context.WithTimeout(caller, c.timeout)
	defer cancel()
	req := r.over(ctx, u, header)
	start := c.local.Now()
	resp, err := c.http.Do(req)
	if err != nil && caller.Err() != nil {
		return nil, caller.Err()
	}
	if err != nil {
		return nil, unanswered(err)
	}
	defer resp.Body.Close()
	arrived := c.local.Now()
	served, err := c.clock.observe(resp.Header.Get("Date"), arrived, c.local.Wall())
	if err != nil {
		return nil, &Error{Kind: Refused, Status: resp.StatusCode, RequestID: requestID(resp), Hint: hintJump, Err: err}
	}
	if !r.succeeded(resp.StatusCode) {
		return nil, c.failed(resp)
	}
	m := newMeter(ctx, r.hold)
	body, err := c.body(resp, m)
	if err == nil && r.accept != nil {
		err = r.accept(body)
	}
	m.settle(err == nil)
	if err != nil {
		return nil, unreadable(caller, resp, body, err)
	}
	return &response{body: body, asked: served.Add(start.Sub(arrived)), served: served, requestID: requestID(resp)}, nil
}

// over is the request as net/http sends it.
func (r request) over(ctx context.Context, u *url.URL, header http.Header) *http.Request {
	req := &http.Request{Method: cmp.Or(r.method, http.MethodGet), URL: u, Header: header}
	if r.send != nil {
		header.Set("Content-Type", "application/json")
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(r.send)), int64(len(r.send))
	}
	return req.WithContext(ctx)
}

// succeeded reports whether a status says that what was asked for is done.
func (r request) succeeded(status int) bool {
	return status == http.StatusOK ||
		r.method != "" && (status == http.StatusCreated || status == http.StatusNoContent)
}

// body reads an answer to its end; some have none.
func (c *Client) body(resp *http.Response, m *meter) ([]byte, error) {
	if resp.StatusCode == http.StatusNoContent {
		return nil, nil
	}
	return c.bodies.read(resp, m)
}

// failed reads as much as is kept of an answer that is an error anyway. After a 503 the next request dials anew:
// the load balancer then chooses another server.
func (c *Client) failed(resp *http.Response) error {
	resp.Body = io.NopCloser(io.LimitReader(resp.Body, maxKept))
	body, _ := c.bodies.read(resp, newMeter(context.Background(), nil))
	if resp.StatusCode == http.StatusServiceUnavailable {
		c.http.CloseIdleConnections()
	}
	return failureOf(resp, body, c.local)
}

// unreadable is an answer with status 200 that was cut, garbled or too large: transient, unless the caller gave it up.
func unreadable(caller context.Context, resp *http.Response, body []byte, cause error) error {
	if caller.Err() != nil {
		return caller.Err()
	}
	e := &Error{
		Kind: Transient, Status: resp.StatusCode, RequestID: requestID(resp), Hint: hintTransient, Body: kept(body),
		Err: bare(cause),
	}
	if !strings.Contains(resp.Header.Get("Content-Type"), "json") && e.RequestID == "" {
		e.blame(resp)
	}
	return e
}

func requestID(resp *http.Response) string { return identifier(resp.Header.Get("request-id")) }

// bare is the cause without the mark of a context that was not the caller's.
func bare(cause error) error {
	if errors.Is(cause, context.DeadlineExceeded) || errors.Is(cause, context.Canceled) {
		return errors.New("timed out")
	}
	return cause
}
