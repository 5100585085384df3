package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// A Lock is the right to work on a tenant, held until it is released or its
// connection ends. Two daemons on one tenant would do work twice; that they do
// no harm never depends on the lock. What a Lock does ends within pingTimeout.
type Lock struct {
	db     *DB
	tenant uuid.UUID

	turn chan struct{} // holds a token while one caller uses conn
	conn *pgx.Conn     // nil: the lock is not held
}

// ErrLocked says that another process works on the tenant.
var ErrLocked = errors.New("another ingestd works on this tenant")

// NewLock returns the lock of a tenant, not taken yet.
func (db *DB) NewLock(tenant uuid.UUID) *Lock {
	return &Lock{db: db, tenant: tenant, turn: make(chan struct{}, 1)}
}

// Lock takes the lock of a tenant.
func (db *DB) Lock(ctx context.Context, tenant uuid.UUID) (*Lock, error) {
	l := db.NewLock(tenant)
	return l, l.Keep(ctx)
}

// use does something with the lock's connection. Callers wait for their turn
// no longer than for the database: behind one that hangs all end at once.
func (l *Lock) use(ctx context.Context, op string, work func(context.Context) error) error {
	return once(ctx, op, pingTimeout, func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case l.turn <- struct{}{}:
			defer func() { <-l.turn }()
			return work(ctx)
		}
	})
}

// lockKey is the number of a tenant's advisory lock.
const lockKey = `hashtextextended('ingestd ' || $1::uuid, 0)`

func (l *Lock) take(ctx context.Context) error {
	conn, err := l.db.connect(ctx)
	if err != nil {
		return err
	}
	var got bool
	err = conn.QueryRow(ctx, `SELECT pg_try_advisory_lock(`+lockKey+`)`, l.tenant).Scan(&got)
	if err == nil && got {
		l.conn = conn
		return nil
	}
	defer conn.Close(ctx)
	if err != nil {
		return err
	}
	holder, known, err := holderOf(ctx, conn, l.tenant)
	if err != nil || !known {
		return ErrLocked // its holder has just gone, or is not ours to see
	}
	return fmt.Errorf("%w: %s", ErrLocked, holder)
}

// Keep makes sure that the lock is held. It is taken, on a connection of its
// own, if it is not, or if its connection was lost. If another process has it
// that fails with ErrLocked, whose text says who.
func (l *Lock) Keep(ctx context.Context) error {
	return l.use(ctx, "keep the lock", func(ctx context.Context) error {
		if l.conn != nil && l.ping(ctx) == nil {
			return nil
		}
		l.close(ctx)
		return l.take(ctx)
	})
}

// ping takes half of the time at most, which leaves the other half for taking
// the lock anew.
func (l *Lock) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout/2)
	defer cancel()
	return l.conn.Ping(ctx)
}

func (l *Lock) close(ctx context.Context) error {
	if l.conn == nil {
		return nil
	}
	conn := l.conn
	l.conn = nil
	return conn.Close(ctx)
}

// Release gives the lock back, also after ctx was cancelled.
func (l *Lock) Release(ctx context.Context) error {
	return l.use(context.WithoutCancel(ctx), "release the lock", func(ctx context.Context) error {
		if l.conn == nil {
			return nil
		}
		// The server takes a moment to notice that a connection has gone.
		_, err := l.conn.Exec(ctx, `SELECT pg_advisory_unlock_all()`)
		return errors.Join(err, l.close(ctx))
	})
}

// A Holder is the session that holds the lock of a tenant.
type Holder struct {
	PID         int32 // of the server's process
	Application string
	Address     string // "local" for a socket
	Since       time.Time
	ActiveAt    time.Time
}

func (h Holder) String() string {
	return fmt.Sprintf("%s from %s, connected since %s, last active at %s (PostgreSQL session %d)",
		h.Application, h.Address, h.Since.UTC().Format(time.RFC3339), h.ActiveAt.UTC().Format(time.RFC3339), h.PID)
}

// holderOf returns who holds the lock of a tenant; known is false if nobody does.
func holderOf(ctx context.Context, db querier, tenant uuid.UUID) (h Holder, known bool, err error) {
	rows, err := db.Query(ctx, `
		SELECT pid, coalesce(nullif(application_name, ''), 'an unnamed client'), coalesce(host(client_addr), 'local'),
			coalesce(backend_start, now()), coalesce(state_change, now())
		FROM pg_locks JOIN pg_stat_activity USING (pid)
		WHERE locktype = 'advisory' AND objsubid = 1 AND granted
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
			AND classid::bigint << 32 | objid::bigint = `+lockKey, tenant)
	if err != nil {
		return Holder{}, false, err
	}
	h, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Holder])
	if errors.Is(err, pgx.ErrNoRows) {
		return Holder{}, false, nil
	}
	return h, err == nil, err
}
