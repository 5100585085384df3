package torture

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
)

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

// lateAnswers has Graph, Entra and the database take their time.
func (w *world) lateAnswers() {
	rng, every := rand.New(rand.NewPCG(w.rng.Uint64(), 4)), 3+w.rng.IntN(30)
	w.proxy.Delay(time.Duration(w.rng.Int64N(int64(20 * time.Millisecond))))
	w.graph.SetFaults(w.counting(func(graphsim.Request) graphsim.Fault {
		if rng.IntN(every) > 0 {
			return graphsim.Fault{}
		}
		return graphsim.Fault{Delay: time.Duration(rng.ExpFloat64() * float64(500*time.Millisecond))}
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

// clocks has single answers tell a wrong time, each another one, or the machine have a wrong date.
func (w *world) clocks() {
	rng := rand.New(rand.NewPCG(w.rng.Uint64(), 3))
	wrong := func() time.Duration { return time.Duration(rng.Int64N(int64(800*day))) - 400*day }
	if w.rng.IntN(2) == 0 {
		w.clock.Mislead(wrong())
	} else {
		every := 3 + w.rng.IntN(12)
		w.graph.SetFaults(w.counting(func(r graphsim.Request) graphsim.Fault {
			if rng.IntN(every) == 0 {
				return graphsim.Fault{Date: r.Now.Add(wrong())}
			}
			return graphsim.Fault{}
		}))
	}
	w.once()
}

// access takes permissions, tokens and the secret away.
func (w *world) access() {
	what := w.rng.IntN(5)
	switch what {
	case 0:
		w.graph.SetDenied(true, "callRecords", "getSmsLog")
	case 1:
		w.graph.SetDenied(true)
	case 2:
		w.write("secret", "another-one~that.Entra-refuses\n")
		defer w.write("secret", w.secret+"\n")
	}
	p := w.launch("once")
	p.endsWithin(time.Duration(w.rng.Int64N(int64(500 * time.Millisecond))))
	if what == 3 {
		w.replaceSecret(p)
	}
	w.graph.ExpireTokens()
	w.until(p)
}

// replaceSecret has the secret replaced while a process reads, first in the file or first in Entra.
func (w *world) replaceSecret(p *process) {
	w.secret = fmt.Sprintf("%s-%x", graphsim.ClientSecret, w.rng.Uint32())
	places := []func(){
		func() { w.graph.SetSecret(w.secret) },
		func() { w.write("secret", w.secret+"\n") },
	}
	first := w.rng.IntN(2)
	for n := range places {
		places[(first+n)%len(places)]()
		w.graph.ExpireTokens()
		p.endsWithin(time.Duration(w.rng.Int64N(int64(500 * time.Millisecond))))
	}
}
