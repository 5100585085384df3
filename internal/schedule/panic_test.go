package schedule_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest"

	"ingestd/internal/graphsim"
	"ingestd/internal/schedule/scheduletest"
)

// A panic ends a run or a part of it, never the daemon: the next tick reads what is left.
func TestPanicDoesNotStopTheNextTick(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		entry  string // of the log, which panics once
		failed int    // runs
	}{
		{name: "while a page is asked for", entry: "request failed", failed: 1},
		{name: "at the end of a run", entry: "run"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var panics atomic.Int64
			c := week()
			c.Every = 5 * time.Minute
			c.Log = zaptest.NewLogger(t, zaptest.WrapOptions(zap.Hooks(func(e zapcore.Entry) error {
				if e.Message == tt.entry && panics.Add(1) == 1 {
					panic("canary")
				}
				return nil
			})))
			w := scheduletest.New(t, c)
			w.Graph.SetFaults(onFaultyDay(atFirst(always(graphsim.Fault{Status: 500})))) // which the client logs
			w.Daemon(func() bool {
				w.Advance(30 * time.Second)
				return panics.Load() > 0 && w.Endpoint().State == "on_time" && len(w.Slots()) == len(allDays)
			})
			w.WantServed()
			failed := 0
			for _, run := range w.Runs() {
				if run.Result != "ok" {
					failed++
				}
				if strings.Contains(run.Error, "canary") {
					t.Errorf("the error quotes the panic: %s", run.Error)
				}
			}
			if failed != tt.failed {
				t.Errorf("%d runs failed: %+v", failed, w.Runs())
			}
		})
	}
}

// A window whose reading panics each time is halved, so that a bug costs the day it befalls and no other.
func TestPanicCostsItsDayOnly(t *testing.T) {
	t.Parallel()
	c := week()
	c.Log = zaptest.NewLogger(t, zaptest.WrapOptions(zap.Hooks(func(e zapcore.Entry) error {
		if e.Message == "request failed" {
			panic("canary")
		}
		return nil
	})))
	w := scheduletest.New(t, c)
	w.Graph.SetFaults(onFaultyDay(always(graphsim.Fault{Status: 500}))) // which the client logs
	if _, err := w.Try(t.Context()); err == nil || !strings.Contains(err.Error(), "panic") {
		t.Errorf("error %v, want the panic", err)
	}
	unread := 0
	for _, s := range w.Slots() {
		if s.ReadAt.IsZero() {
			unread++
		}
	}
	if n := len(w.Slots()); n != len(allDays) || unread != 1 {
		t.Errorf("%d of %d slots are unread, want one of %d", unread, n, len(allDays))
	}
}
