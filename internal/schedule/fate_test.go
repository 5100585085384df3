package schedule

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"ingestd/internal/fetch"
	"ingestd/internal/golden"
	"ingestd/internal/store"
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

// TestMostSevere has the error that asks for a person more than others stand for all of them, whatever their order.
func TestMostSevere(t *testing.T) {
	t.Parallel()
	rising := []error{
		context.Canceled,
		&fetch.Error{Kind: fetch.Transient},
		&fetch.Error{Kind: fetch.Throttled},              // behind another's answer
		&fetch.Error{Kind: fetch.Throttled, Status: 429}, // by an answer of its own
		&store.Error{Kind: store.Transient},
		errors.New("anything else"),
		&store.Error{Kind: store.Poison},
		&fetch.Error{Kind: fetch.Refused, Status: 400},
		&fetch.Error{Kind: fetch.Denied, Status: 403},
		&store.Error{Kind: store.Broken, State: "42501"},
	}
	for i, want := range rising[1:] {
		less := rising[i]
		if mostSevere(less, nil, want) != want || mostSevere(want, nil, less) != want {
			t.Errorf("%v hides behind %v", want, less)
		}
	}
}
