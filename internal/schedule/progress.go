package schedule

import "time"

// A Progress is how far the run at work has come.
type Progress struct {
	Slots, SlotsRead int
	Rows             int64         // committed
	Details          int64         // call records stored whole
	Requests         int           // sent
	Took             time.Duration // since the run began
	Waiting          time.Duration // for Graph, which has throttled the endpoint; zero if it has not
}

// Progress returns how far the run at work has come; ok is false while none is.
func (j *Job) Progress() (p Progress, ok bool) {
	x := j.current.Load()
	if x == nil {
		return p, false
	}
	return Progress{
		Slots: x.slots, SlotsRead: int(x.slotsRead.Load()), Rows: x.rowsServed.Load(), Details: x.details.Load(), Requests: x.usage.Counts().Requests,
		Took: time.Since(x.started), Waiting: j.Client.Throttled(j.Endpoint),
	}, true
}

func slotsOf(windows []Window) int {
	n := 0
	for _, w := range windows {
		n += len(w.slots)
	}
	return n
}
