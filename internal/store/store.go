// Package store is the PostgreSQL side: Save, the ledger of slots, runs,
// rejects and migrations. It must not know Graph or HTTP.
package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// maxConns is enough for two windows each of a few endpoints; more writers
// than the server has cores do not save faster.
const maxConns = 4

// A DB is a pool of connections to one database.
type DB struct {
	pool *pgxpool.Pool
}

// Open prepares a pool; it connects at the first use. url is a PostgreSQL URL
// or connection string; empty means libpq's PG* variables. The error never
// holds the password.
func Open(url string) (*DB, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("database.url cannot be read as a PostgreSQL URL or connection string")
	}
	config.MaxConns = maxConns
	config.ConnConfig.ConnectTimeout = 10 * time.Second
	for name, value := range map[string]string{
		"application_name":                    "ingestd",
		"timezone":                            "UTC",
		"client_encoding":                     "UTF8",
		"jit":                                 "off", // compiling takes longer than any statement here
		"lock_timeout":                        "30s",
		"idle_in_transaction_session_timeout": "60s",
	} {
		config.ConnConfig.RuntimeParams[name] = value
	}
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	return &DB{pool}, nil
}

// Close ends all connections.
func (db *DB) Close() { db.pool.Close() }

// Ping checks that the database answers.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.pool.Ping(ctx); err != nil {
		return unreachable(db.pool.Config().ConnConfig, err)
	}
	return nil
}

// ErrUnreachable is what Ping's errors are.
var ErrUnreachable = errors.New("database unreachable")

// unreachable says which server did not answer, without the password that the
// driver's own message may quote.
func unreachable(config *pgx.ConnConfig, err error) error {
	if errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	return fmt.Errorf("%w: %s:%d, database %s, user %s: %s", ErrUnreachable, config.Host, config.Port, config.Database, config.User, whyUnreachable(err))
}

// whyUnreachable says what is wrong with a connection, and what to do.
func whyUnreachable(err error) string {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch state := sqlState(err); {
	case state == "28P01" || state == "28000":
		return "user or password refused; check database.url, the password file and the server's pg_hba.conf"
	case state == "3D000":
		return "no such database; create it, or check database.url"
	case state != "":
		return "SQLSTATE " + state + "; it is tried again, or see the server's log"
	case errors.As(err, &dns):
		return "unknown host; check database.url"
	case errors.As(err, &certificate):
		return "its TLS certificate is not trusted; give its authority as sslrootcert in database.url"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused; check database.url and that the server runs"
	}
	return "no answer; check database.url and that the server runs"
}

// A Lock is the right to work on a tenant, held until it is released or its
// connection ends. Two daemons on one tenant would do work twice; that they do
// no harm never depends on the lock.
type Lock struct {
	db     *DB
	tenant uuid.UUID

	mu   sync.Mutex
	conn *pgx.Conn
}

// ErrLocked tells that another process works on the tenant.
var ErrLocked = errors.New("another ingestd works on this tenant")

// Lock takes the lock of a tenant on a connection of its own.
func (db *DB) Lock(ctx context.Context, tenant uuid.UUID) (*Lock, error) {
	l := &Lock{db: db, tenant: tenant}
	return l, l.take(ctx)
}

func (l *Lock) take(ctx context.Context) error {
	config := l.db.pool.Config().ConnConfig
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return unreachable(config, err)
	}
	var got bool
	err = conn.QueryRow(ctx, `SELECT pg_try_advisory_lock(hashtextextended('ingestd ' || $1::uuid, 0))`, l.tenant).Scan(&got)
	if err == nil && got {
		l.conn = conn
		return nil
	}
	conn.Close(context.WithoutCancel(ctx))
	if err != nil {
		return classify(err)
	}
	return ErrLocked
}

// Keep makes sure that the lock is still held. If its connection was lost, it
// is taken anew, which fails with ErrLocked if another process was faster.
func (l *Lock) Keep(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil && l.conn.Ping(ctx) == nil {
		return nil
	}
	if l.conn != nil {
		l.conn.Close(context.WithoutCancel(ctx))
		l.conn = nil
	}
	return l.take(ctx)
}

// Release gives the lock back.
func (l *Lock) Release(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn == nil {
		return nil
	}
	// The server takes a moment to notice that a connection has gone.
	_, err := l.conn.Exec(ctx, `SELECT pg_advisory_unlock_all()`)
	return errors.Join(err, l.conn.Close(ctx))
}
