package graphsim

func (p *pen) session(s *session, segments bool) {
	p.element(func() {
		id := s.id.String()
		p.text("id", id)
		p.texts("modalities", s.modalities)
		p.time("startDateTime", s.start)
		p.time("endDateTime", s.end)
		p.bool("isTest", s.kind == testCall)
		p.failure(s.failure)
		p.object("caller", func() { p.endpoint(s, &s.caller, true) })
		p.object("callee", func() { p.endpoint(s, &s.callee, true) })
		if segments {
			legs := s.legs()
			p.array("segments", len(legs), func(i int) { p.segment(s, legs[i]) })
		}
	})
}

func (p *pen) failure(f *callFailure) {
	if f == nil {
		p.null("failureInfo")
		return
	}
	p.object("failureInfo", func() {
		p.text("stage", f.stage)
		p.raw("reason", string(quote(f.reason)))
	})
}

// leg is a segment: where the telephone network takes part, a part of the way
// between two services.
type leg struct {
	id             guid
	caller, callee side
	sip            bool
}

func (s *session) legs() []leg {
	whole := leg{s.id, s.caller, s.callee, false}
	ends := [2]*side{&s.caller, &s.callee}
	for i, end := range ends {
		if end.party == nil || end.party.key != "phone" {
			continue
		}
		rng := s.randomness(s.seed)
		mediation, gateway := side{
			role: "mediationServer",
			seed: rng.Uint64(),
		}, side{
			role: "gateway",
			seed: rng.Uint64(),
		}
		far := leg{newGUID(rng), gateway, *end, true}
		near := leg{s.id, *ends[1-i], mediation, false}
		if i == 0 {
			far.caller, far.callee = *end, gateway
			near.caller, near.callee = mediation, *ends[1]
		}
		return []leg{near, {newGUID(rng), mediation, gateway, true}, far}
	}
	return []leg{whole}
}

// segment repeats less about its ends than the session does.
func (p *pen) segment(s *session, l leg) {
	p.element(func() {
		p.text("id", l.id.String())
		p.time("startDateTime", s.start)
		p.time("endDateTime", s.end)
		p.failure(s.failure)
		p.object("caller", func() { p.endpoint(s, &l.caller, false) })
		p.object("callee", func() { p.endpoint(s, &l.callee, false) })
		if s.failure != nil && s.failure.stage == callSetup {
			p.array("media", 0, nil)
			return
		}
		p.array("media", len(s.modalities), func(i int) { p.media(s, &l, s.modalities[i]) })
	})
}
