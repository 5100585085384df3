package storetest

import (
	"flag"
	"os"
	"strconv"
	"testing"
)

// Times returns how often a test repeats what it does: a few times, which keep
// the tests quick, or, with INGESTD_TEST_LONG=1, the many times of a soak.
func Times(few, many int) int {
	if os.Getenv("INGESTD_TEST_LONG") == "1" {
		return many
	}
	return few
}

// Main runs the tests of a package. Rapid draws a few times what each of its tests
// works on, or many, unless the command line says how often.
func Main(m *testing.M, few, many int) {
	if err := flag.Set("rapid.checks", strconv.Itoa(Times(few, many))); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
