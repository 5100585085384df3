package schedule

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/store"
)

// heartbeatEvery is how often a run says that it is alive and how far it has
// come, also while it commits nothing, as when it waits for Graph.
const heartbeatEvery = 5 * time.Second

// heartbeats bounds those of all runs in this process to some twenty a second,
// however many tenants are read at once.
const heartbeats = 50 * time.Millisecond

// beating is how many runs have a heartbeat.
var beating atomic.Int64

// A runLog is what a run tells of itself: counters, and every distinct error
// once, with how often it was met. It is safe for concurrent use.
type runLog struct {
	run     *store.Run
	usage   fetch.Usage
	started time.Time

	slots     int          // planned
	slotsRead atomic.Int64 // committed
	rows      atomic.Int64 // committed
	misfits   atomic.Int64 // values without room in their column
	unknown   atomic.Int64 // members without a column
	named     atomic.Int64 // call records of which the list named a version that is not stored
	details   atomic.Int64 // call records whose details were stored
	waiting   atomic.Int64 // call records that Graph lists and does not serve yet
	failed    atomic.Int64 // call records whose details failed otherwise

	mu      sync.Mutex
	errors  []errorCount
	strange map[mapping.Strange]int
}

// An errorCount is an error and how often a run has met its like.
type errorCount struct {
	first error
	count int
	kind  string
}

// note counts an error.
func (l *runLog) note(err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	kind := kindOf(err)
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.IndexFunc(l.errors, func(e errorCount) bool { return e.kind == kind }); i >= 0 {
		l.errors[i].count++
	} else {
		l.errors = append(l.errors, errorCount{err, 1, kind})
	}
}

// kindOf is what two errors share that differ only in window, record or
// request-id.
func kindOf(err error) string {
	var graph *fetch.Error
	var database *store.Error
	switch {
	case errors.As(err, &graph):
		kind := fmt.Sprint(graph.Kind, " ", graph.Status, " ", graph.Code)
		if graph.Err != nil {
			kind += fmt.Sprintf(" %T", graph.Err)
		}
		return kind
	case errors.As(err, &database):
		return fmt.Sprint(database.Op, " ", database.State, " ", database.Constraint)
	}
	return fmt.Sprintf("%T %s", err, err)
}

// beat keeps the run's heartbeat fresh until ctx ends, and says until when it
// waits if Graph throttles it.
func (l *runLog) beat(ctx context.Context, j *Job) {
	beating.Add(1)
	defer beating.Add(-1)
	for {
		every := max(heartbeatEvery, time.Duration(beating.Load())*heartbeats)
		select {
		case <-ctx.Done():
			return
		case <-time.After(cmp.Or(j.Heartbeat, every)):
		}
		if err := l.noteAlive(ctx, j); err != nil && ctx.Err() == nil {
			j.Log.Warn("a run is not noted as alive; it goes on",
				zap.String("tenant", j.Name), zap.String("endpoint", j.Endpoint.Name), zap.Error(err))
		}
	}
}

func (l *runLog) noteAlive(ctx context.Context, j *Job) error {
	var until *time.Time
	if wait := j.Client.Throttled(j.Endpoint); wait > 0 {
		at := time.Now().Add(wait)
		until = &at
	}
	return j.DB.Heartbeat(ctx, l.run, l.progress(), until)
}

// progress is how far the run has come.
func (l *runLog) progress() store.Progress {
	return store.Progress{Slots: l.slots, SlotsDone: int(l.slotsRead.Load()), Details: l.details.Load()}
}

// write leaves the run's lines in the log: each distinct error once, then one
// event with all that happened.
func (l *runLog) write(j *Job, trigger string, o store.Outcome, report *Report) {
	log := j.Log.With(
		zap.String("tenant", j.Name),
		zap.String("endpoint", j.Endpoint.Name),
		zap.Int64("run_id", l.run.ID),
	)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.errors {
		fields := []zap.Field{zap.Int("count", e.count), zap.String("first", e.first.Error())}
		if p := (*panicError)(nil); errors.As(e.first, &p) {
			fields = append(fields, zap.String("stack", p.stack))
		}
		log.Warn("error", fields...)
	}
	c := report.Rows
	fields := []zap.Field{
		zap.String("trigger", trigger), zap.String("result", o.Result),
		zap.Int("windows", report.Windows), zap.Int("windows_failed", report.Failed), zap.Int("due", report.Due),
		zap.Int64("pages", c.Pages), zap.Int64("rows_seen", c.Seen), zap.Int64("rows_new", c.New),
		zap.Int64("rows_changed", c.Changed), zap.Int64("rows_unchanged", c.Unchanged),
		zap.Int64("rows_rejected", c.Rejected),
		zap.Int64("details", report.Details), zap.Int64("details_waiting", l.waiting.Load()),
		zap.Int64("details_failed", l.failed.Load()),
		zap.Int64("misfits", l.misfits.Load()), zap.Int64("unknown_members", l.unknown.Load()),
		zap.Int64("requests", o.Requests), zap.Int("throttled", report.Usage.Throttled),
		zap.Float64("throttle_s", o.Throttle.Seconds()),
		zap.Duration("skew", j.Client.Skew().Round(time.Second)),
		zap.Duration("took", time.Since(l.started).Round(time.Millisecond)),
	}
	if o.Error != "" {
		fields = append(fields, zap.Strings("request_ids", o.RequestIDs), zap.String("error", o.Error))
	}
	usual := trigger == "schedule" || trigger == "notification"
	switch {
	case usual && o.Result == "ok" && len(l.errors) == 0 && c.Rejected == 0:
		log.Debug("run", fields...) // the hourly line of its tenant counts it
	case o.Result == "ok" && len(l.errors) == 0 && c.Rejected == 0, o.Result == "stopped":
		log.Info("run", fields...)
	case o.Result == "ok":
		log.Warn("run", fields...)
	default:
		log.Error("run", fields...)
	}
}

// firstError is the first error met, with how many were; empty if none was.
func (l *runLog) firstError() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.errors) == 0 {
		return ""
	}
	return l.errors[0].first.Error()
}
