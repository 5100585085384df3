package fetch

import (
	"errors"
	"net/http"
	"slices"
	"time"
)

// An Observer is told of every request as it ends. Its methods are called by
// many requests at once, and must not wait.
type Observer interface {
	// Answered tells of a request about an endpoint or "subscriptions", for a
	// "token" or for the "clock": the status of its answer, 0 without one, and how long it took to
	// the answer's last byte.
	Answered(endpoint string, status int, took time.Duration)
	// Waited tells how long a request waited because Graph said so.
	Waited(endpoint string, d time.Duration)
}

// unobserved is the Observer of a client that nobody observes.
type unobserved struct{}

func (unobserved) Answered(string, int, time.Duration) {}
func (unobserved) Waited(string, time.Duration)        {}

// endpointOf is what requests of these scopes are about.
func endpointOf(scopes []scope) string {
	switch {
	case slices.Contains(scopes, scopeToken):
		return "token"
	case slices.Contains(scopes, scopeSubscriptions):
		return subscriptionsName
	case slices.Contains(scopes, scopeCallRecords):
		return CallRecords.Name
	}
	for _, e := range Endpoints {
		if slices.Contains(scopes, scopeLogFunction(e.function)) {
			return e.Name
		}
	}
	return "clock"
}

// statusOf is the status of the answer that gave err, which is nil or an *Error.
func statusOf(err error) int {
	if err == nil {
		return http.StatusOK
	}
	failure, _ := errors.AsType[*Error](err)
	return failure.Status
}
