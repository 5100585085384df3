package main

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ingestd/internal/graphsim"
	"ingestd/internal/store/storetest"
)

// fewRecords is a tenant with some call records and nothing else.
var fewRecords = graphsim.Config{Seed: 1, Users: 20, CallsPerDay: -1, RecordsPerDay: 3, History: 20 * 24 * 3600e9}

func setting(t *testing.T, target, name, value string) string {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Set(name, value)
	u.RawQuery = query.Encode()
	return u.String()
}

// The program reads all through a pooler whose sessions are its own, with one
// connection in its pool, and with modes of the driver that prepare nothing. Of a
// pooler that shares sessions it says what to do, and reads nothing.
func TestOnceAsDatabasesAreReached(t *testing.T) {
	t.Parallel()
	tenant := simulate(t, fewRecords)
	ways := map[string]func(url string) string{
		"one connection": func(url string) string { return setting(t, url, "pool_max_conns", "1") },
		"simple protocol": func(url string) string {
			return setting(t, url, "default_query_exec_mode", "simple_protocol")
		},
		"nothing prepared": func(url string) string {
			return setting(t, url, "default_query_exec_mode", "exec")
		},
		"session pooler":     func(url string) string { return storetest.Pooler(t, url, "session") },
		"transaction pooler": func(url string) string { return storetest.Pooler(t, url, "transaction") },
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			direct := storetest.URL(t)
			p := launch(t, workplace(t, way(direct), tenant, "call_records"), "once")
			if name == "transaction pooler" {
				p.says(t, "set its pool_mode to session for this user, or connect to PostgreSQL directly")
				p.exits(t, patience, exitConfig)
				return
			}
			p.exits(t, patience, exitOK)
			await(t, direct, `SELECT count(*) > 20 AND bool_and(NOT pending) FROM teams.call_records`)
		})
	}
}

// With database.auth entra the password is a token of the tenant's credential.
func TestTokenIsTheDatabasesPassword(t *testing.T) {
	t.Parallel()
	tenant := simulate(t, small)
	owner := storetest.URL(t)
	role, as := storetest.RoleWithPassword(t, owner, graphsim.DatabaseToken)
	dir := workplace(t, as, tenant, "pstn_calls")
	launch(t, dir, "migrate", "grant", "--role", role).exits(t, patience, exitFailed) // no password at all
	file := filepath.Join(dir, "config.yaml")
	text, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, []byte(strings.Replace(string(text), "tenants:", "  auth: entra\ntenants:", 1)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	granting := workplace(t, owner, tenant, "pstn_calls")
	launch(t, granting, "migrate", "grant", "--role", role).exits(t, patience, exitOK)
	launch(t, dir, "once").exits(t, patience, exitOK)
	await(t, owner, read(tenant))

	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("planted~Wrong.secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := launch(t, dir, "once")
	p.says(t, "database unreachable: no token to sign in with: access token: denied at 127.0.0.1")
	p.exits(t, patience, exitDenied)
}
