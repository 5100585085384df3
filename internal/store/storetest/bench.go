package storetest

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Machine names what a benchmark ran on, besides the processor that go test
// names.
func Machine(b testing.TB, conn *pgx.Conn) string {
	b.Helper()
	return fmt.Sprintf("PostgreSQL %s, %s, %d processors",
		Query[string](b, conn, `SHOW server_version`), runtime.Version(), runtime.GOMAXPROCS(0))
}
