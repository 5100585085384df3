package config

import (
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestTLSToDatabase(t *testing.T) {
	t.Parallel()
	const disabled = "?sslmode=disable"
	for name, test := range map[string]struct{ url, want string }{
		"loopback name":     {"postgres://u@localhost/teams", "postgres://u@localhost/teams"},
		"loopback IPv4":     {"postgres://u@127.0.0.2/teams" + disabled, "postgres://u@127.0.0.2/teams" + disabled},
		"loopback IPv6":     {"postgres://u@[::1]:5433/teams", "postgres://u@[::1]:5433/teams"},
		"socket":            {"host=/run/postgresql dbname=teams", "host=/run/postgresql dbname=teams"},
		"socket in URL":     {"postgres:///t" + disabled + "&host=/tmp", "postgres:///t" + disabled + "&host=/tmp"},
		"verified":          {"postgres://u@db/teams?sslmode=verify-full", "postgres://u@db/teams?sslmode=verify-full"},
		"required":          {"postgres://u@db/teams?sslmode=require", "postgres://u@db/teams?sslmode=require"},
		"silent URL":        {"postgres://u@db/teams", "postgres://u@db/teams?sslmode=verify-full"},
		"silent URL, query": {"postgres://u@db?port=1", "postgres://u@db?port=1&sslmode=verify-full"},
		"silent URL, odd":   {"postgres://u:a?b@db/teams", "postgres://u:a?b@db/teams?sslmode=verify-full"},
		"silent pairs":      {"host=db dbname=teams", "host=db dbname=teams sslmode=verify-full"},
		"silent, two hosts": {"postgres://u@localhost,db/teams", "postgres://u@localhost,db/teams?sslmode=verify-full"},
		"silent, direct":    {"host=db sslnegotiation=direct", "host=db sslnegotiation=direct sslmode=verify-full"},
		"disable":           {"postgres://u@db/teams?sslmode=disable", ""},
		"allow":             {"postgres://u@db/teams?sslmode=allow", ""},
		"prefer":            {"host=db sslmode=prefer", ""},
		"prefer, quoted":    {"host=db sslmode = 'prefer'", ""},
		"one host remote":   {"postgres://u@localhost,db/teams?sslmode=disable", ""},
		"loopback look":     {"postgres://u@localhost.example.com/teams?sslmode=disable", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := newLoader(environment{}.get, nil).secured(test.url)
			if got != test.want || (test.want == "") != (err == errPlaintext) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestDatabaseErrorsDoNotQuote(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]error{
		"postgres://u:hunter2:x@db:y:z/teams":               errNotADSN,
		"hunter2":                                           errNotADSN,
		"postgres://u@db/t?pool_max_conns=0":                errNotADSN,
		"postgres://u@db/t?pool_max_conn_lifetime=hunter2":  errNotADSN,
		"postgres://u@db/t?default_query_exec_mode=hunter2": errMode,
		"postgres://u:Pa@hunter2@db.example:5432/teams":     errSplit,
		"postgres://u@db/t?sslmode=hunter2":                 errNotADSN,
		"postgres://u@db/t?sslrootcert=/hunter2":            errDSNFile,
		"postgres://u@db/t?connect_timeout=hunter2":         errNotADSN,
		"postgres://u:123/hunter2@127.0.0.1/teams":          errSplit,
		"postgres://u:Pa@db1.example,hunter2@db.example/t":  errSplit,
	} {
		if _, err := newLoader(environment{}.get, nil).secured(url); err != want {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// TestPGVariables sets the process's variables, as pgx reads them there.
func TestPGVariables(t *testing.T) {
	silent := strings.Replace(valid, `{url: "postgres://ingestd@localhost/teams"}`, "", 1)
	getenv := func(name string) string {
		if name == "GRAPH_SECRET" {
			return "s"
		}
		return os.Getenv(name)
	}
	path := write(t, "config.yaml", silent)
	load := func() (string, error) {
		c, err := Load(path, getenv, known)
		if err != nil {
			return "", err
		}
		return c.Database.URL.Reveal(), nil
	}

	t.Setenv("PGHOST", "/run/postgresql")
	if url, err := load(); url != "" || err != nil {
		t.Errorf("socket: %q, %v", url, err)
	}
	t.Setenv("PGHOST", "db.example.com")
	url, err := load()
	if url != "sslmode=verify-full" || err != nil {
		t.Errorf("remote: %q, %v", url, err)
	}
	if server, err := pgconn.ParseConfig(url); err != nil || server.Host != "db.example.com" || plaintext(server) {
		t.Errorf("remote: %v", err)
	}
	t.Setenv("PGSSLMODE", "verify-ca")
	if url, err := load(); url != "" || err != nil {
		t.Errorf("PGSSLMODE counts as given: %q, %v", url, err)
	}
	t.Setenv("PGSSLMODE", "prefer")
	if _, err := load(); err == nil || err.Error() != "PG* variables: "+errPlaintext.Error() {
		t.Errorf("plain text: %v", err)
	}
}

func TestServiceFileSaysTLS(t *testing.T) {
	service := func(text string) string {
		return "service=s servicefile=" + write(t, "services", "[s]\nhost=db\n"+text)
	}
	stated := service("sslmode=require\n")
	if got, err := newLoader(environment{}.get, nil).secured(stated); got != stated || err != nil {
		t.Errorf("stated: %q, %v", got, err)
	}
	silent := service("")
	got, err := newLoader(environment{}.get, nil).secured(silent)
	if got != silent+" sslmode=verify-full" || err != nil {
		t.Errorf("silent: %q, %v", got, err)
	}
}
