package torture

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"ingestd/internal/store/storetest"
)

// promotion stops the server at once, at a message, and has a standby take its place. The standby has all that was
// committed, or lacks what was written last.
func (w *world) promotion() {
	w.Helper()
	standby := storetest.Cluster(w.server.TB, w.server.URL("postgres"))
	there := storetest.Conn(w, standby.URL("postgres"))
	lags, lose, args := w.rng.IntN(2) == 0, w.rng.IntN(2) == 0, w.reading()
	if w.rng.IntN(2) == 0 {
		args = []string{"run"}
	}
	if !lags {
		w.waitForStandby()
	}
	stopped := make(chan struct{})
	p := w.atMessage(moments, func(*process) storetest.Fault {
		return storetest.Fault{Lose: lose, Then: func() { w.server.quit(); close(stopped) }}
	}, args...)
	if lags {
		p.endsWithin(time.Duration(w.rng.Int64N(int64(time.Second))))
		storetest.CutOff(w, there)
	}
	select {
	case <-stopped:
		w.did["servers stopped at a message"]++
	case <-p.ended:
	case <-time.After(unhurried):
	}
	w.crashed.Store(true)
	w.server.quit()
	if err := w.server.Stop(); err != nil {
		w.Fatal(err)
	}
	w.server.Server, w.direct = standby, standby.URL(database)
	if w.rng.IntN(2) == 0 { // the program finds a standby
		w.proxy.Redirect(w, w.direct)
		p.endsWithin(time.Duration(w.rng.Int64N(int64(time.Second))))
	}
	storetest.Exec(w, there, `SELECT pg_promote()`)
	w.proxy.Redirect(w, w.direct)
	if args[0] == "run" {
		w.recovers(p)
		p.stop()
	}
	w.until(p)
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

// quit has the server end at once, as it does when it is told to stop immediately. It may have ended.
func (s *server) quit() {
	text, err := os.ReadFile(filepath.Join(s.Dir(), "data", "postmaster.pid"))
	if err != nil {
		return
	}
	first, _, _ := strings.Cut(string(text), "\n")
	if pid, err := strconv.Atoi(first); err == nil {
		syscall.Kill(pid, syscall.SIGQUIT)
	}
}

// recovers holds that a daemon finds the database again, now that it answers.
func (w *world) recovers(p *process) {
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
