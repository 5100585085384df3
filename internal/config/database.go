package config

import (
	"errors"
	"io/fs"
	"net"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// DSN is a PostgreSQL connection string. It never prints: it may hold a
// password.
type DSN struct {
	mask
	text string
}

// Reveal returns the connection string for pgx. It may be empty: then pgx
// finds everything in the PG* variables.
func (d DSN) Reveal() string { return d.text }

// UnmarshalText stores the text; Load checks it.
func (d *DSN) UnmarshalText(text []byte) error {
	d.text = string(text)
	return nil
}

// SignsInByEntra reports whether the password is a token of Entra's.
func (d Database) SignsInByEntra() bool { return d.Auth == "entra" }

// ByMonth reports whether details of call records are divided into months.
func (d Database) ByMonth() bool { return d.Partition == "month" }

// DatabaseScope is what a token is asked for that is to be the password of a
// PostgreSQL server in the tenant's cloud.
func (t Tenant) DatabaseScope() string {
	if strings.HasPrefix(t.Cloud, "usgov-") {
		return "https://ossrdbms-aad.database.usgovcloudapi.net/.default"
	}
	return "https://ossrdbms-aad.database.windows.net/.default"
}

func (l *loader) checkDatabase(d *Database) {
	const path = "database.url"
	l.oneOf("database.auth", d.Auth, "password", "entra")
	l.oneOf("database.distribution", d.Distribution, "none", "citus")
	if d.Shards < 1 || d.Shards > 1024 {
		l.add("database.shards", "%d is not from 1 to 1024", d.Shards)
	}
	l.oneOf("database.partition", d.Partition, "none", "month")
	if d.ByMonth() && d.Distribution == "citus" {
		l.add("database.partition", "month does not go with distribution citus; leave out one of them")
	}
	if d.URL.text == "" && l.getenv("PGHOST")+l.getenv("PGSERVICE")+l.getenv("PGDATABASE") == "" {
		l.missing(path)
		return
	}
	if d.URL.text == "" {
		l.places[path] = place{variable: "PG* variables"}
	}
	secured, err := l.secured(d.URL.text)
	if err != nil {
		l.add(path, "%s", err)
		return
	}
	d.URL.text = secured
}

var (
	errPlaintext = errors.New("sslmode disable, allow and prefer are only for loopback and Unix sockets; " +
		"use sslmode=verify-full")
	errSplit = errors.New("an @ too many: a password with / or @ in it has to be percent-encoded (%2F, %40), " +
		"or kept in a password file")
	errNotADSN = errors.New("neither a PostgreSQL URL nor keyword=value pairs, or a setting in it is invalid")
	errDSNFile = errors.New("a file it names (CA, certificate, key) cannot be read")
	errMode    = errors.New("default_query_exec_mode must be cache_statement, cache_describe, describe_exec, exec " +
		"or simple_protocol")
)

// saysTLS finds an sslmode in a connection string of either form. Taking a
// password that looks like one for one ends in a refusal, not in plain text.
var saysTLS = regexp.MustCompile(`(^|[?&\s])ssl(mode)?\s*=`)

// secured returns the connection string with sslmode=verify-full added where
// it leads over a network and no sslmode is given in it or in PGSSLMODE. One
// in a service file counts as given if it demands TLS.
func (l *loader) secured(text string) (string, error) {
	pool, err := pgxpool.ParseConfig(text) // it knows the most settings
	if err != nil {
		return "", explain(err)
	}
	server := &pool.ConnConfig.Config
	names := server.Host + server.Database
	for _, next := range server.Fallbacks {
		names += next.Host
	}
	if strings.Contains(names, "@") {
		return "", errSplit // what was taken for a name is part of the password
	}
	given := saysTLS.MatchString(text) || l.getenv("PGSSLMODE") != ""
	// pgx takes sslnegotiation=direct alone for sslmode=require.
	byDefault := plaintext(server) || server.SSLNegotiation == "direct"
	switch {
	case !remote(server), !byDefault && !given, given && !plaintext(server):
		return text, nil
	case given:
		return "", errPlaintext
	}
	return verified(text)
}

// verified adds sslmode=verify-full. Whether a URL has a query is left to pgx
// to say, since an unescaped password may hold a question mark.
func verified(text string) (string, error) {
	separators := []string{" "}
	if strings.HasPrefix(text, "postgres://") || strings.HasPrefix(text, "postgresql://") {
		separators = []string{"?", "&"}
	}
	for _, separator := range separators {
		candidate := strings.TrimSpace(text + separator + "sslmode=verify-full")
		if server, err := pgconn.ParseConfig(candidate); err == nil && !plaintext(server) {
			return candidate, nil
		}
	}
	return "", errors.New("add sslmode=verify-full")
}

// explain replaces pgx's error, which quotes the connection string with no
// more than a best effort at leaving out the password.
func explain(err error) error {
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return errDSNFile
	}
	if strings.Contains(err.Error(), "invalid default_query_exec_mode") {
		return errMode
	}
	return errNotADSN
}

// remote reports whether any host is reached over a network.
func remote(server *pgconn.Config) bool {
	found := isRemote(server.Host)
	for _, next := range server.Fallbacks {
		found = found || isRemote(next.Host)
	}
	return found
}

// plaintext reports whether any attempt to connect goes over a network without
// TLS. With allow and prefer pgx lists such an attempt among the fallbacks.
func plaintext(server *pgconn.Config) bool {
	found := isRemote(server.Host) && server.TLSConfig == nil
	for _, next := range server.Fallbacks {
		found = found || isRemote(next.Host) && next.TLSConfig == nil
	}
	return found
}

func isRemote(host string) bool {
	network, _ := pgconn.NetworkAddress(host, 0)
	ip := net.ParseIP(host)
	return network != "unix" && host != "localhost" && (ip == nil || !ip.IsLoopback())
}
