package graphsim

import (
	"maps"
	"sync"
)

// Requests counts what a server was asked since Start.
type Requests struct {
	// Answers by operation and HTTP status, as if each had arrived. The
	// operations are the names of the functions ("getPstnCalls"); for call
	// records "listCallRecords", "getCallRecord", expanded or not,
	// "listSessions" and "listParticipants", which are also the pages behind an
	// expanded one; "subscriptions", "token", "discovery", "imds", "appService", "root"
	// and "unknown".
	Answers map[string]map[int]int
	// Rows served in whole pages, by operation; a call record by its id is one.
	Rows map[string]int
	// Peak is the greatest number of requests seen inside one window of a
	// limit, by limit: the name of a function, "pstn" for all of its family
	// together, "callRecords" for everything about call records,
	// "listCallRecords", and "callRecord" for the record asked for most. It is
	// counted also where no limit is enforced.
	Peak map[string]int
}

type counters struct {
	mu      sync.Mutex
	answers map[string]map[int]int
	rows    map[string]int
}

func (c *counters) add(operation string, a answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answers == nil {
		c.answers, c.rows = make(map[string]map[int]int), make(map[string]int)
	}
	if c.answers[operation] == nil {
		c.answers[operation] = make(map[int]int)
	}
	c.answers[operation][a.status]++
	c.rows[operation] += a.rows
}

func (c *counters) snapshot() Requests {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := Requests{Answers: make(map[string]map[int]int), Rows: make(map[string]int), Peak: make(map[string]int)}
	maps.Copy(r.Rows, c.rows)
	for operation, statuses := range c.answers {
		r.Answers[operation] = maps.Clone(statuses)
	}
	return r
}
