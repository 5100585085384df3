package demo

import (
	_ "embed"
	"fmt"
	"os"
	"strings"
	"text/template"

	"ingestd/internal/graphsim"
)

//go:embed config.yaml.tmpl
var configText string

var configTemplate = template.Must(template.New("config.yaml").Parse(configText))

// A tenantConfig is what a configuration says of a tenant.
type tenantConfig struct {
	ID, Name, GraphURL, LoginURL, CAFile, ClientID, SecretFile string
	Limits, Endpoints                                          string // in YAML
}

// Config is the path of the configuration.
func (s *Stage) Config() string { return s.folder.file("config.yaml") }

// PastConfig is the path of the configuration in the past.
func (s *Stage) PastConfig() string { return s.folder.file("past.yaml") }

// LogPath is where the daemon's log is to be.
func (s *Stage) LogPath() string { return s.folder.file("daemon.log") }

// configure writes the configurations and the files they name.
func (s *Stage) configure() error {
	if err := s.write("secret", graphsim.ClientSecret); err != nil {
		return err
	}
	var now, past []tenantConfig
	for _, t := range s.tenants {
		ca := t.name + ".pem"
		if err := s.write(ca, string(t.graph.CAPEM())); err != nil {
			return err
		}
		c := tenantConfig{
			ID: t.graph.Tenant(), Name: t.name, GraphURL: t.graph.GraphURL(), LoginURL: t.graph.LoginURL(),
			CAFile: s.folder.file(ca), ClientID: graphsim.ClientID, SecretFile: s.folder.file("secret"),
			Limits: limits(LimitFactor),
		}
		past = append(past, c)
		if t.limits != "" {
			c.Limits = t.limits
		}
		c.Endpoints = t.endpoints
		now = append(now, c)
	}
	if err := s.writeConfig("past.yaml", past); err != nil {
		return err
	}
	return s.writeConfig("config.yaml", now)
}

// limits are the published ones, so many times.
func limits(factor int) string {
	return fmt.Sprintf("{call_records: %d/20s, list: %d/20s, record: %d/20s, logs: %d/60s, log_function: %d/60s}",
		1500*factor, 40*factor, 40*factor, 200*factor, 50*factor)
}

func (s *Stage) writeConfig(name string, tenants []tenantConfig) error {
	var text strings.Builder
	err := configTemplate.Execute(&text, struct {
		Database, Listen string
		Tenants          []tenantConfig
	}{s.DatabaseURL(), s.listen, tenants})
	if err != nil {
		return err
	}
	return s.write(name, text.String())
}

// write writes a file that its owner alone may read.
func (s *Stage) write(name, content string) error {
	return os.WriteFile(s.folder.file(name), []byte(content), 0o600)
}
