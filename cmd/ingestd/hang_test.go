package main

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"ingestd/internal/store/storetest"
)

// endsBy is when the program has ended after a signal, whatever hangs.
const endsBy = 20 * time.Second

// A database that stops answering and closes nothing does not keep the daemon
// from ending when it is told to.
func TestSignalEndsWithDatabaseThatHangs(t *testing.T) {
	t.Parallel()
	t.Run("idle", func(t *testing.T) {
		t.Parallel()
		url := storetest.URL(t)
		proxy, through := storetest.NewProxy(t, url)
		p := launch(t, workplace(t, through, simulate(t, small), "pstn_calls"), "run")
		await(t, url, upToDate)
		proxy.Stall()
		p.signal(t, syscall.SIGTERM)
		p.exits(t, endsBy, exitOK)
	})
	t.Run("in mid-run", func(t *testing.T) {
		t.Parallel()
		url := storetest.URL(t)
		proxy, through := storetest.NewProxy(t, url)
		release := hold(t, url, noWrites)
		p := launch(t, workplace(t, through, simulate(t, small), "pstn_calls"), "run")
		await(t, url, saving)
		proxy.Stall()
		release()
		p.signal(t, syscall.SIGTERM)
		p.exits(t, endsBy, exitOK)
	})
	t.Run("and a log that nobody reads", func(t *testing.T) {
		t.Parallel()
		url := storetest.URL(t)
		proxy, through := storetest.NewProxy(t, url)
		p, _, log := launchUnheard(t, workplace(t, through, simulate(t, small), "pstn_calls"), "run")
		await(t, url, upToDate)
		fill(t, log)
		proxy.Stall()
		p.signal(t, syscall.SIGTERM)
		p.exits(t, endsBy, exitOK)
	})
}

// fill writes to a pipe until nothing more fits.
func fill(t *testing.T, pipe *os.File) {
	t.Helper()
	fd := int(pipe.Fd())
	if err := syscall.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	for err := error(nil); err == nil; {
		_, err = syscall.Write(fd, []byte{'\n'})
	}
	if err := syscall.SetNonblock(fd, false); err != nil {
		t.Fatal(err)
	}
}

// A log without a reader, one that nobody reads and one on a full disk do not keep
// the daemon from reading, and a terminal that is closed does not end it.
func TestDaemonOutlivesItsLog(t *testing.T) {
	t.Parallel()
	pipe := func(t *testing.T) (reader, writer *os.File) {
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { reader.Close() })
		return reader, writer
	}
	for name, log := range map[string]func(t *testing.T) *os.File{
		"closed": func(t *testing.T) *os.File {
			reader, writer := pipe(t)
			reader.Close()
			return writer
		},
		"unread": func(t *testing.T) *os.File {
			_, writer := pipe(t)
			fill(t, writer)
			return writer
		},
		"disk full": func(t *testing.T) *os.File {
			full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			if err != nil {
				t.Skip(err)
			}
			return full
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t)
			p, stderr := prepare(workplace(t, url, simulate(t, small), "pstn_calls"), "run"), log(t)
			p.Stderr, p.Env = stderr, append(p.Env, "INGESTD_LOG_LEVEL=debug")
			p.start(t, strings.NewReader(""))
			stderr.Close()          // the program has its own
			await(t, url, upToDate) // with many lines for the log
			p.signal(t, syscall.SIGHUP)
			p.signal(t, syscall.SIGPIPE)
			p.signal(t, syscall.SIGTERM)
			p.exits(t, patience, exitOK)
		})
	}
}
