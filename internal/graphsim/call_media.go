package graphsim

import (
	"math/rand/v2"
	"time"
)

// labels of media by their modality, as the ends negotiate them.
var mediaLabels = map[string]string{
	"audio":                   "main-audio",
	"video":                   "main-video",
	"videoBasedScreenSharing": "applicationsharing-video",
}

// media writes what flowed between the ends of a leg.
func (p *pen) media(s *session, l *leg, modality string) {
	p.element(func() {
		p.text("label", mediaLabels[modality])
		p.network("callerNetwork", s, &l.caller, modality)
		p.network("calleeNetwork", s, &l.callee, modality)
		p.device("callerDevice", s, &l.caller, modality)
		p.device("calleeDevice", s, &l.callee, modality)
		p.array("streams", 2, func(i int) { p.stream(s, l, modality, i) })
	})
}

// measured reports whether a version has what a client measured. Services
// measure always, the telephone network never.
func (e *side) measured(s *session) bool {
	return e.party == nil || !e.party.quiet() && e.known <= s.telemetry
}

// quiet parties have no client.
func (p *party) quiet() bool { return p.key == "phone" || p.key == "applicationInstance" }

// dice draw measurements. Nearly all are good, and a few are not.
type dice struct {
	*rand.Rand
	trouble float64 // multiple of what is usual
}

// The measurements of a side, each kind drawn by itself.
const (
	ofFeedback = 1 + iota
	ofNetwork
	ofDevice
	ofStreams
)

func (e *side) dice(of uint64) dice {
	d := dice{Rand: rand.New(rand.NewPCG(e.seed, of)), trouble: 1}
	switch n := e.seed >> 8 % 100; {
	case n < 3:
		d.trouble = 40
	case n < 12:
		d.trouble = 6
	}
	if e.party != nil && e.connection() != "wired" {
		d.trouble *= 1.5
	}
	return d
}

func (d dice) duration(usual time.Duration) time.Duration {
	return time.Duration(d.ExpFloat64() * d.trouble * float64(usual)).Round(time.Millisecond)
}

// ratio is 0 mostly, and never above 1.
func (d dice) ratio(usual float64) float64 {
	if d.IntN(3) > 0 && d.trouble < 6 {
		return 0
	}
	return min(d.ExpFloat64()*d.trouble*usual, 1)
}
