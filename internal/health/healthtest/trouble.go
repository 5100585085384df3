package healthtest

import (
	"errors"
	"io"
	"sync/atomic"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"ingestd/internal/graphsim"
	"ingestd/internal/health"
	"ingestd/internal/schedule/scheduletest"
)

// trouble is a story of what Graph and Entra may say.
func trouble() Story {
	world, missing, broken := logs(), new(atomic.Bool), new(atomic.Bool)
	world.Secret = func() (string, error) {
		if missing.Load() {
			return "", errors.New("no such file")
		}
		return graphsim.ClientSecret, nil
	}
	world.Log = logThat(func(e zapcore.Entry) {
		if e.Message == "request failed" && broken.Load() {
			panic("a bug")
		}
	})
	steps := []Step{
		{Name: "before the first start", Want: never},
		{Name: "first reading", Do: begin, Want: Want{
			State: health.CatchingUp, Flags: []health.Flag{health.FlagExpiring}, Level: health.FirstReading,
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
		{Name: "a bug", Do: func(w *scheduletest.World) {
			broken.Store(true)
			defer broken.Store(false)
			failing(graphsim.Fault{Status: 500})(w)
		}, Want: waits(health.Late, health.InternalError)},
		{Name: "without the bug", Do: once, Want: healthy},
		{Name: "somebody erased, and no secret to know them by", Do: func(w *scheduletest.World) {
			w.Exec(`INSERT INTO ingest.erasures (tenant_id, known_by, hash, needed_until, found, program)
				SELECT tenant_id, 'user', '\x00', now() + interval '1 year', '{}', 'test' FROM ingest.tenants`)
			tryDue(w)
			w.Exec(`DELETE FROM ingest.erasures`)
		}, Want: waits(health.Late, health.ErasedUnknown)},
		{Name: "with the secret", Do: once, Want: healthy},
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

// logThat is a log that writes nothing and hands over each entry.
func logThat(hook func(zapcore.Entry)) *zap.Logger {
	encoder := zapcore.NewJSONEncoder(zapcore.EncoderConfig{})
	core := zapcore.NewCore(encoder, zapcore.AddSync(io.Discard), zap.DebugLevel)
	return zap.New(zapcore.RegisterHooks(core, func(e zapcore.Entry) error {
		hook(e)
		return nil
	}))
}

// strangers is a story of somebody who answers in Microsoft's place.
func strangers() Story {
	world := logs()
	world.Untrusted = true
	return Story{Name: "strangers", Config: world, Steps: []Step{
		{Name: "an unknown authority", Do: tryDue, Want: Want{
			State: health.Late, Flags: []health.Flag{health.FlagExpiring}, Level: health.ActNow,
			Codes: []health.Code{health.TLSUntrusted}, Exit: 3,
		}},
	}}
}

// waits is what is said of what heals by itself.
func waits(state health.State, code health.Code) Want {
	return Want{State: state, Level: health.Wait, Codes: []health.Code{code}, Exit: 3}
}

// denied is what is said of what an administrator has to grant.
func denied(code health.Code) Want {
	return Want{State: health.Denied, Level: health.ActSoon, Codes: []health.Code{code}, Exit: 4}
}
