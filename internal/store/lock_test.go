package store_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

func TestLock(t *testing.T) {
	f := newFixture(t)
	if _, known, err := f.db.HolderOf(t.Context(), tenant); known || err != nil {
		t.Errorf("holder of a free lock: %v, %v", known, err)
	}
	lock, err := f.db.Lock(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Keep(t.Context()); err != nil {
		t.Errorf("Keep: %v", err)
	}
	_, err = f.db.Lock(t.Context(), tenant)
	if want := "another ingestd works on this tenant: ingestd from local, connected since "; !errors.Is(
		err,
		store.ErrLocked,
	) ||
		!strings.HasPrefix(err.Error(), want) {
		t.Errorf("second lock: %v\nwant %s…", err, want)
	}
	holder, known, err := f.db.HolderOf(t.Context(), tenant)
	if err != nil || !known || holder.Application != "ingestd" || holder.Since.IsZero() {
		t.Errorf("holder = %+v, %v, %v", holder, known, err)
	}
	if err := lock.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The server frees the lock when it notices the end of the connection.
	for {
		again, err := f.db.Lock(t.Context(), tenant)
		if err == nil {
			again.Release(t.Context())
			return
		}
		if !errors.Is(err, store.ErrLocked) {
			t.Fatal(err)
		}
	}
}

// A lock whose connection was lost is taken anew.
func TestKeepAfterALostConnection(t *testing.T) {
	f := newFixture(t)
	lock, err := f.db.Lock(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	holder, _, err := f.db.HolderOf(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	f.exec(`SELECT pg_terminate_backend($1, 10000)`, holder.PID)
	if err := lock.Keep(t.Context()); err != nil {
		t.Error(err)
	}
	if now, known, err := f.db.HolderOf(t.Context(), tenant); err != nil || !known || now.PID == holder.PID {
		t.Errorf("holder = %+v, %v, %v", now, known, err)
	}
}

// The locks of many tenants take one connection. One that another process has keeps the others from nothing; when the
// connection is lost each is taken again, but for what another process was faster to take.
func TestLocksOfManyTenants(t *testing.T) {
	f := newFixture(t)
	var tenants []uuid.UUID
	for range 50 {
		tenants = append(tenants, uuid.New())
	}
	locks, other := f.db.NewLocks(), f.db.NewLocks()
	if failed := other.Keep(t.Context(), tenants[7]); len(failed) > 0 {
		t.Fatal(failed)
	}
	wantLocked := func(want ...uuid.UUID) {
		t.Helper()
		failed := locks.Keep(t.Context(), tenants...)
		for _, tenant := range want {
			if _, ok := errors.AsType[*store.LockedError](failed[tenant]); !ok {
				t.Errorf("tenant %v: %v", tenant, failed[tenant])
			}
		}
		if len(failed) != len(want) {
			t.Errorf("%d of the locks are not held: %v", len(failed), failed)
		}
	}
	wantLocked(tenants[7])
	sessions := f.query(`SELECT count(DISTINCT pid) FROM pg_locks
		WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
	if sessions != "2" {
		t.Errorf("%s sessions hold locks, want one of each process", sessions)
	}
	holder, _, err := f.db.HolderOf(t.Context(), tenants[0])
	if err != nil {
		t.Fatal(err)
	}
	f.exec(`SELECT pg_terminate_backend($1, 10000)`, holder.PID)
	if failed := other.Keep(t.Context(), tenants[8]); len(failed) > 0 {
		t.Fatal(failed)
	}
	wantLocked(tenants[7], tenants[8])
	if err := other.Release(t.Context(), tenants[7]); err != nil {
		t.Fatal(err)
	}
	wantLocked(tenants[8])
	if err := errors.Join(other.Release(t.Context()), locks.Release(t.Context())); err != nil {
		t.Error(err)
	}
}

// A network that breaks leaves the session that holds the locks at the server, which may not notice for hours. The
// process that held them takes them again at once.
func TestKeepAfterACutConnection(t *testing.T) {
	t.Parallel()
	p, url := storetest.NewProxy(t, storetest.URL(t))
	lock, err := storetest.Connect(t, url).Lock(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	p.Cut()
	if err := lock.Keep(t.Context()); err != nil {
		t.Error(err)
	}
}

// Who holds a lock is only for people: where the database does not tell, the locks that are free are taken.
func TestLocksWithoutTheirHolders(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	for _, sql := range []string{
		`CREATE SCHEMA hidden`,
		`CREATE VIEW hidden.pg_locks AS SELECT`,
		`CREATE VIEW hidden.pg_stat_activity AS SELECT`,
		`ALTER DATABASE ` + pgx.Identifier{conn.Config().Database}.Sanitize() + ` SET search_path = hidden, pg_catalog`,
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	locks, other := storetest.Connect(t, url).NewLocks(), storetest.Connect(t, url).NewLocks()
	free := uuid.New()
	if failed := other.Keep(t.Context(), tenant); len(failed) > 0 {
		t.Fatal(failed)
	}
	defer other.Release(t.Context()) // a connection that nobody refers to is closed at some time
	failed := locks.Keep(t.Context(), tenant, free)
	if !errors.Is(failed[tenant], store.ErrLocked) || len(failed) != 1 {
		t.Errorf("failed = %v", failed)
	}
}
