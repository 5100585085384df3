package healthtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"ingestd/internal/config"
	"ingestd/internal/graphsim"
	"ingestd/internal/schedule/scheduletest"
)

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
		SELECT tenant_id, endpoint, origin, $1, 'somebody', 'it is known'
		FROM ingest.endpoints`, w.Now().Add(-9*day).Truncate(day))
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
