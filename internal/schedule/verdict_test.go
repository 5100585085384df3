package schedule

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the table of verdicts to ARCHITECTURE.md")

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
	table, after, ended := strings.Cut("| error |"+rest, "\n\n")
	if !found || !ended {
		t.Fatal("ARCHITECTURE.md has no table of errors")
	}
	if *update {
		if err := os.WriteFile(architecture, []byte(before+want.String()+"\n"+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want.String(), table+"\n"); diff != "" {
		t.Errorf("ARCHITECTURE.md has another table; write it anew with: "+
			"go test ./internal/schedule -run TestVerdicts -update\n(-decides +ARCHITECTURE.md)\n%s", diff)
	}
}
