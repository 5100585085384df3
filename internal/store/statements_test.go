package store_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"ingestd/internal/fetch"
	"ingestd/internal/golden"
	"ingestd/internal/store"
)

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
		golden.Check(t, file, text.String())
	}
}
