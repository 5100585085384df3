package main

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ingestd/deploy/grafana/boards"
)

var update = flag.Bool("update", false, "write the dashboards anew")

func TestTheFilesAreTheBoards(t *testing.T) {
	t.Parallel()
	for name, b := range boards.All() {
		var want bytes.Buffer
		if err := writeBoard(&want, b); err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(name+".json", want.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		have, err := os.ReadFile(name + ".json")
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(string(have), want.String()); diff != "" {
			t.Errorf("%s.json; run: go test ./deploy/grafana -update\n%s", name, diff)
		}
	}
}

// Every macro and variable of a query has a value, and every query tells tenant
// and time.
func TestQueriesAreFilled(t *testing.T) {
	t.Parallel()
	for name, b := range boards.All() {
		for _, q := range b.Queries() {
			if filled := (boards.Choice{}).Fill(q.SQL); strings.Contains(filled, "$") {
				t.Errorf("%s, %s: what is $ in\n%s", name, q.Panel, filled)
			}
			for _, part := range []string{"$__time", "tenant_id IN ($tenant)"} {
				if !strings.HasPrefix(q.Panel, "$") && !strings.Contains(q.SQL, part) {
					t.Errorf("%s, %s: no %s", name, q.Panel, part)
				}
			}
		}
	}
}
