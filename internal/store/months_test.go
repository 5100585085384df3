package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// Details are of the month in which their call was first stored, also when they are
// rewritten, and those from before there were months stay where they are. A month goes
// as a whole, once retention keeps nothing of it, of no tenant, and nobody reads it.
func TestMonths(t *testing.T) {
	t.Parallel()
	storetest.NotHashed(t, "they have no months")
	storetest.NotDivided(t, "it makes months itself")
	url := storetest.URL(t)
	conn, d := storetest.Conn(t, url), newDaemon(t, url)
	d.db.Hurry()
	save := func(n, version int) {
		t.Helper()
		if err := d.store(t.Context(), recordBatch(t, recordOf(n, version))); err != nil {
			t.Fatal(err)
		}
		d.wantStored(t, n, version)
	}
	save(0, 3)
	for range 2 { // the second time there is nothing to do
		if err := d.db.KeepMonths(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	save(1, 3)
	storetest.Exec(t, conn, `
		ALTER TABLE teams.call_records ALTER COLUMN details_month
			SET DEFAULT teams.details_month() + interval '1 month'`)
	save(2, 3)
	for n := range 3 {
		save(n, 4)
		save(n, 6)
	}
	r := rewriteOf(d.target, masked(t).NewBatch)
	if err := d.db.Rewrite(t.Context(), []*store.Rewrite{r}, nil); err != nil || r.Changed != 3 {
		t.Errorf("%d calls were rewritten, want 3: %v", r.Changed, err)
	}
	month := storetest.Query[time.Time](t, conn, `SELECT date_trunc('month', now() AT TIME ZONE 'UTC')::date`)
	for n, suffix := range []string{"", month.Format("_2006_01"), month.AddDate(0, 1, 0).Format("_2006_01")} {
		for _, table := range fetch.CallRecords.Rows.Tables[1:] {
			const places = `SELECT array_agg(DISTINCT tableoid::regclass)::text FROM teams.%s WHERE call_id = $1`
			got := storetest.Query[string](t, conn, fmt.Sprintf(places, table.Name), idOf(n))
			if want := "{teams." + table.Name + suffix + "}"; got != want {
				t.Errorf("call %d is in %s, want %s", n, got, want)
			}
		}
	}

	storetest.Age(t, conn, 12)
	storetest.Exec(t, conn, `
		UPDATE teams.call_records SET start_at = details_month + interval '10 days' WHERE details_month IS NOT NULL`)
	other := uuid.NewSHA1(tenant, nil)
	storetest.Exec(t, conn, `
		INSERT INTO ingest.endpoints (tenant_id, endpoint, enabled, schedule, reach, settle, origin, settled_until,
			watermark)
		SELECT unnest($1::uuid[]), 'call_records', true, '0 * * * *', '30 d', '1 d', now(), now(), now()`,
		[]uuid.UUID{tenant, other})
	if err := d.announce(t.Context(), recordBatch(t, recordOf(3, 1))); err != nil {
		t.Fatal(err)
	}
	month = month.AddDate(-1, 0, 0)
	empty := month.AddDate(0, 2, 0)
	if dropped, err := d.db.DropMonth(t.Context()); err != nil || dropped == nil || !dropped.Equal(empty) {
		t.Errorf("%v was dropped, want the month without calls, %v: %v", dropped, empty, err)
	}
	end, name := month.AddDate(0, 1, 0), "teams.sessions"+month.Format("_2006_01")
	for _, step := range []struct {
		name    string
		before  time.Time
		tenant  uuid.UUID // whose call 3 is
		startAt time.Time // of call 3
		reader  bool
		gone    bool
	}{
		{"a part is kept", end.AddDate(0, 0, -1), tenant, month, false, false},
		{"another tenant keeps all", end, other, month, false, false},
		{"a call began after the month", end, tenant, end, false, false},
		{"somebody reads", end, tenant, month, true, false},
		{"nothing is kept", end, tenant, month, false, true},
	} {
		storetest.Exec(t, conn, `
			UPDATE teams.call_records SET details_month = $1, tenant_id = $2, start_at = $3 WHERE id = $4`,
			month, step.tenant, step.startAt, idOf(3))
		if step.reader {
			storetest.Exec(t, conn, `BEGIN; SELECT FROM teams.sessions`)
		}
		of := []uuid.UUID{tenant}
		old, err := d.db.OldMonths(t.Context(), of, step.before)
		if willGo := step.gone || step.reader; willGo != slices.Contains(old, month) || err != nil {
			t.Errorf("%s: %v are old, %v", step.name, old, err)
		}
		_, _, err = d.db.Prune(t.Context(), &store.Pruning{
			Target: d.target, Details: true, Tenants: of, Before: step.before,
		})
		if err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		var locked *store.Error
		dropped, err := d.db.DropMonth(t.Context())
		if step.gone != (dropped != nil) {
			t.Errorf("%s: %v was dropped", step.name, dropped)
		}
		if step.reader != (errors.As(err, &locked) && locked.State == "55P03") || !step.reader && err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		storetest.Exec(t, conn, `COMMIT`)
		if gone := storetest.Query[bool](t, conn, `SELECT to_regclass($1) IS NULL`, name); gone != step.gone {
			t.Errorf("%s: that the month is gone is %t", step.name, gone)
		}
	}
	const left = `SELECT array_agg(DISTINCT right(call_id::text, 1))::text FROM teams.call_participants`
	if got := storetest.Query[string](t, conn, left); got != "{0,2}" {
		t.Errorf("details are left of %s, want of 0 and 2", got)
	}
	save(1, 7) // begins later, by Graph's word of today
}
