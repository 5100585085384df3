package torture

import (
	"fmt"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/store/storetest"
)

// serverCrash kills a process of the server, which ends all others and has it recover.
func (w *world) serverCrash() {
	w.until(w.atMessage(moments, func(*process) storetest.Fault { return storetest.Fault{Then: w.crash} }))
}

// sessionsEnded ends sessions of the program, one after the other.
func (w *world) sessionsEnded() {
	p := w.launch("once")
	for range 1 + w.rng.IntN(6) {
		if p.endsWithin(time.Duration(w.rng.Int64N(int64(400 * time.Millisecond)))) {
			break
		}
		w.exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'ingestd' ORDER BY random() LIMIT 1`)
	}
	w.until(p)
}

// replacePassword has the password of the database replaced in its two places, one after the other, while the program
// needs it.
func (w *world) replacePassword() {
	w.Helper()
	next := fmt.Sprintf("%s-%x", databasePassword, w.rng.Uint32())
	places := []func(string){w.setPassword, w.writePassword}
	first := w.rng.IntN(2)
	args := w.readingOrDaemon()
	p := w.launch(args...)
	p.endsWithin(time.Duration(w.rng.Int64N(int64(1500 * time.Millisecond))))
	for n := range places {
		places[(first+n)%len(places)](next)
		w.endSessions()
		p.endsWithin(time.Duration(w.rng.Int64N(int64(time.Second))))
	}
	w.goesOn(p, args)
}

func (w *world) setPassword(password string) {
	w.exec(`ALTER ROLE ` + role + ` PASSWORD '` + password + `'`)
}

func (w *world) writePassword(password string) { w.write("passwords", "*:*:*:*:"+password+"\n") }

// endSessions ends all of the program's.
func (w *world) endSessions() {
	w.exec(`SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = 'ingestd'`)
}

// unanswered has nothing of what the server says come to the program, from a message on: for a while, with each answer
// late, or for ever, as when a network breaks. Then the server goes on with the sessions, and another process reads.
func (w *world) unanswered() {
	w.Helper()
	begun, args, d := make(chan struct{}), w.readingOrDaemon(), min(w.rng.ExpFloat64()*2, 7)
	how := w.rng.IntN(3)
	p := w.atMessage(moments, func(*process) storetest.Fault {
		return storetest.Fault{Then: func() {
			switch how {
			case 0:
				w.proxy.Stall()
			case 1:
				w.proxy.Delay(time.Duration(d / 3 * float64(time.Second)))
			case 2:
				w.proxy.Cut()
			}
			close(begun)
		}}
	}, args...)
	select {
	case <-begun:
		w.did["databases without an answer"]++
	case <-p.ended:
	case <-time.After(unhurried):
	}
	p.endsWithin(time.Duration(d * float64(time.Second)))
	if how == 2 {
		p.kill()
		<-p.ended
		next := w.launch("once")
		w.meanwhile(next)
		w.endSessions() // the server notices
		w.until(next)
		return
	}
	w.proxy.SetFaults(nil)
	w.proxy.Resume()
	w.proxy.Delay(0)
	w.goesOn(p, args)
}

// statementsFail has statements that write rows fail.
func (w *world) statementsFail() {
	w.reconnect()
	end := storetest.FailStatements(w, w.conn, 10+w.rng.IntN(80))
	w.once()
	w.once()
	end()
	w.did["statements that failed"]++
}

// rowsRefused has the database refuse some rows for a while. They are tried again by hand, or when they are read again.
func (w *world) rowsRefused() {
	n := strconv.Itoa(2 + w.rng.IntN(9))
	w.exec(`ALTER TABLE teams.pstn_calls ADD CONSTRAINT storm CHECK (duration_s % ` + n + ` <> 0) NOT VALID`)
	w.exec(`ALTER TABLE teams.sessions
		ADD CONSTRAINT storm CHECK (get_byte(decode(md5(session_id::text), 'hex'), 0) > 20) NOT VALID`)
	w.once()
	w.check()
	w.exec(`ALTER TABLE teams.pstn_calls DROP CONSTRAINT storm; ALTER TABLE teams.sessions DROP CONSTRAINT storm`)
	if w.rng.IntN(2) == 0 {
		w.until(w.launch("rejects", "retry", "--all"))
	}
}

// analysts hold locks, and a snapshot.
func (w *world) analysts() {
	conn := storetest.Conn(w, w.direct)
	defer conn.Close(w.Context())
	storetest.Exec(w, conn, `BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM analytics.telephony_calls;
		LOCK TABLE teams.pstn_calls, teams.sessions IN SHARE MODE`)
	p := w.launch("once")
	p.endsWithin(time.Duration(500+w.rng.IntN(1500)) * time.Millisecond)
	w.check()
	storetest.Exec(w, conn, `ROLLBACK`)
	w.until(p)
}

// crash kills a process of the server that serves a session of the program.
func (w *world) crash() {
	w.crashed.Store(true)
	conn, err := pgx.Connect(w.Context(), w.direct)
	if err != nil {
		return // it has crashed
	}
	defer conn.Close(w.Context())
	var pid int
	if conn.QueryRow(w.Context(), `SELECT pg_backend_pid()`).Scan(&pid) == nil {
		syscall.Kill(pid, syscall.SIGKILL)
	}
}
