package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"ingestd/internal/golden"
)

// TestReference holds docs/cli.md to what --help says.
func TestReference(t *testing.T) {
	t.Parallel()
	golden.Check(t, "../../docs/cli.md", reference(t))
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
