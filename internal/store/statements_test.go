package store_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
)

var update = flag.Bool("update", false, "write testdata/statements anew")

// What reaches the server for each endpoint is written out in testdata/statements,
// for people to read, and must stay as it is there.
func TestStatements(t *testing.T) {
	t.Parallel()
	files := map[string][]store.NamedStatement{"common": store.CommonStatements()}
	for _, e := range fetch.Endpoints {
		files[e.Name] = target(t, e).Statements()
	}
	for name, statements := range files {
		file := filepath.Join("testdata", "statements", name+".sql")
		var text strings.Builder
		for _, s := range statements {
			fmt.Fprintf(&text, "-- === %s\n%s;\n\n", s.Name, strings.TrimSpace(s.SQL))
		}
		if *update {
			if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), text.String()); diff != "" {
			t.Errorf(
				"%s differs (-file +now); if that is meant: go test ./internal/store -run TestStatements -update\n%s",
				file,
				diff,
			)
		}
	}
}
