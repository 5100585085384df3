package storetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/mapping"
)

// NoOrphans fails the test if a child table of a model holds a row whose
// parent row is missing. There are no foreign keys to see to it.
func NoOrphans(t testing.TB, conn *pgx.Conn, m *mapping.Model) {
	t.Helper()
	for _, child := range m.Tables[1:] {
		keys := child.ColumnNames()[:child.Key-1]
		i := slices.IndexFunc(m.Tables, func(t *mapping.Layout) bool {
			return t.Key == len(keys) && slices.Equal(t.ColumnNames()[1:t.Key], keys[1:])
		})
		parent := m.Tables[i]
		join := fmt.Sprintf("p.tenant_id = c.tenant_id AND p.%s = c.%s", parent.Columns[0].Name, keys[0])
		for _, key := range keys[1:] {
			join += fmt.Sprintf(" AND p.%s = c.%[1]s", key)
		}
		orphans := Query[int](
			t,
			conn,
			fmt.Sprintf(
				`SELECT count(*) FROM teams.%s c WHERE NOT EXISTS (SELECT FROM teams.%s p WHERE %s)`,
				child.Name,
				parent.Name,
				join,
			),
		)
		if orphans > 0 {
			t.Errorf("%d rows of %s have no row of %s above them", orphans, child.Name, parent.Name)
		}
	}
}
