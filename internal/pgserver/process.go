package pgserver

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

//go:embed supervise.sh
var supervisor string

// process is the shell that supervises the server.
type process struct {
	lifeline io.Closer // closing it stops the server
	ended    chan struct{}

	// Valid once ended is closed.
	status error
	output string // last lines
}

func launch(f *folder, binaries string, o Options) (*process, error) {
	log, from, err := openLog(f, o.Log)
	if err != nil {
		return nil, err
	}
	script := []string{"-c", supervisor, "pgserver"}
	cmd := exec.Command("/bin/sh", append(script, arguments(f, binaries, o)...)...)
	cmd.Dir = f.dir
	// Nothing else is passed on: secrets of this process are not the server's.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{f.lock}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setsid:     true, // a Ctrl-C is for this process, which may still need the server
		Credential: f.owner.credential(),
	}
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start PostgreSQL in %s as %s: %w", f.dir, f.owner.name, err), log.Close())
	}
	p := &process{lifeline: lifeline, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		p.status = cmd.Wait()
		p.output = lastLines(log, from)
		log.Close()
		f.release()
	}()
	return p, nil
}

func (p *process) stop() error {
	p.lifeline.Close()
	<-p.ended
	if p.status != nil {
		return fmt.Errorf("PostgreSQL ended by itself or badly: %w\n%s", p.status, p.output)
	}
	return nil
}

// arguments of the supervisor. Of two values of a parameter the last one
// counts: the caller's over the defaults, and over both what keeps the server
// private.
func arguments(f *folder, binaries string, o Options) []string {
	option, sync := "", "on" // a kept cluster must survive a power failure
	if f.temporary == f.dir {
		option, sync = "--no-sync", "off"
	}
	args := []string{f.temporary, binaries, option, o.StandbyOf, "-c", "timezone=UTC", "-c", "log_timezone=UTC",
		"-c", "fsync=" + sync, "-c", "full_page_writes=" + sync}
	for _, name := range slices.Sorted(maps.Keys(o.Settings)) {
		args = append(args, "-c", name+"="+o.Settings[name])
	}
	return append(args, "-c", "listen_addresses=", "-c", "port="+port,
		"-c", "unix_socket_directories="+f.socket, "-c", "unix_socket_permissions=0700",
		"-c", "logging_collector=off")
}

// openLog also returns where the output of this start begins.
func openLog(f *folder, path string) (*os.File, int64, error) {
	var log *os.File
	var err error
	if path == "" {
		log, err = f.owner.open(filepath.Join(f.dir, "server.log"), os.O_APPEND)
	} else {
		log, err = os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	}
	if err != nil {
		return nil, 0, err
	}
	info, err := log.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, log.Close())
	}
	return log, info.Size(), nil
}

func lastLines(log *os.File, from int64) string {
	text, _ := io.ReadAll(io.NewSectionReader(log, from, 1<<20))
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}
