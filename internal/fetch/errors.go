package fetch

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// Kind says what a failed request means for its run.
type Kind int

const (
	// Transient failures were tried again and lasted: network, time-outs, 408, 5xx, cut or unreadable answers.
	Transient Kind = iota + 1
	// Throttled requests must not be repeated before Error.Until: 429, and 503 with Retry-After.
	Throttled
	// Denied needs an administrator: 401 with a fresh token, 403, or Entra refusing the app.
	Denied
	// Refused is a bug here or a change of the API: other statuses, redirects, links that lead elsewhere. So are
	// answers whose Date is not to be trusted (ErrClockJump, ErrClockUnsure).
	Refused
)

func (k Kind) String() string {
	switch k {
	case Transient:
		return "transient"
	case Throttled:
		return "throttled"
	case Denied:
		return "denied"
	case Refused:
		return "refused"
	}
	return "unknown"
}

// KindOf is the kind of err, or 0 if it is not an Error: a cancelled context, for one.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return 0
}

// maxKept is how much of a failed answer is kept for a person to look at.
const maxKept = 64 << 10

// Error is a request that failed for good. Its text is one line. Of the answer it has the status, the code and the
// request-id, and neither message nor body nor link: these may quote people, numbers and secrets.
type Error struct {
	Kind            Kind
	What            string    // endpoint and window in words
	Host            string    // who was asked
	Status          int       // HTTP status, 0 without an answer
	Code            string    // the service's own, of its answer's body
	RequestID       string    // Microsoft's name for the request, for a support case
	ClientRequestID string    // ours
	Until           time.Time // when throttled: not before, by Clock.Now
	Hint            string    // what to do next
	Body            []byte    // the first 64 KiB of a failed or unreadable answer
	Type, Via       string    // of an answer that is not Graph's: what it is, and who passed it on
	Err             error     // the cause, if it is not the answer itself

	cause string // see Cause; empty: it follows from the rest
}

func (e *Error) Unwrap() error { return e.Err }

func (e *Error) Error() string {
	head := e.Kind.String()
	if e.Host != "" {
		head += " at " + e.Host
	}
	if e.Kind == Throttled {
		head += " until " + e.Until.UTC().Format(time.RFC3339)
	}
	parts := []string{e.What, head, e.status(), e.Code}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	line := strings.Join(nonEmpty(parts), ": ")
	if id := e.id(); id != "" {
		line += " (" + id + ")"
	}
	return strings.Join(nonEmpty([]string{line, e.Hint}), "; ")
}

// Reason is what of the text stays the same as long as what is wrong does.
func (e *Error) Reason() string {
	return strings.Join(nonEmpty([]string{e.What, e.Cause(), e.status(), e.Code}), ": ")
}

func (e *Error) status() string {
	if e.Status == 0 {
		return ""
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status)))
}

func (e *Error) id() string {
	if e.RequestID != "" {
		return "request-id " + e.RequestID
	}
	if e.ClientRequestID != "" {
		return "client-request-id " + e.ClientRequestID
	}
	return ""
}

func nonEmpty(parts []string) []string {
	var kept []string
	for _, part := range parts {
		if part != "" {
			kept = append(kept, part)
		}
	}
	return kept
}

var identifiers = regexp.MustCompile(`^[0-9A-Za-z_.:-]{1,64}$`)

// identifier is text from outside where it looks like the name of something, and nothing where it may be anything else.
func identifier(text string) string {
	if identifiers.MatchString(text) {
		return text
	}
	return ""
}

// kept is a copy: a slice would keep the whole answer in memory.
func kept(body []byte) []byte {
	return bytes.Clone(body[:min(len(body), maxKept)])
}
