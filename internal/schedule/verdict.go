package schedule

import (
	"context"
	"errors"
	"net/http"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
)

// What an error means for the work is decided here, and nowhere else:
//
//	error                                  the run     a window or slot           a call record
//	denied (401, 403, Entra)               aborted     unread                     noted; aborted if all are
//	throttled beyond a minute              aborted     unread                     noted; aborted if all are
//	Graph's clock jumped, or is unsure     aborted     unread                     not noted
//	database gone, failing over, full      aborted     unread                     not noted
//	no answer (network, time-out)          goes on     halved if others answer    waits; aborted if all do
//	5xx, garbage, moved rows, other 4xx    goes on     halved, then parked        waits (404), else parked
//	a bug here (panic)                     goes on     halved, then parked        parked
//	database refuses the statement         goes on     unread                     parked; aborted if all are
//	database refuses a row                 goes on     read: the row is a reject  parked, kept raw
//
// A window is halved down to a slot, and a slot of call records down to a
// minute. What fails even so is parked after three runs, and tried daily.
// When six windows or records have failed in a row, one that was read before
// is asked for again: if that fails too, nothing succeeds at all. This is an
// outage. It ends the run, and parks nothing.

// A verdict is what an error means for a run.
type verdict int

const (
	goOn  verdict = iota // this window or record failed, and no other need to
	split                // a smaller window may do better
	abort                // every other window would fail alike
)

// judge returns what the error of a window means. answered reports whether
// Graph has answered anything in this run: a network without any answer is no
// window's fault.
func judge(err error, answered bool) verdict {
	var graph *fetch.Error
	var bug *panicError
	switch {
	case isFatal(err) || isThrottledOrDenied(err):
		return abort
	case errors.As(err, &graph) && (graph.Status != 0 || answered), errors.As(err, &bug):
		return split
	}
	return goOn
}

// isFatal reports whether the clock or the database is unusable, or the run was
// told to stop.
func isFatal(err error) bool {
	var database *store.Error
	return errors.Is(err, context.Canceled) || errors.Is(err, fetch.ErrClockJump) ||
		errors.Is(err, fetch.ErrClockUnsure) ||
		errors.As(err, &database) && database.Kind == store.Transient
}

// isThrottledOrDenied reports whether Graph does not want to be asked.
func isThrottledOrDenied(err error) bool {
	kind := fetch.KindOf(err)
	return kind == fetch.Denied || kind == fetch.Throttled
}

// isUnanswered reports whether the network is to blame.
func isUnanswered(err error) bool {
	var graph *fetch.Error
	return errors.As(err, &graph) && graph.Kind == fetch.Transient && graph.Status == 0
}

// isBroken reports whether the database refused a statement for no fault of its
// rows: a missing privilege, or a missing table.
func isBroken(err error) bool {
	var database *store.Error
	return errors.As(err, &database) && database.Kind == store.Broken
}

// A cause is what makes a record fail.
type cause int

const (
	ownCause   cause = iota // its own, or of a few
	unwilling               // Graph does not want to be asked
	unanswered              // the network
	broken                  // the database refuses every row
)

// causeOf returns what makes a record fail.
func causeOf(err error) cause {
	switch {
	case isThrottledOrDenied(err):
		return unwilling
	case isUnanswered(err):
		return unanswered
	case isBroken(err):
		return broken
	}
	return ownCause
}

// isNotFound reports whether Graph says that there is no such record.
func isNotFound(err error) bool {
	var graph *fetch.Error
	return errors.As(err, &graph) && graph.Status == http.StatusNotFound
}

// isEarly reports whether Graph has listed a version of a record and does not
// serve it yet.
func isEarly(err error) bool {
	return isNotFound(err) || errors.Is(err, errOlder) || errors.Is(err, errTwoVersions)
}

// severity orders errors by how much they ask for a person.
func severity(err error) int {
	var graph *fetch.Error
	var database *store.Error
	switch {
	case err == nil:
		return 0
	case errors.Is(err, context.Canceled):
		return 1
	case errors.As(err, &database):
		return map[store.Kind]int{store.Transient: 5, store.Poison: 7, store.Broken: 10}[database.Kind]
	case errors.As(err, &graph) && graph.Kind == fetch.Throttled && graph.Status == 0:
		return 3 // it was kept waiting by another's answer
	case errors.As(err, &graph):
		return map[fetch.Kind]int{fetch.Transient: 2, fetch.Throttled: 4, fetch.Refused: 8, fetch.Denied: 9}[graph.Kind]
	}
	return 6
}

// mostSevere returns the error that most asks for a person.
func mostSevere(errs ...error) error {
	var found error
	for _, err := range errs {
		if severity(err) > severity(found) {
			found = err
		}
	}
	return found
}

// result is the word for a run's end in ingest.runs.
func result(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, context.Canceled):
		return "stopped"
	}
	switch fetch.KindOf(err) {
	case fetch.Throttled:
		return "throttled"
	case fetch.Denied:
		return "denied"
	}
	return "failed"
}
