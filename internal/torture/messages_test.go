package torture

import (
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"ingestd/internal/store/storetest"
)

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
	// of a transaction that has what was read in hand, and has no locks yet
	earlyMoments = []event{
		{"begin", 25}, {"select teams.", 15},
		{"copy pg_temp.stage", 5}, {"copy pg_temp.stage_call_records", 2}, {"copy pg_temp.stage_details", 2},
	}
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
	w.watch(next)
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
		w.watch(p)
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

// watch lets a process end, as until does, and looks meanwhile at what is stored: what it has spoilt it may read again
// before it ends.
func (w *world) watch(p *process) {
	w.Helper()
	for late := time.Now().Add(unhurried); !p.endsWithin(100*time.Millisecond) && time.Now().Before(late); {
		w.check()
	}
	p.kill()
	<-p.ended
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
// becomes what is stored of it again: it would be read and not written, so nothing would tell that an older answer is
// older.
func (w *world) changeSoon() {
	w.advance(time.Duration(5+w.rng.IntN(40)) * time.Minute)
	w.vary()
	w.graph.RaiseVersions(0.3 + w.rng.Float64()/2)
}
