package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
)

// begun is when Graph's clock stands in these tests, so that what is served does
// not change while a test runs. It is some minutes at most behind this machine's
// clock, which has to agree with it, and not at the turn of an hour, at which that
// hour would settle by the second.
var begun = func() time.Time {
	at := time.Now().UTC().Truncate(time.Minute)
	for at.Minute() < 5 || at.Minute() > 50 {
		at = at.Add(-time.Minute)
	}
	return at
}()

// daysBefore is the start of the day so many days before the clock's.
func daysBefore(n int) time.Time { return begun.Truncate(24*time.Hour).AddDate(0, 0, -n) }

// simulate starts a simulated tenant whose clock stands still, unless it has
// another.
func simulate(t testing.TB, c graphsim.Config) *graphsim.Server {
	t.Helper()
	if c.Now == nil {
		c.Now = func() time.Time { return begun }
	}
	tenant, err := graphsim.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tenant.Close(); err != nil {
			t.Error(err)
		}
	})
	return tenant
}

// configure writes config.yaml, where one endpoint alone of each tenant is
// switched on (empty: all are, as by default), and what it names to a folder.
func configure(dir, databaseURL string, endpoint string, tenants ...*graphsim.Server) error {
	text := fmt.Sprintf("database:\n  url: %q\ntenants:\n", databaseURL)
	for i, tenant := range tenants {
		name, ca := "simulated", filepath.Join(dir, fmt.Sprintf("ca%d.pem", i))
		if i > 0 {
			name += fmt.Sprint(i)
		}
		if err := os.WriteFile(ca, tenant.CAPEM(), 0o600); err != nil {
			return err
		}
		text += entry(tenant, name, ca, filepath.Join(dir, "secret"), endpoint)
	}
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte(graphsim.ClientSecret+"\n"), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(text+anyPort+"log: {level: warn}\n"), 0o600)
}

// anyPort lets daemons that run side by side each have a port.
const anyPort = "server: {listen: \"127.0.0.1:0\"}\n"

// generous are limits that no test reaches.
const generous = `{call_records: 100000/20s, list: 100000/20s, record: 100000/20s,
       logs: 100000/60s, log_function: 100000/60s}`

// entry is a tenant's part of the configuration.
func entry(tenant *graphsim.Server, name, ca, secret, endpoint string) string {
	return fmt.Sprintf(`  - id: %q
    name: %s
    cloud: custom
    graph_url: %q
    login_url: %q
    ca_file: %q
    auth:
      client_id: %q
      client_secret_file: %q
%s    limits:
      %s
`, tenant.Tenant(), name, tenant.GraphURL(), tenant.LoginURL(), ca,
		graphsim.ClientID, secret, only(endpoint), generous)
}

// only switches off the endpoints that a test is not about.
func only(endpoint string) string {
	if endpoint == "" {
		return ""
	}
	var lines strings.Builder
	fmt.Fprintf(&lines, `    endpoints:
      %s:
        schedule: "*/5 * * * *"
        settle: 72h
`, endpoint)
	for _, e := range fetch.Endpoints {
		if e.Name != endpoint {
			fmt.Fprintf(&lines, "      %s: {enabled: false}\n", e.Name)
		}
	}
	return lines.String()
}
