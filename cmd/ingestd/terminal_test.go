//go:build linux

package main

import (
	"bytes"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"
	"golang.org/x/sys/unix"

	"ingestd/internal/store/storetest"
)

// A display is what a process wrote to a terminal.
type display struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (d *display) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.Write(p)
}

func (d *display) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.String()
}

// shows waits until the terminal shows a text.
func (d *display) shows(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(patience); !strings.Contains(d.String(), text); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %q after %v:\n%q", text, patience, d.String())
		}
	}
}

// launchOnTerminal executes the program with a terminal of some columns for its
// output.
func launchOnTerminal(t *testing.T, dir string, columns int, args ...string) (*process, *display) {
	t.Helper()
	control, terminal := openTerminal(t, columns)
	p := prepare(dir, args...)
	p.Env = append(p.Env, "TERM=xterm")
	p.Stdout, p.Stderr = terminal, terminal
	p.start(t, strings.NewReader(""))
	d := &display{}
	go func() { _, _ = control.WriteTo(d) }() // until the terminal is closed
	return p, d
}

// openTerminal opens a pseudo-terminal.
func openTerminal(t *testing.T, columns int) (control, terminal *os.File) {
	t.Helper()
	control, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here:", err)
	}
	t.Cleanup(func() { control.Close() })
	fd := int(control.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: uint16(columns)}); err != nil {
		t.Fatal(err)
	}
	return control, terminal
}

var control = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]|[\r]`)

// On a terminal a line for each endpoint says how it gets on, as wide as the
// terminal at most, and goes when the work is done.
func TestProgressOnATerminal(t *testing.T) {
	t.Parallel()
	c := small
	c.Latency = 50 * time.Millisecond
	url := storetest.URL(t)
	p, screen := launchOnTerminal(t, workplace(t, url, simulate(t, c), "pstn_calls"), 70, "once")
	p.exits(t, patience, exitOK)
	screen.shows(t, " SAFE FOR")
	text := control.ReplaceAllString(screen.String(), "")
	if !regexp.MustCompile(`simulated  pstn_calls  =*-+  \d+ of 36[56] d  \d+ rows  [0-9.]+/s`).MatchString(text) {
		t.Errorf("no progress in %q", text)
	}
	for line := range strings.Lines(text) {
		if n := runewidth.StringWidth(strings.TrimSpace(line)); n > 70 {
			t.Errorf("%d columns: %q", n, line)
		}
	}
	if strings.Contains(text, `"msg"`) {
		t.Errorf("the log tears the progress: %q", text)
	}
}

// status --watch looks again and again, with colour, until it is interrupted.
func TestWatch(t *testing.T) {
	t.Parallel()
	c := small
	c.Now = time.Now // by a clock that stands the next run would be overdue
	dir := workplace(t, storetest.URL(t), simulate(t, c), "pstn_calls")
	p, screen := launchOnTerminal(t, dir, 100, "status", "--watch", "--endpoint", "pstn_calls")
	screen.shows(t, "\x1b[90mnever\x1b[0m")
	screen.shows(t, " UTC. No daemon has ever given a sign.")
	launch(t, dir, "once").exits(t, patience, exitOK)
	screen.shows(t, "\x1b[32mon_time\x1b[0m")
	p.signal(t, syscall.SIGINT)
	p.exits(t, patience, exitInterrupted)
}
