package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// longest is how long a ping, a lock or a release may take, with room for a
// slow machine.
const longest = 15 * time.Second

func quickly(t *testing.T, what string, work func()) {
	t.Helper()
	start := time.Now()
	work()
	if took := time.Since(start); took > longest {
		t.Errorf("%s took %v", what, took)
	}
}

// A database that stops answering, without closing a connection, holds nobody.
func TestStalledDatabase(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T) (*storetest.Proxy, *store.DB) {
		t.Parallel()
		p, url := storetest.NewProxy(t, storetest.URL(t))
		db := storetest.Connect(t, url)
		if err := db.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		return p, db
	}
	t.Run("ping", func(t *testing.T) {
		p, db := open(t)
		p.Stall()
		quickly(t, "a ping", func() {
			if err := db.Ping(t.Context()); !errors.Is(err, store.ErrUnreachable) {
				t.Errorf("Ping: %v", err)
			}
		})
		p.Resume()
		if err := db.Ping(t.Context()); err != nil {
			t.Errorf("Ping once it answers again: %v", err)
		}
	})
	t.Run("lock", func(t *testing.T) {
		p, db := open(t)
		p.Stall()
		quickly(t, "a lock", func() {
			if _, err := db.Lock(t.Context(), tenant); err == nil {
				t.Error("a lock was taken")
			}
		})
	})
	t.Run("keep and release", func(t *testing.T) {
		p, db := open(t)
		lock, err := db.Lock(t.Context(), tenant)
		if err != nil {
			t.Fatal(err)
		}
		p.Stall()
		quickly(t, "six jobs that keep the lock", func() {
			var jobs sync.WaitGroup
			for range 6 {
				jobs.Go(func() {
					if lock.Keep(t.Context()) == nil {
						t.Error("the lock was kept")
					}
				})
			}
			jobs.Wait()
		})
		p.Resume()
		for lock.Keep(t.Context()) != nil { // the server frees the lock when it notices that the connection has gone
			time.Sleep(10 * time.Millisecond)
		}
		p.Stall()
		quickly(t, "a release", func() {
			if lock.Release(t.Context()) == nil {
				t.Error("the lock was released")
			}
		})
	})
	t.Run("close", func(t *testing.T) {
		p, db := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		ended, before := make(chan error), p.Statements()
		go func() { ended <- db.ExecWithin(ctx, "hang", time.Minute, `SELECT pg_sleep(60)`) }()
		for p.Statements() == before {
			time.Sleep(time.Millisecond)
		}
		p.Stall()
		quickly(t, "closing", db.Close)
		cancel()
		<-ended
	})
	t.Run("statement", func(t *testing.T) {
		p, db := open(t)
		p.Stall()
		quickly(t, "a statement", func() {
			err := db.ExecWithin(t.Context(), "test", 300*time.Millisecond, `SELECT`)
			var e *store.Error
			if !errors.As(err, &e) || e.Kind != store.Transient || err.Error() != "test: database does not answer" {
				t.Errorf("error = %v", err)
			}
		})
	})
	t.Run("statement on dead connections", func(t *testing.T) {
		p, db := open(t)
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				if err := db.ExecWithin(t.Context(), "test", time.Minute, `SELECT pg_sleep(0.2)`); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		p.Cut()
		if err := db.ExecWithin(t.Context(), "test", 2*time.Second, `SELECT`); err != nil {
			t.Errorf("the second attempt has a new connection: %v", err)
		}
	})
	t.Run("caller's deadline", func(t *testing.T) {
		p, db := open(t)
		p.Stall()
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		quickly(t, "bookkeeping", func() {
			_, err := db.OpenRejects(ctx, tenant, calls.Name)
			if err == nil || err.Error() != "count rejects of pstn_calls: database does not answer" {
				t.Errorf("error = %v", err)
			}
		})
	})
}

// A role's or a database's own statement_timeout ends nothing.
func TestStatementTimeoutOfTheServer(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	_, err := conn.Exec(
		t.Context(),
		`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET statement_timeout = 50', current_database()); END $$`,
	)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := storetest.Connect(t, url).Ask(t.Context(), `SELECT pg_sleep(0.2)`); err != nil {
		t.Error(err)
	}
}

// A migration that hangs ends when it is told to.
func TestStalledMigration(t *testing.T) {
	t.Parallel()
	direct := storetest.EmptyURL(t)
	conn := storetest.Conn(t, direct)
	p, url := storetest.NewProxy(t, direct)
	p.Delay(20 * time.Millisecond)
	db := storetest.Connect(t, url)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error)
	go func() { ended <- db.MigrateUp(ctx) }()
	const begun = `SELECT count(*) FROM pg_class WHERE oid = to_regclass('ingest.schema_migrations')`
	for storetest.Query[int](t, conn, begun) == 0 {
		time.Sleep(time.Millisecond)
	}
	p.Stall()
	cancel()
	quickly(t, "ending a migration", func() {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("MigrateUp: %v", err)
		}
	})
}
