package graphsim

// directRouting are the calls over the company's own border controllers.
type directRouting struct{ *company }

func (l directRouting) volume(d int64) int {
	return l.company.volume(d, l.perDay/2) + len(l.planted(d))
}

func (l directRouting) generate(d int64) []record {
	t := directTraffic{draw: newDraw(l.randomness("direct routing", d), d, l.tickets), stories: &l.stories}
	rows := make([]directCall, 0, l.volume(d))
	for range l.company.volume(d, l.perDay/2) {
		rows = append(rows, t.next())
	}
	return records(append(rows, l.planted(d)...))
}

// directKind is a call type. Graph spells them its own way, and now and then
// in the way of the admin portal.
type directKind struct {
	name      string
	weight    int
	outbound  bool
	bot       bool // an auto attendant or queue: no user is named
	later     bool // a leg of the call before it
	transfer  bool // a call of its own that points to the one before it
	emergency bool
}

var directKinds = []directKind{
	{name: "ByotIn", weight: 38},
	{name: "ByotOut", weight: 39, outbound: true},
	{name: "ByotInUcap", weight: 7, bot: true},
	{name: "ByotOutUserForwarding", weight: 4, outbound: true, later: true},
	{name: "ByotOutUserTransfer", weight: 3, outbound: true, transfer: true},
	{name: "ByotOutUserConf", weight: 2, outbound: true, later: true},
	{name: "dr_in", weight: 2},
	{name: "Dr_In", weight: 1},
	{name: "dr_out", weight: 2, outbound: true},
	{name: "dr_out_ucap", weight: 1, outbound: true, bot: true},
	{name: "dr_emergency_out", weight: 1, outbound: true, emergency: true},
}

// directTraffic makes up the calls of one UTC day, one after the other.
type directTraffic struct {
	draw
	stories *stories
	last    directCall
}

func (t *directTraffic) next() directCall {
	c := directCall{kind: t.kind(), event: event{id: newGUID(t.rng)}, correlation: newGUID(t.rng)}
	c.detail = uint8(t.rng.Uint32())
	c.spare = t.rng.IntN(3) == 0
	t.begin(&c)
	t.end(&c)
	c.ready, c.final = t.life(c.duration + int32(c.setup/second))
	t.last = c
	return c
}

func (t *directTraffic) kind() *directKind {
	n := t.rng.IntN(100)
	for i := range directKinds {
		if n -= directKinds[i].weight; n < 0 {
			return &directKinds[i]
		}
	}
	panic("unreachable: the weights make up 100")
}

// begin decides who calls and when.
func (t *directTraffic) begin(c *directCall) {
	last := &t.last
	switch {
	case last.kind != nil && last.kind.outbound && !last.spare && last.ending.code >= 500 && t.rng.IntN(2) == 0:
		// Tried again.
		c.kind, c.user, c.other, c.correlation = last.kind, last.user, last.other, last.correlation
		c.transferor, c.spare = last.transferor, true
		c.start = t.soonAfter(last.start)
		return
	case last.kind != nil && c.kind.later:
		c.user, c.correlation, c.start = last.user, last.correlation, t.soonAfter(last.start)
	case last.kind != nil && c.kind.transfer:
		c.user, c.transferor, c.start = last.user, last.correlation, t.soonAfter(last.start)
	default:
		c.user, c.start = t.someone()
	}
	c.other = t.otherParty(c.user.site.country, c.kind.outbound)
}

// end decides what becomes of a call. An outbound call starts when it is
// answered, an inbound one when the service passes it on.
func (t *directTraffic) end(c *directCall) {
	c.setup = second/20 + t.rng.Int64N(second)
	switch {
	case t.stories.outOfOrder(c.user, c.spare, c.start):
		c.ending = t.ending(outages)
	case t.rng.IntN(100) < 88:
		c.ending = answered
		c.duration = max(t.duration(false), 1)
	case c.kind.outbound:
		c.ending = t.ending(failuresOut)
	default:
		c.ending = t.ending(failuresIn)
	}
	if c.ending.code < 500 && (c.kind.outbound || c.ending != answered) {
		c.setup += t.rng.Int64N(25 * second) // it rings
	}
}
