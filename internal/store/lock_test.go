package store_test

import (
	"errors"
	"strings"
	"testing"

	"ingestd/internal/store"
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
