package schedule

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"ingestd/internal/golden"
)

const architecture = "../../ARCHITECTURE.md"

// TestFatesAreDocumented holds the table of ARCHITECTURE.md equal to the one that decides.
func TestFatesAreDocumented(t *testing.T) {
	t.Parallel()
	var want strings.Builder
	want.WriteString("| error | the run | a window or slot | a call record |\n|---|---|---|---|\n")
	for _, f := range fates {
		fmt.Fprintf(&want, "| %s | %s | %s | %s |\n", f.kind, f.run, f.window, f.record)
	}
	text, err := os.ReadFile(architecture)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), "| error |")
	_, after, ended := strings.Cut("| error |"+rest, "\n\n")
	if !found || !ended {
		t.Fatal("ARCHITECTURE.md has no table of errors")
	}
	golden.Check(t, architecture, before+want.String()+"\n"+after)
}
