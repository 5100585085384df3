package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A Password is asked for the password of each new connection: a token, for
// one, that is valid for an hour.
type Password func(context.Context) (string, error)

// connectTimeout is for a connection of its own: TCP, TLS, the password.
const connectTimeout = 10 * time.Second

// parse reads a connection string and what it leaves to others: PG* variables,
// the service file, the password file, certificates. Its error never holds the
// password.
func parse(url string) (*pgxpool.Config, error) {
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
	config.ConnConfig.ConnectTimeout = connectTimeout
	config.PingTimeout = pingTimeout // of a connection that was idle, before it is used
	params := config.ConnConfig.RuntimeParams
	params["application_name"], params["timezone"], params["client_encoding"] = "ingestd", "UTC", "UTF8"
	config.ConnConfig.AfterConnect = settle
	return config, nil
}

// settings makes a session independent of what role, database and server have
// set. They are set by a statement, as poolers refuse most of them in the first
// message of a connection; one that the server does not know is left out.
const settings = `
	SELECT set_config(name, value, false)
	FROM (VALUES
		('default_transaction_isolation', 'read committed'),
		('standard_conforming_strings', 'on'),    -- what a backslash means in statements
		('DateStyle', 'ISO'),                     -- how answers are written, where they are text
		('IntervalStyle', 'postgres'),
		('bytea_output', 'hex'),
		('jit', 'off'),                           -- compiling takes longer than any statement here
		('plan_cache_mode', 'force_custom_plan'), -- one of when a table was empty reads all of it
		('lock_timeout', '30s'),
		('transaction_timeout', '0'),
		('idle_session_timeout', '0'),            -- the lock of a tenant is a session that says nothing
		('idle_in_transaction_session_timeout', '60s'),
		('tcp_keepalives_idle', '60'),            -- a session whose host has gone ends within two minutes,
		('tcp_keepalives_interval', '10'),        -- and so do its locks
		('tcp_keepalives_count', '6')
	) AS wanted (name, value)
	JOIN pg_settings USING (name)`

// settle sets what the session needs. A time-out for statements comes first, by a
// statement of its own: a short one would end the others. A large batch takes
// long, and each statement has a deadline on this side.
func settle(ctx context.Context, conn *pgconn.PgConn) error {
	for try := 1; ; try++ {
		_, err := conn.Exec(ctx, "SET statement_timeout = 0").ReadAll()
		if err == nil {
			_, err = conn.Exec(ctx, settings).ReadAll()
			return err
		}
		if sqlState(err) != "57014" || try == 3 { // the time-out may end even this
			return err
		}
	}
}

// fresh says how to connect now: a password, a service or a certificate may
// have been replaced since the last time.
func (db *DB) fresh(ctx context.Context) (*pgx.ConnConfig, error) {
	config, err := parse(db.url)
	if err != nil {
		return nil, notTried(fmt.Errorf("%w, nor the service file and the certificates it names", err))
	}
	if db.password == nil {
		return config.ConnConfig, nil
	}
	if config.ConnConfig.Password, err = db.password(ctx); err != nil {
		return nil, notTried(fmt.Errorf("no token to sign in with: %w", err))
	}
	return config.ConnConfig, nil
}

// notTried is why no connection was tried. It may pass like one that failed.
func notTried(why error) error {
	return &Error{Kind: Transient, Err: fmt.Errorf("%w: %w", ErrUnreachable, why)}
}

// Session makes a connection of the caller's own, for queries that take long. end
// ends it, without waiting for a server that does not answer.
func (db *DB) Session(ctx context.Context) (conn *pgx.Conn, end func(), err error) {
	conn, err = db.connect(ctx)
	return conn, func() { closeConn(conn) }, err
}

// connect makes a connection outside of the pool.
func (db *DB) connect(ctx context.Context) (*pgx.Conn, error) {
	config, err := db.fresh(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, unreachable(config, err)
	}
	return conn, nil
}
