package schedule_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest"

	"ingestd/internal/graphsim"
	"ingestd/internal/schedule"
)

// A panic ends a run or a part of it, never the daemon: the next tick reads
// what is left.
func TestPanicDoesNotStopTheNextTick(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		entry string // the log's, which panics once
		where func(w *world, log *zap.Logger)
		runs  string // results of runs that failed
	}{
		{"while a page is asked for", "request failed", func(w *world, log *zap.Logger) { w.log = log; w.restart() }, "failed"},
		{"at the end of a run", "run", func(w *world, log *zap.Logger) { w.job.Log = log }, "null"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newFaultyWorld(t)
			var panics atomic.Int64
			tt.where(w, zaptest.NewLogger(t, zaptest.WrapOptions(zap.Hooks(func(e zapcore.Entry) error {
				if e.Message == tt.entry && panics.Add(1) == 1 {
					panic("canary")
				}
				return nil
			}))))
			w.spoil(onFaultyDay, atFirst(always(graphsim.Fault{Status: 500}))) // which the client logs
			ctx, stop := context.WithCancel(t.Context())
			w.job.Next = func(after time.Time) time.Time { return after.Add(50 * time.Millisecond) }
			ended := make(chan error)
			go func() { ended <- schedule.Daemon(ctx, []*schedule.Job{w.job}) }()
			for w.unread() != noDay || w.endpoint() != "on_time 0" {
				time.Sleep(10 * time.Millisecond)
			}
			stop()
			if err := <-ended; err != nil || panics.Load() == 0 {
				t.Errorf("the daemon ended with %v after %d calls of what panics", err, panics.Load())
			}
			w.is("days not stored", w.lacking(), noDay)
			w.is("failed runs", w.query(`SELECT string_agg(result, ' ') FROM ingest.runs WHERE result <> 'ok'`), tt.runs)
			w.is("errors that quote the panic", w.query(`SELECT count(*) FROM ingest.runs WHERE error LIKE '%canary%'`), "0")
		})
	}
}
