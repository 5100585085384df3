package graphsim

import "math/rand/v2"

// pstnCalls are the calls to and from the telephone network.
type pstnCalls struct{ *company }

func (p pstnCalls) volume(d int64) int { return p.company.volume(d, p.perDay) + len(p.planted(d)) }

func (p pstnCalls) generate(d int64) []record {
	t := newTraffic(rand.NewPCG(p.seed, uint64(d)), d, p.tickets)
	rows := make([]pstnCall, 0, p.volume(d))
	for range p.company.volume(d, p.perDay) {
		rows = append(rows, t.next())
	}
	return records(append(rows, p.planted(d)...))
}
