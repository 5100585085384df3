package torture

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"time"
)

// A process is the program at work.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

func (w *world) command(args ...string) *exec.Cmd {
	cmd := exec.Command(w.program, args...)
	cmd.Dir = w.dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=/no-home", "TMPDIR=" + w.dir, "SIMULATED_CLOCK=" + w.clock.file,
	}
	return cmd
}

// An output is all that the processes of a world print. It may be written concurrently.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// launch starts the program in the world's folder.
func (w *world) launch(args ...string) *process { return w.start(w.command(args...)) }

func (w *world) start(cmd *exec.Cmd) *process {
	p := &process{cmd: cmd, ended: make(chan struct{})}
	p.cmd.Stderr = &w.said
	if !slices.Contains(cmd.Args, "fetch") { // which prints who took part
		p.cmd.Stdout = &w.said
	}
	if err := p.cmd.Start(); err != nil {
		w.Fatal(err)
	}
	w.processes = append(w.processes, p)
	go func() {
		p.cmd.Wait() // ProcessState tells
		close(p.ended)
	}()
	return p
}

// ask runs the program to its end, and returns what it prints.
func (w *world) ask(args ...string) []byte {
	w.Helper()
	cmd := w.command(args...)
	cmd.Stderr = &w.said
	printed, err := cmd.Output()
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		w.Fatal(err)
	}
	return printed
}

func (p *process) kill()   { p.cmd.Process.Kill() } // it may have ended
func (p *process) freeze() { p.cmd.Process.Signal(syscall.SIGSTOP) }
func (p *process) thaw()   { p.cmd.Process.Signal(syscall.SIGCONT) }
func (p *process) stop()   { p.cmd.Process.Signal(syscall.SIGTERM) }

// endsWithin reports whether it ends in time.
func (p *process) endsWithin(d time.Duration) bool {
	select {
	case <-p.ended:
		return true
	case <-time.After(d):
		return false
	}
}

// code is the exit code of one that has ended.
func (p *process) code() int { return p.cmd.ProcessState.ExitCode() }
func (p *process) reload()   { p.cmd.Process.Signal(syscall.SIGHUP) }
