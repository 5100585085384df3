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

// RollupFaults are rollups that differ from what their live views say, and notes that are left. Days are passed over
// that read rows which retention may have deleted, and so are signals by rule F2: what is usual is that of the 28 days
// before as they were when the day was computed.
func RollupFaults(t testing.TB, conn *pgx.Conn) (faults []string) {
	t.Helper()
	for _, view := range Rollups(t, conn) {
		const differ = `
			SELECT CASE WHEN count(*) > 0 THEN count(*) || ' rows, as ' || min(x::text) ELSE '' END FROM (
				(TABLE live.%[1]s EXCEPT ALL TABLE rollup.%[1]s) UNION ALL
				(TABLE rollup.%[1]s EXCEPT ALL TABLE live.%[1]s)) x
			WHERE to_jsonb(x) ->> 'rule' IS DISTINCT FROM 'F2' AND NOT EXISTS (
				SELECT 1
				FROM rollup.frozen f
				JOIN rollup.views v ON f.source = ANY (v.sources)
				JOIN ref.days d ON f.before > d.from_at - CASE
					WHEN v.touches_neighbours THEN interval '25 hours'
					ELSE interval '10 minutes'
				END
				WHERE v.name = '%[1]s' AND f.tenant_id = x.tenant_id AND d.day = x.day)`
		if rows := Query[string](t, conn, fmt.Sprintf(differ, view)); rows != "" {
			faults = append(faults, fmt.Sprintf("rollup.%s differs from live.%[1]s: %s", view, rows))
		}
	}
	if n := Query[int](t, conn, `SELECT count(*) FROM rollup.stale`); n > 0 {
		faults = append(faults, fmt.Sprintf("%d notes are left", n))
	}
	return faults
}
