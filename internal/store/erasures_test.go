package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ingestd/internal/store"
)

// An erasure that was not finished goes on, and who was erased is known until it is no longer needed. Runs that began
// before it are waited for.
func TestErasures(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	e := store.Erasure{
		Tenant: tenant, KnownBy: "user", Hash: []byte("hash"), NeededUntil: time.Now().Add(-time.Hour),
		Found: map[string]int64{"teams.users": 1}, Program: "test",
	}
	begin := func() (id int64, seen time.Time) {
		t.Helper()
		id, seen, err := f.db.BeginErasure(ctx, e)
		if err != nil {
			t.Fatal(err)
		}
		return id, seen
	}
	wantErased := func(when, want string) {
		t.Helper()
		erased, err := f.db.Erased(ctx, tenant)
		if got := fmt.Sprintf("%s", erased); err != nil || got != want {
			t.Errorf("%s: %s are known, want %s: %v", when, got, want, err)
		}
	}
	runsBefore := func(at time.Time) int64 {
		t.Helper()
		n, err := f.db.RunsBefore(ctx, tenant, at)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}

	first, seen := begin()
	f.start() // knows of it
	if again, _ := begin(); again != first {
		t.Errorf("erasure %d is begun again as %d", first, again)
	}
	if n := runsBefore(seen); n != 1 {
		t.Errorf("%d runs began before, want 1", n)
	}
	f.exec(`UPDATE ingest.runs SET heartbeat_at = now() - interval '6 minutes'`)
	if n := runsBefore(seen); n != 0 {
		t.Errorf("%d runs are waited for that were killed", n)
	}
	const known = "[{user hash}]"
	if err := f.db.ForgetErased(ctx); err != nil {
		t.Fatal(err)
	}
	wantErased("not finished", known)
	if err := f.db.EndErasure(ctx, tenant, first); err != nil {
		t.Fatal(err)
	}
	e.NeededUntil = time.Now().Add(time.Hour)
	if next, _ := begin(); next == first {
		t.Error("a finished erasure goes on")
	}
	wantErased("twice", known)
	f.exec(`UPDATE ingest.erasures SET needed_until = now() - interval '1 hour', finished_at = now()`)
	if err := f.db.ForgetErased(ctx); err != nil {
		t.Fatal(err)
	}
	wantErased("no longer needed", "[]")
}

// An address is nobody's sign who has it in fewer rows than another user.
func TestNamesOf(t *testing.T) {
	f := newFixture(t)
	const anna, ben = "3c9d1f62-8a4b-4e7c-9b15-5e2f7a8c4d90", "99999999-8a4b-4e7c-9b15-5e2f7a8c4d90"
	rows := [][2]string{{anna, "anna"}, {anna, "anna"}, {anna, "ben"}, {ben, "ben"}, {ben, "ben"}, {ben, "anna"}}
	for i, who := range rows {
		f.save(noon, fmt.Sprintf(`{"id": "%d", "userId": %q, "userPrincipalName": "%s@example.com"}`,
			i, who[0], who[1]))
	}
	principals, _, err := f.db.NamesOf(t.Context(), tenant, []string{anna})
	if got := strings.Join(principals, " "); err != nil || got != "anna@example.com" {
		t.Errorf("Anna signs in as %s: %v", got, err)
	}
}
