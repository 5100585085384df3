package torture

import (
	"slices"
	"strings"
	"time"
)

// An action is a part of a storm: the program is run while something goes wrong.
type action struct {
	name   string
	weight int // how often it comes, compared with others
	do     func(*world)
}

// actions are what a storm is made of. Each leaves the world calm, and no process behind.
var actions = []action{
	{"nothing", 1, (*world).once},
	{"answers of Graph", 3, (*world).badAnswers},
	{"late answers", 1, (*world).lateAnswers},
	{"a bad hour", 2, (*world).badHour},
	{"connections cut", 1, (*world).badConnections},
	{"killed at a message", 3, (*world).killAtMessage},
	{"killed at any time", 1, (*world).killAnyTime},
	{"a message after its process", 3, (*world).lateMessage},
	{"frozen", 6, (*world).frozen},
	{"server crash", 1, (*world).serverCrash},
	{"promotion", 1, (*world).promotion},
	{"password", 1, (*world).replacePassword},
	{"unanswered", 1, (*world).unanswered},
	{"sessions ended", 1, (*world).sessionsEnded},
	{"statements fail", 1, (*world).statementsFail},
	{"rows refused", 1, (*world).rowsRefused},
	{"daemon", 2, (*world).daemon},
	{"two at once", 1, (*world).twoAtOnce},
	{"analysts", 1, (*world).analysts},
	{"clocks", 2, (*world).clocks},
	{"access", 1, (*world).access},
	{"configuration", 1, (*world).reconfigure},
	{"days without", 1, (*world).pause},
	{"database away", 1, (*world).databaseAway},
	{"prune", 2, (*world).prune},
	{"erase", 2, (*world).erase},
	{"backfill", 1, (*world).backfill},
	{"fetch", 1, (*world).fetch},
	{"short of memory or descriptors", 1, (*world).short},
	{"disk full", 1, (*world).diskFull},
}

// storm does so many actions, and ends well.
func (w *world) storm(steps int) {
	w.Helper()
	w.observe()
	w.once() // reading has begun once
	w.moveIn()
	w.daemon() // and Graph notifies
	var chosen []action
	for _, a := range actions {
		if *only == "" || slices.Contains(strings.Split(*only, ","), a.name) {
			chosen = append(chosen, slices.Repeat([]action{a}, a.weight)...)
		}
	}
	for range steps {
		w.change()
		a := chosen[w.rng.IntN(len(chosen))]
		w.did[a.name]++
		w.observe()
		a.do(w)
		w.calm()
		w.check()
		if len(w.violations) > 0 {
			w.violate("that was after: %s", a.name)
			return
		}
		w.follow()
		if w.rng.IntN(3) == 0 {
			w.checkSafe(false)
		}
	}
	w.change()
	w.daemon() // Graph notifies of what it has not yet
	w.calm()
	w.finish()
}

// follow has the feed's reader read what there is.
func (w *world) follow() {
	w.Helper()
	for w.feed.Read(w, w.conn, 100) {
	}
}

// change has time pass, and the tenant change.
func (w *world) change() {
	w.advance(time.Duration(w.rng.ExpFloat64() * float64(5*time.Hour)))
	if w.rng.IntN(2) == 0 {
		w.back = w.changed > 0.9 || w.back && w.changed > 0.1
		w.vary()
	}
	if w.rng.IntN(2) == 0 {
		w.graph.SetUnpriced(w.rng.Float64() / 2)
	}
	if w.rng.IntN(2) == 0 {
		w.graph.RaiseVersions(w.rng.Float64() / 3)
	}
}

// vary has more rows change or, on the way back, be again as they were first.
func (w *world) vary() {
	share := w.rng.Float64()
	if w.back {
		w.changed *= 1 - share
	} else {
		w.changed += (1 - w.changed) * share
	}
	w.graph.SetChanged(w.changed)
}

// advance moves the time on. What could be read before is noted, and what can be after.
func (w *world) advance(d time.Duration) {
	w.clock.Stop()
	w.observe()
	w.clock.Advance(min(d, 30*time.Hour))
	w.observe()
	w.clock.Go()
}

// calm ends all that goes wrong.
func (w *world) calm() {
	w.Helper()
	w.graph.SetFaults(nil)
	w.graph.SetDenied(false)
	w.proxy.SetFaults(nil)
	w.proxy.Resume()
	w.proxy.Delay(0)
	w.clock.Mislead(0)
	for _, p := range w.processes {
		p.thaw()
		if !p.endsWithin(patience) {
			w.violate("a process goes on for %v after all is well", patience)
			p.kill()
			<-p.ended
		}
	}
	w.processes = nil
	w.reconnect()
}

// unhurried is how long a run may take while things go wrong.
const unhurried = 8 * time.Second

// once runs the program until it ends, or for too long.
func (w *world) once() { w.until(w.launch("once")) }

func (w *world) until(p *process) {
	if !p.endsWithin(unhurried) {
		p.kill()
		<-p.ended
	}
}
