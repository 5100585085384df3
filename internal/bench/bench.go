// Package bench is what the benchmarks of all packages share: how many rows they
// work on, and how their figures are reported.
package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"testing"
)

// million is the size of a benchmark that has no other.
const million = 1_000_000

// Rows is how many rows benchmarks work on: a million, or as many as
// INGESTD_BENCH_ROWS says.
func Rows(b *testing.B) int {
	b.Helper()
	text := os.Getenv("INGESTD_BENCH_ROWS")
	if text == "" {
		return million
	}
	rows, err := strconv.Atoi(text)
	if err != nil || rows < 1 {
		b.Fatalf("INGESTD_BENCH_ROWS is not a number of rows: %q", text)
	}
	return rows
}

// Median is the median of values, of which there is one at least.
func Median[T int | float64](values []T) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return float64(sorted[(len(sorted)-1)/2]+sorted[len(sorted)/2]) / 2
}

// A Figure is what a benchmark has measured.
type Figure struct {
	Benchmark string  `json:"benchmark"`
	Unit      string  `json:"unit"`
	Value     float64 `json:"value"`
	Rows      int     `json:"rows"` // that benchmarks worked on
	On        string  `json:"on"`   // system, processors and Go
}

// Report reports a figure as go test does, and as a line of JSON at the end of
// the file that INGESTD_BENCH_JSON names. Of one that is reported again the last
// line counts.
func Report(b *testing.B, value float64, unit string) {
	b.Helper()
	b.ReportMetric(value, unit)
	file := os.Getenv("INGESTD_BENCH_JSON")
	if file == "" {
		return
	}
	on := fmt.Sprintf("%s/%s, %d processors, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	if err := write(file, Figure{b.Name(), unit, value, Rows(b), on}); err != nil {
		b.Fatal(err)
	}
}

func write(file string, f Figure) error {
	line, err := json.Marshal(f)
	if err != nil {
		return err
	}
	w, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = w.Write(append(line, '\n'))
	return errors.Join(err, w.Close())
}
