package graphsim

import (
	"strconv"
	"time"

	"github.com/cespare/xxhash/v2"
)

const unknownSpeed = 1<<32 - 1

// connection is the same in all calls of a party.
func (e *side) connection() string {
	switch n := xxhash.Sum64String(e.party.id) % 100; {
	case n < 52:
		return "wifi"
	case n < 88:
		return "wired"
	case n < 94:
		return "mobile"
	case n < 98:
		return "tunnel"
	}
	return "unknownFutureValue"
}

func (p *pen) network(name string, s *session, e *side, modality string) {
	switch {
	case e.party == nil && modality != "audio":
		p.null(name)
	case e.party == nil:
		p.object(name, func() { p.serviceNetwork(e) })
	case e.measured(s):
		p.object(name, func() { p.clientNetwork(e) })
	case e.seed%2 == 0 && !e.party.quiet():
		p.object(name, p.unknownNetwork)
	default:
		p.null(name)
	}
}

// unknownNetwork is what a client leaves that never said anything.
func (p *pen) unknownNetwork() {
	p.null("ipAddress", "subnet", "linkSpeed", "macAddress", "port", "reflexiveIPAddress", "relayIPAddress",
		"relayPort", "dnsSuffix")
	p.text("connectionType", "unknown")
	p.text("networkTransportProtocol", "unknown")
	p.noWifi()
	p.array("traceRouteHops", 0, nil)
	p.null("sentQualityEventRatio", "receivedQualityEventRatio", "delayEventRatio", "bandwidthLowEventRatio")
}

func (p *pen) serviceNetwork(e *side) {
	p.address("ipAddress", "198.51.100.", e.seed)
	p.null("subnet")
	p.int("linkSpeed", unknownSpeed)
	p.text("connectionType", "wired")
	p.text("networkTransportProtocol", "udp")
	p.int("port", 3479+int64(e.seed%3))
	p.text("macAddress", "00-00-00-00-00-00-00-00")
	p.null("reflexiveIPAddress", "relayIPAddress", "relayPort", "dnsSuffix")
	p.noWifi()
	p.array("traceRouteHops", 0, nil)
	p.null("sentQualityEventRatio", "receivedQualityEventRatio", "delayEventRatio", "bandwidthLowEventRatio")
}

func (p *pen) clientNetwork(e *side) {
	d, connection := e.dice(ofNetwork), e.connection()
	d.trouble *= 1 + e.strain
	p.location(e)
	p.int("linkSpeed", linkSpeed(d, connection))
	p.text("connectionType", connection)
	p.text("networkTransportProtocol", transport(d.IntN(100)))
	p.int("port", 50_000+d.Int64N(60))
	p.address("relayIPAddress", "198.51.100.", d.Uint64())
	p.int("relayPort", 3478+d.Int64N(4))
	p.macAddress("macAddress", e, 0)
	if connection == "wifi" {
		p.wifi(e, d)
	} else {
		p.noWifi()
	}
	p.traceRoute(d)
	for _, name := range []string{
		"sentQualityEventRatio", "receivedQualityEventRatio", "delayEventRatio", "bandwidthLowEventRatio",
	} {
		p.number(name, d.ratio(0.02))
	}
}

// transport is rarely one that is not among the published members.
func transport(n int) string {
	switch {
	case n < 90:
		return "udp"
	case n < 98:
		return "tcp"
	}
	return "quic"
}

// location of a colleague is an office, of anybody else their home.
func (p *pen) location(e *side) {
	h := xxhash.Sum64String(e.party.id)
	if e.party.user == nil {
		p.address("ipAddress", "192.168.178.", h)
		p.text("subnet", "192.168.178.0")
		p.address("reflexiveIPAddress", "192.0.2.", h)
		p.raw("dnsSuffix", `""`)
		return
	}
	site, subnet := e.party.user.site, e.party.user.floor
	p.address("ipAddress", subnet, h)
	p.text("subnet", subnet+"0")
	p.address("reflexiveIPAddress", "203.0.113.", uint64(site.network))
	p.text("dnsSuffix", site.city+".contoso.example")
}

// address writes one of a subnet.
func (p *pen) address(name, subnet string, n uint64) {
	p.text(name, subnet+strconv.FormatUint(1+n%254, 10))
}

func linkSpeed(d dice, connection string) int64 {
	switch {
	case d.IntN(20) == 0:
		return unknownSpeed
	case connection == "wifi":
		return []int64{54_000_000, 144_400_000, 433_300_000, 866_700_000, 1_200_000_000}[d.IntN(5)]
	case connection == "mobile":
		return 10_000_000
	}
	return 1_000_000_000
}

// macAddress is hidden by some clients, each in its own way.
func (p *pen) macAddress(name string, e *side, nth uint64) {
	h := xxhash.Sum64String(e.party.id) + nth
	switch h % 10 {
	case 0:
		p.text(name, "02:00:00:00:00:00")
	case 1:
		p.text(name, "00-00-00-00-00-00")
	default:
		p.text(name, "00-00-5E-00-53-"+string("0123456789ABCDEF"[h>>16%16])+string("0123456789ABCDEF"[h>>20%16]))
	}
}

var wifiMembers = []string{"basicServiceSetIdentifier", "wifiBatteryCharge", "wifiChannel", "wifiSignalStrength",
	"wifiMicrosoftDriver", "wifiMicrosoftDriverVersion", "wifiVendorDriver", "wifiVendorDriverVersion"}

func (p *pen) noWifi() {
	p.text("wifiBand", "unknown")
	p.text("wifiRadioType", "unknown")
	p.null(wifiMembers...)
}

func (p *pen) wifi(e *side, d dice) {
	band := []string{"frequency24GHz", "frequency50GHz", "frequency50GHz", "frequency60GHz"}[d.IntN(4)]
	p.text("wifiBand", band)
	// The last is not among the published members.
	radio := []string{"wifi80211n", "wifi80211ac", "wifi80211ax", "wifi80211be"}[min(d.IntN(20)/6, 3)]
	p.text("wifiRadioType", radio)
	p.macAddress("basicServiceSetIdentifier", e, 2)
	p.int("wifiBatteryCharge", d.Int64N(101))
	p.int("wifiChannel", 1+d.Int64N(165))
	p.int("wifiSignalStrength", 99-min(int64(d.trouble*8), 80)+d.Int64N(2))
	p.text("wifiMicrosoftDriver", "Microsoft Virtual WiFi Miniport Adapter")
	p.text("wifiMicrosoftDriverVersion", "Microsoft:10.0.26100.1")
	p.text("wifiVendorDriver", "Example(R) Wi-Fi 6E AX211 160MHz")
	p.text("wifiVendorDriverVersion", "Example:23.60.1.2")
}

// traceRoute is empty unless support has it recorded.
func (p *pen) traceRoute(d dice) {
	hops := 0
	if d.IntN(80) == 0 {
		hops = 3 + d.IntN(6)
	}
	p.array("traceRouteHops", hops, func(i int) {
		p.element(func() {
			p.int("hopCount", int64(i+1))
			p.address("ipAddress", "192.0.2.", uint64(i)*37)
			p.duration("roundTripTime", d.duration(4*time.Millisecond))
		})
	})
}
