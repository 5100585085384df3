package health_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"ingestd/internal/fetch"
	"ingestd/internal/health"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

var noon = time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)

// somePolicy is a policy of which ten days are kept.
func somePolicy(t *rapid.T) schedule.Policy {
	e := fetch.Endpoints[rapid.IntRange(0, len(fetch.Endpoints)-1).Draw(t, "endpoint")]
	p := schedule.PolicyOf(e)
	p.Reach, p.Settle = 10*24*time.Hour, 36*time.Hour
	return p
}

// someStanding is what may be noted of an endpoint at noon, as a survey finds it.
func someStanding(t *rapid.T, p schedule.Policy) store.Standing {
	age := rapid.IntRange(1, 25*24).Draw(t, "hours since origin")
	s := store.Standing{Cut: noon.Add(-p.Reach).Truncate(24 * time.Hour).Add(-48 * time.Hour)}
	s.Origin = noon.Add(-time.Duration(age) * time.Hour)
	s.SettledUntil, s.Watermark = s.Origin, s.Origin
	gapless := true
	for at := s.Origin.Truncate(p.Slot); at.Before(noon); at = at.Add(p.Slot) {
		slot := store.Slot{From: at, To: at.Add(p.Slot)}
		if rapid.IntRange(0, 9).Draw(t, "unread") > 0 {
			latest := int(noon.Sub(at) / time.Minute)
			slot.ReadAt = at.Add(time.Duration(rapid.IntRange(0, latest).Draw(t, "read after")) * time.Minute)
			slot.Settled = !slot.ReadAt.Before(slot.To.Add(p.Settle))
		} else if rapid.Bool().Draw(t, "failed") {
			slot.Failures, slot.Since = 3, at
		}
		gapless = gapless && slot.Settled
		switch {
		case gapless:
			s.SettledUntil = slot.To
		case slot.From.Before(s.Cut) && !slot.Settled:
			from := slot.From
			if from.Before(s.Origin) {
				from = s.Origin
			}
			if n := len(s.Gaps); n > 0 && s.Gaps[n-1].To.Equal(from) {
				s.Gaps[n-1].To = slot.To
			} else {
				s.Gaps = append(s.Gaps, store.Span{From: from, To: slot.To})
			}
		case !slot.From.Before(s.Cut) && (!slot.ReadAt.IsZero() || slot.Failures > 0):
			s.Slots = append(s.Slots, slot)
		}
	}
	return s
}

// lostSlots are the slots of which something is lost at a time if nothing is read
// after noon: a reading of its own of what is not settled.
func lostSlots(p schedule.Policy, s store.Standing, now time.Time) (lost []time.Time) {
	horizon := now.Add(-p.Reach)
	for at := s.Origin.Truncate(p.Slot); at.Before(horizon); at = at.Add(p.Slot) {
		from, to := at, at.Add(p.Slot)
		if from.Before(s.Origin) {
			from = s.Origin
		}
		isSettled := !to.After(s.SettledUntil)
		if !isSettled && at.Before(s.Cut) {
			isSettled = !slices.ContainsFunc(s.Gaps, func(g store.Span) bool {
				return g.From.Before(to) && g.To.After(from)
			})
		}
		for _, slot := range s.Slots {
			isSettled = isSettled || slot.From.Equal(at) && slot.Settled
		}
		if !isSettled && from.Before(horizon) {
			lost = append(lost, at)
		}
	}
	return lost
}

// take is a snapshot of one endpoint, which a daemon reads or not.
func take(p schedule.Policy, s *store.Standing, alive bool, now time.Time) health.Snapshot {
	i := slices.IndexFunc(fetch.Endpoints, func(e fetch.Endpoint) bool {
		return e.Slot == p.Slot && e.Aggregate == p.WholeSlots
	})
	f := health.Facts{Database: health.Database{Up: true}, At: noon}
	daemon := &store.Daemon{ID: uuid.New(), Host: "ingest-1", StartedAt: noon, HeartbeatAt: noon}
	if !alive {
		daemon.HeartbeatAt = noon.Add(-time.Hour)
	}
	f.Daemon = daemon
	f.Tenants = []health.TenantFacts{{
		Tenant: health.Tenant{ID: uuid.Max, Name: "contoso"}, Daemon: daemon,
		Endpoints: []health.EndpointFacts{{
			Endpoint: fetch.Endpoints[i], Configured: true, Enabled: true, Policy: p,
			Interval: 5 * time.Minute, Standing: s,
		}},
	}}
	return health.Take(f, now)
}

// Nothing is lost before safe_until if nobody reads any more, and something is
// soon after it.
func TestSafeUntil(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := somePolicy(t)
		s := someStanding(t, p)
		until := take(p, &s, true, noon).Tenants[0].Endpoints[0].SafeUntil
		before := lostSlots(p, s, noon)
		if until == nil {
			t.Fatal("safe for ever")
		}
		if at := lostSlots(p, s, *until); len(at) > len(before) && until.After(noon) {
			t.Errorf("safe until %v: %v are lost then, %v at noon", until, at, before)
		}
		after := lostSlots(p, s, until.Add(2*time.Second))
		if len(after) == len(before) && until.After(noon.Add(time.Second)) {
			t.Errorf("safe until %v, and nothing is lost after that", until)
		}
	})
}

// A daemon that is dead is late after one missed interval and the grace, at every
// age, and says so in exit code and freshness.
func TestDeadDaemonIsLate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := somePolicy(t)
		s := someStanding(t, p)
		due := noon.Add(time.Duration(rapid.IntRange(-60, 300).Draw(t, "due")) * time.Second)
		finished := noon.Add(-time.Minute)
		result := rapid.SampledFrom([]string{"ok", "failed", "denied", "throttled", "stopped"}).Draw(t, "result")
		s.NextDueAt, s.LastFinishedAt, s.LastSuccessAt, s.LastResult = &due, &finished, &finished, &result
		if result != "ok" && result != "stopped" {
			s.Failures = rapid.IntRange(1, 5).Draw(t, "failures")
			s.FailingSince, s.LastErrorAt, s.LastError = &finished, &finished, &result
		}
		if rapid.Bool().Draw(t, "hangs") {
			since := noon.Add(-6 * time.Minute)
			s.Running = &store.Running{RunID: 1, StartedAt: since, HeartbeatAt: since}
		}
		alive := rapid.Bool().Draw(t, "alive")
		age := time.Duration(rapid.IntRange(301, 400*24*3600).Draw(t, "age")) * time.Second
		got := take(p, &s, alive, due.Add(age))
		switch state := got.Tenants[0].Endpoints[0].State; state {
		case health.Late, health.Down, health.Denied, health.Throttled:
		default:
			t.Errorf("%v after the next run was due the state is %s", age, state)
		}
		if got.ExitCode() == 0 || got.IsFresh() || len(got.Problems) == 0 {
			t.Errorf("exit code %d, fresh %v, %d problems", got.ExitCode(), got.IsFresh(), len(got.Problems))
		}
	})
}

// A strip has no gap and no two alike side by side.
func TestStripIsGapless(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := somePolicy(t)
		s := someStanding(t, p)
		at := noon.Add(-health.StripFor)
		kind := health.Kind("")
		for _, segment := range take(p, &s, true, noon).Tenants[0].Endpoints[0].Strip {
			if !segment.From.Equal(at) || !segment.From.Before(segment.To) || segment.Kind == kind {
				t.Fatalf("%+v after %v of kind %s", segment, at, kind)
			}
			at, kind = segment.To, segment.Kind
		}
		if !at.Equal(noon) {
			t.Errorf("it ends at %v", at)
		}
	})
}
