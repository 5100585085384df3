package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// Rows that came from another cluster get numbers of this one, in slices, and
// those of other tenants stay as they are.
func TestRenewTransactionIDs(t *testing.T) {
	f := newFixture(t)
	other := uuid.MustParse("99999999-2222-3333-4444-555555555555")
	for owner, rows := range map[uuid.UUID]int{tenant: 25000, other: 1000} {
		f.exec(`
			INSERT INTO teams.pstn_calls
				(tenant_id, id, user_id, user_display_name, start_at, updated_at, run_id, row_hash, change_xid)
			SELECT $1, n, $1, 'Name', $2, $2, 1, n, (900000000 + n / 10)::text::xid8
			FROM generate_series(1, $3) n`, owner, noon, rows)
		f.exec(`
			INSERT INTO ingest.tombstones (tenant_id, table_name, key, op, change_xid)
			VALUES ($1, 'pstn_calls', '{}', 'delete', '900000000'),
				($1, 'pstn_calls', '{}', 'expire', '900000001')`, owner)
		f.exec(`
			INSERT INTO ingest.marks (tenant_id, endpoint, name, xid)
			VALUES ($1, 'pstn_calls', 'users', '900000000'), ($1, 'sms_messages', 'users', '5')`, owner)
	}
	f.save(noon, element(1, ""))
	var progress []string
	renew := func() {
		t.Helper()
		progress = nil
		if err := f.db.RenewMarks(t.Context(), tenant); err != nil {
			t.Fatal(err)
		}
		err := f.db.RenewTransactionIDs(t.Context(), tenant, func(table string, rows int64) {
			progress = append(progress, fmt.Sprintf("%s %d", table, rows))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	renew()
	if got := progress[0]; got != "ingest.tombstones 1" ||
		!strings.HasSuffix(progress[len(progress)-1], "teams.pstn_calls 25000") ||
		len(progress) != 4 {
		t.Errorf("progress = %v", progress)
	}
	const future = `SELECT count(*) FROM %s
		WHERE change_xid >= pg_snapshot_xmax(pg_current_snapshot()) AND (tenant_id = $1) = $2`
	for _, test := range []struct {
		table, future string
		own           bool
	}{
		{"teams.pstn_calls", "0", true}, {"teams.pstn_calls", "1000", false},
		{"ingest.tombstones", "0", true}, {"ingest.tombstones", "2", false},
	} {
		if got := f.query(fmt.Sprintf(future, test.table), tenant, test.own); got != test.future {
			t.Errorf("%s rows of the future in %s (own: %v), want %s", got, test.table, test.own, test.future)
		}
	}
	ops := f.query(`SELECT string_agg(op, ' ') FROM ingest.tombstones WHERE tenant_id = $1`, tenant)
	if ops != "expire" {
		t.Errorf("of two tombstones of one row are left: %s", ops)
	}
	left := f.query(`SELECT string_agg(endpoint, ' ') FROM ingest.marks WHERE tenant_id = $1`, tenant)
	if left != "sms_messages" {
		t.Errorf("marks left: %s", left)
	}
	got := f.query(`SELECT count(DISTINCT change_xid) FROM teams.pstn_calls WHERE tenant_id = $1`, tenant)
	if got != "4" {
		t.Errorf("%s transactions, want three slices and the row saved before", got)
	}
	renew()
	if len(progress) > 0 {
		t.Errorf("again: %v", progress)
	}
	f.refreshUsers()
	if got := f.query(`SELECT display_name FROM teams.users`); got != "Name" {
		t.Errorf("user = %s", got)
	}
	f.exec(`
		INSERT INTO ingest.endpoints
			(tenant_id, endpoint, enabled, schedule, reach, settle, origin, settled_until, watermark)
		VALUES ($1, 'pstn_calls', true, '', '1 d', '1 d', now(), now(), now())`, other)
	for _, removed := range []string{"null", "now()"} { // of the other tenant: as long as somebody works on it, or not
		f.exec(`UPDATE ingest.endpoints SET removed_at = ` + removed)
		if err := f.db.RenewRemoved(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"null": "1000", "now()": "0"}[removed]
		if got := f.query(fmt.Sprintf(future, "teams.pstn_calls"), tenant, false); got != want {
			t.Errorf("removed_at is %s: %s rows of the future, want %s", removed, got, want)
		}
	}
}

// Where nothing is to be renewed, little is read, however long the tables are and
// however much is to be renewed of other tenants.
func TestRenewCostsLittle(t *testing.T) {
	t.Parallel()
	m := newMeter(t)
	m.exec(`
		INSERT INTO teams.pstn_calls (tenant_id, id, updated_at, run_id, row_hash)
		SELECT $1, n, $2, 1, n FROM generate_series(1, 20000) n`, tenant, noon)
	m.exec(`
		INSERT INTO teams.pstn_calls (tenant_id, id, updated_at, run_id, row_hash, change_xid)
		SELECT md5($1 || n % 200)::uuid, n, $2, 1, n, '900000000' FROM generate_series(1, 20000) n`, "another", noon)
	m.exec(`ANALYZE`)
	renew := func() {
		if err := m.db.RenewMarks(t.Context(), tenant); err != nil {
			t.Error(err)
		}
		if err := m.db.RenewTransactionIDs(t.Context(), tenant, nil); err != nil {
			t.Error(err)
		}
	}
	renew()
	if n := m.blocks(renew); n > 50 {
		t.Errorf("%d blocks read", n)
	}
}
