package storetest

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/store"
)

// RefreshUsers brings teams.users up to date with a target's table. Transactions
// of other tests are in the same cluster, and what is changed while one of them
// is open waits for it.
func RefreshUsers(t testing.TB, db *store.DB, conn *pgx.Conn, target *store.Target) {
	t.Helper()
	behind := fmt.Sprintf(`
		SELECT EXISTS (SELECT 1 FROM teams.%[1]s WHERE tenant_id = $1 AND change_xid >= coalesce((
			SELECT xid FROM ingest.marks
			WHERE tenant_id = $1 AND endpoint = '%[1]s' AND name = 'users'), '0'))`, target.Endpoint)
	for Query[bool](t, conn, behind, target.Tenant) {
		if _, err := db.RefreshUsers(t.Context(), target, 10_000); err != nil {
			t.Fatal(err)
		}
	}
}
