package storetest

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"
)

// benchRows is the size of a benchmark that has no other.
const benchRows = 1_000_000

// BenchRows is how many rows benchmarks work on: a million, or as many as
// INGESTD_BENCH_ROWS says.
func BenchRows(b *testing.B) int {
	b.Helper()
	text := os.Getenv("INGESTD_BENCH_ROWS")
	if text == "" {
		return benchRows
	}
	rows, err := strconv.Atoi(text)
	if err != nil || rows < 1 {
		b.Fatalf("INGESTD_BENCH_ROWS is not a number of rows: %q", text)
	}
	return rows
}

// Median is the median of values, of which there is one at least.
func Median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// Machine names what a benchmark ran on, besides the processor that go test
// names.
func Machine(b testing.TB, conn *pgx.Conn) string {
	b.Helper()
	return fmt.Sprintf("PostgreSQL %s, %s, %d processors",
		Query[string](b, conn, `SHOW server_version`), runtime.Version(), runtime.GOMAXPROCS(0))
}
