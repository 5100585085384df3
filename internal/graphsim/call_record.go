package graphsim

import (
	"iter"
	"slices"
	"time"
)

// document is a call record of one version.
type document interface {
	id() string
	startTicks() int64
	// appendHeader writes the members that belong to the record itself. The
	// root is that of its annotations; without one there are none.
	appendHeader(dst []byte, root string) []byte
	relation(name string) relation
	// has reports whether somebody takes part, by the id as a participant.
	has(participant string) bool
}

// The relationships of a record that can be expanded, and what a page of each
// holds at most.
const (
	sessions     = "sessions"
	participants = "participants_v2"
)

var relationSizes = map[string]int{sessions: 60, participants: 130}

// relation is what a record is related to. Only what was given by a test may
// be absent or, verbatim, something else than an array.
type relation struct {
	absent   bool
	verbatim []byte
	size     int
	element  func(dst []byte, i int, expanded bool) []byte
}

// CallRecords yields every call record that the list shows now with a start
// in the span, both ends included: the whole document at the version listed,
// with sessions, their segments and participants_v2 in one object.
func (s *Server) CallRecords(from, to time.Time) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for _, d := range s.records.listed(s.window("", from, to)) {
			if !yield(whole(d)) {
				return
			}
		}
	}
}

// CallRecord is one of CallRecords.
func (s *Server) CallRecord(id string) ([]byte, bool) {
	d := s.records.find(id, ticks(s.now()), false)
	if d == nil {
		return nil, false
	}
	return whole(d), true
}

func whole(d document) []byte {
	if v, given := d.(*givenVersion); given {
		return slices.Clone(v.json)
	}
	dst := d.appendHeader([]byte("{"), "")
	for _, name := range []string{sessions, participants} {
		r := d.relation(name)
		dst = array{
			relation: name,
		}.appendTo(dst, r.size, func(dst []byte, i int) []byte { return r.element(dst, i, true) })
	}
	return append(dst, '}')
}
