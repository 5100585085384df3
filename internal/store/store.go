// Package store is the PostgreSQL side: Save, the ledger of slots, runs,
// rejects and migrations. It must not know Graph or HTTP.
package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
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
	url          string
	password     Password
	longestPause time.Duration // between two attempts

	// Distribution is set before the first use, if at all.
	Distribution Distribution
}

// Open prepares a pool; it connects at the first use. url is a PostgreSQL URL
// or connection string; empty means libpq's PG* variables. What it leaves to
// these, to the password file and to the service file is asked anew for each
// connection, and so is password, which may be nil. The error never holds the
// password.
func Open(url string, password Password) (*DB, error) {
	config, err := parse(url)
	if err != nil {
		return nil, err
	}
	db := &DB{url: url, password: password, longestPause: 5 * time.Second}
	config.BeforeConnect = func(ctx context.Context, next *pgx.ConnConfig) error {
		now, err := db.fresh(ctx)
		if err == nil {
			*next = *now
		}
		return err
	}
	if db.pool, err = pgxpool.NewWithConfig(context.Background(), config); err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	return db, nil
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
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, ErrUnreachable):
		return err // no connection was tried
	}
	return fmt.Errorf("%w: %s:%d, database %s, user %s: %s",
		ErrUnreachable, config.Host, config.Port, config.Database, config.User, whyUnreachable(err))
}

// whyUnreachable says what is wrong with a connection, and what to do.
func whyUnreachable(err error) string {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch state := sqlState(err); {
	case causes[state].says != "":
		return causes[state].says + " (SQLSTATE " + state + ")"
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
