package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
)

// Causes of errors, in the words of package health.
const (
	permissionMissing = "permission_missing"
	secretExpired     = "secret_expired"
	secretWrong       = "secret_wrong"
	secretUnreadable  = "secret_unreadable"
	cloudWrong        = "cloud_wrong"
	tenantUnknown     = "tenant_unknown"
	appUnknown        = "app_unknown"
	appDisabled       = "app_disabled"
	clockSkewed       = "clock_skewed"
	answerNotGraph    = "answer_not_graph"
	tlsUntrusted      = "tls_untrusted"
	unreachable       = "unreachable"
	throttledBy       = "throttled"
	graphFailing      = "graph_failing"
	requestRefused    = "request_refused"
)

// Cause is what is wrong, as a code of package health. Entra's numbers, answers that are not Graph's, TLS and the
// network are told at birth; the rest follows from kind and status.
func (e *Error) Cause() string {
	switch {
	case e.cause != "":
		return e.cause
	case errors.Is(e.Err, ErrClockJump), errors.Is(e.Err, ErrClockUnsure):
		return clockSkewed
	case e.Kind == Throttled:
		return throttledBy
	case e.Kind == Transient && e.Status == 0:
		return unreachable
	case e.Kind == Transient:
		return graphFailing
	case e.Status == http.StatusUnauthorized:
		return cloudWrong
	case e.Status == http.StatusForbidden:
		return permissionMissing
	}
	return requestRefused
}

const hintTLS = "something between here and Microsoft signs TLS anew, or its authority is unknown here: " +
	"put that authority's certificate into ca_file"

// errProxy is a proxy that does not connect.
type errProxy struct{ status int }

func (e errProxy) Error() string {
	return fmt.Sprintf("the proxy does not connect: %d %s", e.status, http.StatusText(e.status))
}

// unanswered is a request without an answer. Its text holds nothing of what was sent or received: an error of
// net/http may quote a header or the first line of an answer.
func unanswered(cause error) *Error {
	if failed, ok := errors.AsType[*url.Error](cause); ok {
		cause = failed.Err
	}
	e := &Error{Kind: Transient, cause: unreachable, Hint: hintTransient, Err: bare(cause)}
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](cause)
	_, noTLS := errors.AsType[tls.RecordHeaderError](cause)
	_, proxy := errors.AsType[errProxy](cause)
	switch {
	case untrusted:
		e.cause, e.Hint = tlsUntrusted, hintTLS
	case noTLS, errors.Is(cause, http.ErrSchemeMismatch):
		e.cause, e.Hint, e.Err = answerNotGraph, hintProxy, errors.New("the answer is not TLS")
	case proxy:
		e.Hint = "check HTTPS_PROXY and NO_PROXY, and that the proxy lets Microsoft's hosts pass"
	case !isNetwork(cause):
		e.Err = errors.New("no whole answer came")
	}
	return e
}

// isNetwork reports whether an error is the network's: its text names addresses and reasons, and no bytes.
func isNetwork(err error) bool {
	_, op := errors.AsType[*net.OpError](err)
	timed, ok := errors.AsType[net.Error](err)
	stopped := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
	ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	return op || ok && timed.Timeout() || stopped || ended
}
