package storetest

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Rollups are the names of all rollups, each also that of the view it is filled from.
func Rollups(t testing.TB, conn *pgx.Conn) []string {
	t.Helper()
	return Query[[]string](t, conn, `SELECT array_agg(name ORDER BY position) FROM rollup.views`)
}

// RollupFaults are rollups that differ from what their live views say, and notes that
// are left.
func RollupFaults(t testing.TB, conn *pgx.Conn) (faults []string) {
	t.Helper()
	for _, view := range Rollups(t, conn) {
		const differ = `
			SELECT count(*) FROM (
				(TABLE live.%[1]s EXCEPT ALL TABLE rollup.%[1]s) UNION ALL
				(TABLE rollup.%[1]s EXCEPT ALL TABLE live.%[1]s)) x`
		if n := Query[int](t, conn, fmt.Sprintf(differ, view)); n > 0 {
			faults = append(faults, fmt.Sprintf("%d rows of rollup.%s differ from live.%[2]s", n, view))
		}
	}
	if n := Query[int](t, conn, `SELECT count(*) FROM rollup.stale`); n > 0 {
		faults = append(faults, fmt.Sprintf("%d notes are left", n))
	}
	return faults
}
