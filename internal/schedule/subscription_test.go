package schedule_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"ingestd/internal/graphsim"
	"ingestd/internal/notify"
	"ingestd/internal/schedule/scheduletest"
	"ingestd/internal/store/storetest"
)

// whenAsked has a function called for each request of an operation, and the answer spoilt by what it returns.
func whenAsked(operation string, do func(n int) graphsim.Fault) func(graphsim.Request) graphsim.Fault {
	return func(r graphsim.Request) graphsim.Fault {
		if r.Operation != operation {
			return graphsim.Fault{}
		}
		return do(r.N)
	}
}

// A subscription whose secret is not the one that is noted is replaced by one that is believed: it may be older than
// what was noted before a crash, or what a request made whose answer was lost, so that Graph refuses another (409).
func TestSubscriptionOfAnotherSecretIsReplaced(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(w *scheduletest.World)
		fails string // what it fails with first
	}{
		"killed before another was made": {spoil: func(w *scheduletest.World) {
			w.Exec(`UPDATE ingest.subscriptions SET subscription_id = NULL, client_state_hash = sha256('another'),
				expires_at = expires_at + interval '1 hour'`)
		}},
		"of a database that was restored": {spoil: func(w *scheduletest.World) {
			w.Exec(`UPDATE ingest.subscriptions
				SET subscription_id = gen_random_uuid(), client_state_hash = sha256('another')`)
		}},
		"made without an answer": {fails: "409 Conflict", spoil: func(w *scheduletest.World) {
			w.Graph.DeleteSubscriptions()
			first := true
			w.Graph.SetFaults(whenAsked("subscribe", func(int) (f graphsim.Fault) {
				if first {
					f.Cut = -1
				}
				first = false
				return f
			}))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newNotified(t, appears(1, 1, 30))
			c.spoil(w)
			err := w.Subscribe()
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) {
					t.Errorf("%v; want %s", err, c.fails)
				}
				err = w.Subscribe()
			}
			w.Advance(15 * time.Minute)
			w.Notify()
			if n := w.Outcomes()[notify.Accepted]; err != nil || n != 1 || w.Graph.Subscriptions() != 1 {
				t.Errorf("%d notifications are believed, of %d subscriptions: %v", n, w.Graph.Subscriptions(), err)
			}
			if missed := storetest.Query[*time.Time](t, w.Conn,
				`SELECT missed_at FROM ingest.subscriptions`); missed == nil {
				t.Error("it is not noted that notifications are missing")
			}
		})
	}
}

// A late context ends, as one whose time is over, when a test says so.
type late struct {
	context.Context
	over chan struct{}
}

func (l late) Done() <-chan struct{} { return l.over }

func (l late) Err() error {
	select {
	case <-l.over:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// While Graph does not answer about subscriptions, it is noted why there is none, and that one may have been made. Who
// is told to stop meanwhile notes no error.
func TestSubscriptionsWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		operation string
		stopped   bool
		want      string // of what is noted
	}{
		"no list":                 {"listSubscriptions", false, "nothing came of it"},
		"none made":               {"subscribe", false, "nothing came of it"},
		"told to stop at a list":  {"listSubscriptions", true, "an earlier one"},
		"told to stop as it made": {"subscribe", true, "an earlier one"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newNotified(t)
			w.Exec(`UPDATE ingest.subscriptions SET error = 'an earlier one'`)
			w.Graph.DeleteSubscriptions()
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			if !c.stopped {
				over := make(chan struct{})
				ctx, stop = late{ctx, over}, func() { close(over) }
			}
			w.Graph.SetFaults(whenAsked(c.operation, func(int) graphsim.Fault {
				stop()
				return graphsim.Fault{Stall: true}
			}))
			err := w.SubscribeWhile(ctx)
			noted := storetest.Query[string](t, w.Conn, `SELECT coalesce(error, '') FROM ingest.subscriptions`)
			known := storetest.Query[bool](t, w.Conn,
				`SELECT subscription_id IS NOT NULL FROM ingest.subscriptions`)
			if !strings.Contains(noted, c.want) || err == nil || errors.Is(err, context.Canceled) != c.stopped ||
				known != (c.operation == "listSubscriptions") {
				t.Errorf("%v; noted %q, known: %v", err, noted, known)
			}
			w.Graph.SetFaults(nil)
			if err := w.Subscribe(); err != nil || w.Graph.Subscriptions() != 1 {
				t.Errorf("after that: %d subscriptions, %v", w.Graph.Subscriptions(), err)
			}
		})
	}
}

// What Graph asks for while a subscription is looked at is done at the next look.
func TestAskedToRenewMeanwhile(t *testing.T) {
	t.Parallel()
	w := newNotified(t)
	w.Advance(10 * time.Hour)
	asks := true
	w.Graph.SetFaults(whenAsked("listSubscriptions", func(int) graphsim.Fault {
		if asks && !w.Graph.Lifecycle(t.Context(), "reauthorizationRequired") {
			t.Error("what Graph asks for was not taken")
		}
		asks = false
		return graphsim.Fault{}
	}))
	asked := func() bool {
		return storetest.Query[bool](t, w.Conn, `SELECT reauthorize FROM ingest.subscriptions`)
	}
	for _, want := range []bool{true, false} {
		if err := w.Subscribe(); err != nil || asked() != want {
			t.Errorf("it is to be renewed: %v, want %v: %v", asked(), want, err)
		}
	}
	left := storetest.Query[time.Time](t, w.Conn, `SELECT expires_at FROM ingest.subscriptions`).Sub(w.Now())
	if left.Round(time.Hour) != 70*time.Hour {
		t.Errorf("it ends in %v", left)
	}
}

// Two programs with one app and one address take each other's subscription. That is said at the third time within an
// hour, until it is over.
func TestContestedSubscription(t *testing.T) {
	t.Parallel()
	w := newNotified(t)
	other := w.In(storetest.URL(t))
	said := ""
	for n := range 20 {
		w.Advance(5 * time.Minute)
		if n < 5 {
			if err := other.Subscribe(); err != nil && n < 3 {
				t.Error(err)
			}
		}
		err := w.Subscribe()
		said += map[bool]string{true: "-", false: "S"}[err == nil]
		if err != nil && !strings.Contains(err.Error(), "app registration of its own") {
			t.Error(err)
		}
		if w.Graph.Subscriptions() != 1 {
			t.Errorf("%d subscriptions", w.Graph.Subscriptions())
		}
	}
	if want := "--SSSSSSSSSSSSS-----"; said != want { // of those of the last hour three are left after 75 minutes
		t.Errorf("said %s, want %s", said, want)
	}
}

// A daemon whom Graph refuses a subscription minute after minute warns of that once, with what to do.
func TestRefusedSubscriptionIsWarnedOfOnce(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.WarnLevel)
	c := scheduletest.RecordsConfig()
	c.Notified, c.Locked, c.Every, c.Log = true, true, 12*time.Hour, zap.New(core)
	w := scheduletest.New(t, c)
	var refused atomic.Int32
	w.Graph.SetFaults(whenAsked("subscribe", func(int) graphsim.Fault {
		refused.Add(1)
		return graphsim.Fault{Status: 400}
	}))
	w.Daemon(func() bool {
		w.Advance(time.Second)
		return refused.Load() >= 5
	})
	warned := logs.FilterMessageSnippet("no notifications").All()
	if len(warned) != 1 || !strings.Contains(warned[0].ContextMap()["error"].(string), "webhook.public_url") {
		t.Errorf("refused %d times, and warned: %v", refused.Load(), warned)
	}
}
