package main

import (
	"bytes"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

var update = flag.Bool("update", false, "write docs/cli.md")

const referenceFile = "../../docs/cli.md"

// TestReference holds docs/cli.md to what --help says.
func TestReference(t *testing.T) {
	t.Parallel()
	want := reference(t)
	if *update {
		if err := os.WriteFile(referenceFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(referenceFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(have)); diff != "" {
		t.Error("docs/cli.md is not what --help says (-); go test ./cmd/ingestd -run TestReference -update\n", diff)
	}
}

// reference is the help of every command on one page.
func reference(t *testing.T) string {
	t.Helper()
	var page strings.Builder
	page.WriteString("# Commands\n\nWhat `ingestd COMMAND --help` says, on one page; made from it by\n" +
		"`go test ./cmd/ingestd -run TestReference -update`.\n")
	for _, cmd := range commands(newRoot()) {
		page.WriteString("\n## " + cmd.CommandPath() + "\n\n```text\n" + helpOf(t, cmd) + "```\n")
	}
	return page.String()
}

// commands are a command and those below it, as a person meets them.
func commands(cmd *cobra.Command) []*cobra.Command {
	cmd.Root().InitDefaultCompletionCmd()
	list := []*cobra.Command{cmd}
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			list = append(list, commands(c)...)
		}
	}
	return list
}

func helpOf(t *testing.T, cmd *cobra.Command) string {
	t.Helper()
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.InitDefaultHelpFlag()
	if err := cmd.Help(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// Every command explains itself: what it does, how it is called, what its exit
// codes mean. No line of it is wider than a terminal.
func TestHelpTeaches(t *testing.T) {
	t.Parallel()
	row := regexp.MustCompile(`(?m)^ {2,4}\d+  \S`)
	for _, cmd := range commands(newRoot()) {
		name, help := cmd.CommandPath(), helpOf(t, cmd)
		if strings.HasPrefix(name, "ingestd completion") {
			continue // the library's
		}
		if !cmd.HasExample() {
			t.Errorf("%s: no example", name)
		}
		if !strings.Contains(help, "\nExit codes:\n") || !row.MatchString(help) {
			t.Errorf("%s: no table of exit codes", name)
		}
		for line := range strings.Lines(help) {
			if len([]rune(line)) > 101 {
				t.Errorf("%s: wider than 100 columns: %q", name, line)
			}
		}
	}
}
