package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ingestd/internal/store/storetest"
)

func (f *fixture) refreshUsers() {
	f.t.Helper()
	storetest.RefreshUsers(f.t, f.db, f.conn, f.target)
}

// userCall is a call of a user on a day of March.
func userCall(n, user, day int, name string) string {
	return fmt.Sprintf(`{"id": "call-%d", "userId": "00000000-0000-0000-0000-%012d", "userDisplayName": %q,
		"userPrincipalName": "u%d@example.com", "startDateTime": "2026-03-%02dT10:00:00Z"}`,
		n, user, name, user, day)
}

const users = `
	SELECT string_agg(concat_ws(' ', right(user_id::text, 1), display_name, principal_name, first_seen_on, last_seen_on,
		source), '; ' ORDER BY user_id)
	FROM teams.users`

func TestUsersFollowTheNewestEvent(t *testing.T) {
	f := newFixture(t)
	f.save(
		noon,
		userCall(1, 1, 5, "Old"),
		userCall(2, 1, 9, "New"),
		userCall(3, 2, 7, ""),
		`{"id": "bot", "startDateTime": "2026-03-01T10:00:00Z"}`,
	)
	f.refreshUsers()
	want := "1 New u1@example.com 2026-03-05 2026-03-09 pstn_calls; 2 u2@example.com 2026-03-07 2026-03-07 pstn_calls"
	if got := f.query(users); got != want {
		t.Fatalf("users = %s\nwant %s", got, want)
	}

	f.save(noon, userCall(4, 1, 2, "Oldest"), userCall(5, 2, 7, "Named"))
	f.refreshUsers()
	want = "1 New u1@example.com 2026-03-02 2026-03-09 pstn_calls; " +
		"2 Named u2@example.com 2026-03-07 2026-03-07 pstn_calls"
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
	f.save(
		noon,
		userCall(1, 1, 5, "Z"),
		other(userCall(2, 1, 5, "A")),
		other(userCall(3, 2, 5, "A")),
		userCall(4, 2, 5, "Z"),
	)
	f.refreshUsers()
	want := "1 A u1-renamed@example.com 2026-03-05 2026-03-05 pstn_calls; " +
		"2 A u2-renamed@example.com 2026-03-05 2026-03-05 pstn_calls"
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

// Where nothing has changed of a tenant, nothing is written, and however long the
// table is and much has changed of 200 others, little is read; nor where few of
// its rows have changed.
func TestUsersCostWhatHasChanged(t *testing.T) {
	t.Parallel()
	m := newMeter(t)
	const insert = `
		INSERT INTO teams.pstn_calls (tenant_id, id, user_id, start_at, updated_at, run_id, row_hash, change_xid)
		SELECT %s, 'old ' || n, gen_random_uuid(), $2, $2, 1, n, (3 + n / 400)::text::xid8
		FROM generate_series(1, 20000) n`
	m.exec(fmt.Sprintf(insert, "$1::uuid"), tenant, noon)
	m.exec(fmt.Sprintf(insert, "md5($1 || n % 200)::uuid"), "another", noon)
	m.exec(`INSERT INTO ingest.marks (tenant_id, endpoint, name, xid)
		VALUES ($1, 'pstn_calls', 'users', '200')`, tenant)
	m.exec(`UPDATE teams.pstn_calls SET change_xid = '250' WHERE tenant_id <> $1`, tenant)
	m.exec(`ANALYZE`)
	to := target(t, calls)
	const mark = `SELECT string_agg(xmin || ctid::text, ' ') FROM ingest.marks`
	before := storetest.Query[string](t, m.conn, mark)
	refresh := func() {
		if more, err := m.db.RefreshUsers(t.Context(), to, 1000); more || err != nil {
			t.Errorf("more %v, %v", more, err)
		}
	}
	refresh() // reads the catalog
	if n := m.blocks(refresh); n > 10 {
		t.Errorf("%d blocks read where nothing has changed", n)
	}
	if after := storetest.Query[string](t, m.conn, mark); after != before {
		t.Error("the mark was written")
	}
	m.exec(`UPDATE teams.pstn_calls SET change_xid = '300' WHERE tenant_id = $1 AND row_hash <= 100`, tenant)
	if n := m.blocks(refresh); n > 800 {
		t.Errorf("%d blocks read for 100 changed rows", n)
	}
	if n := storetest.Query[int](t, m.conn, `SELECT count(*) FROM teams.users`); n != 100 {
		t.Errorf("%d users, want 100", n)
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
	got := f.query(`SELECT string_agg(display_name, ' ' ORDER BY display_name) FROM teams.users`)
	if got != "Early Late" {
		t.Errorf("users = %s", got)
	}
}
