package fetch

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
)

const (
	hintTransient = "it is tried again later; if it lasts, check the network and Microsoft's service health"
	hintThrottled = "nothing to do: it is asked again after that time"
	hintToken     = "Graph rejects a fresh token: check that tenant, cloud and graph_url belong together"
	hintConsent   = "grant the application permission CallRecords.Read.All with admin consent; " +
		"a daemon takes it up within minutes"
	hintRefused = "a bug or a change of the API: report it with the request-id"
)

// kindOfStatus is the one place where a status gets its meaning.
func kindOfStatus(status int, retryAfter bool) (Kind, string) {
	switch {
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable && retryAfter:
		return Throttled, hintThrottled
	case status == http.StatusRequestTimeout, status >= 500:
		return Transient, hintTransient
	case status == http.StatusUnauthorized:
		return Denied, hintToken
	case status == http.StatusForbidden:
		return Denied, hintConsent
	}
	return Refused, hintRefused
}

// failureOf describes an answer other than 200.
func failureOf(resp *http.Response, body []byte, clock Clock) *Error {
	pause, paused := retryAfter(resp.Header, clock.Wall())
	kind, hint := kindOfStatus(resp.StatusCode, paused)
	e := &Error{Kind: kind, Hint: hint, Status: resp.StatusCode, Body: kept(body)}
	if kind == Throttled && paused {
		e.Until = clock.Now().Add(pause)
	}
	e.Code, e.RequestID = errorBody(body)
	e.RequestID = cmp.Or(requestID(resp), e.RequestID)
	if to, err := resp.Location(); err == nil {
		e.Err = fmt.Errorf("redirected to host %q, not followed", identifier(to.Host))
	}
	if kind != Throttled && kind != Transient && !fromGraph(e, body) {
		e.blame(resp)
	}
	return e
}

// What an answer in Graph's place may say of itself: its type, and who passed it on, as version and host (RFC 9110,
// section 7.6.3). Anything else might be anything.
var (
	typeOfPage = regexp.MustCompile(`^(text/html|text/plain|text/xml|application/xml|application/xhtml\+xml)\b`)
	viaProxy   = regexp.MustCompile(`^(HTTP/)?[12](\.[01])? [a-z0-9.-]{1,60}(:\d+)?$`)
)

// blame says that an answer is not Graph's, and what there is to tell whose it is.
func (e *Error) blame(resp *http.Response) {
	e.cause, e.Hint = answerNotGraph, hintProxy
	e.Type, e.Via = typeOfPage.FindString(resp.Header.Get("Content-Type")), viaProxy.FindString(resp.Header.Get("Via"))
}

// fromGraph reports whether an error looks like Graph's. Without a request-id or a code, a redirect or a body is that
// of something in between.
func fromGraph(e *Error, body []byte) bool {
	return e.RequestID != "" || e.Code != "" || len(body) == 0 && e.Status >= http.StatusBadRequest
}

// errorBody reads what it can of Graph's error object. A proxy's answer may be empty or no JSON at all.
func errorBody(body []byte) (code, requestID string) {
	type inner struct {
		RequestID string `json:"request-id"`
	}
	var answer struct {
		Error struct {
			Code       string
			InnerError inner // encoding/json ignores case: innererror occurs too
		}
	}
	_ = json.Unmarshal(body, &answer) // a member of another type leaves the others readable
	return identifier(answer.Error.Code), identifier(answer.Error.InnerError.RequestID)
}
