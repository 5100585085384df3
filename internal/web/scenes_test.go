package web

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/fetch"
	"ingestd/internal/health"
	"ingestd/internal/store"
)

// A scene is a state to be looked at: what a ledger says at a time.
type scene struct {
	snapshot health.Snapshot
	runs     []store.PastRun
	rejects  []store.RejectReason
}

func (s scene) Snapshot(context.Context) health.Snapshot { return s.snapshot }

func (s scene) RunsWithNews(_ context.Context, tenant uuid.UUID, limit int) ([]store.PastRun, error) {
	var list []store.PastRun
	for _, r := range s.runs {
		if (tenant == uuid.Nil || r.Tenant == tenant) && len(list) < limit {
			list = append(list, r)
		}
	}
	return list, nil
}

func (s scene) RejectReasons(context.Context, uuid.UUID) ([]store.RejectReason, error) {
	return s.rejects, nil
}

func (s scene) Pool() store.Pool { return store.Pool{Max: 4, InUse: 1, Open: 2} }

// now is the time of the scenes.
var now = time.Date(2026, 11, 26, 14, 32, 10, 0, time.UTC)

func on(month time.Month, day, hour, minute int) time.Time {
	return time.Date(2026, month, day, hour, minute, 0, 0, time.UTC)
}

func at(month time.Month, day, hour, minute int) *time.Time {
	t := on(month, day, hour, minute)
	return &t
}

func ptr[T any](v T) *T { return &v }

func tenantID(n int) uuid.UUID {
	return uuid.MustParse(fmt.Sprintf("00000000-0000-0000-0000-%012d", n))
}

// strip makes segments from ends, the first beginning with the strip.
func segments(parts ...any) []health.Segment {
	var list []health.Segment
	from := now.Add(-health.StripFor)
	for i := 0; i < len(parts); i += 2 {
		to := now
		if parts[i+1] != nil {
			to = parts[i+1].(time.Time)
		}
		list = append(list, health.Segment{From: from, To: to, Kind: parts[i].(health.Kind)})
		from = to
	}
	return list
}

// healthyEndpoint is on time.
func healthyEndpoint(e fetch.Endpoint) health.Endpoint {
	settled := now.Add(-e.Settle).Truncate(e.Slot)
	until := settled.Add(e.Reach)
	strip := segments(health.KindSettled, settled, health.KindRead, nil)
	if e.Aggregate {
		strip = segments(health.KindSettled, settled, health.KindRead, now.Truncate(day), health.KindNotWanted, nil)
	}
	return health.Endpoint{
		Name: e.Name, State: health.OnTime, Flags: []health.Flag{}, Since: at(11, 19, 8, 20), Origin: at(10, 1, 0, 0),
		CompleteUntil: &settled, SafeUntil: &until, LastSuccessAt: ptr(now.Add(-31 * time.Second)),
		NextDueAt: at(11, 26, 14, 35), Strip: strip, Horizon: now.Add(-e.Reach),
	}
}

func healthyTenant(n int, name, cloud string) health.Tenant {
	t := health.Tenant{
		ID: tenantID(n), Name: name, Cloud: cloud, ClockSkew: ptr(0.4),
		Credential: health.Credential{Kind: "client_secret"},
	}
	for _, e := range fetch.Endpoints {
		t.Endpoints = append(t.Endpoints, healthyEndpoint(e))
	}
	return t
}

func base(tenants ...health.Tenant) health.Snapshot {
	return health.Snapshot{
		Version: health.Version, AsOf: now, Tenants: tenants, Problems: []health.Problem{},
		Daemon: &health.Daemon{
			Host: "ingest-1", Version: "0.5.0", StartedAt: on(11, 24, 8, 0), HeartbeatAt: now.Add(-4 * time.Second),
		},
		Database: health.Database{Up: true, ServerVersion: "17.6", SchemaVersion: 14},
		Verdict: health.Verdict{
			Level: health.Safe, Heading: "Everything is safe until 25 December",
			Why: "Even if reading stopped now, Microsoft would delete nothing that is not here before " +
				"Fri 25 Dec 02:00 UTC, in 28 days. All 12 endpoints of 2 tenants are on time, and nothing was " +
				"ever lost.",
			Steps: []health.Step{},
			Also: "Read 31 s ago, next at 14:35. What failed last was a run of contoso sms_messages on " +
				"19 Nov 08:15 (503); it healed at 08:20.",
		},
	}
}

// healthy is what a person sees most of the time.
func healthy() scene {
	s := base(healthyTenant(1, "contoso", "global"), healthyTenant(2, "fabrikam", "usgov-l4"))
	return scene{snapshot: s, runs: pastRuns()[2:3]}
}

// first is the first minute.
func first() scene {
	s := healthy()
	s.runs = nil
	s.snapshot.Verdict = health.Verdict{
		Level: health.FirstReading, Heading: "42 minutes left of the first reading",
		Why: "Started 40 seconds ago. What Microsoft deletes within 48 hours comes first, then the newest; " +
			"all of it will be here in time.",
		Steps: []health.Step{
			{Text: "shows calls that are here.", Command: ptr("psql teams -c 'TABLE analytics.calls LIMIT 5'")},
			{Text: "Point an uptime monitor at /freshness: it answers 200 once this is done."},
		},
	}
	for ti := range s.snapshot.Tenants {
		for i := range s.snapshot.Tenants[ti].Endpoints {
			e := &s.snapshot.Tenants[ti].Endpoints[i]
			e.State, e.Flags, e.CompleteUntil = health.Never, []health.Flag{health.FlagExpiring}, nil
			e.SafeUntil, e.LastSuccessAt, e.NextDueAt = ptr(now.Add(59*time.Minute)), nil, ptr(now)
			e.Running = &health.Running{
				RunID: int64(ti*6 + i + 1), StartedAt: now.Add(-40 * time.Second), Slots: 720, Left: ptr(int64(2500)),
				InHand: true, Rate: 36.5,
			}
			e.Strip = segments(health.KindReading, nil)
			if e.Name == "call_records" {
				e.State, e.Running.SlotsDone, e.Running.RecordsDone = health.CatchingUp, 72, 1437
				e.CompleteUntil, e.SafeUntil = at(10, 29, 15, 0), ptr(now.Add(48*time.Hour))
				e.Strip = segments(health.KindNotWanted, on(10, 27, 14, 0), health.KindSettled, on(10, 29, 15, 0),
					health.KindReading, on(11, 26, 1, 0), health.KindRead, nil)
			}
		}
	}
	return s
}

// trouble is one of each: denied, down, catching up, throttled, late, paused and
// never; lost, parked and expiring.
func trouble() scene {
	contoso, fabrikam := healthyTenant(1, "contoso", "global"), healthyTenant(2, "fabrikam", "usgov-l4")
	f := fabrikam.Endpoints
	f[0].State, f[0].Since, f[0].Failures = health.Denied, at(10, 30, 9, 10), 654
	f[0].Flags = []health.Flag{health.FlagExpiring}
	f[0].CompleteUntil, f[0].SafeUntil, f[0].NextDueAt = at(10, 28, 21, 0), at(11, 27, 21, 0), at(11, 26, 15, 10)
	f[0].Unread = 2352720
	f[0].Strip = segments(health.KindSettled, on(10, 28, 21, 0), health.KindRead, on(10, 30, 9, 0),
		health.KindUnread, nil)
	for i := 3; i < 6; i++ {
		f[i].State, f[i].Since, f[i].Failures = health.Down, at(11, 24, 11, 40), 12
		f[i].CompleteUntil, f[i].SafeUntil = at(11, 21, 0, 0), at(2, 19, 0, 0)
		*f[i].SafeUntil = f[i].SafeUntil.AddDate(1, 0, 0)
		f[i].Strip = segments(health.KindSettled, on(11, 21, 0, 0), health.KindRead, on(11, 24, 11, 0),
			health.KindUnread, nil)
	}
	c := contoso.Endpoints
	c[0].State, c[0].Flags = health.CatchingUp, []health.Flag{health.FlagLost, health.FlagParked}
	c[0].CompleteUntil, c[0].SafeUntil = at(10, 25, 2, 0), at(12, 12, 10, 0)
	c[0].Lost, c[0].ParkedSlots, c[0].ParkedRecords, c[0].PendingRecords = 4*3600, 1, 2, 12_033
	c[0].Running = &health.Running{
		RunID: 1841, StartedAt: on(11, 26, 14, 2), HeartbeatAt: now,
		Slots: 132, SlotsDone: 83, RecordsDone: 66_412, Rate: 36.8, Left: ptr(int64(350)), InHand: true,
	}
	c[0].Strip = segments(health.KindSettled, on(10, 25, 2, 0), health.KindLost, on(10, 25, 6, 0),
		health.KindSettled, on(11, 12, 10, 0), health.KindParked, on(11, 12, 11, 0),
		health.KindSettled, on(11, 19, 15, 0), health.KindRead, on(11, 21, 3, 0), health.KindReading, on(11, 23, 4, 0),
		health.KindSettled, on(11, 25, 2, 0), health.KindRead, nil)
	c[2].State, c[2].Since, c[2].NextDueAt, c[2].Failures = health.Throttled, at(11, 26, 14, 30), at(11, 26, 14, 37), 1
	c[3].State, c[3].Since, c[3].Failures = health.Late, at(11, 26, 14, 20), 2
	c[4].State, c[4].Since, c[4].NextDueAt = health.Paused, at(11, 3, 0, 0), nil
	c[4].CompleteUntil, c[4].SafeUntil = at(10, 31, 0, 0), ptr(now.Add(63*day+time.Hour))
	c[4].Strip = segments(health.KindSettled, on(10, 31, 0, 0), health.KindRead, on(11, 3, 0, 0),
		health.KindUnread, nil)
	c[5].State, c[5].CompleteUntil, c[5].NextDueAt = health.Never, nil, at(11, 27, 0, 0)
	c[5].SafeUntil, c[5].LastSuccessAt, c[5].Since = ptr(now.Add(89*day+time.Hour)), nil, nil
	c[5].Strip = segments(health.KindNotWanted, nil)
	s := base(fabrikam, contoso)
	s.Verdict = health.Verdict{
		Level: health.ActNow, Heading: "fabrikam’s call records begin to expire in 30 hours",
		Why: "From Fri 27 Nov 21:00 UTC on, Microsoft deletes an hour of calls every hour. 27 days are unread: " +
			"Graph answers 403, because on 30 Oct the app lost the permission CallRecords.Read.All.",
		Steps: []health.Step{
			{Text: "In Entra, App registrations › ingestd-fabrikam › API permissions: add the application permission " +
				"CallRecords.Read.All and grant admin consent."},
			{
				Text:    "reads what expires first; all of it in about 40 min.",
				Command: ptr("ingestd once --tenant fabrikam"),
			},
		},
		Also: "4 hours of contoso’s call records are lost; 3 endpoints of fabrikam are down. " +
			"All else is safe for 15 days.",
		Tenant: ptr("fabrikam"), Endpoint: ptr("call_records"), FirstLossAt: at(11, 27, 21, 0),
	}
	s.Problems = []health.Problem{
		{
			ID: "5f0c9a", Code: health.PermissionMissing, Level: health.ActNow, Tenant: ptr("fabrikam"),
			Heading: "fabrikam: call_records is denied since 30 Oct 09:10",
			Detail: "403 Forbidden, Authorization_RequestDenied. The token carries CallRecord-PstnCalls.Read.All, " +
				"which opens the phone logs only. Tried 654 times, next 15:10. " +
				"request-id 5f0c9a1e-2c57-4b8e-9d0a-7be1c34f21aa",
			Steps: []health.Step{
				{Text: "Grant CallRecords.Read.All (application, with admin consent)."},
				{Text: "checks it.", Command: ptr("ingestd doctor --tenant fabrikam")},
				{Text: "reads at once what expires.", Command: ptr("ingestd once --tenant fabrikam")},
			},
		},
		{
			ID: "7c1e04", Code: health.DataLost, Level: health.Lost, Tenant: ptr("contoso"),
			Heading: "contoso: 4 hours of call_records are lost",
			Detail: "25 Oct 02:00 to 06:00 left Microsoft’s 30 days on 24 Nov. " +
				"Graph answered 500 to each of 31 attempts.",
			Steps: []health.Step{{
				Text:    "Nothing brings them back. Note why, and it is red no more.",
				Command: ptr(`ingestd gaps --acknowledge 7c1e04 --reason "…"`),
			}},
		},
		{
			ID: "e2f771", Code: health.AnswerNotGraph, Level: health.ActSoon, Tenant: ptr("fabrikam"),
			Heading: "fabrikam: 3 endpoints are down since Tue 24 Nov 11:40",
			Detail: "sms_messages, pstn_blocked_users_log, dialout_report: under /beta a proxy answers with a page " +
				"in place of Graph. /v1.0 gets through. First loss 19 Feb.",
			Steps: []health.Step{
				{Text: "Let graph.microsoft.us:443 pass the proxy without inspection."},
				{Text: "checks it.", Command: ptr("ingestd doctor --tenant fabrikam")},
			},
		},
		{
			ID: "a41b22", Code: health.SlotsParked, Level: health.ActSoon, Tenant: ptr("contoso"),
			Heading: "contoso: 1 hour and 2 call records are parked",
			Detail: "12 Nov 10:00 to 11:00 and two records: Graph answers 500. Tried daily, next 27 Nov 10:05. " +
				"First loss 12 Dec.",
			Steps: []health.Step{{
				Text: "lists the request-ids for a case with Microsoft.", Command: ptr("ingestd gaps --tenant contoso"),
			}},
		},
		{ID: "b0", Level: health.Wait, Heading: "contoso direct_routing_calls waits for Graph until 14:37"},
		{ID: "b1", Level: health.Wait, Heading: "contoso sms_messages failed twice (503), next try 14:35"},
	}
	s.UnknownMembers = []health.UnknownMember{
		{Endpoint: "pstn_calls", Member: "tariff", FirstSeenAt: on(11, 20, 8, 0)},
	}
	s.RollupsStaleSince = ptr(on(11, 26, 14, 31))
	return scene{snapshot: s, runs: pastRuns(), rejects: []store.RejectReason{
		{Endpoint: "pstn_calls", Reason: "key collision", Count: 2, Newest: on(11, 20, 8, 0)},
	}}
}

func pastRuns() []store.PastRun {
	past := func(
		id int64, tenant int, endpoint string, hour, minute int, took time.Duration, result string,
	) store.PastRun {
		start := on(11, 26, hour, minute)
		r := store.PastRun{
			RunID: id, Tenant: tenantID(tenant), Endpoint: endpoint, Trigger: "schedule", StartedAt: start,
		}
		if result != "" {
			r.FinishedAt, r.Result = ptr(start.Add(took)), &result
		}
		return r
	}
	list := []store.PastRun{
		past(1853, 1, "sms_messages", 14, 30, 41*time.Second, "failed"),
		past(1852, 1, "direct_routing_calls", 14, 30, 9*time.Second, "throttled"),
		past(1851, 2, "pstn_calls", 14, 30, 2*time.Second, "ok"),
		past(1845, 2, "call_records", 14, 10, time.Second, "denied"),
		past(1841, 1, "call_records", 14, 2, 0, ""),
		past(1837, 1, "pstn_calls", 14, 2, 11*time.Second, "ok"),
	}
	list[0].Error = ptr("503 Service Unavailable to 5 attempts; it is tried again later")
	list[1].Error = ptr("throttled until 14:37 UTC; nothing to do: it is asked again after that time")
	list[2].New, list[2].Unchanged = 3, 1204
	list[3].Error = ptr("403 Forbidden: Authorization_RequestDenied; grant CallRecords.Read.All")
	list[4].New, list[4].Details = 66_412, 66_412
	list[5].New, list[5].Changed = 2903, 3
	return list
}

// unanswered is trouble, when the database has not answered for a while.
func unanswered() scene {
	s := trouble()
	s.snapshot.Database.Up = false
	s.snapshot.Verdict = health.Verdict{
		Level: health.ActNow, Heading: "The database does not answer since 14:20",
		Why: "db.contoso.example:5432, database teams, user ingestd: connection refused. Reading waits for it.",
		Steps: []health.Step{
			{Text: "says what is wrong with it.", Command: ptr("ingestd doctor")},
		},
	}
	s.snapshot.Problems = nil
	return s
}

// many is 200 tenants, a good part of them in trouble.
func many() scene {
	s := trouble()
	bad := s.snapshot.Tenants
	var tenants []health.Tenant
	for i := range 200 {
		t := healthyTenant(i, fmt.Sprintf("tenant-%03d", i), "global")
		if i < 40 {
			t = bad[i%2]
			t.ID, t.Name = tenantID(i), fmt.Sprintf("tenant-%03d", i)
		}
		tenants = append(tenants, t)
	}
	s.snapshot.Tenants = tenants
	return s
}
