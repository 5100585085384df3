package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// commandLine is a command in a text: in quotes, indented, or after a colon in an alert.
var commandLine = regexp.MustCompile("(?m)(?:`|^ {4,}(?:\\./)?|: )(ingestd [a-z][^`\"\n;,]*)")

// TestWhatPeopleAreToldToRunIsACommand tries the command lines of the runbook, of
// the alerts and of the README.
func TestWhatPeopleAreToldToRunIsACommand(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../../docs/runbook/*.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, path := range append(pages, "../../deploy/prometheus/alerts.yaml", "../../README.md") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range commandLine.FindAllStringSubmatch(string(text), -1) {
			line, _, _ := strings.Cut(m[1], "  ")
			if err := understood(strings.Fields(line)[1:]); err != nil {
				t.Errorf("%s: %s: %v", filepath.Base(path), line, err)
			}
			found++
		}
	}
	if found < 40 {
		t.Errorf("only %d commands were found", found)
	}
}

// understood reports whether there is such a command with such flags.
func understood(args []string) error {
	root := newRoot()
	cmd, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	if cmd == root {
		return usageOf(root, "no command")
	}
	return cmd.ParseFlags(rest)
}
