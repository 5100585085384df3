// Package healthtest plays what can befall a tenant, step by step, against the
// simulated one, and says what a snapshot must say after each. Tests of the
// snapshot and of all that renders it range over the same steps.
package healthtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

	"ingestd/internal/config"
	"ingestd/internal/graphsim"
	"ingestd/internal/health"
	"ingestd/internal/schedule/scheduletest"
	"ingestd/internal/store/storetest"
)

const day = 24 * time.Hour

// A Want is what a snapshot must say.
type Want struct {
	State health.State // of the endpoint
	Flags []health.Flag
	Level health.Level
	Codes []health.Code // of all problems, in their order
	Exit  int           // of ingestd status
	Fresh bool          // /freshness answers 200
}

// A Step is something that happens, and what must be said then.
type Step struct {
	Name string
	Do   func(w *scheduletest.World)
	With func(w *scheduletest.World, c *config.Config) // changes the configuration of this step's snapshot
	At   func(w *scheduletest.World) string            // where it looks for the database; default: where it is
	Want
}

// A Story is a World and what happens in it.
type Story struct {
	Name   string
	Config scheduletest.Config
	Steps  []Step
}

// Play plays all stories and hands each step's snapshot to a function.
func Play(t *testing.T, check func(t *testing.T, w *scheduletest.World, s health.Snapshot, want Want)) {
	for _, story := range Stories() {
		t.Run(story.Name, func(t *testing.T) {
			t.Parallel()
			story.Config.Log = zap.NewNop()
			w := scheduletest.New(t, story.Config)
			for _, step := range story.Steps {
				if step.Do != nil {
					step.Do(w)
				}
				c := w.Config()
				if step.With != nil {
					step.With(w, c)
				}
				s := look(w, step, c)
				t.Run(step.Name, func(t *testing.T) { check(t, w, s, step.Want) })
			}
		})
	}
}

// look takes the snapshot of a step.
func look(w *scheduletest.World, step Step, c *config.Config) health.Snapshot {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), time.Minute)
	db := w.DB
	if step.At != nil {
		db = storetest.Connect(w, step.At(w))
		ctx, cancel = context.WithTimeout(w.Context(), time.Second) // a database that is away is asked again and again
	}
	defer cancel()
	s, err := health.Look(ctx, c, db, w.Now())
	if err != nil {
		s = health.Unanswered(nil, c, err, w.Now(), w.Now())
	}
	return s
}

// Stories are all that is played. Together they know each state, flag, level and
// code that the daemon and the database can bring about.
func Stories() []Story {
	return []Story{trouble(), death(), unreadable(), expiry(), records(), facts()}
}

// logs is a tenant of which ten days of PSTN calls are kept.
func logs() scheduletest.Config {
	return scheduletest.Config{
		Graph: graphsim.Config{Seed: 20, Users: 10, CallsPerDay: 5, History: 10 * day},
		Reach: 10 * day, Settle: day, Span: day,
	}
}

var (
	never   = Want{State: health.Never, Level: health.ActSoon, Codes: []health.Code{health.DaemonAbsent}, Exit: 3}
	healthy = Want{State: health.OnTime, Level: health.Safe, Fresh: true}
)

// trouble is a story of what Graph and Entra may say.
func trouble() Story {
	world, missing := logs(), new(atomic.Bool)
	world.Secret = func() (string, error) {
		if missing.Load() {
			return "", errors.New("no such file")
		}
		return graphsim.ClientSecret, nil
	}
	steps := []Step{
		{Name: "before the first start", Want: never},
		{Name: "first reading", Do: begin, Want: Want{
			State: health.CatchingUp, Flags: []health.Flag{health.FlagExpiring}, Level: health.FirstReading, Fresh: true,
		}},
		{Name: "all is read", Do: once, Want: healthy},
		{Name: "one failure", Do: failing(graphsim.Fault{Status: 500}), Want: waits(health.Late, health.GraphFailing)},
		{Name: "two failures", Do: failing(graphsim.Fault{Status: 500}), Want: waits(health.Late, health.GraphFailing)},
		{Name: "three failures", Do: failing(graphsim.Fault{Status: 500}), Want: Want{
			State: health.Down, Level: health.ActSoon, Codes: []health.Code{health.GraphFailing}, Exit: 3,
		}},
		{Name: "healed", Do: once, Want: healthy},
		{Name: "refused", Do: failing(graphsim.Fault{Status: 400}), Want: waits(health.Late, health.RequestRefused)},
		{Name: "healed again", Do: once, Want: healthy},
		{Name: "no answer", Do: failing(graphsim.Fault{Cut: -1}), Want: waits(health.Late, health.Unreachable)},
		{Name: "a proxy", Do: failing(graphsim.Fault{Body: graphsim.HTMLBody}),
			Want: waits(health.Late, health.AnswerNotGraph)},
		{Name: "healed once more", Do: once, Want: healthy},
		{Name: "no permission", Do: failing(graphsim.Fault{Status: 403}), Want: denied(health.PermissionMissing)},
		{Name: "throttled", Do: failing(graphsim.Fault{Status: 429, RetryAfter: "600"}),
			Want: waits(health.Throttled, health.GraphThrottles)},
		{Name: "after the wait", Do: once, Want: healthy},
		{Name: "no secret", Do: func(w *scheduletest.World) {
			missing.Store(true)
			defer missing.Store(false)
			w.Graph.ExpireTokens()
			tryDue(w)
		}, Want: denied(health.SecretUnreadable)},
	}
	for _, r := range []struct {
		number int
		code   health.Code
	}{
		{7000222, health.SecretExpired},
		{7000215, health.SecretWrong},
		{700016, health.AppUnknown},
		{7000112, health.AppDisabled},
		{90002, health.TenantUnknown},
		{500011, health.CloudWrong},
		{65001, health.PermissionMissing},
	} {
		want := denied(r.code)
		steps = append(steps, Step{Name: "no token: " + string(r.code), Do: refusing(r.number), Want: want})
	}
	return Story{Name: "trouble", Config: world, Steps: steps}
}

// waits is what is said of what heals by itself.
func waits(state health.State, code health.Code) Want {
	return Want{State: state, Level: health.Wait, Codes: []health.Code{code}, Exit: 3}
}

// denied is what is said of what an administrator has to grant.
func denied(code health.Code) Want {
	return Want{State: health.Denied, Level: health.ActSoon, Codes: []health.Code{code}, Exit: 4}
}

// begin has a daemon begin the first reading, and stops it soon.
func begin(w *scheduletest.World) {
	giveSign(w)
	interrupted(w)
}

// interrupted reads a few days and is stopped then.
func interrupted(w *scheduletest.World) {
	ctx, stop := context.WithCancel(w.Context())
	defer stop()
	var asked atomic.Int64
	w.Graph.SetFaults(func(r graphsim.Request) graphsim.Fault {
		if r.API != "" && asked.Add(1) > 2 {
			stop()
		}
		return graphsim.Fault{}
	})
	_, _ = w.Try(ctx)
	w.Graph.SetFaults(nil)
	giveSign(w)
}

// giveSign notes that a daemon reads the tenant.
func giveSign(w *scheduletest.World) {
	w.Exec(`
		INSERT INTO ingest.daemons (daemon_id, host, version)
		VALUES ('00000000-0000-4000-8000-000000000001', 'ingest-1', '0.5.0')
		ON CONFLICT (daemon_id) DO UPDATE SET heartbeat_at = clock_timestamp()`)
	w.Exec(`UPDATE ingest.tenants SET daemon_id = '00000000-0000-4000-8000-000000000001'`)
}

// die has the daemon's last sign lie an hour back.
func die(w *scheduletest.World) {
	w.Exec(`UPDATE ingest.daemons SET heartbeat_at = heartbeat_at - interval '1 hour'`)
}

// once reads all that is due, without a fault.
func once(w *scheduletest.World) {
	w.Graph.SetFaults(nil)
	w.Advance(10 * time.Minute)
	w.Once()
	giveSign(w)
}

// failing has Graph answer with a fault while all that is due is read.
func failing(f graphsim.Fault) func(*scheduletest.World) {
	return func(w *scheduletest.World) {
		w.Graph.SetFaults(func(r graphsim.Request) graphsim.Fault {
			if r.API == "" {
				return graphsim.Fault{}
			}
			return f
		})
		tryDue(w)
	}
}

// refusing has Entra refuse a token once the last one has ended.
func refusing(number int) func(*scheduletest.World) {
	return func(w *scheduletest.World) {
		w.Graph.SetFaults(func(r graphsim.Request) graphsim.Fault {
			if r.Operation != "token" {
				return graphsim.Fault{}
			}
			return graphsim.Fault{Status: 401, OAuth: "invalid_client", AADSTS: number}
		})
		w.Advance(2 * time.Hour)
		_, _ = w.Try(w.Context())
		giveSign(w)
	}
}

// tryDue reads once more is due, with whatever fault there is.
func tryDue(w *scheduletest.World) {
	w.Advance(61 * time.Minute)
	_, _ = w.Try(w.Context())
	giveSign(w)
}

// death is a story of a daemon that dies, at every age.
func death() Story {
	dead := func(state health.State, level health.Level, flags []health.Flag, codes ...health.Code) Want {
		return Want{State: state, Level: level, Flags: flags, Codes: append([]health.Code{health.DaemonAbsent}, codes...), Exit: 3}
	}
	after := func(d time.Duration) func(*scheduletest.World) {
		return func(w *scheduletest.World) { die(w); w.Advance(d) }
	}
	expiring := []health.Flag{health.FlagExpiring}
	lost := []health.Flag{health.FlagLost, health.FlagExpiring}
	hangs := Want{State: health.Late, Level: health.Wait, Codes: []health.Code{health.RunHangs}, Exit: 3}
	return Story{Name: "death", Config: logs(), Steps: []Step{
		{Name: "alive", Do: once, Want: healthy},
		{Name: "within the grace", Do: after(4 * time.Minute), Want: healthy},
		{Name: "a run hangs", Do: func(w *scheduletest.World) { giveSign(w); hang(w); w.Advance(3 * time.Minute) }, Want: hangs},
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
	}}
}

// hang leaves a run that gives no more signs.
func hang(w *scheduletest.World) {
	w.Exec(`
		INSERT INTO ingest.runs (tenant_id, endpoint, window_from, window_to, trigger, started_at, heartbeat_at)
		SELECT tenant_id, endpoint, now(), now(), 'schedule', now() - interval '1 hour', now() - interval '1 hour'
		FROM ingest.endpoints`)
}

// acknowledge takes note of all that is lost.
func acknowledge(w *scheduletest.World) {
	w.Exec(`
		INSERT INTO ingest.acknowledgements (tenant_id, endpoint, span_from, span_to, by_whom, reason)
		SELECT tenant_id, endpoint, origin, $1, 'somebody', 'it is known' FROM ingest.endpoints`, w.Now().Add(-9*day).Truncate(day))
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
			if bad := scheduletest.Noon.Truncate(day).Add(-4 * day); r.API != "" && r.From.Before(bad.Add(day)) && r.To.After(bad) {
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
	return Story{Name: "expiry", Config: logs(), Steps: []Step{
		{Name: "nobody reads what expires", Do: caughtUp, Want: Want{
			State: health.CatchingUp, Flags: expiring, Level: health.ActNow, Codes: []health.Code{health.ExpiresSoon}, Exit: 3,
		}},
		{Name: "a run has it in hand", Do: func(w *scheduletest.World) {
			w.Exec(`
				INSERT INTO ingest.runs (tenant_id, endpoint, window_from, window_to, trigger, started_at, slots, slots_done)
				SELECT tenant_id, endpoint, origin, $1, 'schedule', now() - interval '1 minute', 10, 6
				FROM ingest.endpoints`, w.Now())
		}, Want: Want{
			State: health.CatchingUp, Flags: expiring, Level: health.Wait, Codes: []health.Code{health.ExpiresSoon}, Exit: 3,
		}},
		{Name: "the run waits for Graph", Do: func(w *scheduletest.World) {
			w.Exec(`UPDATE ingest.runs SET waiting_until = now() + interval '10 minutes' WHERE finished_at IS NULL`)
		}, Want: Want{
			State: health.Throttled, Flags: expiring, Level: health.Wait, Codes: []health.Code{health.GraphThrottles}, Exit: 3,
		}},
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
			State: health.OnTime, Flags: parked, Level: health.ActSoon, Codes: []health.Code{health.RecordsParked}, Exit: 3, Fresh: true,
		}},
		{Name: "it expires", Do: bad, Want: Want{
			State: health.OnTime, Flags: append(parked, health.FlagExpiring), Level: health.ActNow,
			Codes: []health.Code{health.RecordsParked}, Exit: 3,
		}},
		{Name: "it is lost", Do: func(w *scheduletest.World) { bad(w); bad(w) }, Want: Want{
			State: health.OnTime, Flags: []health.Flag{health.FlagLost}, Level: health.Lost, Codes: []health.Code{health.DataLost}, Exit: 3,
		}},
	}}
}

// facts is a story of configuration, credentials, clock and database.
func facts() Story {
	aside := func(code health.Code) Want {
		return Want{State: health.OnTime, Level: health.ActSoon, Codes: []health.Code{code}, Exit: 3, Fresh: true}
	}
	set := func(sql string, args ...any) func(*scheduletest.World) {
		return func(w *scheduletest.World) { w.Exec(sql, args...) }
	}
	unanswered := func(code health.Code) Want {
		return Want{State: health.Never, Level: health.ActSoon, Codes: []health.Code{code}, Exit: 3}
	}
	return Story{Name: "facts", Config: logs(), Steps: []Step{
		{Name: "read", Do: once, Want: healthy},
		{Name: "switched off", With: func(_ *scheduletest.World, c *config.Config) {
			e := c.Tenants[0].Endpoints["pstn_calls"]
			e.Enabled = false
			c.Tenants[0].Endpoints["pstn_calls"] = e
		}, Want: Want{State: health.Paused, Level: health.Safe, Fresh: true}},
		{Name: "no longer configured", With: func(_ *scheduletest.World, c *config.Config) { c.Tenants = nil },
			Want: Want{State: health.Removed, Level: health.Safe, Fresh: true}},
		{Name: "the credential ends", Do: func(w *scheduletest.World) {
			w.Exec(`UPDATE ingest.tenants SET credential_ends_at = $1`, w.Now().Add(13*day))
		}, Want: aside(health.CredentialEnds)},
		{Name: "the clock is wrong", Do: set(`UPDATE ingest.tenants SET credential_ends_at = NULL, clock_skew_s = -432`),
			Want: aside(health.ClockSkewed)},
		{Name: "others can read the secret", Do: set(`UPDATE ingest.tenants SET clock_skew_s = 0`), With: expose, Want: Want{
			State: health.OnTime, Level: health.Safe, Codes: []health.Code{health.SecretReadable}, Fresh: true,
		}},
		{Name: "a role without rights", At: func(w *scheduletest.World) string {
			_, url := storetest.Role(w, w.Conn.Config().ConnString(), "")
			return url
		}, Want: unanswered(health.RightsMissing)},
		{Name: "no database", At: func(*scheduletest.World) string {
			return "postgres://ingestd@127.0.0.1:1/teams"
		}, Want: unanswered(health.DatabaseDown)},
		{Name: "an older schema", Do: set(`UPDATE ingest.schema_version SET version = 1`), Want: unanswered(health.SchemaOld)},
		{Name: "a newer schema", Do: set(`UPDATE ingest.schema_version SET version = 99`), Want: unanswered(health.SchemaNew)},
	}}
}

// expose gives the tenant a secret in a file that others may read.
func expose(w *scheduletest.World, c *config.Config) {
	secret, file := filepath.Join(w.TempDir(), "secret"), filepath.Join(w.TempDir(), "config.yaml")
	text := fmt.Sprintf("database: {url: postgres://localhost/teams}\ntenants:\n"+
		"- {id: %s, auth: {client_id: %s, client_secret_file: %s}}\n", graphsim.TenantID, graphsim.ClientID, secret)
	for name, content := range map[string]string{secret: "no-secret", file: text} {
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			w.Fatal(err)
		}
	}
	loaded, err := config.Load(file, func(string) string { return "" }, []config.Bounds{
		{Name: "pstn_calls", Reach: 365 * day, Settle: 3 * day, APIs: []string{"v1.0"}},
	})
	if err != nil {
		w.Fatal(err)
	}
	c.Tenants[0].Auth = loaded.Tenants[0].Auth
}

// EndpointOf is the endpoint that a story is about.
func EndpointOf(s health.Snapshot) health.Endpoint {
	for _, t := range s.Tenants {
		for _, e := range t.Endpoints {
			return e
		}
	}
	return health.Endpoint{}
}
