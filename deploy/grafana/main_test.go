package main

import (
	"bytes"
	"strings"
	"testing"

	"ingestd/deploy/grafana/boards"
	"ingestd/internal/golden"
)

func TestTheFilesAreTheBoards(t *testing.T) {
	t.Parallel()
	for name, b := range boards.All() {
		var want bytes.Buffer
		if err := writeBoard(&want, b); err != nil {
			t.Fatal(err)
		}
		golden.Check(t, name+".json", want.String())
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
