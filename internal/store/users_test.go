package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// refreshUsers brings teams.users up to date. Transactions of other tests are in
// the same cluster, and what is changed while one of them is open waits for it.
func (f *fixture) refreshUsers() {
	f.t.Helper()
	behind := fmt.Sprintf(`SELECT EXISTS (SELECT 1 FROM teams.%[1]s WHERE tenant_id = $1 AND change_xid >= coalesce((
		SELECT xid FROM ingest.marks WHERE tenant_id = $1 AND endpoint = '%[1]s'), '0'))`, f.endpoint.Name)
	for f.query(behind, tenant) == "true" {
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

// Users are refreshed in slices of whole transactions, and at least one.
func TestUsersInSlices(t *testing.T) {
	f := newFixture(t)
	for n, rows := range []int{1, 5, 1, 1, 2} {
		var list []string
		for i := range rows {
			list = append(list, userCall(10*n+i, 10*n+i, 5, "Name"))
		}
		f.save(noon, list...)
	}
	f.waitForTransactions()
	var seen []string
	for more := true; more; {
		var err error
		if more, err = f.db.RefreshUsers(t.Context(), f.target, 2); err != nil {
			t.Fatal(err)
		}
		seen = append(seen, f.query(`SELECT count(*) FROM teams.users`))
	}
	if got := strings.Join(seen, " "); got != "1 6 8 10" {
		t.Errorf("users after each slice: %s, want 1 6 8 10", got)
	}
}

// waitForTransactions waits until no transaction of another test is open that is
// older than what this test has written.
func (f *fixture) waitForTransactions() {
	f.t.Helper()
	written := f.query(`SELECT max(change_xid::text::bigint) FROM teams.` + f.endpoint.Name)
	for f.query(`SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint > $1::bigint`, written) != "true" {
		time.Sleep(time.Millisecond)
	}
}

// Where nothing has changed, nothing is written, and a long table is not read.
func TestUsersUnchanged(t *testing.T) {
	f := newFixture(t)
	f.save(noon, userCall(1, 1, 5, "Name"))
	f.refreshUsers()
	f.exec(`
		INSERT INTO teams.pstn_calls (tenant_id, id, user_id, start_at, updated_at, run_id, row_hash, change_xid)
		SELECT $1, 'old ' || n, gen_random_uuid(), $2, $2, 1, n, '3' FROM generate_series(1, 50000) n`, tenant, noon)
	f.exec(`ANALYZE teams.pstn_calls`)
	before := f.query(`SELECT string_agg(xmin || ctid::text, ' ') FROM ingest.marks`)
	if more, err := f.db.RefreshUsers(t.Context(), f.target, 1000); more || err != nil {
		t.Fatalf("more %v, %v", more, err)
	}
	if after := f.query(`SELECT string_agg(xmin || ctid::text, ' ') FROM ingest.marks`); after != before {
		t.Error("the mark was written")
	}
}

// What a transaction writes that is still open is not passed over.
func TestUsersWaitForOpenTransactions(t *testing.T) {
	f := newFixture(t)
	tx, err := f.conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = tx.Exec(t.Context(), `
		INSERT INTO teams.pstn_calls (tenant_id, id, user_id, user_display_name, start_at, updated_at, run_id, row_hash)
		VALUES ($1, 'late', $1, 'Late', $2, $2, 1, 1)`, tenant, noon)
	if err != nil {
		t.Fatal(err)
	}
	f.save(noon, userCall(1, 1, 5, "Early"))
	if more, err := f.db.RefreshUsers(t.Context(), f.target, 1000); more || err != nil {
		t.Fatalf("more %v, %v", more, err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.refreshUsers()
	if got := f.query(`SELECT string_agg(display_name, ' ' ORDER BY display_name) FROM teams.users`); got != "Early Late" {
		t.Errorf("users = %s", got)
	}
}
