package web

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/health"
)

// An expiry is what would be deleted at one time.
type expiry struct{ Left, What, State, Urgent string }

// maxExpiries is how many times of loss are listed.
const maxExpiries = 4

// expiriesOf are the first losses if reading stopped now. What expires at the
// same time for the same reason is one line.
func expiriesOf(tenants []health.Tenant, now time.Time) []expiry {
	type member struct {
		tenant string
		health.Endpoint
	}
	var all []member
	for _, t := range tenants {
		for _, e := range t.Endpoints {
			if e.SafeUntil != nil && e.State != health.Removed {
				all = append(all, member{nameAmong(tenants, t), e})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b member) int { return a.SafeUntil.Compare(*b.SafeUntil) })
	var list []expiry
	var names [][2]string
	for _, m := range all {
		line := expiry{Left: health.Short(m.SafeUntil.Sub(now)), State: spaced(m.State)}
		if m.Running != nil && m.Running.InHand {
			line.State = "in hand"
		}
		line.Urgent = urgency(m.SafeUntil.Sub(now), line.State == "in hand")
		if n := len(list); n > 0 && list[n-1].Left == line.Left && list[n-1].State == line.State {
			names = append(names, [2]string{m.tenant, m.Name})
			list[n-1].What = together(names)
			continue
		}
		if len(list) == maxExpiries {
			break
		}
		names = [][2]string{{m.tenant, m.Name}}
		line.What = together(names)
		list = append(list, line)
	}
	return list
}

// nameAmong is a tenant's name where there are others to tell it from.
func nameAmong(tenants []health.Tenant, t health.Tenant) string {
	if len(tenants) == 1 {
		return ""
	}
	return t.Name
}

// together names several endpoints of tenants in a few words.
func together(names [][2]string) string {
	tenant, endpoint := names[0][0], names[0][1]
	oneTenant, oneEndpoint := true, true
	for _, n := range names[1:] {
		oneTenant = oneTenant && n[0] == tenant
		oneEndpoint = oneEndpoint && n[1] == endpoint
	}
	switch more := len(names) - 1; {
	case more == 0:
		return strings.TrimSpace(tenant + " " + endpoint)
	case oneEndpoint && more == 1:
		return endpoint + " of both tenants"
	case oneEndpoint:
		return fmt.Sprintf("%s of %d tenants", endpoint, more+1)
	case oneTenant:
		return strings.TrimSpace(fmt.Sprintf("%s %s and %d more", tenant, endpoint, more))
	default:
		return fmt.Sprintf("%s and %d more", endpoint, more)
	}
}

// A reading is what is read now, all runs together.
type reading struct {
	Note        string // which runs, since when; or that nothing is read
	What        string
	Left        string
	Done, Slots int
	Counts      string
	Rate        string
}

// readingOf adds up the runs at work. Without any it says when the next one is.
func readingOf(tenants []health.Tenant, now time.Time) reading {
	var names [][2]string
	var since time.Time
	var last, next *time.Time
	var records int64
	var rate float64
	var needed time.Duration
	var run int64
	r, known := reading{}, true
	for _, t := range tenants {
		for _, e := range t.Endpoints {
			last, next = health.Latest(last, e.LastSuccessAt), health.Earliest(next, e.NextDueAt)
			if e.Running == nil {
				continue
			}
			names = append(names, [2]string{nameAmong(tenants, t), e.Name})
			if since.IsZero() || e.Running.StartedAt.Before(since) {
				since, run = e.Running.StartedAt, e.Running.RunID
			}
			r.Done, r.Slots = r.Done+e.Running.SlotsDone, r.Slots+e.Running.Slots
			records, rate = records+e.Running.RecordsDone, rate+e.Running.Rate
			if e.Running.Left == nil {
				known = false
			} else {
				needed = max(needed, time.Duration(*e.Running.Left)*time.Second)
			}
		}
	}
	if len(names) == 0 {
		return idle(last, next, now)
	}
	r.What = together(names)
	r.Note = fmt.Sprintf("%d runs, since %s", len(names), moment(since, now))
	if len(names) == 1 {
		r.Note = fmt.Sprintf("run %d, since %s", run, moment(since, now))
	}
	if known {
		r.Left = health.ShortUp(needed) + " left"
	}
	units, things := unitsOf(names)
	r.Counts = fmt.Sprintf("%s of %s %s", health.Number(r.Done), health.Number(r.Slots), units)
	if records > 0 {
		r.Counts += " · " + health.Number(records) + " whole"
	}
	if rate > 0 {
		r.Rate = fmt.Sprintf("%.1f %s/s", rate, things)
	}
	return r
}

// unitsOf says what runs count: hours and records of call records, days and rows
// of the logs.
func unitsOf(names [][2]string) (units, things string) {
	records := 0
	for _, n := range names {
		if n[1] == fetch.CallRecords.Name {
			records++
		}
	}
	switch records {
	case 0:
		return "days", "rows"
	case len(names):
		return "hours", "records"
	}
	return "hours and days", "rows"
}

// idle is what is read now when nothing is.
func idle(last, next *time.Time, now time.Time) reading {
	r := reading{Note: "nothing"}
	if next != nil && next.After(now) {
		r.Note = "nothing; next in " + health.ShortUp(next.Sub(now))
	}
	if last != nil {
		ago := health.Short(max(0, now.Sub(*last)))
		r.What = fmt.Sprintf("Last read %s ago, at %s", ago, last.UTC().Format("15:04:05"))
		if now.Sub(*last) >= day {
			r.What = fmt.Sprintf("Last read %s ago, on %s", ago, moment(*last, now))
		}
	}
	return r
}
