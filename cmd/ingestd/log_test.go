package main

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"ingestd/internal/config"
)

// A gate is a reader of a log that takes nothing until it is opened, and then all.
type gate struct {
	opened chan struct{}
	mu     sync.Mutex
	text   bytes.Buffer
}

func (g *gate) Write(p []byte) (int, error) {
	<-g.opened
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.text.Write(p)
}

// TestSinkWaitsForNobody has the reader of a log stand still: no line waits, those that find no room are counted, and
// the count is in the log once it is read again.
func TestSinkWaitsForNobody(t *testing.T) {
	t.Parallel()
	out := &gate{opened: make(chan struct{})}
	s := newSink(out, config.Log{Level: "info", Format: "json"})
	const more = 37
	for n := range sinkLines + 1 + more {
		fmt.Fprintf(s, "line %d\n", n)
		for n == 0 && len(s.lines) > 0 { // until it is the reader's
			runtime.Gosched()
		}
	}
	close(out.opened)
	s.close()
	lines := strings.Split(strings.TrimSpace(out.text.String()), "\n")
	lost := 0
	for _, line := range lines {
		if strings.Contains(line, "lost") && strings.Contains(line, fmt.Sprintf(`"lines":%d`, more)) {
			lost++
		}
	}
	if len(lines) != sinkLines+2 || lost != 1 {
		t.Errorf("%d lines, of which %d count the lost ones", len(lines), lost)
	}
}

// A disk has room for so many bytes, until so many writes have failed.
type disk struct {
	room, full int
	text       bytes.Buffer
}

func (d *disk) Write(p []byte) (int, error) {
	n := len(p)
	if d.full > 0 {
		n = min(d.room, n)
	}
	d.room -= n
	d.text.Write(p[:n])
	if n < len(p) {
		d.full--
		return n, syscall.ENOSPC
	}
	return n, nil
}

// TestSinkOnAFullDisk has the disk become full within a line. Once there is room the log goes on with a line of its own
// and the count of the lost ones.
func TestSinkOnAFullDisk(t *testing.T) {
	t.Parallel()
	out := &disk{room: 12, full: 2}
	s := newSink(out, config.Log{Level: "info", Format: "json"})
	for _, line := range []string{"first", "second, which is cut", "third", "fourth"} {
		fmt.Fprintln(s, line)
	}
	s.close()
	got := out.text.String()
	if !strings.HasPrefix(got, "first\nsecond\n{") || !strings.HasSuffix(got, `"lines":2}`+"\nfourth\n") {
		t.Errorf("written: %q", got)
	}
}
