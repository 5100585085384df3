package torture

import (
	"bytes"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// A process is the program at work.
type process struct {
	cmd   *exec.Cmd
	out   *output
	ended chan struct{}
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
func (w *world) launch(args ...string) *process {
	p := &process{cmd: exec.Command(w.program, args...), out: &w.said, ended: make(chan struct{})}
	p.cmd.Dir = w.dir
	p.cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=/no-home", "TMPDIR=" + w.dir, "SIMULATED_CLOCK=" + w.clock.file,
	}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
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
