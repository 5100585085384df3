// Package healthtest plays what can befall a tenant, step by step, against the
// simulated one, and says what a snapshot must say after each. Tests of the
// snapshot and of all that renders it range over the same steps.
package healthtest

import (
	"cmp"
	"context"
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
			story.Config.Log = cmp.Or(story.Config.Log, zap.NewNop())
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
	return []Story{trouble(), strangers(), death(), unreadable(), expiry(), records(), facts()}
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

// EndpointOf is the endpoint that a story is about.
func EndpointOf(s health.Snapshot) health.Endpoint {
	for _, t := range s.Tenants {
		for _, e := range t.Endpoints {
			return e
		}
	}
	return health.Endpoint{}
}
