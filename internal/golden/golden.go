// Package golden holds files of the repository to what tests make of them.
package golden

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the files that tests make")

// Updating reports whether files are to be written anew.
func Updating() bool { return *update }

// Check fails the test if a file does not hold a text. With -update the file is
// written first.
func Check(t *testing.T, file, want string) {
	t.Helper()
	if *update {
		Write(t, file, []byte(want))
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(string(have), want); diff != "" {
		t.Errorf("%s is out of date; if the lines with + are right, run here: go test -run '^%s$' -update\n%s",
			file, t.Name(), diff)
	}
}

// Write writes a file, and the folder it is in.
func Write(t *testing.T, file string, content []byte) {
	t.Helper()
	err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, content, 0o644))
	if err != nil {
		t.Fatal(err)
	}
}
