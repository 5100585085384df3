package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every line of the catalogue of faults names tests, and the tests it names exist: TestX or FuzzX of a folder, or a
// script.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	exists := testsOfTheProject(t)
	text, err := os.ReadFile("../../docs/reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	_, catalogue, _ := strings.Cut(string(text), "## The catalogue")
	lines := 0
	for line := range strings.Lines(catalogue) {
		cells := strings.Split(strings.Trim(line, "|\n "), "|")
		if len(cells) != 4 || strings.HasPrefix(cells[0], "---") || strings.HasPrefix(cells[0], "what goes wrong") {
			continue
		}
		lines++
		names := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[3], -1)
		if len(names) == 0 {
			t.Errorf("no test of: %s", cells[0])
		}
		for _, name := range names {
			if !exists[name[1]] {
				t.Errorf("there is no %s", name[1])
			}
		}
	}
	if lines < 50 {
		t.Errorf("only %d lines are found", lines)
	}
}

// testsOfTheProject are the names of all tests with their folders, and of all scripts.
func testsOfTheProject(t *testing.T) map[string]bool {
	t.Helper()
	exists, test := map[string]bool{}, regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case strings.HasSuffix(path, ".txtar"):
			exists[d.Name()] = true
		case strings.HasSuffix(path, "_test.go"):
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			folder, err := filepath.Abs(filepath.Dir(path))
			if err != nil {
				return err
			}
			for _, name := range test.FindAllSubmatch(text, -1) {
				exists[filepath.Base(folder)+"."+string(name[1])] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return exists
}
