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

// RollupFaults are rollups that differ from what their live views say, but for days that read rows which
// retention may have deleted, and notes that are left.
func RollupFaults(t testing.TB, conn *pgx.Conn) (faults []string) {
	t.Helper()
	for _, view := range Rollups(t, conn) {
		const differ = `
			SELECT count(*) FROM (
				(TABLE live.%[1]s EXCEPT ALL TABLE rollup.%[1]s) UNION ALL
				(TABLE rollup.%[1]s EXCEPT ALL TABLE live.%[1]s)) x
			WHERE NOT EXISTS (
				SELECT 1
				FROM rollup.frozen f
				JOIN rollup.views v ON f.source = ANY (v.sources)
				JOIN ref.days d ON f.before > d.from_at - CASE
					WHEN v.name = 'fraud_signals_daily' THEN interval '28 days' -- what is usual
					WHEN v.touches_neighbours THEN interval '25 hours'
					ELSE interval '10 minutes'
				END
				WHERE v.name = '%[1]s' AND f.tenant_id = x.tenant_id AND d.day = x.day)`
		if n := Query[int](t, conn, fmt.Sprintf(differ, view)); n > 0 {
			faults = append(faults, fmt.Sprintf("%d rows of rollup.%s differ from live.%[2]s", n, view))
		}
	}
	if n := Query[int](t, conn, `SELECT count(*) FROM rollup.stale`); n > 0 {
		faults = append(faults, fmt.Sprintf("%d notes are left", n))
	}
	return faults
}
