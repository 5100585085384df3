package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Locks are the rights to work on tenants, each held until it is released or the
// connection ends that holds them all. One connection serves any number of
// tenants; if it is lost all locks are, and each is taken again, also where the
// server has not noticed yet that the connection is gone. Two daemons on
// one tenant would do work twice; that they do no harm never depends on a lock.
// What Locks do ends within pingTimeout.
type Locks struct {
	db   *DB
	turn chan struct{}      // holds a token while one caller uses conn and held
	conn *pgx.Conn          // nil: no lock is held
	held map[uuid.UUID]bool // by conn
	self session            // of conn, or of the last one there was
}

// A session is one of the server's. A process number alone is used again.
type session struct {
	PID   int32
	Since time.Time
}

// A Lock is the right to work on one tenant.
type Lock struct {
	of     *Locks
	tenant uuid.UUID
}

// ErrLocked says that another process works on the tenant.
var ErrLocked = errors.New("another ingestd works on this tenant")

// A LockedError is ErrLocked by a process that is known.
type LockedError struct{ Holder }

func (e *LockedError) Error() string { return ErrLocked.Error() + ": " + e.Holder.String() }

// Reason is what of the text stays the same as long as one session holds the lock.
func (e *LockedError) Reason() string { return fmt.Sprint("locked by session ", e.PID) }

// Unwrap makes it an ErrLocked.
func (e *LockedError) Unwrap() error { return ErrLocked }

// NewLocks returns Locks of which none is taken yet.
func (db *DB) NewLocks() *Locks { return &Locks{db: db, turn: make(chan struct{}, 1)} }

// Of returns the lock of a tenant.
func (l *Locks) Of(tenant uuid.UUID) *Lock { return &Lock{l, tenant} }

// Lock takes the lock of a tenant, on a connection of its own.
func (db *DB) Lock(ctx context.Context, tenant uuid.UUID) (*Lock, error) {
	l := db.NewLocks().Of(tenant)
	return l, l.Keep(ctx)
}

// use does something with the connection. Callers wait for their turn no longer
// than for the database: behind one that hangs all end at once.
func (l *Locks) use(ctx context.Context, op string, work func(context.Context) error) error {
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

// Keep makes sure that the lock is held, as Locks.Keep does.
func (l *Lock) Keep(ctx context.Context) error { return l.of.Keep(ctx, l.tenant)[l.tenant] }

// Keep makes sure that the locks of some tenants are held. Those are taken that
// are not, or that went with the connection. It returns why a tenant's is not
// held: because another process has it, an ErrLocked whose text says who, or
// because the database does not answer.
func (l *Locks) Keep(ctx context.Context, tenants ...uuid.UUID) map[uuid.UUID]error {
	failed := map[uuid.UUID]error{}
	err := l.use(ctx, "keep the locks of tenants", func(ctx context.Context) error {
		if err := l.connect(ctx); err != nil {
			return err
		}
		missing := slices.DeleteFunc(slices.Clone(tenants), func(t uuid.UUID) bool { return l.held[t] })
		if len(missing) == 0 {
			return nil
		}
		err := l.take(ctx, missing, failed)
		if err != nil {
			l.close(ctx) // it is not known which are taken
		}
		return err
	})
	for _, tenant := range tenants {
		if err != nil {
			failed[tenant] = err
		}
	}
	return failed
}

// connect makes sure that there is a connection that answers.
func (l *Locks) connect(ctx context.Context) error {
	if l.conn != nil && l.ping(ctx) == nil {
		return nil
	}
	l.close(ctx)
	conn, err := l.db.connect(ctx)
	if err != nil {
		return err
	}
	l.conn, l.held = conn, map[uuid.UUID]bool{}
	return l.succeed(ctx)
}

// succeed ends the session before this one and notes this one. A server may keep
// a session for hours whose client or network has gone, and with it the locks.
// Where the server shows no sessions, that is waited for.
func (l *Locks) succeed(ctx context.Context) error {
	_, err := l.conn.Exec(ctx, `
		SELECT pg_terminate_backend(pid, 1000) -- it waits so many milliseconds for the end
		FROM pg_stat_activity
		WHERE pid = $1 AND backend_start = $2 AND usename = current_user`, l.self.PID, l.self.Since)
	if err == nil {
		l.self = session{}
		err = l.conn.QueryRow(ctx, `SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()`).
			Scan(&l.self.PID, &l.self.Since)
	}
	return l.unlessRefused(ctx, err)
}

// unlessRefused is nil for an error of a statement that the server refused, and
// that nothing depends on.
func (l *Locks) unlessRefused(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil && !l.conn.IsClosed() {
		return nil
	}
	l.close(ctx)
	return err
}

// ping takes half of the time at most, which leaves the other half for taking
// the locks anew.
func (l *Locks) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout/2)
	defer cancel()
	return l.conn.Ping(ctx)
}

// lockKey is the number of the advisory lock of a tenant.
const lockKey = `hashtextextended('ingestd ' || tenant::uuid, 0)`

// take takes the locks that are free, and notes who has the others.
func (l *Locks) take(ctx context.Context, tenants []uuid.UUID, failed map[uuid.UUID]error) error {
	rows, err := l.conn.Query(ctx,
		`SELECT tenant, pg_try_advisory_lock(`+lockKey+`) FROM unnest($1::text[]) AS tenant`, texts(tenants))
	if err != nil {
		return err
	}
	type answer struct {
		Tenant string
		Got    bool
	}
	answers, err := pgx.CollectRows(rows, pgx.RowToStructByPos[answer])
	if err != nil {
		return err
	}
	var others []uuid.UUID
	for _, a := range answers {
		tenant := uuid.MustParse(a.Tenant)
		if a.Got {
			l.held[tenant] = true
			continue
		}
		failed[tenant] = ErrLocked // its holder has just gone, or is not ours to see
		others = append(others, tenant)
	}
	if len(others) == 0 {
		return nil
	}
	holders, err := holdersOf(ctx, l.conn, others) // for people
	for tenant, holder := range holders {
		failed[tenant] = &LockedError{holder}
	}
	return l.unlessRefused(ctx, err)
}

func texts(ids []uuid.UUID) []string {
	var list []string
	for _, id := range ids {
		list = append(list, id.String())
	}
	return list
}

// close ends the connection, and with it the locks.
func (l *Locks) close(ctx context.Context) error {
	if l.conn == nil {
		return nil
	}
	conn := l.conn
	l.conn, l.held = nil, nil
	return conn.Close(ctx)
}

// Release gives the lock back, also after ctx was cancelled.
func (l *Lock) Release(ctx context.Context) error { return l.of.Release(ctx, l.tenant) }

// Release gives locks back, also after ctx was cancelled: those of some tenants,
// or all if none is named. The connection ends with the last.
func (l *Locks) Release(ctx context.Context, tenants ...uuid.UUID) error {
	return l.use(context.WithoutCancel(ctx), "release the locks of tenants", func(ctx context.Context) error {
		if l.conn == nil {
			return nil
		}
		if len(tenants) == 0 {
			tenants = slices.Collect(maps.Keys(l.held))
		}
		tenants = slices.DeleteFunc(slices.Clone(tenants), func(t uuid.UUID) bool { return !l.held[t] })
		// The server takes a moment to notice that a connection has gone.
		_, err := l.conn.Exec(ctx,
			`SELECT pg_advisory_unlock(`+lockKey+`) FROM unnest($1::text[]) AS tenant`, texts(tenants))
		for _, t := range tenants {
			delete(l.held, t)
		}
		if err != nil || len(l.held) == 0 {
			return errors.Join(err, l.close(ctx))
		}
		return nil
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

// holdersOf returns the holders of locks that are held.
func holdersOf(ctx context.Context, db querier, tenants []uuid.UUID) (map[uuid.UUID]Holder, error) {
	rows, err := db.Query(ctx, `
		SELECT tenant, pid, coalesce(nullif(application_name, ''), 'an unnamed client'),
			coalesce(host(client_addr), 'local'), coalesce(backend_start, now()), coalesce(state_change, now())
		FROM unnest($1::text[]) AS tenant
		JOIN pg_locks ON classid::bigint << 32 | objid::bigint = `+lockKey+`
		JOIN pg_stat_activity USING (pid)
		WHERE locktype = 'advisory' AND objsubid = 1 AND granted
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`, texts(tenants))
	if err != nil {
		return nil, err
	}
	type held struct {
		Tenant string
		Holder
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[held])
	holders := map[uuid.UUID]Holder{}
	for _, h := range list {
		holders[uuid.MustParse(h.Tenant)] = h.Holder
	}
	return holders, err
}

// LockSession takes the advisory lock of a name, which the session then has until it
// ends, and reports whether it got it within patience. It asks for it again and
// again: a statement that waits would keep the server from removing dead rows.
func LockSession(ctx context.Context, conn *pgx.Conn, name string, patience time.Duration) (got bool, err error) {
	for deadline := time.Now().Add(patience); ; {
		err := once(ctx, "take a lock", pingTimeout, func(ctx context.Context) error {
			return conn.QueryRow(ctx, `SELECT pg_try_advisory_lock(hashtextextended($1, 0))`, name).Scan(&got)
		})
		if err != nil || got || time.Now().After(deadline) {
			return got, err
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}
