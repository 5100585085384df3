package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ingestd/internal/graphsim"
	"ingestd/internal/notify/hubtest"
	"ingestd/internal/store/storetest"
)

// TestDaemonReadsHub has Graph send to an event hub what no list names, and the daemon read it, signed in first by a
// connection string and then by its own credential.
func TestDaemonReadsHub(t *testing.T) {
	t.Parallel()
	var late atomic.Int64
	tenant := simulate(t, graphsim.Config{CallsPerDay: -1, Records: unlisted(2),
		Now: func() time.Time { return begun.Add(time.Duration(late.Load())) }})
	hub, url := hubtest.New(t), storetest.URL(t)
	tenant.SetEventHub(hub.Send)
	dir := workplace(t, url, tenant, "call_records")
	add(t, filepath.Join(dir, "ca0.pem"), string(hub.CAPEM))
	add(t, filepath.Join(dir, "hub"), hubtest.ConnectionString)
	config := filepath.Join(dir, "config.yaml")
	addConfig(t, dir, fmt.Sprintf("notifications:\n  event_hub:\n    {host: %q, hub: %s, domain: example.com}\n",
		hub.Host(), hubtest.Name))
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	byString := strings.Replace(string(text), "domain:", fmt.Sprintf("connection_string_file: %q, domain:",
		filepath.Join(dir, "hub")), 1)
	for i, text := range []string{byString, string(text)} {
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p := launch(t, dir, "run")
		page := p.field(t, "serving page", "url")
		storetest.Eventually(t, func() bool { return tenant.Subscriptions() == 1 })
		late.Add(int64(time.Second))
		tenant.Notify(t.Context())
		await(t, url, fmt.Sprintf(`SELECT count(*) = %d FROM teams.call_records WHERE details_version = 1`, i+1))
		status, says := get(t, page, "/api/status")
		if status != http.StatusOK || strings.Contains(says, "not_notified") {
			t.Errorf("%d: %s", status, says)
		}
		if (hub.Tokens() > 0) != (i > 0) {
			t.Errorf("%d: signed in %d times by a token", i, hub.Tokens())
		}
		p.signal(t, os.Interrupt)
		p.exits(t, patience, exitOK)
	}
}
