package deploy

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// TestGrafanaAsksAsTheRoleThatMayRead holds together who asks, who is made and who
// is given rights in compose.
func TestGrafanaAsksAsTheRoleThatMayRead(t *testing.T) {
	t.Parallel()
	var compose struct {
		Services map[string]struct {
			Command []string
			Secrets []string
		}
	}
	var sources struct {
		Datasources []struct {
			Type, User     string
			SecureJSONData map[string]string `yaml:"secureJsonData"`
		}
	}
	files := map[string]any{"compose/compose.yaml": &compose, "compose/grafana/datasource.yaml": &sources}
	for name, into := range files {
		if err := yaml.Unmarshal([]byte(read(t, name)), into); err != nil {
			t.Fatal(err)
		}
	}
	for _, source := range sources.Datasources {
		if source.Type != "grafana-postgresql-datasource" {
			continue
		}
		grant := strings.Join(compose.Services["reader"].Command, " ")
		if want := "migrate grant --role " + source.User + " --access personal "; !strings.HasPrefix(grant, want) {
			t.Errorf("the service reader runs %q, not %q", grant, want)
		}
		create := read(t, "compose/create-database.sql")
		if want := "CREATE ROLE " + source.User + " LOGIN PASSWORD"; !strings.Contains(create, want) {
			t.Errorf("create-database.sql lacks %q", want)
		}
		for _, service := range []string{"grafana", "postgres"} {
			secrets := strings.Join(compose.Services[service].Secrets, " ")
			if file := source.SecureJSONData["password"]; file != "$__file{/run/secrets/reader}" ||
				!strings.Contains(secrets, "reader") {
				t.Errorf("the password is %s, %s has the secrets %s", file, service, secrets)
			}
		}
		return
	}
	t.Error("Grafana has no source of PostgreSQL")
}
