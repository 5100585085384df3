package graphsim

import "strconv"

// directCall is a row of the Direct Routing log.
type directCall struct {
	event
	kind        *directKind
	correlation guid
	transferor  guid // zero: none
	user        *user
	other       number
	spare       bool  // over the second trunk of the site, which has media bypass
	setup       int64 // ticks from the invitation to the answer, or to the failure
	duration    int32 // seconds after the answer
	ending      *ending
	detail      uint8 // random: decides between variants of a member
}

// never is the time of what did not happen.
const never = `"0001-01-01T00:00:00Z"`

// failedAtOnce reports whether a failed call is listed under the time of its
// failure instead of its invitation; the service does both.
func (c *directCall) failedAtOnce() bool { return c.detail%2 == 0 }

func (c *directCall) appendJSON(dst []byte, f form) []byte {
	dst = append(dst, `{"id":"`...)
	dst = c.id.appendTo(dst)
	dst = append(dst, `","correlationId":"`...)
	dst = c.correlation.appendTo(dst)
	dst = append(dst, `",`...)
	dst = c.appendUser(dst)
	dst = c.appendTimes(dst)
	dst = appendText(dst, "callType", c.kind.name)
	dst = append(dst, `,"successfulCall":`...)
	dst = strconv.AppendBool(dst, c.ending == answered)
	dst = c.appendNumbers(dst)
	dst = c.appendPath(dst, f)
	if f.beta {
		dst = c.appendBeta(dst)
	}
	return append(dst, '}')
}

func (c *directCall) appendUser(dst []byte) []byte {
	switch {
	case !c.kind.bot:
		return append(dst, c.user.json...)
	case c.detail%4 < 2:
		return append(dst, noUser...)
	}
	return append(dst, emptyUser...)
}

// appendTimes writes a time for either the failure or the end.
func (c *directCall) appendTimes(dst []byte) []byte {
	invite, failure := c.start-c.setup, c.start
	if c.ending != answered && !c.failedAtOnce() {
		invite, failure = c.start, c.start+c.setup
	}
	dst = append(appendTime(append(dst, `,"startDateTime":"`...), c.start), '"')
	dst = append(appendTime(append(dst, `,"inviteDateTime":"`...), invite), '"')
	if c.ending == answered {
		dst = append(dst, `,"failureDateTime":`+never+`,"endDateTime":"`...)
		dst = append(appendTime(dst, c.start+int64(c.duration)*second), '"')
	} else {
		dst = append(appendTime(append(dst, `,"failureDateTime":"`...), failure), '"')
		dst = append(dst, `,"endDateTime":`+never...)
	}
	return strconv.AppendInt(append(dst, `,"duration":`...), int64(c.duration), 10)
}

func (c *directCall) appendNumbers(dst []byte) []byte {
	own := c.user.number
	if c.kind.bot {
		own = c.user.site.service
	}
	ours, theirs := `,"calleeNumber":"`, `","callerNumber":"`
	if c.kind.outbound {
		ours, theirs = `,"callerNumber":"`, `","calleeNumber":"`
	}
	dst = append(append(append(dst, ours...), own...), theirs...)
	if c.kind.emergency {
		return append(dst, `112"`...)
	}
	return append(c.other.appendTo(dst, c.user.site.country.hidden), '"')
}

// appendPath writes what lies between the user and the other party. With media
// bypass no data centre is on the path of the media.
func (c *directCall) appendPath(dst []byte, f form) []byte {
	media, signaling, trunk := c.user.site.centre, c.user.site.centre, "sbc1."
	if c.spare {
		media, trunk = "", "sbc2."
	}
	switch {
	case f.changed:
		signaling = "APSE"
	case c.detail%8 == 0:
		signaling = "EUNO"
	}
	dst = appendText(dst, "mediaPathLocation", media)
	dst = appendText(dst, "signalingLocation", signaling)
	dst = strconv.AppendInt(append(dst, `,"finalSipCode":`...), int64(c.ending.code), 10)
	dst = strconv.AppendInt(append(dst, `,"callEndSubReason":`...), int64(c.ending.subcode), 10)
	dst = appendText(dst, "finalSipCodePhrase", c.ending.phrase)
	dst = append(append(append(dst, `,"trunkFullyQualifiedDomainName":"`...), trunk...), c.user.site.city...)
	dst = append(dst, `.contoso.example","mediaBypassEnabled":`...)
	return strconv.AppendBool(dst, c.spare)
}

func (c *directCall) appendBeta(dst []byte) []byte {
	dst = appendText(dst, "userCountryCode", c.user.site.country.code)
	dst = appendText(dst, "otherPartyCountryCode", c.other.country.code)
	if c.transferor == (guid{}) {
		dst = appendText(dst, "transferorCorrelationId", "")
	} else {
		dst = append(c.transferor.appendTo(append(dst, `,"transferorCorrelationId":"`...)), '"')
	}
	dst = append(dst, ',')
	if c.kind.bot {
		return append(dst, noUnits...)
	}
	return append(dst, c.user.units...)
}
