package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what must come.
const patience = 90 * time.Second

// quickExit keeps the race detector from resting a second at each exit.
const quickExit = "GORACE=atexit_sleep_ms=0"

// A process is the program at work in a folder.
type process struct {
	*exec.Cmd
	lines chan string // of its standard error
	ended chan struct{}
}

// launch executes the program until it ends or the test does.
func launch(t testing.TB, dir string, args ...string) *process {
	t.Helper()
	return launchWith(t, dir, nil, args...)
}

// launchWith executes the program with some more of an environment.
func launchWith(t testing.TB, dir string, env []string, args ...string) *process {
	t.Helper()
	p := prepare(dir, args...)
	p.Env = append(p.Env, env...)
	p.startHeard(t)
	return p
}

// launchUnheard executes the program with a standard error that nobody reads.
// The other end of it is in the caller's hands.
func launchUnheard(t *testing.T, dir string, args ...string) (p *process, reader, writer *os.File) {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		reader.Close()
		writer.Close()
	})
	p = prepare(dir, args...)
	p.Stderr = writer
	p.start(t, strings.NewReader(""))
	return p, reader, writer
}

func prepare(dir string, args ...string) *process {
	p := &process{exec.Command("ingestd", args...), make(chan string, 1000), make(chan struct{})}
	p.Dir = dir
	// Nothing of the developer's own configuration.
	p.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/no-home", "TMPDIR=" + dir, quickExit, "INGESTD_LOG_LEVEL=info"}
	return p
}

// startHeard starts a process and listens to it.
func (p *process) startHeard(t testing.TB) {
	t.Helper()
	stderr, err := p.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.start(t, stderr)
}

func (p *process) start(t testing.TB, stderr io.Reader) {
	t.Helper()
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go p.watch(stderr)
	t.Cleanup(func() {
		p.Process.Kill() // most have ended
		<-p.ended
	})
}

// watch keeps what the process says and waits for its end.
func (p *process) watch(stderr io.Reader) {
	for text := bufio.NewScanner(stderr); text.Scan(); {
		p.lines <- text.Text()
	}
	close(p.lines)
	p.Wait() // ProcessState tells
	close(p.ended)
}

// says waits for a line with a text, and returns it.
func (p *process) says(t *testing.T, text string) string {
	t.Helper()
	late := time.After(patience)
	for {
		select {
		case line, more := <-p.lines:
			if strings.Contains(line, text) {
				return line
			}
			if !more {
				<-p.ended
				t.Fatalf("it ended without a word of %q: %v", text, p.ProcessState)
			}
			t.Log(line)
		case <-late:
			t.Fatalf("after %v not a word of %q", patience, text)
		}
	}
}

func (p *process) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

func (p *process) alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// exits waits for the end and demands an exit code.
func (p *process) exits(t testing.TB, within time.Duration, code int) {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(within):
		t.Fatalf("still there after %v", within)
	}
	if got := p.ProcessState.ExitCode(); got != code {
		t.Errorf("exit: %v, want %d", p.ProcessState, code)
		for line := range p.lines {
			t.Log(line)
		}
	}
}

// dies sends signals, one after the other, until the process is gone by them.
func (p *process) dies(t *testing.T, within time.Duration, s syscall.Signal) {
	t.Helper()
	late := time.After(within)
	for {
		p.Process.Signal(s) // it may be gone
		select {
		case <-p.ended:
			if status := p.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != s {
				t.Errorf("it ended with %v, want %v", p.ProcessState, s)
			}
			return
		case <-late:
			t.Fatalf("still there after %v of signals", within)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
