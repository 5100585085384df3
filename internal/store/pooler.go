package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// A Pooler is what stands between this program and PostgreSQL and gives its
// connections to several clients.
type Pooler string

// Poolers.
const (
	NoPooler      Pooler = ""
	SessionPooler Pooler = "session"     // a connection belongs to a client for as long as it stays
	SharingPooler Pooler = "transaction" // to anyone, transaction by transaction or statement by statement
)

// ErrUnfit says that a database cannot be used as it is, whatever its schema.
var ErrUnfit = errors.New("database does not fit")

var errSharing = fmt.Errorf("%w: a pooler in transaction mode stands before it, and locks, settings and temporary "+
	"tables belong to a session; set its pool_mode to session for this user, or connect to PostgreSQL directly "+
	"(Azure: port 5432 in place of 6432)", ErrUnfit)

// Pooler finds out what stands before the database. A server tells the number
// of its process when a connection is made; a pooler tells one of its own.
func (db *DB) Pooler(ctx context.Context) (found Pooler, err error) {
	err = once(ctx, "look for a pooler", noteTimeout, func(ctx context.Context) error {
		first, err := db.connect(ctx)
		if err != nil {
			return err
		}
		defer closeConn(first)
		pid, err := backend(ctx, first)
		if err != nil || pid == first.PgConn().PID() {
			return err
		}
		found, err = db.shares(ctx, first, pid)
		return err
	})
	return found, err
}

// tries is how often it is looked whether another client gets our session.
const tries = 3

// shares asks on a second connection, and holds what answers there in a
// transaction. Where the first then has another server process, or the two had
// the same, sessions are shared.
func (db *DB) shares(ctx context.Context, first *pgx.Conn, pid uint32) (Pooler, error) {
	second, err := db.connect(ctx)
	if err != nil {
		return NoPooler, err
	}
	defer closeConn(second)
	for range tries {
		other, err := heldBackend(ctx, second)
		if err != nil {
			return NoPooler, err
		}
		again, err := backend(ctx, first)
		switch {
		case err != nil:
			return NoPooler, err
		case other == 0 || other == pid || again != pid:
			return SharingPooler, nil
		}
		if _, err := second.Exec(ctx, `ROLLBACK`, pgx.QueryExecModeSimpleProtocol); err != nil {
			return NoPooler, err
		}
	}
	return SessionPooler, nil
}

// backend is the number of the server's process behind a connection. The simple
// protocol prepares nothing, which a shared session could not find again.
func backend(ctx context.Context, conn *pgx.Conn) (pid uint32, err error) {
	err = conn.QueryRow(ctx, `SELECT pg_backend_pid()`, pgx.QueryExecModeSimpleProtocol).Scan(&pid)
	return pid, err
}

// heldBackend begins a transaction first. It is 0 where the pooler takes none,
// as one in statement mode.
func heldBackend(ctx context.Context, conn *pgx.Conn) (pid uint32, err error) {
	if _, err := conn.Exec(ctx, `BEGIN`, pgx.QueryExecModeSimpleProtocol); err != nil {
		if sqlState(err) == "08P01" {
			return 0, nil
		}
		return 0, err
	}
	return backend(ctx, conn)
}

// checkSession refuses a database whose sessions or texts do not hold what is
// put into them.
func (db *DB) checkSession(ctx context.Context) error {
	var encoding string
	var pid, told uint32
	err := db.again(ctx, "check the database", noteTimeout, func(ctx context.Context) error {
		conn, err := db.pool.Acquire(ctx)
		if err != nil {
			return err
		}
		defer conn.Release()
		told = conn.Conn().PgConn().PID()
		return conn.QueryRow(ctx, `SELECT pg_backend_pid(), current_setting('server_encoding')`,
			pgx.QueryExecModeSimpleProtocol).Scan(&pid, &encoding)
	})
	switch {
	case err != nil:
		return err
	case encoding != "UTF8":
		return fmt.Errorf("%w: its encoding %s cannot hold all names; make one with: "+
			"createdb --encoding UTF8 --template template0", ErrUnfit, encoding)
	case pid == told:
		return nil
	}
	pooler, err := db.Pooler(ctx)
	if err == nil && pooler == SharingPooler {
		err = errSharing
	}
	return err
}
