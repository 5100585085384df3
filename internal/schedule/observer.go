package schedule

import (
	"time"

	"ingestd/internal/mapping"
)

// An Observer is told of every run as it ends, and of call records. Its methods are
// called by many runs at once, and must not wait.
type Observer interface {
	Ran(Ended)
	// Stored tells how long after its call had ended a call record was stored that
	// was not there before.
	Stored(after time.Duration)
}

// Ended is what an Observer learns of a run.
type Ended struct {
	Endpoint string
	Result   string // as in ingest.runs
	Took     time.Duration
	Report   Report
	Strange  map[mapping.Strange]int // what the columns have no room for
}

// tell tells the observer of a run, and the job of members that it has not met.
func (l *runLog) tell(j *Job, result string, report *Report) {
	l.mu.Lock()
	defer l.mu.Unlock()
	j.unknown.meet(j.Endpoint.Name, l.strange)
	if j.Observer == nil {
		return
	}
	j.Observer.Ran(Ended{j.Endpoint.Name, result, time.Since(l.started), *report, l.strange})
}

// meet counts what the columns have no room for.
func (l *runLog) meet(strange map[mapping.Strange]int) {
	if len(strange) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.strange == nil {
		l.strange = map[mapping.Strange]int{}
	}
	for what, n := range strange {
		l.strange[what] += n
	}
}
