package fetch

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestErrorIsOneLine(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  *Error
		want string
	}{
		"answer": {
			&Error{
				Kind: Denied, What: "sms_messages 2026-01-01", Host: "graph.microsoft.com", Status: 403,
				Code: "Forbidden", RequestID: "r1",
				ClientRequestID: "c1", Hint: "grant it", Body: []byte("never shown"),
			},
			"sms_messages 2026-01-01: denied at graph.microsoft.com: 403 Forbidden: Forbidden (request-id r1); " +
				"grant it",
		},
		"throttled": {
			&Error{
				Kind: Throttled, What: "w", Host: "h", Status: 429,
				Until: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Hint: "wait",
			},
			"w: throttled at h until 2026-01-02T03:04:05Z: 429 Too Many Requests; wait",
		},
		"no answer": {
			&Error{
				Kind: Transient, What: "w", Host: "h", ClientRequestID: "c1", Err: errors.New("connection refused"),
				Hint: "wait",
			},
			"w: transient at h: connection refused (client-request-id c1); wait",
		},
		"unknown status": {&Error{Kind: Refused, What: "w", Status: 499}, "w: refused: 499"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, test.err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		want Kind
	}{
		"nil":       {nil, 0},
		"cancelled": {context.Canceled, 0},
		"deadline":  {context.DeadlineExceeded, 0},
		"wrapped":   {fmt.Errorf("page 2: %w", &Error{Kind: Throttled}), Throttled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := KindOf(test.err); got != test.want {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}

func TestErrorBodiesAreReadLeniently(t *testing.T) {
	t.Parallel()
	type parts struct{ Code, RequestID string }
	for name, test := range map[string]struct {
		body string
		want parts
	}{
		"documented": {
			`{"error":{"code":"NotFound","message":"gone","innerError":{"date":"d","request-id":"r",` +
				`"client-request-id":"c"}}}`,
			parts{"NotFound", "r"},
		},
		"lower case": {
			`{"error":{"code":"NotFound","message":"","innererror":{"request-id":"r"}}}`, parts{"NotFound", "r"},
		},
		"inner first": {
			`{"error":{"innerError":{"code":"429","status":"429","request-id":"r"},"code":"TooManyRequests"}}`,
			parts{"TooManyRequests", "r"},
		},
		"odd types":       {`{"error":{"code":429,"innerError":{"request-id":"r"}}}`, parts{"", "r"}},
		"error is a text": {`{"error":"invalid"}`, parts{}},
		"empty":           {``, parts{}},
		"null":            {`null`, parts{}},
		"page of a proxy": {`<html><body>502</body></html>`, parts{}},
		"control and bidi": {
			`{"error":{"code":"a\nb","innerError":{"request-id":"x\u0000\u001b[31m\u202ey\ud800"}}}`, parts{},
		},
		"a person": {
			`{"error":{"code":"anna@contoso.com","innerError":{"request-id":"+49 30 1234567"}}}`, parts{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, id := errorBody([]byte(test.body))
			if diff := cmp.Diff(test.want, parts{code, id}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What is kept of an answer is a copy: a part of it would keep the whole, up to 64 MiB, as long as the error is
// remembered.
func TestErrorsKeepNoWholeAnswer(t *testing.T) {
	t.Parallel()
	if got := kept(make([]byte, maxBody)); len(got) != maxKept || cap(got) > 2*maxKept {
		t.Errorf("%d bytes are kept in an array of %d", len(got), cap(got))
	}
}
