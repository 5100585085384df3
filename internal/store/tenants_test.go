package store_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/store"
)

// What is noted of a tenant is written when it changes; a clock that is a little
// further off is no change. Who does not read it as a daemon leaves the daemon.
func TestPutTenant(t *testing.T) {
	f := newFixture(t)
	skew, ends, daemon := 0.4, noon, uuid.New()
	put := func(skew float64, daemon *uuid.UUID, ends *time.Time) string {
		t.Helper()
		err := f.db.PutTenant(t.Context(), store.Tenant{
			ID: tenant, Name: "contoso", Cloud: "global", CredentialKind: "certificate", CredentialEndsAt: ends,
			ClockSkew: &skew, Daemon: daemon,
		})
		if err != nil {
			t.Fatal(err)
		}
		return f.query(`SELECT xmin FROM ingest.tenants`)
	}
	first := put(skew, &daemon, &ends)
	if put(skew+0.9, nil, &ends) != first {
		t.Error("it was written again though nothing had changed")
	}
	second := put(skew+1.5, nil, &ends)
	if second == first || f.query(`SELECT daemon_id FROM ingest.tenants`) != daemon.String() {
		t.Error("a skew a second off is not noted, or the daemon is gone")
	}
	if put(skew+1.5, nil, nil) == second {
		t.Error("that the end of the credential is not known is not noted")
	}
}

// A tenant that is no longer configured is noted so, unless a daemon elsewhere
// reads it.
func TestNoteRemoved(t *testing.T) {
	f := newFixture(t)
	other, elsewhere := uuid.New(), uuid.New()
	daemon := store.Daemon{ID: uuid.New(), Host: "ingest-2", Version: "0.5.0"}
	for _, id := range []uuid.UUID{tenant, other, elsewhere} {
		e := store.Endpoint{Tenant: id, Name: "pstn_calls", Schedule: "@daily", Origin: noon, Watermark: noon}
		if err := f.db.PutEndpoint(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.db.NoteAlive(t.Context(), daemon); err != nil {
		t.Fatal(err)
	}
	fabrikam := store.Tenant{ID: elsewhere, Name: "fabrikam", Daemon: &daemon.ID}
	if err := f.db.PutTenant(t.Context(), fabrikam); err != nil {
		t.Fatal(err)
	}
	removed := func() string {
		t.Helper()
		if err := f.db.NoteRemoved(t.Context(), []uuid.UUID{tenant}); err != nil {
			t.Fatal(err)
		}
		return f.query(`SELECT array_agg(tenant_id) FROM ingest.endpoints WHERE removed_at IS NOT NULL`)
	}
	if got := removed(); got != "{"+other.String()+"}" {
		t.Errorf("removed: %s, want %s", got, other)
	}
	f.exec(`UPDATE ingest.daemons SET heartbeat_at = now() - interval '6 minutes'`)
	removed()
	if got := f.query(`SELECT count(removed_at) FROM ingest.endpoints`); got != "2" {
		t.Errorf("%s are removed once the other daemon is gone, want 2", got)
	}
}
