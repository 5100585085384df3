package schedule

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
)

// A fate is what becomes of the work after a kind of error. The table of fates
// says so, and nothing else.
type fate struct {
	kind   string // of the error, in words
	match  func(error) bool
	run    runFate
	window windowFate // and its slots
	record recordFate
}

type runFate string

const (
	// Everything else would meet it too.
	aborted       runFate = "aborted"
	abortedUntil  runFate = "aborted until Graph's time"
	abortedLonger runFate = "aborted; tried after 1 min, then up to 10 min"
	goesOn        runFate = "goes on"
)

type windowFate string

const (
	unread           windowFate = "unread"
	halvedIfAnswered windowFate = "halved if others answer"
	halved           windowFate = "halved, then parked"
	rejected         windowFate = "read: the row is a reject" // package store has kept it
)

type recordFate string

const (
	notNoted  recordFate = "not noted" // and the run ends
	waits     recordFate = "waits"
	waitsAll  recordFate = "waits; aborted if all do"
	parks     recordFate = "parked"
	parksAll  recordFate = "parked; aborted if all are"
	parksKept recordFate = "parked, kept raw"
)

// fates are in the order in which they are tried. ARCHITECTURE.md has the
// same table; a test holds the two equal.
//
// A window is halved down to a slot, and a slot of call records down to a
// minute. What fails even so is parked after three runs, and tried daily.
// When six windows have failed in a row, one that was read before is asked for
// again: if that fails too, nothing succeeds at all. This is an outage. It ends
// the run, and parks nothing. So it is when six records have failed in a row.
var fates = []fate{
	{"told to stop", isStop, aborted, unread, notNoted},
	{"counted as killed, or unknown to the database", isEnded, aborted, unread, notNoted},
	{"Graph's clock jumped, or is unsure", isClock, aborted, unread, notNoted},
	{"database gone, failing over, full", isDatabase(store.Transient), aborted, unread, notNoted},
	{"denied (401, 403, Entra)", isDenied, abortedLonger, unread, parksAll},
	{"throttled beyond a minute", isThrottled, abortedUntil, unread, waitsAll},
	{"no answer (network, time-out)", isUnanswered, goesOn, halvedIfAnswered, waitsAll},
	{"listed, not served yet (404)", isEarly, goesOn, halved, waits},
	{"5xx, garbage, moved rows, other 4xx", isGraph, goesOn, halved, parks},
	{"a bug here (panic)", isPanic, goesOn, halved, parks},
	{"database refuses every row", isDatabase(store.Broken), goesOn, unread, parksAll},
	{"database refuses a row", isDatabase(store.Poison), goesOn, rejected, parksKept},
	{"anything else (a day that had rows is empty)", isAny, goesOn, unread, parks},
}

// fateOf returns what becomes of the work after an error.
func fateOf(err error) *fate {
	for i := range fates {
		if fates[i].match(err) {
			return &fates[i]
		}
	}
	return nil // the last one matches any
}

func isAny(error) bool { return true }

func isStop(err error) bool { return errors.Is(err, context.Canceled) }

func isEnded(err error) bool { return errors.Is(err, store.ErrEnded) }

func isDenied(err error) bool { return fetch.KindOf(err) == fetch.Denied }

func isThrottled(err error) bool { return fetch.KindOf(err) == fetch.Throttled }

func isClock(err error) bool {
	return errors.Is(err, fetch.ErrClockJump) || errors.Is(err, fetch.ErrClockUnsure)
}

func isDatabase(kind store.Kind) func(error) bool {
	return func(err error) bool {
		e, ok := errors.AsType[*store.Error](err)
		return ok && e.Kind == kind
	}
}

// isUnanswered reports whether the network is to blame.
func isUnanswered(err error) bool {
	e, ok := errors.AsType[*fetch.Error](err)
	return ok && e.Kind == fetch.Transient && e.Status == 0
}

// isEarly reports whether Graph has listed a version of a record and does not
// serve it yet.
func isEarly(err error) bool {
	return isNotFound(err) || errors.Is(err, errOlder) || errors.Is(err, errTwoVersions)
}

func isNotFound(err error) bool {
	e, ok := errors.AsType[*fetch.Error](err)
	return ok && e.Status == http.StatusNotFound
}

func isGraph(err error) bool { return fetch.KindOf(err) != 0 }

func isPanic(err error) bool {
	_, ok := errors.AsType[*panicError](err)
	return ok
}

// isFatal reports whether the clock or the database is unusable, or the run was
// told to stop or has been ended.
func isFatal(err error) bool { return fateOf(err).record == notNoted }

// A decision is what a run does about a window that failed.
type decision int

const (
	goOn  decision = iota // no other window need fail
	split                 // a smaller window may do better
	abort                 // every other window would fail alike
)

// judge decides about the error of a window. answered reports whether Graph has
// answered anything in this run: a network without any answer is no window's
// fault.
func judge(err error, answered bool) decision {
	fate := fateOf(err)
	switch {
	case fate.run != goesOn:
		return abort
	case fate.window == halved || fate.window == halvedIfAnswered && answered:
		return split
	}
	return goOn
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

// Causes of errors that are told here, in the words of package health.
const (
	graphFailing  = "graph_failing"
	rejectsOpen   = "rejects_open"
	internalError = "internal_error"
	erasedUnknown = "erased_unknown"
)

// codeOf is what is wrong as one word for programs, a code of package health.
func codeOf(err error) string {
	graph, ok := errors.AsType[*fetch.Error](err)
	switch {
	case ok:
		return graph.Cause()
	case isEarly(err):
		return graphFailing
	case isDatabase(store.Poison)(err):
		return rejectsOpen
	case errors.Is(err, ErrNoEraser):
		return erasedUnknown
	}
	return cmp.Or(store.CodeOf(err), internalError)
}
