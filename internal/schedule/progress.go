package schedule

import "time"

// A Progress is how far the run at work has come.
type Progress struct {
	Slots, SlotsRead int
	Rows             int64         // committed
	Named            int64         // call records of a new version: an estimate until the list is read
	Details          int64         // call records whose details were stored
	Requests         int           // sent
	Took             time.Duration // since the run began
	Waiting          time.Duration // for Graph, which has throttled the endpoint; zero if it has not
}

// Progress returns how far the run at work has come; ok is false while none is.
func (j *Job) Progress() (p Progress, ok bool) {
	l := j.current.Load()
	if l == nil {
		return p, false
	}
	return Progress{
		Slots: l.slots, SlotsRead: int(l.slotsRead.Load()), Rows: l.rows.Load(),
		Named: l.allNamed(), Details: l.details.Load(), Requests: l.usage.Counts().Requests,
		Took: time.Since(l.started), Waiting: j.Client.Throttled(j.Endpoint),
	}, true
}

// allNamed is how many call records the list will have named in the end: likely
// as many for each slot to come as for those that are read.
func (l *runLog) allNamed() int64 {
	named, read := l.named.Load(), l.slotsRead.Load()
	if read > 0 {
		return named * int64(l.slots) / read
	}
	return named
}
