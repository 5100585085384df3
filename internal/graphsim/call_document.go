package graphsim

import (
	"slices"
	"strings"
)

// callVersion is a call as one version of its record tells it.
type callVersion struct {
	*call
	tickets   []*user
	stories   *stories
	telemetry int   // how much has come in: 1 with the first version
	ratings   int   // that came with raised versions
	modified  int64 // ticks
	people    []party
}

func (v *callVersion) id() string        { return v.call.id.String() }
func (v *callVersion) startTicks() int64 { return v.start }

func (v *callVersion) has(participant string) bool {
	return slices.ContainsFunc(v.parties(), func(p party) bool { return strings.EqualFold(p.id, participant) })
}

// parties are drawn once for a document.
func (v *callVersion) parties() []party {
	if v.people == nil {
		w := crowd{rng: v.randomness(partParties), tickets: v.tickets}
		v.people = w.parties(v.call)
	}
	return v.people
}

// Parts of a document that are drawn by themselves; sessions follow.
const (
	partHeader = iota
	partParties
	partSessions
)

// pen leaves out what has no value in most records, to keep them small.
func (v *callVersion) pen(dst []byte) *pen { return &pen{dst: dst, sparse: v.seed%4 > 0} }

// appendHeader writes nothing but what the list shows as well.
func (v *callVersion) appendHeader(dst []byte, metadata string) []byte {
	p, kind := v.pen(dst), "groupCall"
	if v.kind.direct() {
		kind = "peerToPeer"
	}
	if v.seed>>8%100 == 0 {
		kind = "unknown"
	}
	id := v.id()
	p.text("id", id)
	p.int("version", int64(v.telemetry+v.ratings))
	p.text("type", kind)
	p.texts("modalities", v.modalities())
	p.time("lastModifiedDateTime", v.modified)
	p.time("startDateTime", v.start)
	p.time("endDateTime", v.end)
	p.text("joinWebUrl", v.joinURL(id))
	if metadata != "" {
		p.text("organizer_v2@odata.context", metadata+"('"+id+"')/organizer_v2/$entity")
	}
	p.name("organizer_v2")
	p.participant(v.organizing())
	return p.dst
}

// organizing is who began the call, and of a queue in whose name it answers.
func (v *callVersion) organizing() *party {
	if v.kind.queue() {
		return &v.parties()[1]
	}
	return &v.parties()[0]
}

// joinURL is there for meetings alone.
func (v *callVersion) joinURL(id string) string {
	if v.kind != meeting && v.kind != conference {
		return ""
	}
	return "https://teams.example.invalid/l/meetup-join/19%3ameeting_" + id + "%40thread.v2/0"
}

func (v *callVersion) relation(name string) relation {
	if name == participants {
		return relation{size: v.participants, element: func(dst []byte, i int, _ bool) []byte {
			p := v.pen(dst)
			p.participant(&v.parties()[i])
			return p.dst
		}}
	}
	return relation{size: v.sessions, element: func(dst []byte, i int, expanded bool) []byte {
		p := v.pen(dst)
		s := v.session(i)
		p.session(&s, expanded)
		return p.dst
	}}
}
