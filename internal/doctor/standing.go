package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ingestd/internal/config"
	"ingestd/internal/fetch"
	"ingestd/internal/health"
)

// standing is how daemon and data stand by the ledger. A finding of the database
// may say that it cannot be asked.
func (s *Subject) standing(ctx context.Context, database []Finding) (daemon, retention []Finding) {
	skip := func(area string) []Finding {
		return []Finding{{Area: area, Status: Skip, What: "the database cannot be asked"}}
	}
	if down(database) {
		return skip(areaDaemon), skip(areaRetention)
	}
	shot, err := health.Look(ctx, s.Config, s.DB, s.Now)
	if err != nil && slices.ContainsFunc(database, Finding.wrong) {
		return skip(areaDaemon), skip(areaRetention)
	}
	if err != nil {
		return []Finding{failed(err)}, skip(areaRetention)
	}
	return append([]Finding{s.daemon(shot)}, s.subscriptions(shot)...), append(s.erased(ctx), s.retention(shot)...)
}

// erased warns of a secret by which nobody would be known again who was erased.
func (s *Subject) erased(ctx context.Context) (list []Finding) {
	for _, t := range s.Tenants {
		if err := s.Erased(ctx, t); err != nil {
			const first = "restore the file that privacy.key_file named when persons were erased"
			list = append(list, Finding{Area: areaRetention, Tenant: Word(t.Name), Status: Fail,
				Code: Word(health.ErasedUnknown), What: t.Name + ": nothing is read, as who was erased would come back",
				Evidence: Word(err.Error()), Fix: []string{first, "systemctl restart ingestd"}, First: first})
		}
	}
	return list
}

func (s *Subject) daemon(shot health.Snapshot) Finding {
	f := Finding{Area: areaDaemon, Status: Fail, Code: Word(health.DaemonAbsent), What: "none; there never was one",
		Fix: []string{"systemctl start ingestd"}, First: "start the daemon"}
	d := shot.Daemon
	if d == nil {
		return f
	}
	ago := s.Now.Sub(d.HeartbeatAt)
	if ago < health.AliveFor {
		return Finding{Area: areaDaemon, Status: OK, What: fmt.Sprintf("on %s since %s, last sign %s ago",
			d.Host, health.Moment(d.StartedAt, s.Now), seconds(max(ago, 0)))}
	}
	f.What = fmt.Sprintf("none; the last sign of one was on %s, on %s (%s ago)", health.Moment(d.HeartbeatAt, s.Now),
		d.Host, health.Deadline(ago))
	return f
}

// retention says what is lost or about to be, endpoint by endpoint.
func (s *Subject) retention(shot health.Snapshot) []Finding {
	var list []Finding
	for _, t := range shot.Tenants {
		if !slices.ContainsFunc(s.Tenants, func(c config.Tenant) bool { return c.ID == t.ID.String() }) {
			continue
		}
		for _, e := range t.Endpoints {
			list = append(list, s.endpoint(t.Name, e, s.daemon(shot).Status == OK)...)
		}
	}
	for _, p := range shot.Problems {
		if p.Code == health.RollupsStale {
			const fix = "ingestd rollup refresh"
			list = append(list, Finding{Area: areaRetention, Status: Warn, Code: Word(p.Code),
				What: "the views of days, hours and months do not show what was stored since " +
					health.Moment(*p.Since, s.Now), Fix: []string{fix}, First: fix})
		}
	}
	if len(list) > 0 {
		return list
	}
	if shot.SafeUntil == nil {
		return []Finding{{Area: areaRetention, Status: Note,
			What: "nothing was read yet; the daemon begins with it, or: ingestd once"}}
	}
	what := fmt.Sprintf("safe until %s; nothing lost, parked or rejected", s.deadline(*shot.SafeUntil))
	return []Finding{{Area: areaRetention, Status: OK, What: what}}
}

// deadline is a time to come and how long it is until then.
func (s *Subject) deadline(t time.Time) string {
	return health.Moment(t, s.Now) + " (" + health.Deadline(t.Sub(s.Now)) + ")"
}

// endpoint says what is about to be lost, or is, of one endpoint. Beside a daemon no
// other command may read.
func (s *Subject) endpoint(tenant string, e health.Endpoint, daemon bool) (list []Finding) {
	only := " --tenant " + health.ShellWord(tenant)
	add := func(status Status, code health.Code, what, fix string) {
		list = append(list, Finding{Area: areaRetention, Tenant: Word(tenant), Endpoint: Word(e.Name), Status: status,
			Code: Word(code), What: tenant + " " + e.Name + ": " + what, Fix: []string{fix}, First: fix})
	}
	if slices.Contains(e.Flags, health.FlagExpiring) && e.SafeUntil != nil {
		unread := health.Remaining(time.Duration(e.Unread) * time.Second)
		fix := "ingestd once" + only
		if daemon {
			fix = "the daemon reads what expires first at first; follow it: ingestd status --watch" + only
		}
		add(Fail, health.ExpiresSoon, unread+" unread, first loss "+s.deadline(*e.SafeUntil), fix)
	}
	if slices.Contains(e.Flags, health.FlagLost) {
		add(Fail, health.DataLost, lost(e)+" lost: Microsoft has deleted it",
			"ingestd gaps"+only+"; take note of it with: ingestd gaps --acknowledge ID --reason TEXT")
	}
	if e.ParkedSlots+e.ParkedRecords > 0 {
		add(Warn, health.SlotsParked, parked(e)+" cannot be read, tried daily",
			"ingestd gaps"+only+"; open a case with Microsoft, naming the request-ids")
	}
	if e.OpenRejects > 0 {
		add(Warn, health.RejectsOpen, health.Count(e.OpenRejects, "element", "elements")+" could only be kept raw",
			"ingestd rejects"+only)
	}
	return list
}

// parked is what cannot be read.
func parked(e health.Endpoint) string {
	var parts []string
	if e.ParkedSlots > 0 {
		unit := "day"
		if e.Name == fetch.CallRecords.Name {
			unit = "hour"
		}
		parts = append(parts, health.Count(e.ParkedSlots, unit, unit+"s"))
	}
	if e.ParkedRecords > 0 {
		parts = append(parts, health.Count(e.ParkedRecords, "call record", "call records"))
	}
	return strings.Join(parts, " and ")
}

// lost is what Microsoft has deleted before it was stored.
func lost(e health.Endpoint) string {
	var parts []string
	if e.Lost > 0 {
		parts = append(parts, health.Deadline(time.Duration(e.Lost)*time.Second))
	}
	if e.LostRecords > 0 {
		parts = append(parts, health.Count(e.LostRecords, "call record", "call records"))
	}
	return strings.Join(parts, " and ")
}
