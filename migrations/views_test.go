package migrations_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/txtar"

	"ingestd/internal/store/storetest"
)

// TestViews holds the views to cases computed by hand. A file of testdata/views is
// about the view that it is named after: given.sql makes rows with the functions of
// the shared given.sql, and each <case>.sql has a table of what it returns in
// <case>.want. A view that stands without a schema is looked for in analytics. The
// case of a view that has a rollup has to hold for that of schema live too.
func TestViews(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/views/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no cases: %v", err)
	}
	for _, file := range files {
		view := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(view, func(t *testing.T) {
			t.Parallel()
			holds(t, view, readSections(t, file))
		})
	}
}

// holds runs all cases of a view in one database, which has only the rows given.
func holds(t *testing.T, view string, cases []section) {
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	run(t, conn, "SET TIME ZONE 'UTC'; SET jit = off")
	run(t, conn, given(t))
	run(t, conn, cases[0].sql)
	run(t, conn, fmt.Sprintf("SELECT given.refresh('%s')", view))
	paths := []string{"analytics"}
	if storetest.Query[bool](t, conn, `
		SELECT to_regclass('live.' || $1) IS NOT NULL AND to_regclass('rollup.' || $1) IS NOT NULL`, view) {
		paths = append(paths, "live, analytics")
	}
	for _, c := range cases[1:] {
		for _, path := range paths {
			run(t, conn, "SET search_path = "+path)
			got := table(run(t, conn, c.sql))
			if diff := cmp.Diff(cells(c.want), cells(got)); diff != "" {
				t.Errorf("%s, case %s, with search_path %s (-want +got):\n%sgot:\n%s", view, c.name, path, diff, got)
			}
		}
	}
	aboutNow := strings.HasPrefix(view, "ingest_") // what these say changes as time goes by
	if !aboutNow && storetest.Query[bool](t, conn, `
		SELECT EXISTS (
			SELECT FROM pg_attribute WHERE attrelid = to_regclass('analytics.' || $1) AND attname = 'tenant_id'
		)`, view) {
		apart(t, conn, view)
	}
}

// apart fails the test if a second tenant with the same rows as the first changes
// what the view says of the first, or has other rows in it.
func apart(t *testing.T, conn *pgx.Conn, view string) {
	t.Helper()
	rows := func(tenant int) [][]string {
		return run(t, conn, fmt.Sprintf(`
			SELECT to_jsonb(v) - 'tenant_id' AS row FROM analytics.%s v
			WHERE tenant_id = given.tenant(%d) ORDER BY 1`, view, tenant))
	}
	before := rows(1)
	run(t, conn, fmt.Sprintf(`SELECT given.copy_tenant(1, 7), given.refresh('%s')`, view))
	for _, tenant := range []int{1, 7} {
		if diff := cmp.Diff(before, rows(tenant)); diff != "" {
			t.Errorf("%s of two tenants with the same rows (-one alone +tenant %d):\n%s", view, tenant, diff)
		}
	}
}

// given is the shared prelude: functions that make rows.
func given(t *testing.T) string {
	t.Helper()
	sql, err := os.ReadFile("testdata/views/given.sql")
	if err != nil {
		t.Fatal(err)
	}
	return string(sql)
}

// A section is SQL of a file of cases, and what it returns.
type section struct{ name, sql, want string }

// readSections returns the rows given, and then the cases.
func readSections(t *testing.T, file string) []section {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	files := archive.Files
	if len(files)%2 == 0 || files[0].Name != "given.sql" {
		t.Fatalf("%s: want given.sql, then pairs of <case>.sql and <case>.want", file)
	}
	sections := []section{{name: "given", sql: string(files[0].Data)}}
	for i := 1; i < len(files); i += 2 {
		name, isQuery := strings.CutSuffix(files[i].Name, ".sql")
		if !isQuery || files[i+1].Name != name+".want" {
			t.Fatalf("%s: %s and %s are not a case and what it returns", file, files[i].Name, files[i+1].Name)
		}
		sections = append(sections, section{name, string(files[i].Data), string(files[i+1].Data)})
	}
	return sections
}

// run carries statements out and returns what the last one returned.
func run(t *testing.T, conn *pgx.Conn, sql string) [][]string {
	t.Helper()
	results, err := conn.PgConn().Exec(t.Context(), sql).ReadAll()
	if err != nil {
		t.Fatalf("%v, of:\n%s", err, sql)
	}
	if len(results) == 0 {
		return nil
	}
	last := results[len(results)-1]
	rows := [][]string{{}}
	for _, f := range last.FieldDescriptions {
		rows[0] = append(rows[0], f.Name)
	}
	for _, values := range last.Rows {
		var row []string
		for _, v := range values {
			text := "NULL"
			if v != nil {
				text = string(v)
			}
			row = append(row, text)
		}
		rows = append(rows, row)
	}
	return rows
}

// table writes rows as psql does, the heading first.
func table(rows [][]string) string {
	var b strings.Builder
	for i, row := range rows {
		if i == 1 {
			b.WriteString(strings.Repeat("-", len(strings.SplitN(b.String(), "\n", 2)[0])) + "\n")
		}
		line := ""
		for column, cell := range row {
			line += cell + strings.Repeat(" ", width(rows, column)-len(cell)) + " | "
		}
		b.WriteString(strings.TrimRight(strings.TrimSuffix(line, " | "), " ") + "\n")
	}
	return b.String()
}

func width(rows [][]string, column int) int {
	widest := 0
	for _, row := range rows {
		widest = max(widest, len(row[column]))
	}
	return widest
}

// cells reads a table; how it is laid out does not matter.
func cells(text string) (rows [][]string) {
	for line := range strings.Lines(text) {
		if strings.Trim(line, "-+| \n") == "" {
			continue
		}
		row := strings.Split(line, "|")
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		rows = append(rows, row)
	}
	return rows
}
