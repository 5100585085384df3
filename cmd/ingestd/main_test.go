package main

import (
	"fmt"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

// TestMain makes the test binary stand in for the program: under the name
// ingestd, first in PATH, it is what scripts and tests execute.
func TestMain(m *testing.M) {
	testscript.Main(leakChecked{m}, map[string]func(){"ingestd": main})
}

// leakChecked runs the tests and fails where they leave a goroutine behind.
type leakChecked struct{ tests *testing.M }

func (l leakChecked) Run() int {
	if code := l.tests.Run(); code != 0 {
		return code
	}
	// The cluster that the tests share ends with the process.
	if err := goleak.Find(goleak.IgnoreAnyFunction("ingestd/internal/pgserver.launch.func1")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
