package torture

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"ingestd/internal/pgserver"
	"ingestd/internal/store/storetest"
)

// promotion stops the server at once, at a message, and has a standby take its place. It has all that was committed, or
// lacks what was written last.
func (w *world) promotion() {
	w.Helper()
	primary := w.server.Server
	standby := storetest.Cluster(w.server.TB, primary.URL("postgres"))
	there := storetest.Conn(w, standby.URL("postgres"))
	lags, lose, args := w.rng.IntN(2) == 0, w.rng.IntN(2) == 0, w.readingOrDaemon()
	if !lags {
		w.waitForStandby()
	}
	stopped := make(chan struct{})
	p := w.atMessage(moments, func(*process) storetest.Fault {
		return storetest.Fault{Lose: lose, Then: func() { quit(primary); close(stopped) }}
	}, args...)
	if lags {
		p.endsWithin(time.Duration(w.rng.Int64N(int64(time.Second))))
		storetest.CutOff(w, there)
		w.did["standbys that lack commits"]++
	}
	select {
	case <-stopped:
		w.did["servers stopped at a message"]++
	case <-p.ended:
	case <-time.After(unhurried):
	}
	w.proxy.SetFaults(nil)
	w.crashed.Store(true)
	quit(primary)
	if err := primary.Stop(); err != nil {
		w.Fatal(err)
	}
	w.server.Server, w.direct = standby, standby.URL(database)
	if w.rng.IntN(2) == 0 { // the program finds a standby
		w.proxy.Redirect(w, w.direct)
		p.endsWithin(time.Duration(w.rng.Int64N(int64(time.Second))))
	}
	storetest.Exec(w, there, `SELECT pg_promote()`)
	w.proxy.Redirect(w, w.direct)
	w.goesOn(p, args)
}

// waitForStandby has each commit wait until the standby has it too.
func (w *world) waitForStandby() {
	w.Helper()
	w.exec(`ALTER SYSTEM SET synchronous_standby_names = '*'`)
	w.exec(`SELECT pg_reload_conf()`)
	storetest.Eventually(w, func() bool {
		return storetest.Query[bool](w, w.conn,
			`SELECT EXISTS (SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync')`)
	})
}

// quit has a server end at once, as it does when it is told to stop immediately. It may have ended.
func quit(s *pgserver.Server) {
	text, err := os.ReadFile(filepath.Join(s.Dir(), "data", "postmaster.pid"))
	if err != nil {
		return
	}
	first, _, _ := strings.Cut(string(text), "\n")
	if pid, err := strconv.Atoi(first); err == nil {
		syscall.Kill(pid, syscall.SIGQUIT)
	}
}

// goesOn lets a process end that lost the database for a while. A daemon has to find it again.
func (w *world) goesOn(p *process, args []string) {
	w.Helper()
	if args[0] == "run" {
		w.finds(p)
		p.stop()
	}
	w.until(p)
}

// finds holds that a daemon finds the database, which answers.
func (w *world) finds(p *process) {
	w.Helper()
	for late := time.Now().Add(patience); time.Now().Before(late); {
		if string(w.get("/readyz")) == "ok\n" {
			return
		}
		if p.endsWithin(50 * time.Millisecond) {
			w.violate("a daemon that lost its database has ended: %v", p.cmd.ProcessState)
			return
		}
	}
	w.violate("a daemon does not find its database again")
}
