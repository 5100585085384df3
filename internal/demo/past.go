package demo

import (
	"fmt"
	"iter"
	"net/http"
	"time"

	"ingestd/internal/graphsim"
)

// In trouble the first two tenants have these parts.
const contoso, fabrikam = 0, 1

const day = 24 * time.Hour

// How long ago things happened, as the picture of a bad day wants them.
const (
	lostAgo   = 32 * day             // Graph failed at four hours of contoso's calls and never served them
	deniedAgo = 27*day + 5*time.Hour // somebody took fabrikam's permission for call records away
	pausedAgo = 23 * day             // contoso's log of blocked users was switched off
	parkedAgo = 12 * day             // Graph fails at an hour of contoso's calls
	offAgo    = 5 * day              // contoso's call records were last read
	downAgo   = 2 * day              // three of fabrikam's logs stopped to answer
	lateAgo   = 90 * time.Minute     // contoso's text messages stopped to answer
)

// makeTrouble arranges for what goes wrong at Graph, then and now, and for what
// the configuration says since.
func (s *Stage) makeTrouble() {
	now := time.Now().UTC()
	c, f := s.tenants[contoso], s.tenants[fabrikam]
	c.graph.SetFaults(contosoFaults(now))
	f.graph.SetFaults(func(r graphsim.Request) graphsim.Fault {
		switch r.Operation {
		case "getSmsLog", "getPstnBlockedUsersLog", "getPstnOnlineMeetingDialoutReport":
			if r.Now.After(now.Add(-downAgo)) {
				return graphsim.Fault{Status: http.StatusServiceUnavailable}
			}
		}
		return graphsim.Fault{}
	})
	// Slow enough to be watched while it catches up.
	c.limits = "{call_records: 40/20s, list: 3/20s, record: 40/20s, logs: 200/60s, log_function: 50/60s}"
	c.endpoints = fmt.Sprintf(`{sms_messages: {schedule: "0 */6 * * *"}, pstn_blocked_users_log: {enabled: false}, `+
		`dialout_report: {start_from: %s}}`, now.Format(time.DateOnly))
}

// contosoFaults are what Graph does to contoso.
func contosoFaults(now time.Time) func(graphsim.Request) graphsim.Fault {
	hour := now.Truncate(time.Hour)
	unreadable := []time.Time{hour.Add(-parkedAgo)}
	for i := range 4 {
		unreadable = append(unreadable, hour.Add(-lostAgo+time.Duration(i)*time.Hour))
	}
	return func(r graphsim.Request) graphsim.Fault {
		switch r.Operation {
		case "listCallRecords":
			for _, at := range unreadable {
				if !at.Before(r.From) && at.Before(r.To) {
					return graphsim.Fault{Status: http.StatusInternalServerError}
				}
			}
		case "getSmsLog":
			if r.Now.After(now.Add(-lateAgo)) {
				return graphsim.Fault{Status: http.StatusInternalServerError}
			}
		}
		return graphsim.Fault{}
	}
}

// A Reading is what was read at a time.
type Reading struct {
	Tenant    string
	Endpoints []string
}

// Past plays what went before, if there was trouble: it sets the clock of Graph
// and of Now back and says what was read then; the reader is to read it before
// it asks for the next. At the end the clock is the machine's again.
func (s *Stage) Past() iter.Seq[Reading] {
	return func(yield func(Reading) bool) {
		defer s.clock.set(0)
		if !s.trouble {
			return
		}
		for _, p := range past {
			s.clock.set(p.ago)
			t := s.tenants[p.tenant]
			t.graph.SetDenied(p.tenant == fabrikam && p.ago < deniedAgo, "callRecords")
			if !yield(Reading{t.name, p.endpoints}) {
				return
			}
		}
	}
}

// Now and After are the clock of the stage, which is the machine's but for the
// past, where nobody waits.
func (s *Stage) Now() time.Time { return s.clock.Now() }

// After returns a channel on which the time is sent once d has passed.
func (s *Stage) After(d time.Duration) <-chan time.Time { return s.clock.After(d) }

var past = []struct {
	ago       time.Duration
	tenant    int
	endpoints []string
}{
	{31 * day, contoso, records},
	{deniedAgo, fabrikam, records},
	{deniedAgo - time.Hour, fabrikam, records},
	{pausedAgo, contoso, []string{"pstn_blocked_users_log"}},
	{14 * day, fabrikam, records},
	// What fails at three runs in a row is parked.
	{offAgo + 12*time.Hour, contoso, records},
	{offAgo + 6*time.Hour, contoso, records},
	{offAgo, contoso, records},
	{offAgo - 15*time.Minute, contoso, records},
	{downAgo + time.Hour, fabrikam, failing},
	// What fails three times in a row is down.
	{downAgo - 1*time.Hour, fabrikam, failing},
	{downAgo - 2*time.Hour, fabrikam, failing},
	{downAgo - 3*time.Hour, fabrikam, failing},
	{1 * day, fabrikam, records},
	{2 * time.Hour, contoso, []string{"pstn_calls", "direct_routing_calls", "sms_messages"}},
	{2 * time.Hour, fabrikam, []string{"pstn_calls", "direct_routing_calls"}},
	{1 * time.Hour, contoso, []string{"sms_messages"}},
}

var (
	records = []string{"call_records"}
	failing = []string{"sms_messages", "pstn_blocked_users_log", "dialout_report"}
)
