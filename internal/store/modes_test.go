package store_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// All ways of the driver to send a statement store the same, those included that
// poolers need, and whatever the settings of the database.
func TestQueryExecModes(t *testing.T) {
	for _, mode := range []string{"cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t)
			conn := storetest.Conn(t, url)
			storetest.Exec(t, conn, storetest.Strange("DATABASE "+conn.Config().Database))
			url = with(t, url, "default_query_exec_mode", mode)
			rows := &fixture{t: t, db: storetest.Connect(t, url), conn: conn, endpoint: calls}
			rows.start()
			slot := aSlot
			for range 2 {
				b := batch(
					t,
					noon,
					element(1, `, "operator": "a\u0000b"`),
					element(2, `, "charge": 1`),
					element(2, `, "charge": 2`),
				)
				if _, err := rows.saveRows(t.Context(), b, slot); err != nil {
					t.Fatal(err)
				}
			}
			got := rows.query(`SELECT concat_ws(' ', (SELECT count(*) FROM teams.pstn_calls),
				(SELECT count(*) FROM ingest.slots), (SELECT count(*) FROM ingest.rejects))`)
			if got != "2 1 2" {
				t.Errorf("rows, slots and rejects: %s", got)
			}
			again := batch(t, noon, element(1, ``))
			reading := store.Reading{Changed: map[string]bool{again.Elements[0].Key: true}}
			if _, err := rows.db.SaveRows(t.Context(), rows.run, rows.target, again, reading); err != nil {
				t.Fatal(err)
			}
			days := &fixture{t: t, db: rows.db, conn: conn, endpoint: dialout}
			days.start()
			for _, user := range []int{1, 2} {
				if _, err := days.saveDay(1, noon, sums(user, 10)); err != nil {
					t.Fatal(err)
				}
			}
			d := newDaemon(t, url)
			d.announceAll(t, 2, 3)
			records := recordBatches(t, recordOf(0, 3), recordOf(1, 3))
			for _, err := range d.db.SaveDetails(t.Context(), d.run, d.target, records) {
				if err != nil {
					t.Fatal(err)
				}
			}
			d.wantStored(t, 0, 3)
			for _, to := range []*store.Target{rows.target, days.target, d.target} {
				storetest.RefreshUsers(t, d.db, conn, to)
			}
			if err := d.db.RenewTransactionIDs(t.Context(), tenant, nil); err != nil {
				t.Fatal(err)
			}
			storetest.NoOrphans(t, conn, fetch.CallRecords.Rows)
			everyMethod(t, d.db)
			if mode == "cache_statement" { // whose plans know the tables as they were
				storetest.Exec(t, conn, addColumns)
				everyMethod(t, d.db)
				if _, err := rows.saveRows(t.Context(), batch(t, noon, element(3, ``)), slot); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// addColumns gives every table a column, as a later version or the customer may.
const addColumns = `
	DO $$
	DECLARE
		t regclass;
	BEGIN
		FOR t IN
			SELECT oid FROM pg_class
			WHERE relkind IN ('r', 'p') AND NOT relispartition
				AND relnamespace IN ('ingest'::regnamespace, 'teams'::regnamespace)
		LOOP
			EXECUTE format('ALTER TABLE %s ADD COLUMN IF NOT EXISTS added_later int', t);
		END LOOP;
	END $$`

// everyMethod calls those that send a statement. Nothing may be wrong with that.
func everyMethod(t *testing.T, db *store.DB) {
	methods := reflect.ValueOf(db)
	for i := range methods.NumMethod() {
		name := methods.Type().Method(i).Name
		if slices.Contains([]string{"Ask", "Close", "ExecWithin", "Grant", "MigrateDown"}, name) {
			continue // no SQL in the arguments, nobody without a name, and no end of the database
		}
		if name == "KeepMonths" && (storetest.IsHashed() || storetest.OnCitus()) {
			continue // the configuration refuses it there
		}
		for _, result := range invoke(t, methods.Method(i), name) {
			for _, err := range errorsIn(result) {
				if e, ok := errors.AsType[*store.Error](err); ok && e.Kind == store.Broken {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
}
