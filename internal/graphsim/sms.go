package graphsim

import "strconv"

// smsLog are short messages to and from users.
type smsLog struct{ *company }

func (l smsLog) volume(d int64) int { return l.company.volume(d, l.perDay/10) }

func (l smsLog) generate(d int64) []record {
	w := newDraw(l.randomness("sms", d), d, l.tickets)
	rows := make([]sms, l.volume(d))
	for i := range rows {
		rows[i] = newSMS(&w)
		if i > 0 && rows[i-1].outbound && w.rng.IntN(4) == 0 {
			rows[i].sameAs(&rows[i-1], &w)
		}
	}
	return records(rows)
}

// sms is a row of the SMS log.
type sms struct {
	event
	message  guid  // behind smsId: what goes to several numbers shares it
	early    int64 // ticks the message was sent before the start that windows apply to
	outbound bool
	units    uint8
	user     *user
	other    number
	detail   uint8 // random: decides between variants of a member
}

// newSMS makes up a message. A few turn up in the log under a much later time
// than they were sent.
func newSMS(w *draw) sms {
	m := sms{
		event:    event{id: newGUID(w.rng)},
		message:  newGUID(w.rng),
		outbound: w.rng.IntN(3) == 0,
		detail:   uint8(w.rng.Uint32()),
	}
	m.user, m.start = w.someone()
	m.other = w.otherParty(m.user.site.country, m.outbound)
	m.units = uint8(1 + w.rng.IntN(2)*w.rng.IntN(3))
	if w.rng.IntN(40) == 0 {
		m.early = day + w.rng.Int64N(30*day)
	}
	m.ready, m.final = w.life(0)
	return m
}

// sameAs makes it the message before, to another number.
func (m *sms) sameAs(before *sms, w *draw) {
	m.message, m.user, m.outbound, m.units = before.message, before.user, true, before.units
	m.early, m.start = before.early, w.soonAfter(before.start)
	m.other = w.otherParty(m.user.site.country, true)
}

func (m *sms) international() bool { return m.other.country != m.user.site.country }

// price is what the company pays for sending, in thousandths.
func (m *sms) price() int64 {
	rate := int64(8)
	switch {
	case !m.outbound:
		return 0
	case m.international():
		rate = 45
	}
	return int64(m.units) * rate * m.user.site.currency.rate / 1000
}

// appendJSON leaves the id out of some rows, and null in others.
func (m *sms) appendJSON(dst []byte, f form) []byte {
	dst = append(dst, '{')
	switch m.detail % 8 {
	case 0:
	case 1:
		dst = append(dst, `"id":null,`...)
	default:
		dst = append(m.id.appendTo(append(dst, `"id":"`...)), `",`...)
	}
	dst = append(m.message.appendTo(append(dst, `"smsId":"`...)), `",`...)
	dst = append(dst, m.user.json...)
	dst = appendText(dst, "userCountryCode", m.user.site.country.code)
	dst = appendText(dst, "tenantCountryCode", home.code)
	dst = m.appendNumbers(dst)
	dst = append(appendTime(append(dst, `,"sentDateTime":"`...), m.start-m.early), '"')
	dst = m.appendPrice(dst, f)
	dst = appendText(dst, "otherPartyCountryCode", m.other.country.code)
	dst = strconv.AppendUint(append(dst, `,"smsUnits":`...), uint64(m.units), 10)
	dst = append(append(dst, ','), m.user.units...)
	return append(dst, '}')
}

func (m *sms) appendNumbers(dst []byte) []byte {
	ours, theirs := `,"destinationNumber":"`, `","sourceNumber":"`
	if m.outbound {
		ours, theirs = `,"sourceNumber":"`, `","destinationNumber":"`
	}
	dst = append(append(append(dst, ours...), m.user.number...), theirs...)
	return append(m.other.appendTo(dst, m.user.site.country.hidden), '"')
}

func (m *sms) appendPrice(dst []byte, f form) []byte {
	kind, context, destination := "sms_in", "Domestic", m.user.site.country
	if m.outbound {
		kind, destination = "sms_out", m.other.country
	}
	if m.international() {
		context = "International"
	}
	charge, currency, licence := m.price(), m.user.site.currency.code, "MCOSMS1"
	if !f.priced {
		charge, currency, licence = 0, "", ""
	}
	if f.changed {
		charge += 10
	}
	dst = appendMoney(append(dst, `,"callCharge":`...), charge)
	dst = appendText(dst, "currency", currency)
	dst = appendText(dst, "smsType", kind)
	dst = appendText(dst, "destinationContext", context)
	dst = appendText(dst, "destinationName", destination.name)
	return appendText(dst, "licenseCapability", licence)
}
