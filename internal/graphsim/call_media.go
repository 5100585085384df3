package graphsim

// media writes nothing yet.
func (p *pen) media(s *session, l *leg, modality string) {
	p.element(func() {
		p.text("label", "main-"+modality)
		p.null("callerNetwork", "callerDevice", "calleeNetwork", "calleeDevice", "streams")
	})
}
