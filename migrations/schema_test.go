package migrations_test

import (
	"bytes"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"ingestd/internal/golden"
	"ingestd/internal/store/storetest"
)

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
	golden.Check(t, "../schema.sql", heading+normalized(string(out)))
}

// noise is what pg_dump writes besides the schema.
var noise = regexp.MustCompile(`(?m)^(--.*|SET .*|SELECT pg_catalog\.set_config.*|\\.*)\n`)

var blankLines = regexp.MustCompile(`\n{3,}`)

func normalized(dump string) string {
	dump = blankLines.ReplaceAllString(noise.ReplaceAllString(dump, ""), "\n\n")
	return strings.ReplaceAll(strings.TrimSpace(dump), ";\n\nCOMMENT", ";\nCOMMENT") + "\n"
}
