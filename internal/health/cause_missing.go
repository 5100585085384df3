package health

import (
	"fmt"
	"time"

	"ingestd/internal/schedule"
)

// What is said of what is parked, rejected and lost.

func parkedText(g *group) string {
	slots, records := time.Duration(0), 0
	for _, e := range g.endpoints {
		slots += time.Duration(e.stand.ParkedSlots) * e.Policy.Slot
		records += e.records().Parked
	}
	if g.code == RecordsParked {
		return Count(records, "call record cannot be read", "call records cannot be read")
	}
	return Remaining(slots) + " of " + g.things() + " cannot be read"
}

func parkedWhy(g *group) string {
	text := "what is parked failed again and again"
	if g.since != nil {
		text += " since " + Moment(*g.since, g.now)
	}
	return text + ", and is tried once a day"
}

func parkedSteps(g *group) []Step {
	return steps("lists them with tries and request-ids, for a case with Microsoft", "ingestd gaps --wide%tenant")(g)
}

func rejectsText(g *group) string {
	n := 0
	for _, e := range g.endpoints {
		n += e.Standing.Rejects.Open
	}
	return Count(n, "element could only be kept raw", "elements could only be kept raw")
}

// lostText is how much is lost.
func lostText(g *group) string {
	span, records := time.Duration(0), 0
	for _, e := range g.endpoints {
		span += e.length(schedule.Lost)
		records += e.records().Lost
	}
	whose := g.things()
	if g.tenant != nil {
		whose = g.tenant.Name + "'s " + whose
	}
	switch {
	case span == 0:
		return Number(records) + " of " + whose + verb(records == 1)
	case records == 0:
		return Remaining(span) + " of " + whose + " are lost"
	}
	return fmt.Sprintf("%s of %s and %s more are lost", Remaining(span), whose, Number(records))
}

func verb(one bool) string {
	if one {
		return " is lost"
	}
	return " are lost"
}

// things are what the group's endpoints hold, in words.
func (g *group) things() string {
	if len(g.endpoints) == 1 {
		return Things(g.endpoints[0].Endpoint.Name)
	}
	return "data"
}
