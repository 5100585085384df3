package graphsim

import "strconv"

// pstnCall is a row of the PSTN log.
type pstnCall struct {
	event
	duration   int32 // seconds
	meeting    uint32
	kind       *kind
	chain      uint64 // behind callId: the legs of a call share it
	user       *user  // also where the row does not name them
	other      number
	charge     int64 // thousandths of the currency
	connection int64
	detail     uint8 // random: decides between variants of a member
}

// licence is the one the call was made with.
func (c *pstnCall) licence() licence {
	switch {
	case c.kind.personal:
		return c.user.licence
	case c.kind.meeting && c.detail%2 == 0:
		return licence{code: "MCOMEETADD", domestic: true}
	case c.kind.meeting:
		return licence{code: "MCOMEETACPEA"}
	}
	return licence{code: "MCOEV_VIRTUALUSER", domestic: true}
}

func (c *pstnCall) inventory() string {
	switch {
	case c.kind.personal:
		return "Subscriber"
	case c.detail%4 == 0:
		return "TollFree"
	}
	return "Service"
}

func (c *pstnCall) international() bool { return c.other.country != c.user.site.country }

// price returns charge and connection charge. Who calls pays, but for numbers
// that are free to call, and every minute begun counts.
func (c *pstnCall) price() (charge, connection int64) {
	const domestic, tollFree = 13, 20 // thousandths of a dollar a minute
	l, rate := c.licence(), int64(0)
	switch {
	case !c.kind.outbound && c.inventory() == "TollFree":
		rate = tollFree
	case !c.kind.outbound || c.duration == 0:
		return 0, 0
	case c.international() && !l.international:
		rate, connection = int64(c.other.country.rate), int64(c.other.country.connection)
	case !c.international() && !l.domestic:
		rate = domestic
	}
	exchange := c.user.site.currency.rate
	minutes := (int64(c.duration) + 59) / 60
	return minutes * rate * exchange / 1000, connection * exchange / 1000
}

const (
	noUser    = `"userId":null,"userPrincipalName":null,"userDisplayName":null`
	emptyUser = `"userId":"","userPrincipalName":"","userDisplayName":""`
	noUnits   = `"administrativeUnitInfos":[]`
	noClient  = `"clientLocalIpV4Address":null,"clientLocalIpV6Address":null,` +
		`"clientPublicIpV4Address":null,"clientPublicIpV6Address":null`
)

// appendJSON writes every member, null or not, as the service does. No text
// among them needs escaping but the users', which is done.
func (c *pstnCall) appendJSON(dst []byte, f form) []byte {
	dst = append(dst, `{"id":"`...)
	dst = c.id.appendTo(dst)
	dst = append(dst, `","callId":"`...)
	dst = c.appendCallID(dst)
	dst = append(dst, `",`...)
	dst = c.appendUser(dst)
	dst = append(dst, `,"startDateTime":"`...)
	dst = appendTime(dst, c.start)
	dst = append(dst, `","endDateTime":"`...)
	dst = appendTime(dst, c.start+int64(c.duration)*second)
	dst = append(dst, `","duration":`...)
	dst = strconv.AppendInt(dst, int64(c.duration), 10)
	dst = c.appendPrice(dst, f)
	dst = c.appendNumbers(dst)
	dst = c.appendDestination(dst)
	dst = c.appendService(dst, f)
	if f.beta {
		dst = c.appendBeta(dst)
	}
	return append(dst, '}')
}

func (c *pstnCall) appendCallID(dst []byte) []byte {
	dst = strconv.AppendUint(dst, c.chain>>32, 10)
	dst = append(dst, '_')
	dst = strconv.AppendUint(dst, c.chain&0x0fff_ffff, 10)
	dst = append(dst, "@203.0.113."...)
	return strconv.AppendUint(dst, c.chain>>28&0xff, 10)
}

func (c *pstnCall) appendUser(dst []byte) []byte {
	switch {
	case c.kind.personal || c.kind.meeting:
		return append(dst, c.user.json...)
	case c.detail%2 == 0:
		return append(dst, noUser...)
	}
	return append(dst, emptyUser...)
}

// bill is what a call is served to have cost.
func (c *pstnCall) bill(f form) (charge, connection int64, currency string) {
	if f.priced {
		charge, connection, currency = c.charge, c.connection, c.user.site.currency.code
	}
	if f.changed {
		charge += 10
	}
	return charge, connection, currency
}

func (c *pstnCall) appendPrice(dst []byte, f form) []byte {
	charge, connection, currency := c.bill(f)
	dst = append(dst, `,"charge":`...)
	dst = appendMoney(dst, charge)
	dst = append(dst, `,"connectionCharge":`...)
	dst = appendMoney(dst, connection)
	return appendText(dst, "currency", currency)
}

// appendNumbers hides the other party's last digits where the law of the
// user's country wants it.
func (c *pstnCall) appendNumbers(dst []byte) []byte {
	own := c.user.site.service
	if c.kind.personal {
		own = c.user.number
	}
	ours, theirs := `,"calleeNumber":"`, `","callerNumber":"`
	if c.kind.outbound {
		ours, theirs = `,"callerNumber":"`, `","calleeNumber":"`
	}
	dst = append(append(append(dst, ours...), own...), theirs...)
	dst = c.other.appendTo(dst, c.user.site.country.hidden)
	return append(dst, '"')
}

// context is null on inbound calls, whose destination is the user's country.
func (c *pstnCall) context() string {
	switch {
	case !c.kind.outbound:
		return ""
	case c.international():
		return "International"
	}
	return "Domestic"
}

func (c *pstnCall) appendDestination(dst []byte) []byte {
	name := c.user.site.country.name
	if c.kind.outbound {
		name = c.other.country.name
	}
	dst = appendText(dst, "destinationContext", c.context())
	return appendText(dst, "destinationName", name)
}

func (c *pstnCall) appendService(dst []byte, f form) []byte {
	operator, source, licence := "Microsoft", "microsoft", c.licence().code
	if c.kind.personal && c.user.operator != operator {
		operator, source = c.user.operator, "operator"
	}
	if !f.priced {
		licence = ""
	}
	dst = append(dst, `,"conferenceId":`...)
	if c.kind.meeting {
		dst = append(dst, '"')
		dst = strconv.AppendUint(dst, uint64(c.meeting), 10)
		dst = append(dst, '"')
	} else {
		dst = append(dst, "null"...)
	}
	dst = appendText(dst, "callType", c.kind.name)
	dst = appendText(dst, "usageCountryCode", c.user.site.country.code)
	dst = appendText(dst, "tenantCountryCode", home.code)
	dst = appendText(dst, "licenseCapability", licence)
	dst = appendText(dst, "inventoryType", c.inventory())
	dst = appendText(dst, "operator", operator)
	return appendText(dst, "callDurationSource", source)
}

func (c *pstnCall) appendBeta(dst []byte) []byte {
	dst = appendText(dst, "otherPartyCountryCode", c.other.country.code)
	if !c.kind.personal {
		return append(dst, ","+noUnits+","+noClient...)
	}
	dst = append(append(dst, ','), c.user.units...)
	return append(append(dst, ','), c.user.client...)
}
