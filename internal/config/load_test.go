package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	tenantID = "6b1f0c52-8a41-4f0e-9c3d-2f7a51e0b9aa"
	clientID = "d3c0a7e4-15b6-4a57-8f1e-7c2b90d4e811"
)

var known = []Bounds{
	{Name: "pstn_calls", Reach: 365 * day, Settle: 72 * time.Hour, APIs: []string{"v1.0", "beta"}},
	{Name: "direct_routing_calls", Reach: 150 * day, Settle: 72 * time.Hour, APIs: []string{"v1.0", "beta"}},
	{Name: "sms_messages", Reach: 90 * day, Settle: 72 * time.Hour, APIs: []string{"beta"}},
	{Name: "pstn_blocked_users_log", Reach: 90 * day, Settle: 72 * time.Hour, APIs: []string{"beta"}},
	{Name: "dialout_report", Reach: 90 * day, Settle: 72 * time.Hour, APIs: []string{"beta"}},
	{Name: "call_records", Reach: 30 * day, Settle: 36 * time.Hour, APIs: []string{"v1.0"}, HasDetails: true},
}

// valid is a smallest file that loads, given GRAPH_SECRET. Tests replace lines
// of it.
const valid = `database: {url: "postgres://ingestd@localhost/teams"}
tenants:
  - id: ` + tenantID + `
    auth:
      client_id: ` + clientID + `
      client_secret_env: GRAPH_SECRET
    endpoints: {}
`

// TestMain keeps the PG* variables of the machine out of the tests: pgx reads
// them from the process.
func TestMain(m *testing.M) {
	for _, setting := range os.Environ() {
		if name, _, _ := strings.Cut(setting, "="); strings.HasPrefix(name, "PG") {
			os.Unsetenv(name)
		}
	}
	os.Exit(m.Run())
}

type environment map[string]string

func (e environment) get(name string) string { return e[name] }

// load writes text to a file config.yaml and loads it. In errors the file is
// called config.yaml.
func load(t *testing.T, text string, env environment) (*Config, error) {
	t.Helper()
	path := write(t, "config.yaml", text)
	c, err := Load(path, env.get, known)
	if wrong, ok := errors.AsType[*Error](err); ok {
		for i, fault := range wrong.Faults {
			wrong.Faults[i] = strings.ReplaceAll(fault, path, "config.yaml")
		}
	}
	return c, err
}

func mustLoad(t *testing.T, text string, env environment) *Config {
	t.Helper()
	c, err := load(t, text, env)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadFillsDefaults(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, valid, environment{"GRAPH_SECRET": "s"})

	if got := c.Database.URL.Reveal(); got != "postgres://ingestd@localhost/teams" {
		t.Errorf("database.url = %s", got)
	}
	if c.Log != (Log{Level: "info", Format: "json"}) {
		t.Errorf("log = %+v", c.Log)
	}
	tenant := c.Tenants[0]
	if tenant.Name != tenantID || tenant.GraphURL() != "https://graph.microsoft.com" {
		t.Errorf("name = %s, Graph at %s", tenant.Name, tenant.GraphURL())
	}
	e := tenant.Endpoints["pstn_calls"]
	if !e.Enabled || e.Schedule.String() != "*/5 * * * *" || e.Reach != 365*day || e.Settle != 72*time.Hour ||
		e.API != "v1.0" || !e.StartFrom.IsZero() {
		t.Errorf("pstn_calls = %+v", e)
	}
	if e := tenant.Endpoints["sms_messages"]; !e.Enabled || e.Reach != 90*day || e.API != "beta" {
		t.Errorf("sms_messages = %+v", e)
	}
	if tenant.Limits.CallRecords.String() != "1500/20s" || tenant.Limits.Logs.String() != "200/60s" {
		t.Errorf("limits = %v", tenant.Limits)
	}
}

func TestLoadReadsEveryKey(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, `
database: {url: "host=/run/postgresql dbname=teams"}
tenants:
  - id: `+strings.ToUpper(tenantID)+`
    name: Contoso Ltd
    cloud: usgov-l5
    auth: {client_id: `+clientID+`, client_secret_env: GRAPH_SECRET}
    endpoints:
      pstn_calls: {enabled: false, schedule: "7 3 * * *", reach: 90d, settle: 1d12h, start_from: 2026-01-01, api: beta}
    limits: {call_records: 1/1s, list: 2/1s, record: 3/1s, logs: 4/1s, log_function: 5/1m}
  - id: `+clientID+`
    auth: {client_id: `+clientID+`, client_secret_env: GRAPH_SECRET}
log: {level: debug, format: console}
`, environment{"GRAPH_SECRET": "s"})

	if c.Log != (Log{Level: "debug", Format: "console"}) {
		t.Errorf("log = %+v", c.Log)
	}
	first, second := c.Tenants[0], c.Tenants[1]
	if first.ID != tenantID || first.Name != "Contoso Ltd" || first.GraphURL() != "https://dod-graph.microsoft.us" ||
		first.LoginURL() != "https://login.microsoftonline.us" || first.Auth.ClientID != clientID {
		t.Errorf("tenant = %+v", first)
	}
	e := first.Endpoints["pstn_calls"]
	if e.Enabled || e.Schedule.String() != "7 3 * * *" || e.Reach != 90*day || e.Settle != 36*time.Hour ||
		e.API != "beta" || e.StartFrom != time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) {
		t.Errorf("pstn_calls = %+v", e)
	}
	if first.Limits != (Limits{
		CallRecords: Rate{1, time.Second}, List: Rate{2, time.Second}, Record: Rate{3, time.Second},
		Logs: Rate{4, time.Second}, LogFunction: Rate{5, time.Minute},
	}) {
		t.Errorf("limits = %v", first.Limits)
	}
	if e := second.Endpoints["pstn_calls"]; !e.Enabled || e.API != "v1.0" {
		t.Errorf("the second tenant shares the first one's endpoints: %+v", e)
	}
}

func TestCustomCloud(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, strings.Replace(valid, "    auth:", `    cloud: custom
    graph_url: "https://127.0.0.1:8443/"
    login_url: https://login.example.com
    auth:`, 1), environment{"GRAPH_SECRET": "s"})

	if got := c.Tenants[0].GraphURL(); got != "https://127.0.0.1:8443" {
		t.Errorf("GraphURL = %s", got)
	}
	if got := c.Tenants[0].LoginURL(); got != "https://login.example.com" {
		t.Errorf("LoginURL = %s", got)
	}
}

func TestFileIsSearched(t *testing.T) {
	env := environment{"GRAPH_SECRET": "s"}
	t.Chdir(t.TempDir())

	_, err := Load("", env.get, known)
	want := "environment: no configuration: write ./config.yaml or /etc/ingestd/config.yaml " +
		"(or name a file with --config), or set INGESTD_DATABASE_URL, INGESTD_TENANT_ID, " +
		"INGESTD_CLIENT_ID and INGESTD_CLIENT_SECRET_FILE"
	if err == nil || err.Error() != want {
		t.Errorf("no file: %v", err)
	}

	if err := os.WriteFile("config.yaml", []byte(valid), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load("", env.get, known); err != nil {
		t.Errorf("./config.yaml: %v", err)
	}
	if _, err := Load("other.yaml", env.get, known); err == nil ||
		err.Error() != "other.yaml: cannot be read: no such file or directory" {
		t.Errorf("a named file is not searched for elsewhere: %v", err)
	}
}
