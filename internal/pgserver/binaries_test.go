package pgserver

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	install := func(folder, version string, names ...string) {
		folder = filepath.Join(root, folder)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		script := fmt.Sprintf("#!/bin/sh\necho '%s'\n", version)
		for _, name := range names {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	const release = "postgres (PostgreSQL) "
	install("client", release+"17.1", "pg_config", "psql")
	install("lame", release+"17.1", "postgres")
	install("garbled", "?", "postgres", "initdb")
	install("old/14/bin", release+"14.9", "postgres", "initdb")
	install("new/9/bin", release+"9.6.24", "postgres", "initdb")
	install("new/15/bin", release+"15.18 (Debian 15.18-0+deb12u1)", "postgres", "initdb")
	install("new/100/bin", release+"100devel", "postgres", "initdb")
	install("pinned", release+"16beta1", "postgres", "initdb")

	for _, c := range []struct {
		name   string
		places []string
		want   string
		errors []string
	}{
		{"first place wins", []string{"pinned", "new/*/bin"}, "pinned", nil},
		{"newest of a place", []string{"new/*/bin", "pinned"}, "new/100/bin", nil},
		{"client only is passed over", []string{"client", "pinned"}, "pinned", nil},
		{"server without initdb is passed over", []string{"lame", "pinned"}, "pinned", nil},
		{"old one is passed over", []string{"old/*/bin", "pinned"}, "pinned", nil},
		{"nothing", []string{"client", "absent/*/bin"}, "", []string{
			"no PostgreSQL server 15 or later", `"make postgres"`,
			"initdb in " + root + "/client, " + root + "/absent/*/bin; run"}},
		{"nothing fit", []string{"lame", "garbled", "old/*/bin"}, "", []string{
			"lame: no initdb", `garbled: postgres --version says "?\n"`,
			"old/14/bin: version 14 is too old", `"make postgres"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			patterns := []string{"", "."} // as in a careless PATH
			for _, place := range c.places {
				patterns = append(patterns, filepath.Join(root, place))
			}
			got, err := find(t.Context(), patterns)
			if c.want != "" && (err != nil || got != filepath.Join(root, c.want)) {
				t.Errorf("found %q, %v, want %q", got, err, c.want)
			}
			if c.want == "" && err == nil {
				t.Fatalf("found %q", got)
			}
			for _, part := range c.errors {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q lacks %q", err, part)
				}
			}
		})
	}
}
