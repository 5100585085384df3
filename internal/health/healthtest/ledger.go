package healthtest

import (
	"time"

	"ingestd/internal/graphsim"
	"ingestd/internal/health"
	"ingestd/internal/schedule/scheduletest"
)

// death is a story of a daemon that dies, at every age.
func death() Story {
	dead := func(state health.State, level health.Level, flags []health.Flag, codes ...health.Code) Want {
		codes = append([]health.Code{health.DaemonAbsent}, codes...)
		return Want{State: state, Level: level, Flags: flags, Codes: codes, Exit: 3}
	}
	after := func(d time.Duration) func(*scheduletest.World) {
		return func(w *scheduletest.World) { die(w); w.Advance(d) }
	}
	expiring := []health.Flag{health.FlagExpiring}
	lost := []health.Flag{health.FlagLost, health.FlagExpiring}
	hangs := Want{State: health.Late, Level: health.Wait, Codes: []health.Code{health.RunHangs}, Exit: 3}
	return Story{Name: "death", Config: logs(), Steps: []Step{
		{Name: "alive", Do: once, Want: healthy},
		{Name: "at the end of the grace", Do: func(w *scheduletest.World) {
			due := *w.Snapshot().Tenants[0].Endpoints[0].NextDueAt
			die(w)
			w.Exec(`UPDATE ingest.endpoints SET next_due_at = $1`, due) // in whole seconds
			w.Advance(due.Add(5 * time.Minute).Sub(w.Now()))
		}, Want: healthy},
		{Name: "a second later", Do: after(time.Second), Want: dead(health.Late, health.ActSoon, nil)},
		{Name: "a run hangs", Do: func(w *scheduletest.World) {
			giveSign(w)
			hang(w)
			w.Advance(3 * time.Minute)
		}, Want: hangs},
		{Name: "late", Do: after(0), Want: dead(health.Late, health.ActSoon, nil)},
		{Name: "down", Do: after(10 * time.Minute), Want: dead(health.Down, health.ActSoon, nil)},
		{Name: "a day", Do: after(day), Want: dead(health.Down, health.ActSoon, nil)},
		{Name: "6 days", Do: after(5 * day), Want: dead(health.Down, health.ActSoon, nil)},
		{Name: "7 days", Do: after(day), Want: dead(health.Down, health.ActNow, expiring)},
		{Name: "9 days", Do: after(2 * day), Want: dead(health.Down, health.ActNow, lost, health.DataLost)},
		{Name: "40 days", Do: after(31 * day), Want: dead(health.Down, health.ActNow, lost, health.DataLost)},
		{Name: "400 days", Do: after(360 * day), Want: dead(health.Down, health.ActNow, lost, health.DataLost)},
		{Name: "alive again", Do: once, Want: Want{
			State: health.OnTime, Flags: []health.Flag{health.FlagLost}, Level: health.Lost,
			Codes: []health.Code{health.DataLost}, Exit: 3,
		}},
		{Name: "acknowledged", Do: acknowledge, Want: healthy},
		{Name: "off for three days, and back", Do: func(w *scheduletest.World) {
			w.Advance(3 * day)
			begin(w)
			w.Exec(`UPDATE ingest.endpoints SET next_due_at = $1`, w.Now())
		}, Want: Want{State: health.CatchingUp, Level: health.Wait}},
	}}
}

// unreadable is a story of a day that cannot be read, and of elements that cannot
// be stored.
func unreadable() Story {
	parked := func(level health.Level) Want {
		return Want{
			State: health.OnTime, Flags: []health.Flag{health.FlagParked}, Level: level,
			Codes: []health.Code{health.SlotsParked}, Exit: 3, Fresh: true,
		}
	}
	bad := func(w *scheduletest.World) {
		w.Graph.SetFaults(func(r graphsim.Request) graphsim.Fault {
			bad := scheduletest.Noon.Truncate(day).Add(-4 * day)
			if r.API != "" && r.From.Before(bad.Add(day)) && r.To.After(bad) {
				return graphsim.Fault{Status: 500}
			}
			return graphsim.Fault{}
		})
		tryDue(w)
	}
	return Story{Name: "unreadable", Config: logs(), Steps: []Step{
		{Name: "a bad day", Do: bad, Want: waits(health.Late, health.GraphFailing)},
		{Name: "parked", Do: func(w *scheduletest.World) { bad(w); bad(w); bad(w) }, Want: parked(health.Wait)},
		{Name: "parked for a day", Do: func(w *scheduletest.World) {
			w.Advance(22 * time.Hour)
			_, _ = w.Try(w.Context())
			giveSign(w)
		}, Want: parked(health.ActSoon)},
		{Name: "kept raw", Do: func(w *scheduletest.World) {
			w.Graph.SetFaults(func(r graphsim.Request) graphsim.Fault {
				if r.API == "" || !r.To.After(w.Now().Add(-day)) {
					return graphsim.Fault{}
				}
				return graphsim.Fault{Poison: [][]byte{[]byte(`{"id": null}`)}}
			})
			w.Advance(day)
			_, _ = w.Try(w.Context())
			w.Graph.SetFaults(nil)
			giveSign(w)
		}, Want: Want{
			State: health.OnTime, Flags: []health.Flag{health.FlagRejects}, Level: health.ActSoon,
			Codes: []health.Code{health.RejectsOpen}, Exit: 3, Fresh: true,
		}},
	}}
}

// expiry is a story of what is unread when a daemon comes back.
func expiry() Story {
	caughtUp := func(w *scheduletest.World) {
		begin(w)
		w.Exec(`UPDATE ingest.endpoints SET caught_up_at = origin, next_due_at = $1`, w.Now())
		w.Exec(`UPDATE ingest.runs SET finished_at = finished_at - interval '1 hour'`)
	}
	expiring := []health.Flag{health.FlagExpiring}
	refused := Want{
		State: health.Denied, Flags: expiring, Level: health.ActNow,
		Codes: []health.Code{health.PermissionMissing}, Exit: 4,
	}
	return Story{Name: "expiry", Config: logs(), Steps: []Step{
		{Name: "nobody reads what expires", Do: caughtUp, Want: Want{
			State: health.CatchingUp, Flags: expiring, Level: health.ActNow,
			Codes: []health.Code{health.ExpiresSoon}, Exit: 3,
		}},
		{Name: "a run has it in hand", Do: func(w *scheduletest.World) {
			w.Exec(`
				INSERT INTO ingest.runs
					(tenant_id, endpoint, window_from, window_to, trigger, started_at, slots, slots_done)
				SELECT tenant_id, endpoint, origin, $1, 'schedule', now() - interval '1 minute', 10, 6
				FROM ingest.endpoints`, w.Now())
		}, Want: Want{
			State: health.CatchingUp, Flags: expiring, Level: health.Wait,
			Codes: []health.Code{health.ExpiresSoon}, Exit: 3,
		}},
		{Name: "the run waits for Graph", Do: func(w *scheduletest.World) {
			w.Exec(`UPDATE ingest.runs SET waiting_until = now() + interval '10 minutes' WHERE finished_at IS NULL`)
		}, Want: Want{
			State: health.Throttled, Flags: expiring, Level: health.Wait,
			Codes: []health.Code{health.GraphThrottles}, Exit: 3,
		}},
		{Name: "Graph denies it", Do: func(w *scheduletest.World) {
			w.Exec(`
				UPDATE ingest.endpoints
				SET last_result = 'denied', failures = 3, failing_since = $1, last_error_at = $1, last_error = '403',
					last_error_code = 'permission_missing'`, w.Now())
			w.Exec(`UPDATE ingest.runs SET finished_at = now(), result = 'denied' WHERE finished_at IS NULL`)
		}, Want: refused},
		{Name: "the next try has just begun", Do: func(w *scheduletest.World) {
			w.Exec(`
				INSERT INTO ingest.runs (tenant_id, endpoint, window_from, window_to, trigger, slots)
				SELECT tenant_id, endpoint, origin, $1, 'schedule', 10
				FROM ingest.endpoints`, w.Now())
		}, Want: refused},
	}}
}

// records is a story of call records whose details cannot be read.
func records() Story {
	c := scheduletest.RecordsConfig(scheduletest.Records(3)...)
	c.Reach, c.Settle = 9*day, 36*time.Hour
	bad := func(w *scheduletest.World) {
		w.Graph.SetFaults(func(r graphsim.Request) graphsim.Fault {
			if r.CallID == scheduletest.RecordID(1) {
				return graphsim.Fault{Status: 400}
			}
			return graphsim.Fault{}
		})
		w.Advance(25 * time.Hour)
		_, _ = w.Try(w.Context())
		giveSign(w)
	}
	parked := []health.Flag{health.FlagParked}
	return Story{Name: "records", Config: c, Steps: []Step{
		{Name: "one is parked", Do: func(w *scheduletest.World) { bad(w); bad(w); bad(w) }, Want: Want{
			State: health.OnTime, Flags: parked, Level: health.ActSoon,
			Codes: []health.Code{health.RecordsParked}, Exit: 3, Fresh: true,
		}},
		{Name: "it expires", Do: bad, Want: Want{
			State: health.OnTime, Flags: append(parked, health.FlagExpiring), Level: health.ActNow,
			Codes: []health.Code{health.RecordsParked}, Exit: 3,
		}},
		{Name: "it is lost", Do: func(w *scheduletest.World) { bad(w); bad(w) }, Want: Want{
			State: health.OnTime, Flags: []health.Flag{health.FlagLost}, Level: health.Lost,
			Codes: []health.Code{health.DataLost}, Exit: 3,
		}},
	}}
}
