// Package deploy holds what runs ingestd. Its tests hold the files together:
// with each other, with the program, and with the runbook.
package deploy

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// An alert is a rule of Prometheus.
type alert struct {
	Alert       string
	Expr        string
	Labels      map[string]string
	Annotations map[string]string
}

func alerts(t *testing.T) []alert {
	t.Helper()
	var file struct {
		Groups []struct{ Rules []alert }
	}
	if err := yaml.Unmarshal([]byte(read(t, "prometheus/alerts.yaml")), &file); err != nil {
		t.Fatal(err)
	}
	var list []alert
	for _, g := range file.Groups {
		list = append(list, g.Rules...)
	}
	return list
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const runbook = "../docs/runbook"

func TestEveryAlertHasItsPage(t *testing.T) {
	t.Parallel()
	index := read(t, filepath.Join(runbook, "README.md"))
	var pages []string
	for _, a := range alerts(t) {
		name := a.Alert + ".md"
		pages = append(pages, name)
		page := read(t, filepath.Join(runbook, name))
		for _, part := range []string{"# " + a.Alert + "\n", "\n## Look\n", "\n## Fix\n", "\n## End\n"} {
			if !strings.Contains(page, part) {
				t.Errorf("%s lacks %q", name, part)
			}
		}
		if a.Annotations["summary"] == "" || path.Base(a.Annotations["runbook_url"]) != name {
			t.Errorf("%s has the annotations %v", a.Alert, a.Annotations)
		}
		if row := "| [" + a.Alert + "](" + name + ") | " + a.Labels["severity"] + " |"; !strings.Contains(index, row) {
			t.Errorf("the index of the runbook lacks %q", row)
		}
	}
	files, err := filepath.Glob(filepath.Join(runbook, "Ingestd*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !slices.Contains(pages, filepath.Base(f)) {
			t.Errorf("%s is the page of no alert", f)
		}
	}
}

var link = regexp.MustCompile(`\]\(([^):]+)\)`)

func TestThePagesOfTheRunbookFindEachOther(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob(filepath.Join(runbook, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		for _, m := range link.FindAllStringSubmatch(read(t, page), -1) {
			if _, err := os.Stat(filepath.Join(runbook, m[1])); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}
