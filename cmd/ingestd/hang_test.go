package main

import (
	"os"
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

// A terminal that is closed and a log whose reader has gone do not end the
// daemon.
func TestDaemonOutlivesItsLog(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	p, reader, writer := launchUnheard(t, workplace(t, url, simulate(t, small), "pstn_calls"), "run")
	writer.Close() // the program has its own
	reader.Close()
	await(t, url, upToDate) // with some lines for the log
	p.signal(t, syscall.SIGHUP)
	p.signal(t, syscall.SIGPIPE)
	time.Sleep(300 * time.Millisecond)
	p.signal(t, syscall.SIGTERM)
	p.exits(t, patience, exitOK)
}
