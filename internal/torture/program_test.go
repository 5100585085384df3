package torture

import (
	"time"

	"ingestd/internal/graphsim"
)

func (w *world) killAnyTime() {
	p := w.launch("once")
	p.endsWithin(100*time.Millisecond + time.Duration(w.rng.Int64N(int64(1500*time.Millisecond))))
	p.kill()
	<-p.ended
}

// takeLocks ends the sessions that hold locks of tenants, so that another process takes them: nothing may depend on
// them.
func (w *world) takeLocks() {
	w.exec(`SELECT pg_terminate_backend(pid, 1000) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
		WHERE locktype = 'advisory' AND granted AND datname = current_database() AND pid <> pg_backend_pid()`)
}

// twoAtOnce has two processes read, of which neither keeps the lock.
func (w *world) twoAtOnce() {
	first := w.launch("once")
	first.endsWithin(time.Duration(100+w.rng.IntN(600)) * time.Millisecond)
	w.takeLocks()
	second := w.launch("once")
	w.until(second)
	w.until(first)
}

// daemon runs the daemon itself, which is told to stop or to load its configuration, or killed. Graph sends it
// notifications meanwhile, and so do others.
func (w *world) daemon() {
	random := graphsim.RandomFaults(w.rng.Int64(), 0.1, heals...)
	w.graph.SetFaults(w.counting(func(r graphsim.Request) graphsim.Fault {
		f := random(r)
		f.Shift = 0
		return f
	}))
	defer w.notify()()
	p := w.launch("run")
	p.endsWithin(time.Duration(500+w.rng.IntN(2500)) * time.Millisecond)
	if w.rng.IntN(2) == 0 {
		p.reload()
		p.endsWithin(200 * time.Millisecond)
	}
	w.graph.SetFaults(nil)
	if w.rng.IntN(3) == 0 {
		p.kill()
	} else {
		w.visit()
	}
	p.stop()
	w.until(p)
}

// pause has the program not run for days, in which some of what is not settled leaves reach.
func (w *world) pause() {
	for range 6 + w.rng.IntN(3) {
		w.advance(day)
	}
	w.idle = true
	w.once()
}

// reconfigure has the program read with another configuration, and then with the one before.
func (w *world) reconfigure() {
	w.readWith(func(s *settings) {
		switch w.rng.IntN(4) {
		case 0:
			s.logsReach, s.recordsReach = logsReach-2*day, recordsReach-2*day
		case 1:
			s.logsSettle, s.recordsSettle = logsSettle+day, recordsSettle+day
		case 2:
			s.off = "sms_messages"
		case 3:
			s.logsReach, s.recordsReach = logsReach+day, recordsReach+day
		}
	})
}

func (w *world) readWith(change func(*settings)) {
	was := w.settings
	change(&w.settings)
	w.settings.leastReach = min(w.settings.leastReach, w.settings.logsReach)
	w.settings.leastRecordsReach = min(w.settings.leastRecordsReach, w.settings.recordsReach)
	w.settings.mostReach = max(w.settings.mostReach, w.settings.logsReach)
	w.settings.mostRecordsReach = max(w.settings.mostRecordsReach, w.settings.recordsReach)
	w.moved = true // by a longer reach
	w.configure()
	w.once()
	now := w.settings
	w.settings = was
	w.settings.leastReach, w.settings.leastRecordsReach = now.leastReach, now.leastRecordsReach
	w.settings.mostReach, w.settings.mostRecordsReach = now.mostReach, now.mostRecordsReach
	w.configure()
}
