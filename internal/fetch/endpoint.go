package fetch

import (
	"time"

	"ingestd/internal/mapping"
)

// An Endpoint is one source of rows in Graph.
type Endpoint struct {
	// Name is the endpoint's and its table's in schema teams.
	Name string
	// Permission is the application permission it needs.
	Permission string
	// APIs are the versions that serve it, the default first.
	APIs []string
	// Reach is how far back Graph answers; Settle how long after their time
	// rows may still arrive or change.
	Reach, Settle time.Duration
	// Slot is the unit of the ledger; Span the longest window asked at once.
	Slot, Span time.Duration
	// Smallest is the shortest window worth asking for where longer ones
	// cannot be served; zero: a slot.
	Smallest time.Duration
	// EventTime is the column that windows apply to.
	EventTime string
	// Aggregate says that rows are sums over the window asked, not events.
	Aggregate bool
	// Versioned says that the list only names elements and their versions, and
	// that each is read whole by Client.Record.
	Versioned bool
	// Rows is the mapping of its elements.
	Rows *mapping.Model

	// function is Graph's name of the function that lists the rows; empty where
	// a collection does.
	function string
}

const day = 24 * time.Hour

// Endpoints are all endpoints, in the order in which people read of them. The
// configuration, the tests of conformance and the daemon range over it.
var Endpoints = []Endpoint{
	CallRecords,
	pstnCalls,
	directRoutingCalls,
	smsMessages,
	pstnBlockedUsersLog,
	dialoutReport,
}
