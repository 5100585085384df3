package storetest

import (
	"os"
	"strconv"
	"testing"
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
