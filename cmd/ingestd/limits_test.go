package main

import (
	"os"
	"path/filepath"
	"testing"

	"ingestd/internal/config"
	"ingestd/internal/fetch"
)

// The configuration cannot know package fetch, so its defaults are held to the published limits here.
func TestLimitsDefaultToThePublishedOnes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.yaml")
	text := `database: {url: "postgres://ingestd@localhost/teams"}
tenants:
  - id: "11111111-2222-3333-4444-555555555555"
    auth: {client_id: "66666666-7777-8888-9999-000000000000", client_secret_env: SECRET}
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(path, func(name string) string { return map[string]string{"SECRET": "s"}[name] }, bounds())
	if err != nil {
		t.Fatal(err)
	}
	limit := func(r config.Rate) fetch.Limit { return fetch.Limit{Requests: r.Requests, Per: r.Per} }
	l := c.Tenants[0].Limits
	got := fetch.Limits{
		CallRecords: limit(l.CallRecords), List: limit(l.List), Record: limit(l.Record),
		Logs: limit(l.Logs), LogFunction: limit(l.LogFunction),
	}
	if want := fetch.DefaultLimits(); got != want {
		t.Errorf("limits %v, want %v", got, want)
	}
}
