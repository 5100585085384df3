package main

import (
	"io"
	"os"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"ingestd/internal/config"
)

// newLog makes the log, and what sets its level. It goes to out.
func newLog(c config.Log, out zapcore.WriteSyncer) (*zap.Logger, zap.AtomicLevel, error) {
	level, err := zap.ParseAtomicLevel(c.Level)
	if err != nil {
		return nil, level, err
	}
	return zap.New(zapcore.NewCore(encoder(c), out, level)), level, nil
}

func encoder(c config.Log) zapcore.Encoder {
	e := zap.NewProductionEncoderConfig()
	e.TimeKey, e.EncodeTime = "time", zapcore.ISO8601TimeEncoder
	if c.Format == "console" {
		return zapcore.NewConsoleEncoder(e)
	}
	return zapcore.NewJSONEncoder(e)
}

// standardError is where the log of all verbs goes but of run, which leaves
// standard output to data.
func standardError() zapcore.WriteSyncer { return zapcore.Lock(os.Stderr) }

const (
	// sinkLines is how many lines a log may be behind its reader.
	sinkLines = 2000
	// flushFor is how long the last lines of a process wait for their reader.
	flushFor = time.Second
)

// A sink is a log that nobody waits for. Lines that its reader does not take, or
// that the disk has no room for, are lost once so many wait; it counts them, and
// says so when the next can be written.
type sink struct {
	out   io.Writer
	lost  func(n int) []byte // makes a line that says so
	lines chan []byte
	ended chan struct{}

	mu      sync.Mutex
	closed  bool
	missing int
}

// newSink begins to write to out what is handed in.
func newSink(out io.Writer, c config.Log) *sink {
	s := &sink{out: out, lines: make(chan []byte, sinkLines), ended: make(chan struct{})}
	s.lost = func(n int) []byte {
		entry := zapcore.Entry{
			Level: zapcore.WarnLevel, Time: time.Now(),
			Message: "lines of this log are lost: its reader was too slow, or its disk full",
		}
		line, err := encoder(c).EncodeEntry(entry, []zapcore.Field{zap.Int("lines", n)})
		if err != nil {
			return nil
		}
		return line.Bytes()
	}
	go s.work()
	return s
}

// Write hands a line over. It never waits and never fails.
func (s *sink) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return len(line), nil
	}
	select {
	case s.lines <- append([]byte(nil), line...):
	default:
		s.missing++
	}
	return len(line), nil
}

// Sync does nothing: there is close.
func (s *sink) Sync() error { return nil }

// close waits for a moment until all lines are written.
func (s *sink) close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.lines)
	}
	s.mu.Unlock()
	select {
	case <-s.ended:
	case <-time.After(flushFor):
	}
}

func (s *sink) work() {
	defer close(s.ended)
	cut := false // the last line has no end: the disk became full in its midst
	for line := range s.lines {
		s.mu.Lock()
		missing := s.missing
		s.mu.Unlock()
		if missing > 0 {
			line = append(s.lost(missing), line...)
		}
		if cut {
			line = append([]byte("\n"), line...)
		}
		n, err := s.out.Write(line)
		cut = err != nil && (cut || n > 0)
		s.mu.Lock()
		if err != nil {
			s.missing++
		} else {
			s.missing -= missing
		}
		s.mu.Unlock()
	}
}
