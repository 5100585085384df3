package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ingestd/internal/config"
	"ingestd/internal/fetch"
)

// config.example.yaml shows each endpoint with the defaults it has.
func TestExampleShowsEveryEndpoint(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../config.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	secret, file := filepath.Join(dir, "secret"), filepath.Join(dir, "config.yaml")
	text := strings.Replace(string(content), "/run/secrets/graph", secret, 1)
	for name, content := range map[string]string{secret: "s", file: text} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := config.Load(file, func(string) string { return "" }, bounds())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range fetch.Endpoints {
		if !strings.Contains(text, "\n      "+e.Name+":\n") {
			t.Errorf("%s is not in the example", e.Name)
		}
		shown := c.Tenants[0].Endpoints[e.Name]
		if !shown.Enabled || shown.Reach != e.Reach || shown.Settle != e.Settle || shown.API != e.APIs[0] {
			t.Errorf("%s is shown as %+v", e.Name, shown)
		}
	}
}
