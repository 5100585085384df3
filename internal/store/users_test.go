package store_test

import (
	"fmt"
	"strings"
	"testing"
)

// refreshUsers brings teams.users up to date. Transactions of other tests are in
// the same cluster, and what is changed while one of them is open waits for it.
func (f *fixture) refreshUsers() {
	f.t.Helper()
	behind := fmt.Sprintf(`SELECT EXISTS (SELECT 1 FROM teams.%s WHERE change_xid >= coalesce((SELECT xid FROM ingest.marks), '0'))`, f.endpoint.Name)
	for f.query(behind) == "true" {
		if _, err := f.db.RefreshUsers(f.t.Context(), f.target, 1000); err != nil {
			f.t.Fatal(err)
		}
	}
}

// userCall is a call of a user on a day of March.
func userCall(n, user, day int, name string) string {
	return fmt.Sprintf(`{"id": "call-%d", "userId": "00000000-0000-0000-0000-%012d", "userDisplayName": %q, "userPrincipalName": "u%d@example.com", "startDateTime": "2026-03-%02dT10:00:00Z"}`, n, user, name, user, day)
}

const users = `SELECT string_agg(concat_ws(' ', right(user_id::text, 1), display_name, principal_name, first_seen_on, last_seen_on, source), '; ' ORDER BY user_id) FROM teams.users`

func TestUsersFollowTheNewestEvent(t *testing.T) {
	f := newFixture(t)
	f.save(noon, userCall(1, 1, 5, "Old"), userCall(2, 1, 9, "New"), userCall(3, 2, 7, ""), `{"id": "bot", "startDateTime": "2026-03-01T10:00:00Z"}`)
	f.refreshUsers()
	want := "1 New u1@example.com 2026-03-05 2026-03-09 pstn_calls; 2 u2@example.com 2026-03-07 2026-03-07 pstn_calls"
	if got := f.query(users); got != want {
		t.Fatalf("users = %s\nwant %s", got, want)
	}

	f.save(noon, userCall(4, 1, 2, "Oldest"), userCall(5, 2, 7, "Named"))
	f.refreshUsers()
	want = "1 New u1@example.com 2026-03-02 2026-03-09 pstn_calls; 2 Named u2@example.com 2026-03-07 2026-03-07 pstn_calls"
	if got := f.query(users); got != want {
		t.Fatalf("users after older events = %s\nwant %s", got, want)
	}

	before := f.query(`SELECT string_agg(xmin::text, ',') FROM teams.users`)
	f.save(noon, userCall(6, 1, 9, "New"))
	f.refreshUsers()
	if after := f.query(`SELECT string_agg(xmin::text, ',') FROM teams.users`); after != before {
		t.Error("users that did not change were written")
	}
}

// Of two events at one time one gives both names, whichever came first.
func TestUsersOfOneTime(t *testing.T) {
	f := newFixture(t)
	other := func(call string) string { return strings.Replace(call, "@example.com", "-renamed@example.com", 1) }
	f.save(noon, userCall(1, 1, 5, "Z"), other(userCall(2, 1, 5, "A")), other(userCall(3, 2, 5, "A")), userCall(4, 2, 5, "Z"))
	f.refreshUsers()
	want := "1 A u1-renamed@example.com 2026-03-05 2026-03-05 pstn_calls; 2 A u2-renamed@example.com 2026-03-05 2026-03-05 pstn_calls"
	if got := f.query(users); got != want {
		t.Fatalf("users = %s\nwant %s", got, want)
	}
}
