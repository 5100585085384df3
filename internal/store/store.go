// Package store is the PostgreSQL side: Save, the ledger of slots, runs,
// rejects and migrations. It must not know Graph or HTTP.
package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// maxConns is enough for two windows each of a few endpoints; more writers
// than the server has cores do not save faster. pool_max_conns in the URL goes
// before it.
const maxConns = 4

// A DB is a pool of connections to one database.
type DB struct {
	pool         *pgxpool.Pool
	longestPause time.Duration // between two attempts
}

// Open prepares a pool; it connects at the first use. url is a PostgreSQL URL
// or connection string; empty means libpq's PG* variables. The error never
// holds the password.
func Open(url string) (*DB, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("database.url cannot be read as a PostgreSQL URL or connection string")
	}
	if strings.Contains(config.ConnConfig.Host, "@") {
		return nil, errors.New("database.url has @ in its host; in a password write it as %40")
	}
	if !strings.Contains(url, "pool_max_conns") {
		config.MaxConns = maxConns
	}
	config.ConnConfig.ConnectTimeout = 10 * time.Second
	config.PingTimeout = pingTimeout // of a connection that was idle, before it is used
	for name, value := range map[string]string{
		"application_name":                    "ingestd",
		"timezone":                            "UTC",
		"client_encoding":                     "UTF8",
		"jit":                                 "off",               // compiling takes longer than any statement here
		"plan_cache_mode":                     "force_custom_plan", // one of when a table was empty reads all of it
		"lock_timeout":                        "30s",
		"statement_timeout":                   "0", // a role's own must not end a large batch; see saveTimeout
		"idle_in_transaction_session_timeout": "60s",
	} {
		config.ConnConfig.RuntimeParams[name] = value
	}
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	return &DB{pool: pool, longestPause: 5 * time.Second}, nil
}

// Close ends all connections. It does not wait longer than pingTimeout for one
// that does not answer.
func (db *DB) Close() {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		db.pool.Close()
	}()
	select {
	case <-closed:
	case <-time.After(pingTimeout):
	}
}

// A querier is a pool, a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Ping checks that the database answers.
func (db *DB) Ping(ctx context.Context) error {
	return once(ctx, "ping", pingTimeout, func(ctx context.Context) error {
		if err := db.pool.Ping(ctx); err != nil {
			return unreachable(db.pool.Config().ConnConfig, err)
		}
		return nil
	})
}

// ErrUnreachable is what errors of Ping and Lock are where no connection can be
// made.
var ErrUnreachable = errors.New("database unreachable")

// unreachable says which server did not answer, without the password that the
// driver's own message may quote.
func unreachable(config *pgx.ConnConfig, err error) error {
	if errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	return fmt.Errorf("%w: %s:%d, database %s, user %s: %s",
		ErrUnreachable, config.Host, config.Port, config.Database, config.User, whyUnreachable(err))
}

// whyUnreachable says what is wrong with a connection, and what to do.
func whyUnreachable(err error) string {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch state := sqlState(err); {
	case hints[state] != "":
		return hints[state] + " (SQLSTATE " + state + ")"
	case state != "":
		return "SQLSTATE " + state + "; see the server's log"
	case errors.As(err, &dns):
		return "unknown host; check database.url"
	case errors.As(err, &certificate):
		return "its TLS certificate is not trusted; give its authority as sslrootcert in database.url"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused; check database.url and that the server runs"
	}
	return "no answer; check database.url and that the server runs"
}
