package graphsim

import (
	"math/rand/v2"

	"github.com/cespare/xxhash/v2"
)

// machine is what somebody calls with. What comes first is most common.
type machine struct {
	platform, agent, cpu string
	cores, mhz           int64
	weight               int
}

var machines = []machine{
	{"windows", "Windows NT 10.0; Win64; x64", "13th Gen Intel(R) Core(TM) i7-1355U", 12, 2600, 40},
	{"windows", "Windows NT 10.0; Win64; x64", "AMD Ryzen 7 PRO 7840U w/ Radeon 780M Graphics", 16, 3300, 18},
	{"macOS", "Macintosh; Intel Mac OS X 10_15_7", "Apple M2", 8, 3490, 14},
	{"iOS", "iOS 18.5", "", 0, 0, 9},
	{"android", "Android 15", "", 0, 0, 8},
	{"web", "Mozilla/5.0 (X11; Linux x86_64)", "", 0, 0, 4},
	{"ipPhone", "IPPHONE/1449/1.0.94", "", 0, 0, 3},
	{"roomSystem", "MTR; Windows NT 10.0", "Intel(R) Core(TM) i5-10500T CPU @ 2.30GHz", 6, 2300, 3},
	{"visionOS", "visionOS 3.0", "", 0, 0, 1}, // is not among the published members
}

// machineOf is the party's own, or now and then another.
func (e *side) machineOf() *machine {
	rng := rand.New(rand.NewPCG(xxhash.Sum64String(e.party.id), 0))
	if e.seed%5 == 0 {
		rng = rand.New(rand.NewPCG(e.seed, 0))
	}
	n := rng.IntN(100)
	for i := range machines {
		if n -= machines[i].weight; n < 0 {
			return &machines[i]
		}
	}
	panic("unreachable: the weights make up 100")
}

// endpoint writes an end of a session, or, without details, of a segment.
func (p *pen) endpoint(s *session, e *side, detailed bool) {
	if e.party == nil {
		p.text("@odata.type", "#microsoft.graph.callRecords.serviceEndpoint")
		p.object("userAgent", func() { p.service(e.role) })
		return
	}
	p.text("@odata.type", "#microsoft.graph.callRecords.participantEndpoint")
	if e.party.quiet() {
		p.null("name", "cpuName", "cpuCoresCount", "cpuProcessorSpeedInMhz", "feedback")
		p.object("userAgent", func() { p.service("mediationServer") })
	} else {
		p.client(s, e, detailed)
	}
	kind := "#microsoft.graph.identity"
	if e.party.key == "user" {
		kind = "#microsoft.graph.callRecords.userIdentity"
	}
	p.object("associatedIdentity", func() { p.identity(e.party, kind) })
}

func (p *pen) service(role string) {
	p.text("@odata.type", "#microsoft.graph.callRecords.serviceUserAgent")
	p.null("headerValue", "applicationVersion")
	p.text("role", role)
}

// client writes nothing of a machine as long as nothing is known of it.
func (p *pen) client(s *session, e *side, detailed bool) {
	m := e.machineOf()
	if detailed && e.known <= s.telemetry && m.cpu != "" {
		p.text("name", machineName(e.party.id))
		p.text("cpuName", m.cpu)
		p.int("cpuCoresCount", m.cores)
		p.int("cpuProcessorSpeedInMhz", m.mhz)
	} else {
		p.null("name", "cpuName", "cpuCoresCount", "cpuProcessorSpeedInMhz")
	}
	if detailed {
		p.feedback(s, e)
	} else {
		p.null("feedback")
	}
	p.object("userAgent", func() { p.userAgent(s, e, m) })
}

func machineName(owner string) string {
	h := xxhash.Sum64String(owner)
	return string(appendPadded([]byte("PC-"), h%1_000_000, 6))
}

func (p *pen) userAgent(s *session, e *side, m *machine) {
	p.text("@odata.type", "#microsoft.graph.callRecords.clientUserAgent")
	family, service, app := "teams", "", ""
	if e.party.key == "acsUser" {
		family, service, app = "azureCommunicationServices", elsewhere, acsApp
	}
	if e.known == neverKnown {
		p.raw("headerValue", `""`)
		p.null("applicationVersion")
		p.text("platform", "unknown")
	} else {
		version := string(appendPadded([]byte("1.0.0."), 2026*1_000_000+xxhash.Sum64String(m.agent)%1_000_000, 10))
		p.text("headerValue", "CallSignalingAgent (27/"+version+"//; "+m.agent+")")
		p.text("applicationVersion", version)
		p.text("platform", m.platform)
	}
	p.text("productFamily", family)
	p.text("communicationServiceId", service)
	p.text("azureADAppId", app)
}

var (
	ratings       = []string{"excellent", "good", "fair", "poor", "bad", "notRated"}
	ratingTexts   = []string{"", "", "", "Could not hear the others", "The picture froze", "Fine"}
	ratingReasons = []string{
		"NoSound",
		"OtherNoSound",
		"Echo",
		"Noisy",
		"LowVolume",
		"Stopped",
		"DistortedSound",
		"Interruptions",
	}
)

// feedback is asked for after some calls. That of a raised version is of
// whoever began the call.
func (p *pen) feedback(s *session, e *side) {
	rng := rand.New(rand.NewPCG(e.seed, ofFeedback))
	rating, given := min(int(rng.ExpFloat64()*1.5), len(ratings)-1), rng.IntN(12) == 0
	if s.ratings > 0 && s.first && e == &s.caller {
		rating, given = s.ratings%len(ratings), true
	}
	if !given {
		p.null("feedback")
		return
	}
	p.object("feedback", func() {
		p.text("rating", ratings[rating])
		p.text("text", ratingTexts[rng.IntN(len(ratingTexts))])
		p.object("tokens", func() {
			for _, reason := range ratingReasons {
				p.bool(reason, rating > 1 && rng.IntN(4) == 0)
			}
		})
	})
}
