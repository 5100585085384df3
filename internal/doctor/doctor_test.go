package doctor_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"ingestd/internal/config"
	"ingestd/internal/doctor"
	"ingestd/internal/fetch"
	"ingestd/internal/golden"
	"ingestd/internal/graphsim"
	"ingestd/internal/notify/hubtest"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// nothing is a database that does not answer, for tests that are about Graph.
const nothing = "postgres://ingestd@127.0.0.1:1/teams?sslmode=disable"

// simulate starts a tenant with few rows.
func simulate(t *testing.T, c graphsim.Config) *graphsim.Server {
	t.Helper()
	c.CallsPerDay = -1
	tenant, err := graphsim.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tenant.Close() })
	return tenant
}

// A scene is what doctor is called to.
type scene struct {
	tenant   *graphsim.Server
	database string
	clientID string
	secret   string
	mode     os.FileMode // of its file

	certificate func(*graphsim.Server) []byte // in place of the secret

	tune    func(*fetch.Options)
	subject func(*doctor.Subject)
}

// examine returns the findings of an area as lines: status, code, what, and
// below evidence and fix.
func (s scene) examine(t *testing.T, area string) string {
	t.Helper()
	var lines []string
	for _, f := range s.findings(t) {
		if f.Area != area {
			continue
		}
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s", f.Status, f.Code))+": "+f.What)
		if f.Evidence != "" {
			lines = append(lines, strings.Split(string(f.Evidence), "\n")...)
		}
		for _, fix := range f.Fix {
			lines = append(lines, "fix "+fix)
		}
		if (f.Status == doctor.Fail || f.Status == doctor.Warn) && (f.Code == "" || len(f.Fix) == 0 || f.First == "") {
			t.Errorf("a problem without code, fix or first step: %+v", f)
		}
	}
	return strings.Join(lines, "\n")
}

func (s scene) findings(t *testing.T) []doctor.Finding {
	t.Helper()
	c := s.load(t)
	url := s.database
	if url == "" {
		url = nothing
	}
	db, err := store.Open(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	subject := doctor.Subject{Config: c, Tenants: c.Tenants, DB: db, Client: s.client, Now: time.Now(),
		Erased: func(context.Context, config.Tenant) error { return nil }}
	if s.subject != nil {
		s.subject(&subject)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return subject.Examine(ctx)
}

// load reads the scene's configuration as the program does.
func (s scene) load(t *testing.T) *config.Config {
	t.Helper()
	dir := t.TempDir()
	secret, file := filepath.Join(dir, "secret"), filepath.Join(dir, "config.yaml")
	clientID, mode := graphsim.ClientID, os.FileMode(0o600)
	if s.clientID != "" {
		clientID = s.clientID
	}
	if s.mode != 0 {
		mode = s.mode
	}
	text, key := s.secret, "client_secret_file"
	if text == "" {
		text = graphsim.ClientSecret
	}
	if s.certificate != nil {
		text, key = string(s.certificate(s.tenant)), "certificate_file"
	}
	for name, content := range map[string]string{
		secret: text,
		file: fmt.Sprintf(`
database: {url: %q}
tenants:
  - id: %s
    name: contoso
    cloud: custom
    graph_url: %q
    login_url: %q
    auth: {client_id: %s, %s: %q}
`, nothing, s.tenant.Tenant(), s.tenant.GraphURL(), s.tenant.LoginURL(), clientID, key, secret),
	} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(secret, mode); err != nil {
		t.Fatal(err)
	}
	var bounds []config.Bounds
	for _, e := range fetch.Endpoints {
		bounds = append(bounds, config.Bounds{Name: e.Name, Reach: e.Reach, Settle: e.Settle, APIs: e.APIs})
	}
	c, err := config.Load(file, func(string) string { return "" }, bounds)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func roots(tenant *graphsim.Server) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(tenant.CAPEM())
	return pool
}

func (s scene) client(t config.Tenant) (*fetch.Client, error) {
	limit := func(r config.Rate) fetch.Limit { return fetch.Limit{Requests: r.Requests, Per: r.Per} }
	options := fetch.Options{
		TenantID: t.ID, ClientID: t.Auth.ClientID, Credential: fetch.ClientSecret(t.Auth.ClientSecret.Read),
		GraphURL: t.GraphURL(), LoginURL: t.LoginURL(), RootCAs: roots(s.tenant), Hasty: true,
		Limits: fetch.Limits{
			CallRecords: limit(t.Limits.CallRecords), List: limit(t.Limits.List), Record: limit(t.Limits.Record),
			Logs: limit(t.Limits.Logs), LogFunction: limit(t.Limits.LogFunction),
		},
	}
	if s.certificate != nil {
		options.Credential = fetch.Certificate(t.Auth.Certificate.Read)
	}
	if s.tune != nil {
		s.tune(&options)
	}
	return fetch.New(options)
}

// variable parts are replaced by what they are.
var variable = []struct{ pattern, word string }{
	{`127\.0\.0\.1:\d+`, "HOST"},
	{`[0-9a-f]{8}-[0-9a-f-]{27}`, "ID"},
	{`\d\d:\d\d:\d\d UTC`, "TIME UTC"},
	{`\d+-\d\d-\d\dT\S+Z`, "T"},
	{`which is \S+ apart`, "which is D apart"},
	{`until \d+ \w+ \d{4}`, "until DATE"},
	{`\d+ to \d+ ms`, "N to M ms"},
	{`clock is \d+\.\d s (ahead|behind)`, "clock is S"},
	{`test_\w+`, "DATABASE"},
	{`\brole_\w{26}`, "ROLE"},
	{`7 min 1[12] s`, "7 min 12 s"},
	{`PostgreSQL [\d.]+( \(.*?\))?`, "PostgreSQL V"},
	{`/\S+/(socket|pooler)(-\d+)?`, "DIR"},
	{`/\S*/`, "DIR/"},
	{`schema \d+, as`, "schema N, as"},
	{`(version|knows) \d\d?\b`, "$1 N"},
}

func plain(text string) string {
	for _, v := range variable {
		text = regexp.MustCompile(v.pattern).ReplaceAllString(text, v.word)
	}
	return text
}

// check holds what was found to the file that is named like the test.
func check(t *testing.T, found string) {
	t.Helper()
	golden.Check(t, filepath.Join("testdata", t.Name()+".txt"), plain(found)+"\n")
}

// Each failure of a tenant is produced, and said with its evidence and what to do.
func TestTenant(t *testing.T) {
	t.Parallel()
	list := func(operation string) func(graphsim.Request) bool {
		return func(r graphsim.Request) bool { return r.Operation == operation }
	}
	tests := map[string]struct {
		config  graphsim.Config
		prepare func(*graphsim.Server)
		scene   scene
	}{
		"all fine": {},
		"another role": {
			prepare: func(g *graphsim.Server) { g.SetDenied(true, "callRecords") },
		},
		"no permission": {
			prepare: func(g *graphsim.Server) { g.SetDenied(true) },
		},
		"a permission that was just granted": {
			prepare: func(g *graphsim.Server) { g.SetDenied(true, "getSmsLog") },
		},
		"a secret that cannot be read": {
			scene: scene{tune: func(o *fetch.Options) {
				missing := errors.New("the file cannot be read")
				o.Credential = fetch.ClientSecret(func() (string, error) { return "", missing })
			}},
		},
		"expired secret": {
			prepare: (*graphsim.Server).ExpireSecret,
		},
		"wrong secret that others can read": {
			scene: scene{secret: "c0ffee00-0000-0000-0000-000000000000", mode: 0o644},
		},
		"a certificate that ends": {
			scene: scene{certificate: func(g *graphsim.Server) []byte {
				return g.NewCertificate(time.Now().Add(100 * time.Hour))
			}},
		},
		"a certificate of another app": {
			scene: scene{certificate: func(g *graphsim.Server) []byte {
				defer g.NewCertificate(time.Now().Add(time.Hour))
				return g.NewCertificate(time.Now().Add(time.Hour))
			}},
		},
		"clock hours behind": {
			config: graphsim.Config{Now: func() time.Time { return time.Now().Add(5 * time.Hour) }},
		},
		"unknown app": {
			scene: scene{clientID: "00000000-0000-0000-0000-00000000abcd"},
		},
		"clock behind": {
			config: graphsim.Config{Now: func() time.Time {
				return time.Now().Add(7*time.Minute + 12500*time.Millisecond)
			}},
		},
		"a page of a proxy": {
			prepare: func(g *graphsim.Server) {
				g.SetFaults(func(r graphsim.Request) graphsim.Fault {
					if strings.HasPrefix(r.Operation, "get") {
						return graphsim.Fault{}
					}
					if list("token")(r) || list("discovery")(r) {
						return graphsim.Fault{}
					}
					return graphsim.Fault{Body: graphsim.HTMLBody}
				})
			},
		},
		"a certificate of another authority": {
			scene: scene{tune: func(o *fetch.Options) { o.RootCAs = x509.NewCertPool() }},
		},
		"no answer": { // port 1 is nobody's, one that was closed may soon be another server's
			scene: scene{tune: func(o *fetch.Options) {
				o.LoginURL, o.GraphURL = "https://127.0.0.1:1", "https://127.0.0.1:1"
			}},
		},
		"Graph fails": {
			prepare: func(g *graphsim.Server) {
				g.SetFaults(func(r graphsim.Request) graphsim.Fault {
					if r.Operation == "getSmsLog" {
						return graphsim.Fault{Status: 503, RetryAfter: "30"}
					}
					if r.Operation == "getPstnCalls" {
						return graphsim.Fault{Status: 500}
					}
					return graphsim.Fault{}
				})
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.scene.tenant = simulate(t, tt.config)
			if tt.prepare != nil {
				tt.prepare(tt.scene.tenant)
			}
			check(t, tt.scene.examine(t, "contoso"))
		})
	}
}

// A tenant that its cloud does not know is looked for in the others.
func TestTenantOfAnotherCloud(t *testing.T) {
	t.Parallel()
	here := simulate(t, graphsim.Config{})
	there := simulate(t, graphsim.Config{Tenant: "7d3c0b52-94e1-4c06-a8f7-1e5d2b9a6c43"})
	s := scene{tenant: here, subject: func(s *doctor.Subject) {
		s.Tenants[0].ID = there.Tenant()
		s.Clouds = []doctor.Cloud{
			{LoginURL: here.LoginURL(), Roots: roots(here), Setting: "the same"},
			{LoginURL: "https://127.0.0.1:1", Setting: "not reached"},
			{LoginURL: there.LoginURL(), Roots: roots(there), Tenants: "a GCC High or DoD tenant",
				Setting: "usgov-l4 (GCC High) or usgov-l5 (DoD)"},
		}
	}}
	check(t, s.examine(t, "contoso"))
}

// Each failure of a database is produced, and said with what to do.
func TestDatabase(t *testing.T) {
	t.Parallel()
	tenant := simulate(t, graphsim.Config{})
	owned := func(t *testing.T, statement string) string {
		url := storetest.URL(t)
		if _, err := storetest.Conn(t, url).Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
		return url
	}
	tests := map[string]func(t *testing.T) string{
		"down":         func(*testing.T) string { return nothing },
		"not migrated": func(t *testing.T) string { return storetest.EmptyURL(t) },
		"newer":        func(t *testing.T) string { return owned(t, `UPDATE ingest.schema_version SET version = 999`) },
		"no rights":    func(t *testing.T) string { _, as := storetest.Role(t, storetest.URL(t), ""); return as },
		"some rights": func(t *testing.T) string {
			url := storetest.URL(t)
			role, as := storetest.Role(t, url, "")
			owner := storetest.Connect(t, url)
			if _, _, err := owner.Grant(t.Context(), store.Grantee{Role: role, Access: store.Write}); err != nil {
				t.Fatal(err)
			}
			_, err := storetest.Conn(t, url).Exec(t.Context(), `
					REVOKE INSERT ON teams.users, teams.pstn_calls, teams.sms_messages FROM `+role+`;
					DO $$ BEGIN
						EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
						EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM `+role+`', current_database());
					END $$`)
			if err != nil {
				t.Fatal(err)
			}
			return as
		},
		"pooler in transaction mode": func(t *testing.T) string {
			return storetest.Pooler(t, storetest.URL(t), "transaction")
		},
		"few connections and only reads": func(t *testing.T) string {
			url := storetest.URL(t)
			role, as := storetest.Role(t, url, "CONNECTION LIMIT 3")
			to := store.Grantee{Role: role, Access: store.Write}
			if _, _, err := storetest.Connect(t, url).Grant(t.Context(), to); err != nil {
				t.Fatal(err)
			}
			readOnly := `ALTER ROLE ` + role + ` SET default_transaction_read_only = on`
			_, err := storetest.Conn(t, url).Exec(t.Context(), readOnly)
			if err != nil {
				t.Fatal(err)
			}
			return as
		},
	}
	for name, database := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := scene{tenant: tenant, database: database(t), subject: func(s *doctor.Subject) { s.Offline = true }}
			check(t, s.examine(t, "database"))
		})
	}
}

// What is told to be done first is the most urgent, not the first that was found.
func TestFirstIsWhatCanBeDone(t *testing.T) {
	t.Parallel()
	problems := doctor.Problems([]doctor.Finding{
		{Status: doctor.OK}, {Status: doctor.Warn, First: "chmod"}, {Status: doctor.Fail, First: "wait"},
		{Status: doctor.Fail, First: "grant"}, {Status: doctor.Fail, First: "renew"},
	})
	var firsts []string
	for _, f := range problems {
		firsts = append(firsts, f.First)
	}
	if got := strings.Join(firsts, " "); got != "grant renew chmod wait" {
		t.Errorf("they are told in this order: %s", got)
	}
}

// Each reason why an event hub cannot be read is produced, and said with what to do; and how much waits where it can.
func TestEventHub(t *testing.T) {
	t.Parallel()
	tenant := simulate(t, graphsim.Config{})
	for name, change := range map[string]func(*hubtest.Hub, *doctor.Subject){
		"all fine": func(h *hubtest.Hub, _ *doctor.Subject) {
			for range 3 {
				if err := h.Send(t.Context(), []byte("{}")); err != nil {
					t.Error(err)
				}
			}
		},
		"wrong connection string":     func(h *hubtest.Hub, _ *doctor.Subject) { h.SignIn("another") },
		"no such hub":                 func(_ *hubtest.Hub, s *doctor.Subject) { s.Hub.Name = "calls" },
		"a group of another":          func(h *hubtest.Hub, _ *doctor.Subject) { h.DenyGroup(true) },
		"nobody there":                func(_ *hubtest.Hub, s *doctor.Subject) { s.Hub.Host = "127.0.0.1:1" },
		"nobody is to be asked":       func(_ *hubtest.Hub, s *doctor.Subject) { s.Offline = true },
		"signed by another authority": func(_ *hubtest.Hub, s *doctor.Subject) { s.Hub.Roots = x509.NewCertPool() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hub := hubtest.New(t)
			check(t, scene{tenant: tenant, subject: func(s *doctor.Subject) {
				s.Hub = hub.Hub()
				change(hub, s)
			}}.examine(t, "config"))
		})
	}
}
