package fetch

import (
	"fmt"
	"strings"
	"time"
)

// A Limit is a number of requests in any span of length Per.
type Limit struct {
	Requests int
	Per      time.Duration
}

// Limits are the limits of one tenant. Graph counts per app and tenant what is counted here per process.
type Limits struct {
	CallRecords Limit // every request to a call record, its sessions and participants, and to the list
	List        Limit // the list of call records
	Record      Limit // one call record, by id
	Logs        Limit // the five log functions together
	LogFunction Limit // each log function alone
}

// DefaultLimits are the published ones: Microsoft Graph, "Service-specific throttling limits", sections
// "Call records" and "PSTN calls" (https://learn.microsoft.com/graph/throttling-limits).
// Microsoft changes them, and throttles below them at times.
func DefaultLimits() Limits {
	return Limits{
		CallRecords: Limit{1500, 20 * time.Second},
		List:        Limit{40, 20 * time.Second},
		Record:      Limit{40, 20 * time.Second},
		Logs:        Limit{200, time.Minute},
		LogFunction: Limit{50, time.Minute},
	}
}

// headroomPercent is how much of a limit is used, in spans that are a little longer than Graph's: together 97 % of what
// it allows. Of an unpaced client's answers 4 to 9 % are 429, at the same rate.
const headroomPercent = 98

// starts is how many requests may start in any span.
func (l Limit) starts() int {
	return max(l.Requests*headroomPercent/100, 1)
}

// span is a hundredth longer than Per, because Graph counts arrivals and the way there varies: the last requests of a
// full span arrive late, the first of the next do not, and a few too many cost half the rate for ten minutes.
func (l Limit) span() time.Duration {
	return l.Per + l.Per/100
}

func (l Limits) validate() error {
	for name, limit := range map[string]Limit{
		"call_records": l.CallRecords, "list": l.List, "record": l.Record,
		"logs": l.Logs, "log_function": l.LogFunction,
	} {
		if limit.Requests < 1 || limit.Per <= 0 {
			return fmt.Errorf("limit %s: %d requests per %v: both must be above zero", name, limit.Requests, limit.Per)
		}
	}
	return nil
}

// A scope is what requests are counted against. A request may belong to several.
//
// An answer of 429, or of 503 with Retry-After, pauses scopes and not only the request. One about a log function pauses
// the function and all log functions. One about a call record pauses this record, and one about the list pauses the
// list; all requests about call records are paused only when a second of these is throttled while the first is paused.
type scope string

// ofCallRecords reports whether s is one record or the list, and so a part of scopeCallRecords.
func (s scope) ofCallRecords() bool {
	return s == scopeList || strings.HasPrefix(string(s), recordPrefix)
}

const recordPrefix = "record:"

const (
	scopeCallRecords scope = "call_records"
	scopeList        scope = "list"
	scopeLogs        scope = "logs"
	// without a published limit: paused, never paced
	scopeToken         scope = "token"
	scopeSubscriptions scope = subscriptionsName
)

func scopeRecord(id string) scope { return scope(recordPrefix + id) }

func scopeLogFunction(name string) scope { return scope("log_function:" + name) }

// of is the limit of s, zero for a scope without one.
func (l Limits) of(s scope) Limit {
	family, _, _ := strings.Cut(string(s), ":")
	switch family {
	case "call_records":
		return l.CallRecords
	case "list":
		return l.List
	case "record":
		return l.Record
	case "logs":
		return l.Logs
	case "log_function":
		return l.LogFunction
	}
	return Limit{}
}
