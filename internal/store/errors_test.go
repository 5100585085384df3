package store_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// Every method of DB fails with an error that names what it was doing. It is
// asked of a database without a table.
func TestEveryErrorNamesItsOperation(t *testing.T) {
	t.Parallel()
	works := map[string]bool{ // without a table
		"Close": true, "Ping": true, "Pool": true, "Pooler": true, "CheckWritable": true, "Lacking": true,
		"Needs": true, "Where": true, "Checkup": true, "NewLocks": true, "Lock": true,
		"RenewTransactionIDs": true, "Session": true,
		"Grant": true, "GrantAgain": true, "CheckGrantee": true, // nobody was given rights
		"ClusterFaults": true,                                        // nothing is distributed
		"Survey":        true,                                        // says that there is no schema
		"Find":          true, "KeysFound": true, "EraseTexts": true, // look in the tables there are
		"Version": true, "CheckSchema": true, "MigrateUp": true, "MigrateDown": true,
		"ExecWithin": true, "HolderOf": true, "Hurry": true, // a test's
	}
	db := storetest.Connect(t, storetest.EmptyURL(t))
	methods := reflect.ValueOf(db)
	for i := range methods.NumMethod() {
		name := methods.Type().Method(i).Name
		if works[name] {
			continue
		}
		t.Run(name, func(t *testing.T) {
			found := false
			for _, result := range invoke(t, methods.Method(i), name) {
				for _, err := range errorsIn(result) {
					found = true
					var e *store.Error
					if !errors.As(err, &e) || e.Op == "" || e.State == "" {
						t.Errorf("error = %v", err)
					}
				}
			}
			if !found {
				t.Error("no error")
			}
		})
	}
}

// invoke calls a method with arguments that lead to a statement.
func invoke(t *testing.T, method reflect.Value, name string) []reflect.Value {
	t.Helper()
	var args []reflect.Value
	for n := range method.Type().NumIn() {
		args = append(args, argument(t, name, n, method.Type().In(n)))
	}
	if method.Type().IsVariadic() {
		return method.CallSlice(args)
	}
	return method.Call(args)
}

// argument is a value for the nth parameter that leads to a statement.
func argument(t *testing.T, method string, n int, of reflect.Type) reflect.Value {
	t.Helper()
	to, elements := target(t, calls), batch(t, noon, element(1, ""))
	if method == "Announce" || method == "SaveDetails" {
		to, elements = target(t, fetch.CallRecords), recordBatch(t, record(1))
	}
	if method == "ReplaceDay" {
		to, elements = target(t, dialout), dialout.Rows.NewBatch()
	}
	for _, v := range []any{
		&store.Run{Tenant: tenant, Endpoint: calls.Name}, to, calls.Rows, elements, []*mapping.Batch{elements},
		[]string{calls.Name}, []uuid.UUID{tenant}, []store.Acknowledgement{{}}, [][]byte{nil}, calls.Name, 1, int64(1),
		noon.Add(time.Duration(n) * time.Hour), time.Hour, true, tenant,
		&store.Pruning{Target: to, Tenants: []uuid.UUID{tenant}, Before: noon},
		[]*store.Rewrite{rewriteOf(to, masked(t).NewBatch)}, rewriteOf(to, masked(t).NewBatch),
	} {
		if reflect.TypeOf(v) == of {
			return reflect.ValueOf(v)
		}
	}
	if of == reflect.TypeFor[context.Context]() {
		return reflect.ValueOf(t.Context())
	}
	return reflect.Zero(of)
}

func errorsIn(v reflect.Value) (all []error) {
	switch e := v.Interface().(type) {
	case error:
		all = append(all, e)
	case []error:
		all = append(all, e...)
	}
	return all
}

// Who waits for another process to refresh the rollups is told so.
func TestErrRefreshingIsTold(t *testing.T) {
	if err := store.Named("refresh the rollups", store.ErrRefreshing); !errors.Is(err, store.ErrRefreshing) {
		t.Errorf("error = %v", err)
	}
}

// What a person can act on is said, and no row is quoted.
func TestHints(t *testing.T) {
	f := newFixture(t)
	f.exec(`DROP TABLE ingest.slots CASCADE`)
	_, err := f.db.Slots(t.Context(), uuid.New(), calls.Name, noon)
	want := "read slots of pstn_calls: database says ERROR, SQLSTATE 42P01, relation \"ingest.slots\" " +
		"(a table is missing; run: ingestd migrate up)"
	if err == nil || err.Error() != want {
		t.Errorf("error = %v\nwant    %s", err, want)
	}
}
