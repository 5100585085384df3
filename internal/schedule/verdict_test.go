package schedule

import (
	"fmt"
	"ingestd/internal/golden"
	"os"
	"strings"
	"testing"
)

const architecture = "../../ARCHITECTURE.md"

// TestVerdictsAreDocumented holds the table of ARCHITECTURE.md equal to the one that decides.
func TestVerdictsAreDocumented(t *testing.T) {
	t.Parallel()
	var want strings.Builder
	want.WriteString("| error | the run | a window or slot | a call record |\n|---|---|---|---|\n")
	for _, v := range verdicts {
		fmt.Fprintf(&want, "| %s | %s | %s | %s |\n", v.kind, v.run, v.window, v.record)
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
