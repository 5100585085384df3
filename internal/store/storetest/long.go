package storetest

import "os"

// Times returns how often a test repeats what it does: a few times, which keep
// the tests quick, or, with INGESTD_TEST_LONG=1, the many times of a soak.
func Times(few, many int) int {
	if os.Getenv("INGESTD_TEST_LONG") == "1" {
		return many
	}
	return few
}
