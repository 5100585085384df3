package config

// variable is an environment variable, the key it stands for, and where the
// value of that key is kept.
type variable struct {
	name  string
	path  string
	value any
}

// secretVariable holds the secret itself. Only its name enters the
// configuration, so that the value is read at use like any other secret.
const secretVariable = "INGESTD_CLIENT_SECRET"

func generalVariables(c *Config) []variable {
	return []variable{
		{"INGESTD_DATABASE_URL", "database.url", &c.Database.URL},
		{"INGESTD_DATABASE_AUTH", "database.auth", &c.Database.Auth},
		{"INGESTD_DATABASE_PARTITION", "database.partition", &c.Database.Partition},
		{"INGESTD_SERVER_LISTEN", "server.listen", &c.Server.Listen},
		{"INGESTD_LOG_LEVEL", "log.level", &c.Log.Level},
		{"INGESTD_LOG_FORMAT", "log.format", &c.Log.Format},
	}
}

func tenantVariables(t *Tenant) []variable {
	return append([]variable{
		{"INGESTD_TENANT_ID", "tenants[0].id", &t.ID},
		{"INGESTD_TENANT_NAME", "tenants[0].name", &t.Name},
		{"INGESTD_CLOUD", "tenants[0].cloud", &t.Cloud},
		{"INGESTD_GRAPH_URL", "tenants[0].graph_url", &t.CustomGraphURL},
		{"INGESTD_LOGIN_URL", "tenants[0].login_url", &t.CustomLoginURL},
		{"INGESTD_CA_FILE", "tenants[0].ca_file", &t.CAFile},
		{"INGESTD_CLIENT_ID", "tenants[0].auth.client_id", &t.Auth.ClientID},
	}, credentialVariables(&t.Auth)...)
}

// credentialVariables replace all of what the file says of a credential.
func credentialVariables(a *Auth) []variable {
	return []variable{
		{"INGESTD_CLIENT_SECRET_FILE", "tenants[0].auth.client_secret_file", &a.ClientSecretFile},
		{secretVariable, "tenants[0].auth.client_secret_env", &a.ClientSecretEnv},
		{"INGESTD_CERTIFICATE_FILE", "tenants[0].auth.certificate_file", &a.CertificateFile},
		{"INGESTD_CERTIFICATE_PASSWORD_FILE", "tenants[0].auth.certificate_password_file", &a.CertificatePasswordFile},
		{"INGESTD_FEDERATED_TOKEN_FILE", "tenants[0].auth.federated_token_file", &a.FederatedTokenFile},
		{"INGESTD_MANAGED_IDENTITY", "tenants[0].auth.managed_identity", &a.ManagedIdentity},
	}
}

// environment lets the variables override the file.
func (l *loader) environment(c *Config) {
	l.apply(generalVariables(c))

	set := l.setOf(tenantVariables(&Tenant{}))
	switch {
	case len(set) == 0:
		return
	case len(c.Tenants) > 1:
		l.refuse(set, len(c.Tenants))
		return
	case len(c.Tenants) == 0:
		c.Tenants = []Tenant{newTenant(l.known)}
	}
	tenant := &c.Tenants[0]
	if len(l.setOf(credentialVariables(&Auth{}))) > 0 {
		tenant.Auth = Auth{ClientID: tenant.Auth.ClientID}
	}
	l.apply(tenantVariables(tenant))
}

func (l *loader) apply(variables []variable) {
	for _, v := range l.setOf(variables) {
		l.places[v.path] = place{variable: v.name}
		text := l.getenv(v.name)
		if v.name == secretVariable {
			text = v.name
		}
		if err := scanner(v.value)(text); err != nil {
			l.add(v.path, "%s", err)
		}
	}
}

// refuse reports tenant variables that could mean any of several tenants.
func (l *loader) refuse(set []variable, tenants int) {
	for _, v := range set {
		l.places[v.name] = place{variable: v.name}
		l.add(v.name, "%s has %d tenants and the variable does not say which; set it in the file", l.file, tenants)
	}
}

// setOf returns the variables that are set and not empty.
func (l *loader) setOf(variables []variable) []variable {
	var set []variable
	for _, v := range variables {
		if l.getenv(v.name) != "" {
			set = append(set, v)
		}
	}
	return set
}

func (l *loader) anyVariable() bool {
	return len(l.setOf(generalVariables(&Config{})))+len(l.setOf(tenantVariables(&Tenant{}))) > 0
}

// missing reports a required key that is not set, with the variable that could
// set it if there is one.
func (l *loader) missing(path string) {
	for _, v := range append(generalVariables(&Config{}), tenantVariables(&Tenant{})...) {
		if v.path == path {
			l.add(path, "missing (or set %s)", v.name)
			return
		}
	}
	l.add(path, "missing")
}
