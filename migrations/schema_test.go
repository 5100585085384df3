package migrations_test

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ingestd/internal/store/storetest"
)

var update = flag.Bool("update", false, "write schema.sql anew")

const schemaFile = "../schema.sql"

const heading = `-- The schema that all migrations make, for people to read. It is made by
--     go test ./migrations -run TestSchema -update
-- and a test holds it to the migrations.

`

// schema.sql is the dump of what the migrations make.
func TestSchema(t *testing.T) {
	t.Parallel()
	dump := exec.CommandContext(t.Context(), storetest.Program(t, "pg_dump"),
		"--schema-only", "--no-owner", "--no-privileges",
		"--schema=teams|ingest|ref|analytics|live|rollup", "--exclude-table=ingest.schema_migrations", storetest.URL(t))
	var complaints bytes.Buffer
	dump.Stderr = &complaints
	out, err := dump.Output()
	if err != nil {
		t.Fatalf("pg_dump: %v: %s", err, complaints.Bytes())
	}
	got := heading + normalized(string(out))
	if *update {
		if err := os.WriteFile(schemaFile, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("schema.sql is not what the migrations make; write it anew with: "+
			"go test ./migrations -run TestSchema -update\n(-file +migrations)\n%s", diff)
	}
}

// noise is what pg_dump writes besides the schema.
var noise = regexp.MustCompile(`(?m)^(--.*|SET .*|SELECT pg_catalog\.set_config.*|\\.*)\n`)

var blankLines = regexp.MustCompile(`\n{3,}`)

func normalized(dump string) string {
	dump = blankLines.ReplaceAllString(noise.ReplaceAllString(dump, ""), "\n\n")
	return strings.ReplaceAll(strings.TrimSpace(dump), ";\n\nCOMMENT", ";\nCOMMENT") + "\n"
}
