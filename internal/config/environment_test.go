package config

import (
	"strings"
	"testing"
	"time"
)

func TestEnvironmentAlone(t *testing.T) {
	t.Parallel()
	env := environment{
		"INGESTD_DATABASE_URL":  "postgres://localhost/teams",
		"INGESTD_TENANT_ID":     tenantID,
		"INGESTD_CLIENT_ID":     clientID,
		"INGESTD_CLIENT_SECRET": "hunter2",
		"INGESTD_CLOUD":         "usgov-l4",
		"INGESTD_LOG_LEVEL":     "warn",
		"INGESTD_LOG_FORMAT":    "console",
	}
	c := mustLoad(t, "# no keys\n", env)

	tenant := c.Tenants[0]
	if tenant.ID != tenantID || tenant.Auth.ClientID != clientID || tenant.GraphURL() != "https://graph.microsoft.us" ||
		!tenant.Endpoints["pstn_calls"].Enabled || c.Log != (Log{"warn", "console"}) ||
		c.Database.URL.Reveal() != "postgres://localhost/teams" {
		t.Errorf("config = %+v", c)
	}
	if secret, err := tenant.Auth.ClientSecret.Read(); secret != "hunter2" || err != nil {
		t.Errorf("secret = %q, %v", secret, err)
	}
}

func TestEnvironmentNeedsNoFile(t *testing.T) {
	t.Chdir(t.TempDir())
	env := environment{
		"INGESTD_DATABASE_URL":       "postgres://localhost/teams",
		"INGESTD_TENANT_ID":          tenantID,
		"INGESTD_CLIENT_ID":          clientID,
		"INGESTD_CLIENT_SECRET_FILE": write(t, "secret", "hunter2\n"),
	}
	if _, err := Load("", env.get, known); err != nil {
		t.Error(err)
	}

	delete(env, "INGESTD_CLIENT_ID")
	_, err := Load("", env.get, known)
	if err == nil || err.Error() != "environment: tenants[0].auth.client_id: missing (or set INGESTD_CLIENT_ID)" {
		t.Errorf("without client id: %v", err)
	}
}

func TestEnvironmentOverridesFile(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, valid, environment{
		"INGESTD_CLIENT_ID":          tenantID,
		"INGESTD_CLIENT_SECRET_FILE": write(t, "secret", "from~file"),
		"INGESTD_LOG_LEVEL":          "error",
	})
	if c.Tenants[0].ID != tenantID || c.Tenants[0].Auth.ClientID != tenantID || c.Log.Level != "error" {
		t.Errorf("config = %+v", c)
	}
	if secret, _ := c.Tenants[0].Auth.ClientSecret.Read(); secret != "from~file" {
		t.Errorf("secret = %q", secret)
	}
}

func TestEnvironmentReplacesTheCredential(t *testing.T) {
	t.Parallel()
	pem := selfSigned(t, time.Now().Add(time.Hour))
	password := write(t, "password", "correct horse")
	for name, test := range map[string]struct {
		env  environment
		want Auth
	}{
		"certificate": {
			environment{
				"INGESTD_CERTIFICATE_FILE":          write(t, "both.pem", pem.certificate+pem.key),
				"INGESTD_CERTIFICATE_PASSWORD_FILE": password,
			},
			Auth{CertificatePasswordFile: password},
		},
		"federated token": {
			environment{"INGESTD_FEDERATED_TOKEN_FILE": "/absent"}, Auth{FederatedTokenFile: "/absent"},
		},
		"identity": {environment{"INGESTD_MANAGED_IDENTITY": "true"}, Auth{ManagedIdentity: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := mustLoad(t, valid, test.env).Tenants[0].Auth
			if a.ClientID != clientID || a.ClientSecretEnv != "" ||
				a.CertificateFile != test.env["INGESTD_CERTIFICATE_FILE"] ||
				a.CertificatePasswordFile != test.want.CertificatePasswordFile ||
				a.FederatedTokenFile != test.want.FederatedTokenFile || a.ManagedIdentity != test.want.ManagedIdentity {
				t.Errorf("auth = %+v", a)
			}
		})
	}
}

func TestOwnCloudFromTheEnvironment(t *testing.T) {
	t.Parallel()
	tenant := mustLoad(t, "# no keys\n", environment{
		"INGESTD_DATABASE_URL": "postgres://localhost/teams", "INGESTD_TENANT_ID": tenantID,
		"INGESTD_TENANT_NAME": "contoso", "INGESTD_CLOUD": "custom", "INGESTD_GRAPH_URL": "https://graph.example.com",
		"INGESTD_LOGIN_URL": "https://login.example.com", "INGESTD_CA_FILE": write(t, "ca.pem", certificate),
		"INGESTD_MANAGED_IDENTITY": "true",
	}).Tenants[0]
	if tenant.Name != "contoso" || tenant.GraphURL() != "https://graph.example.com" ||
		tenant.LoginURL() != "https://login.example.com" || tenant.CAFile == "" || tenant.Auth.ClientID != "" {
		t.Errorf("tenant = %+v", tenant)
	}
}

func TestEnvironmentFaults(t *testing.T) {
	t.Parallel()
	two := valid + strings.Replace(valid[strings.Index(valid, "  - id"):], tenantID, clientID, 1)
	for name, test := range map[string]struct {
		file string
		env  environment
		want string
	}{
		"bad value": {valid, environment{"INGESTD_CLOUD": "moon"},
			"INGESTD_CLOUD: must be global or usgov-l4 or usgov-l5 or custom"},
		"bad id": {valid, environment{"INGESTD_TENANT_ID": "moon"},
			"INGESTD_TENANT_ID: must be a GUID such as 00000000-0000-0000-0000-000000000000"},
		"bad database": {valid, environment{"INGESTD_DATABASE_URL": "postgres://u:hunter2@db/teams?sslmode=disable"},
			"INGESTD_DATABASE_URL: " + errPlaintext.Error()},
		"both secrets": {valid, environment{"INGESTD_CLIENT_SECRET": "s", "INGESTD_CLIENT_SECRET_FILE": "/hunter2"},
			"config.yaml:4: tenants[0].auth: " + oneCredential + "client_secret_file and client_secret_env are given"},
		"bad proxy": {valid, environment{"HTTPS_PROXY": "http://u:hunter2%@proxy:3128"},
			"HTTPS_PROXY: is no address of a proxy, such as http://proxy.example:3128"},
		"file and variable": {valid + "    cloud: [x]\n", environment{"INGESTD_CLOUD": "global"},
			"config.yaml:8: tenants[0].cloud: must be a single value"},
		"several tenants": {two, environment{"INGESTD_CLIENT_ID": clientID},
			"INGESTD_CLIENT_ID: config.yaml has 2 tenants and the variable does not say which; set it in the file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.env["GRAPH_SECRET"] = "s"
			_, err := load(t, test.file, test.env)
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}
