package torture

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ingestd/internal/graphsim"
	"ingestd/internal/store/storetest"
)

// An event is a statement of the program's to PostgreSQL, or a request of its to Graph, by a name that many share.
type event struct {
	name  string
	times int // in a quiet history
}

// A window is what befalls an event. One of both is set.
type window struct {
	name    string
	message func(w *world, p *process, hold chan struct{}) storetest.Fault
	request func(w *world, p *process, r graphsim.Request) graphsim.Fault
}

// What a crash can leave behind is decided by what has gone to the server before it, so each message has these windows.
var messageWindows = []window{
	{name: "killed before", message: func(_ *world, p *process, _ chan struct{}) storetest.Fault {
		return storetest.Fault{Cut: true, Then: p.kill}
	}},
	{name: "killed after", message: func(_ *world, p *process, _ chan struct{}) storetest.Fault {
		return storetest.Fault{Lose: true, Then: p.kill}
	}},
	{name: "killed, and carried out later", message: func(_ *world, p *process, hold chan struct{}) storetest.Fault {
		go p.kill()
		return storetest.Fault{Hold: hold}
	}},
	{name: "cut", message: func(*world, *process, chan struct{}) storetest.Fault {
		return storetest.Fault{Cut: true}
	}},
	{name: "answer lost", message: func(*world, *process, chan struct{}) storetest.Fault {
		return storetest.Fault{Lose: true}
	}},
	{name: "server crashed", message: func(w *world, _ *process, _ chan struct{}) storetest.Fault {
		return storetest.Fault{Then: w.crash}
	}},
}

// requestWindows are the faults of an answer, and of the process that waits for it.
var requestWindows = []window{
	{name: "killed", request: func(_ *world, p *process, _ graphsim.Request) graphsim.Fault {
		p.kill()
		return graphsim.Fault{}
	}},
	answerWindow("500", graphsim.Fault{Status: 500}),
	answerWindow("429", graphsim.Fault{Status: 429, RetryAfter: "2"}),
	answerWindow("401", graphsim.Fault{Status: 401}),
	answerWindow("403", graphsim.Fault{Status: 403}),
	answerWindow("410", graphsim.Fault{Status: 410}),
	answerWindow("no answer", graphsim.Fault{Cut: -1}),
	answerWindow("cut", graphsim.Fault{Cut: 300}),
	answerWindow("checksum", graphsim.Fault{Gzip: graphsim.ChecksumGzip}),
	answerWindow("short", graphsim.Fault{Gzip: graphsim.ShortGzip}),
	answerWindow("null", graphsim.Fault{Body: graphsim.NullBody}),
	answerWindow("no value", graphsim.Fault{Body: graphsim.NoValueBody}),
	answerWindow("error object", graphsim.Fault{Body: graphsim.ErrorBody}),
	answerWindow("garbage", graphsim.Fault{Body: graphsim.GarbageBody}),
	answerWindow("redirect", graphsim.Fault{Redirect: "https://login.example.invalid/"}),
	answerWindow("rows moved", graphsim.Fault{Shift: 3}),
	{name: "foreign link", request: func(w *world, _ *process, _ graphsim.Request) graphsim.Fault {
		return graphsim.Fault{NextLink: w.evil.GraphURL() + "/v1.0/communications/callRecords"}
	}},
	{name: "wrong date", request: func(_ *world, _ *process, r graphsim.Request) graphsim.Fault {
		return graphsim.Fault{Date: r.Now.Add(-90 * day)}
	}},
}

func answerWindow(name string, f graphsim.Fault) window {
	return window{name: name, request: func(_ *world, _ *process, r graphsim.Request) graphsim.Fault {
		if r.CallID != "" || r.Skip == 0 {
			f.Shift = 0 // rows move between pages, and the pages of a record are of one version
		}
		return f
	}}
}

// An ordeal is one event with what befalls it.
type ordeal struct {
	event
	window
	nth int // of the event, from 1
}

// ordeals are each event with each window once: the first one of its name, or any other.
func ordeals(messages, requests []event) (list []ordeal) {
	add := func(events []event, windows []window) {
		for _, e := range events {
			for _, w := range windows {
				nth := 1
				if rand.IntN(2) == 0 {
					nth += rand.IntN(e.times)
				}
				list = append(list, ordeal{e, w, nth})
			}
		}
	}
	add(messages, messageWindows)
	add(requests, requestWindows)
	rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

var (
	sqlComment = regexp.MustCompile(`--.*`)
	sqlTable   = regexp.MustCompile(`\b(?:teams|ingest|rollup|ref|analytics|live|pg_temp)\.\w+`)
)

// nameOf is a statement's verb and the first tables that it names.
func nameOf(m storetest.Message) string {
	text := sqlComment.ReplaceAllString(m.Statement, "")
	words := strings.Fields(text)
	if len(words) == 0 {
		return "empty"
	}
	tables := sqlTable.FindAllString(text, -1)
	slices.Sort(tables)
	tables = slices.Compact(tables)
	name := strings.ToLower(words[0])
	if len(tables) == 0 {
		name = strings.ToLower(strings.Join(words[:min(4, len(words))], " "))
	}
	if m.Copied {
		name = "end of " + name
	}
	return strings.Join(append([]string{name}, tables[:min(3, len(tables))]...), " ")
}

func requestName(r graphsim.Request) string {
	if r.Skip > 0 {
		return r.Operation + ", a further page"
	}
	return r.Operation
}

// history is what the program does in a sweep: it reads for the first time, and again after changes. before is called
// with each of its processes.
func (w *world) history(before func(*process)) {
	w.Helper()
	for n := range 2 {
		if n > 0 {
			w.advance(3 * time.Hour)
			w.graph.SetChanged(0.4)
			w.graph.RaiseVersions(0.2)
			w.advance(time.Minute)
		}
		w.observe()
		p := w.launch("once")
		before(p)
		w.until(p)
	}
}

// events are those of a quiet history.
func (w *world) events() (messages, requests []event) {
	w.Helper()
	var mu sync.Mutex
	said, asked := map[string]int{}, map[string]int{}
	w.proxy.SetFaults(func(m storetest.Message) storetest.Fault {
		mu.Lock()
		defer mu.Unlock()
		said[nameOf(m)]++
		return storetest.Fault{}
	})
	w.graph.SetFaults(func(r graphsim.Request) graphsim.Fault {
		mu.Lock()
		defer mu.Unlock()
		asked[requestName(r)]++
		return graphsim.Fault{}
	})
	w.history(func(*process) {})
	w.finish()
	return eventsOf(said), eventsOf(asked)
}

func eventsOf(counts map[string]int) (list []event) {
	for name, times := range counts {
		list = append(list, event{name, times})
	}
	slices.SortFunc(list, func(a, b event) int { return strings.Compare(a.name, b.name) })
	return list
}

// undergo goes through a history with an ordeal, and ends well. It reports whether the event came.
func (w *world) undergo(o ordeal) (came bool) {
	w.Helper()
	var mu sync.Mutex
	var p *process // at work
	n, hold := 0, make(chan struct{})
	comes := func(name string) bool { // mu is held
		if name != o.event.name {
			return false
		}
		if n++; n == o.nth {
			came = true
			time.AfterFunc(time.Second, func() { close(hold) })
		}
		return n == o.nth
	}
	w.proxy.SetFaults(func(m storetest.Message) storetest.Fault {
		mu.Lock()
		defer mu.Unlock()
		if o.message == nil || p == nil || !comes(nameOf(m)) {
			return storetest.Fault{}
		}
		return o.message(w, p, hold)
	})
	w.graph.SetFaults(func(r graphsim.Request) graphsim.Fault {
		mu.Lock()
		defer mu.Unlock()
		if o.request == nil || p == nil || !comes(requestName(r)) {
			return graphsim.Fault{}
		}
		return o.request(w, p, r)
	})
	w.history(func(next *process) {
		mu.Lock()
		defer mu.Unlock()
		p = next
	})
	w.calm()
	w.check()
	w.follow()
	w.finish()
	return came
}

// TestSweep has each event of a history meet each fault.
func TestSweep(t *testing.T) {
	if *swept == 0 {
		t.Skip("run by: make torture")
	}
	begun, program := time.Now(), build(t, mutant{name: "the program"})
	var all []ordeal
	t.Run("quiet", func(t *testing.T) {
		w := newStage(t, program, newServer(t)).newWorld(t, sweptSeed)
		all = ordeals(w.events())
		if len(w.violations) > 0 {
			t.Errorf("nothing went wrong, and yet: %s", w.told())
		}
	})
	all = results.rest(all)
	t.Logf("%d events with a fault", len(all))
	next := make(chan ordeal)
	go func() {
		defer close(next)
		for _, o := range all[:min(*swept, len(all))] {
			if isOver(begun) {
				return
			}
			next <- o
		}
	}()
	inLanes(t, func(t *testing.T) {
		s := newStage(t, program, newServer(t))
		for o := range next {
			t.Run(fmt.Sprintf("%s, %d, %s", o.event.name, o.nth, o.window.name), func(t *testing.T) {
				w := s.newWorld(t, sweptSeed)
				came := w.undergo(o)
				results.swept(o, came, w)
				if len(w.violations) > 0 {
					t.Error(w.told())
				}
			})
		}
	})
}

// sweptSeed is that of all histories: the events of one are those of the others.
const sweptSeed = 20260615
