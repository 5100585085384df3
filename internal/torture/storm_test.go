package torture

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/store/storetest"
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
	{"a bad hour", 2, (*world).badHour},
	{"connections cut", 1, (*world).badConnections},
	{"killed at a message", 3, (*world).killAtMessage},
	{"killed at any time", 1, (*world).killAnyTime},
	{"a message after its process", 3, (*world).lateMessage},
	{"frozen", 4, (*world).frozen},
	{"server crash", 1, (*world).serverCrash},
	{"sessions ended", 1, (*world).sessionsEnded},
	{"statements fail", 1, (*world).statementsFail},
	{"rows refused", 1, (*world).rowsRefused},
	{"daemon", 2, (*world).daemon},
	{"two at once", 1, (*world).twoAtOnce},
	{"analysts", 1, (*world).analysts},
	{"clocks", 1, (*world).clocks},
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
	w.once()   // reading has begun once
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
			w.checkSafe()
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
		w.changed = w.rng.Float64()
		w.graph.SetChanged(w.changed)
	}
	if w.rng.IntN(2) == 0 {
		w.graph.SetUnpriced(w.rng.Float64() / 2)
	}
	if w.rng.IntN(2) == 0 {
		w.graph.RaiseVersions(w.rng.Float64() / 3)
	}
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

// heals are the faults of Graph that take no minutes.
var heals = []graphsim.Kind{
	graphsim.ServerErrors, graphsim.Throttling, graphsim.Cuts, graphsim.GzipDamage, graphsim.WrongBodies,
	graphsim.Redirects, graphsim.WrongLinks, graphsim.LostLinks, graphsim.Shifts,
}

// badAnswers has Graph and Entra answer badly, and rows move between pages.
func (w *world) badAnswers() {
	kinds := slices.Clone(heals)
	w.rng.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	kinds = kinds[:1+w.rng.IntN(len(kinds))]
	random := graphsim.RandomFaults(w.rng.Int64(), 0.1+0.6*w.rng.Float64(), kinds...)
	w.graph.SetFaults(w.counting(func(r graphsim.Request) graphsim.Fault {
		f := random(r)
		if r.CallID != "" {
			f.Shift = 0 // the pages of a record are of one version
		}
		if f.NextLink != "" && r.N%2 == 0 {
			f.NextLink = w.evil.GraphURL() + "/v1.0/communications/callRecords"
		}
		return f
	}))
	w.once()
}

// badHour has Graph serve neither what is about a certain time, nor some of the call records.
func (w *world) badHour() {
	at, every := w.badTime(), byte('0'+w.rng.IntN(10))
	further := w.rng.IntN(3) == 0 // pages alone
	status := []int{400, 404, 500}[w.rng.IntN(3)]
	w.graph.SetFaults(w.counting(func(r graphsim.Request) graphsim.Fault {
		about := r.API != "" && !r.From.After(at) && r.To.After(at) && (r.Skip > 0 || !further)
		if r.CallID != "" {
			about = r.CallID[35] == every
		}
		if about {
			return graphsim.Fault{Status: status}
		}
		return graphsim.Fault{}
	}))
	w.once()
	w.advance(10 * time.Minute)
	w.once()
}

// badTime is that of one of the rows that have appeared or changed lately, or any.
func (w *world) badTime() time.Time {
	now := w.clock.Now()
	var times []time.Time
	for _, e := range fetch.Endpoints {
		for _, r := range w.oracle.rows[e.Name] {
			if r.shown && now.Sub(r.newest().since) < time.Hour && now.Sub(r.at) < 3*day {
				times = append(times, r.at)
			}
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	times = append(times, now.Add(-time.Duration(w.rng.Int64N(int64(3*day)))))
	return times[w.rng.IntN(len(times))]
}

// counting counts faults of Graph.
func (w *world) counting(decide func(graphsim.Request) graphsim.Fault) func(graphsim.Request) graphsim.Fault {
	var mu sync.Mutex
	return func(r graphsim.Request) graphsim.Fault {
		mu.Lock()
		defer mu.Unlock()
		f := decide(r)
		if fmt.Sprintf("%+v", f) != fmt.Sprintf("%+v", graphsim.Fault{}) {
			w.did["faults of Graph"]++
		}
		return f
	}
}

// befall has something befall messages to the server, counted from 1.
func (w *world) befall(decide func(n int, m storetest.Message) storetest.Fault) {
	var mu sync.Mutex
	n := 0
	w.proxy.SetFaults(func(m storetest.Message) storetest.Fault {
		mu.Lock()
		defer mu.Unlock()
		n++
		f := decide(n, m)
		if f.Cut || f.Lose || f.Hold != nil || f.Then != nil {
			w.did["faults of connections"]++
		}
		return f
	})
}

// Kinds of messages, by what their names begin with, and how many of each a run has at least.
var (
	moments = []event{
		{"", 150}, {"begin", 10}, {"begin", 25}, {"commit", 25}, {"insert ingest.slots", 15},
		{"copy", 15}, {"end of copy", 15},
	}
	// of a transaction that has read pages in hand, and has no locks yet
	earlyMoments = []event{{"begin", 10}, {"begin", 25}, {"select teams.", 15}, {"create pg_temp.stage", 5}}
)

// atMessage starts the program, and has something befall one of its messages, any one of a kind. Default: it reads.
func (w *world) atMessage(kinds []event, fault func(p *process) storetest.Fault, args ...string) *process {
	kind := kinds[w.rng.IntN(len(kinds))]
	at, n := 1+w.rng.IntN(kind.times), 0
	var p *process
	ready := make(chan struct{})
	w.befall(func(_ int, m storetest.Message) storetest.Fault {
		if !strings.HasPrefix(nameOf(m), kind.name) {
			return storetest.Fault{}
		}
		if n++; n != at {
			return storetest.Fault{}
		}
		<-ready
		return fault(p)
	})
	if args == nil {
		args = w.reading()
	}
	p = w.launch(args...)
	close(ready)
	return p
}

func (w *world) badConnections() {
	rng, every := rand.New(rand.NewPCG(w.rng.Uint64(), 2)), 10+w.rng.IntN(60)
	w.befall(func(int, storetest.Message) storetest.Fault {
		switch rng.IntN(2 * every) {
		case 0:
			return storetest.Fault{Cut: true}
		case 1:
			return storetest.Fault{Lose: true}
		}
		return storetest.Fault{}
	})
	w.once()
}

// killAtMessage kills processes, each before a message or once the server has carried it out.
func (w *world) killAtMessage() {
	for range 1 + w.rng.IntN(4) {
		lose := w.rng.IntN(2) == 0
		w.until(w.atMessage(moments, func(p *process) storetest.Fault {
			return storetest.Fault{Cut: !lose, Lose: lose, Then: p.kill}
		}))
		w.check()
		w.advance(time.Hour)
	}
}

// databaseAway has the database not answer from the start.
func (w *world) databaseAway() {
	w.befall(func(int, storetest.Message) storetest.Fault { return storetest.Fault{Cut: true} })
	w.once()
}

func (w *world) killAnyTime() {
	p := w.launch("once")
	p.endsWithin(100*time.Millisecond + time.Duration(w.rng.Int64N(int64(1500*time.Millisecond))))
	p.kill()
	<-p.ended
}

// lateMessage kills the process when it has sent a message, which the server gets only while the next process is at
// work.
func (w *world) lateMessage() {
	hold := make(chan struct{})
	w.until(w.atMessage(moments, func(p *process) storetest.Fault {
		go p.kill()
		return storetest.Fault{Hold: hold}
	}))
	w.changeSoon()
	next := w.launch("once")
	w.meanwhile(next)
	close(hold)
	w.soon(next)
	w.until(next)
}

// frozen freezes a process at a message and lets another one read, after changes, before it goes on.
func (w *world) frozen() {
	froze, kinds := make(chan struct{}), earlyMoments
	if w.rng.IntN(3) == 0 {
		kinds = moments
	}
	p := w.atMessage(kinds, func(p *process) storetest.Fault {
		return storetest.Fault{Then: func() { p.freeze(); close(froze) }}
	})
	select {
	case <-froze:
		w.changeSoon()
		w.takeLocks()
		next := w.launch("once")
		w.meanwhile(next)
		w.soon(p) // what it had in hand is stored, before it reads again
		p.thaw()
		w.until(p)
		w.until(next)
	case <-p.ended:
	case <-time.After(unhurried):
		p.kill()
	}
	w.until(p)
}

// meanwhile has a process read for a moment, or to its end, and looks at what it has stored.
func (w *world) meanwhile(p *process) {
	w.Helper()
	if w.rng.IntN(3) > 0 {
		p.endsWithin(unhurried)
	} else {
		p.endsWithin(time.Duration(w.rng.Int64N(int64(2 * time.Second))))
	}
	w.check()
	w.follow()
}

// soon kills a process, more often than not, when the server has carried out one of the next commits.
func (w *world) soon(p *process) {
	if w.rng.IntN(3) == 0 {
		return
	}
	at, n := 1+w.rng.IntN(3), 0
	w.befall(func(_ int, m storetest.Message) storetest.Fault {
		if nameOf(m) != "commit" {
			return storetest.Fault{}
		}
		if n++; n != at {
			return storetest.Fault{}
		}
		return storetest.Fault{Lose: true, Then: p.kill}
	})
}

// changeSoon has so little time pass that an answer of before may still be stored, and all that can change. No row
// changes back: one that is read unchanged is not written, so nothing would tell that an older answer is older.
func (w *world) changeSoon() {
	w.advance(time.Duration(5+w.rng.IntN(40)) * time.Minute)
	w.changed += (1 - w.changed) * w.rng.Float64()
	w.graph.SetChanged(w.changed)
	w.graph.RaiseVersions(0.2 + w.rng.Float64()/3)
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

// statementsFail has statements that write rows fail, each time with the next of the errors that pass.
func (w *world) statementsFail() {
	w.exec(fmt.Sprintf(`
		CREATE SEQUENCE faults;
		CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
		DECLARE
			n bigint := nextval('faults'); -- a sequence is not rolled back
			states text[] := '{40001,40P01,53100,53200,53300,55P03,57P01,08006,25006,23505}';
		BEGIN
			IF n %% %[1]d = 0 THEN
				RAISE EXCEPTION 'storm' USING ERRCODE = states[1 + n / %[1]d %% cardinality(states)];
			END IF;
			RETURN NULL;
		END $$;
		DO $$
		DECLARE t regclass;
		BEGIN
			FOR t IN SELECT oid FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND (
				relnamespace = 'teams'::regnamespace OR oid IN ('ingest.slots'::regclass, 'ingest.rejects'::regclass))
			LOOP
				EXECUTE format(
					'CREATE TRIGGER fail AFTER INSERT OR DELETE ON %%s FOR EACH STATEMENT EXECUTE FUNCTION fail()', t);
			END LOOP;
		END $$`, 10+w.rng.IntN(80)))
	w.once()
	w.once()
	w.did["statements that failed"]++
	w.exec(`DROP FUNCTION fail CASCADE; DROP SEQUENCE faults`)
}

// rowsRefused has the database refuse some rows for a while.
func (w *world) rowsRefused() {
	n := strconv.Itoa(2 + w.rng.IntN(9))
	w.exec(`ALTER TABLE teams.pstn_calls ADD CONSTRAINT storm CHECK (duration_s % ` + n + ` <> 0) NOT VALID`)
	w.exec(`ALTER TABLE teams.sessions
		ADD CONSTRAINT storm CHECK (get_byte(decode(md5(session_id::text), 'hex'), 0) > 20) NOT VALID`)
	w.once()
	w.check()
	w.exec(`ALTER TABLE teams.pstn_calls DROP CONSTRAINT storm; ALTER TABLE teams.sessions DROP CONSTRAINT storm`)
	w.until(w.launch("rejects", "retry", "--all"))
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

// clocks has single answers tell a wrong time, and the machine have a wrong date.
func (w *world) clocks() {
	wrong := time.Duration(w.rng.Int64N(int64(800*day))) - 400*day
	rng := rand.New(rand.NewPCG(w.rng.Uint64(), 3))
	if w.rng.IntN(2) == 0 {
		w.clock.Mislead(wrong)
	} else {
		w.graph.SetFaults(w.counting(func(r graphsim.Request) graphsim.Fault {
			if rng.IntN(15) == 0 {
				return graphsim.Fault{Date: r.Now.Add(wrong)}
			}
			return graphsim.Fault{}
		}))
	}
	w.once()
}

// access takes permissions, tokens and the secret away.
func (w *world) access() {
	switch w.rng.IntN(4) {
	case 0:
		w.graph.SetDenied(true, "callRecords", "getSmsLog")
	case 1:
		w.graph.SetDenied(true)
	case 2:
		w.write("secret", "another-one~that.Entra-refuses\n")
		defer w.write("secret", graphsim.ClientSecret+"\n")
	}
	p := w.launch("once")
	p.endsWithin(time.Duration(w.rng.Int64N(int64(500 * time.Millisecond))))
	w.graph.ExpireTokens()
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
	w.moved = true // by a longer reach
	w.configure()
	w.once()
	now := w.settings
	w.settings = was
	w.settings.leastReach, w.settings.leastRecordsReach = now.leastReach, now.leastRecordsReach
	w.configure()
}
