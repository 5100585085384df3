package store_test

import (
	"errors"
	"strings"
	"testing"

	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// A pooler is found, and one that shares sessions is refused with what to do.
func TestPooler(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]store.Pooler{
		"":            store.NoPooler,
		"session":     store.SessionPooler,
		"transaction": store.SharingPooler,
		"statement":   store.SharingPooler,
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t)
			if mode != "" {
				url = storetest.Pooler(t, url, mode)
			}
			db := storetest.Connect(t, url)
			if got, err := db.Pooler(t.Context()); err != nil || got != want {
				t.Fatalf("Pooler: %q, %v, want %q", got, err, want)
			}
			err := db.CheckSchema(t.Context())
			if want != store.SharingPooler {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, store.ErrUnfit) || !strings.Contains(err.Error(), "set its pool_mode to session") ||
				store.CodeOf(err) != "database_unfit" {
				t.Errorf("CheckSchema: %v (%s)", err, store.CodeOf(err))
			}
			if err := db.MigrateUp(t.Context()); !errors.Is(err, store.ErrUnfit) {
				t.Errorf("MigrateUp: %v", err)
			}
		})
	}
}
