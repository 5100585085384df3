package store_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/fetch"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// The tests of this file hold the SQL to what PostgreSQL takes on any kind of
// table, and what Citus can hand on to the nodes that hold the rows.

var (
	conflictUpdate = regexp.MustCompile(
		`(?s)INSERT INTO (teams\.\w+) AS (\w+) .*?ON CONFLICT \([^)]*\) DO UPDATE\s+SET (.*?)` +
			`\s+WHERE (.*?)(?:\s+RETURNING|\n\)|\s*$)`,
	)
	assignment = regexp.MustCompile(`(?:^|,\s*\n?\s*)(\w+) = `)
)

// What ON CONFLICT sets and asks is immutable: each expression can be the
// predicate of an index on a table that holds both rows.
func TestConflictsAreImmutable(t *testing.T) {
	t.Parallel()
	conn := storetest.Conn(t, storetest.URL(t))
	found := 0
	check := func(name, sql string) {
		for _, m := range conflictUpdate.FindAllStringSubmatch(sql, -1) {
			found++
			table, alias, where := m[1], m[2], m[4]
			expressions := append(expressionsOf(m[3]), where)
			for _, e := range expressions {
				if err := indexPredicate(t, conn, table, alias, e); err != nil {
					t.Errorf("%s: %s\n%v", name, e, err)
				}
			}
		}
	}
	for _, e := range fetch.Endpoints {
		for _, s := range target(t, e).Statements() {
			check(e.Name+" "+s.Name, s.SQL)
		}
	}
	if found < 2*len(fetch.Endpoints) {
		t.Errorf("%d statements with ON CONFLICT found: the test shows little", found)
	}
	for _, planted := range []string{
		"t.updated_at > excluded.updated_at + interval '1 hour'", "(pg_current_xact_id()) IS NOT NULL",
	} {
		if err := indexPredicate(t, conn, "teams.pstn_calls", "t", planted); err == nil {
			t.Errorf("%s is not immutable and was taken: the test shows nothing", planted)
		}
	}
}

// expressionsOf returns the right sides of a list of assignments, as predicates.
func expressionsOf(set string) []string {
	var list []string
	at := assignment.FindAllStringIndex(set, -1)
	for i, m := range at {
		end := len(set)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		list = append(list, "("+set[m[1]:end]+") IS NOT NULL")
	}
	return list
}

func indexPredicate(t *testing.T, conn *pgx.Conn, table, alias, expression string) error {
	t.Helper()
	row := regexp.MustCompile(`\b(` + alias + `|excluded)\.`)
	_, err := conn.Exec(t.Context(), fmt.Sprintf(`
		DROP TABLE IF EXISTS scratch;
		CREATE TABLE scratch (%[2]s %[1]s, excluded %[1]s);
		CREATE INDEX ON scratch ((1)) WHERE %[3]s`, table, alias, row.ReplaceAllString(expression, "($1).")))
	return err
}

// A table can be distributed by tenant only if each unique index has the tenant.
func TestUniqueIndexesHoldTheTenant(t *testing.T) {
	t.Parallel()
	conn := storetest.Conn(t, storetest.URL(t))
	rows, err := conn.Query(t.Context(), `
		SELECT i.indexrelid::regclass::text
		FROM pg_index i
		JOIN pg_class c ON c.oid = i.indrelid
		WHERE i.indisunique
			AND (c.relnamespace = 'teams'::regnamespace OR c.oid = 'ingest.tombstones'::regclass)
			AND NOT EXISTS (
				SELECT 1 FROM pg_attribute a
				WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND a.attnum = i.indkey[0])`)
	if err != nil {
		t.Fatal(err)
	}
	without, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(without) > 0 {
		t.Errorf("unique indexes that do not begin with tenant_id: %v %v", without, err)
	}
}

// allSQL returns the SQL of the package by place: its files but for those that only the
// coordinator of Citus runs, and what looks like SQL in its Go.
func allSQL(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	files, _ := filepath.Glob("sql/*.sql")
	for _, file := range files {
		if strings.HasPrefix(file, "sql/cluster") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[file] = string(text)
	}
	sources, _ := filepath.Glob("*.go")
	set := token.NewFileSet()
	for _, file := range sources {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(set, file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				if text, _ := strconv.Unquote(literal.Value); strings.Contains(text, "SELECT") ||
					strings.Contains(text, "RETURNING") {
					all[set.Position(literal.Pos()).String()] = text
				}
			}
			return true
		})
	}
	if len(all) < 20 {
		t.Fatalf("%d statements found: the test shows little", len(all))
	}
	return all
}

// What an UPDATE sets is not volatile.
func TestUpdatesSetNothingVolatile(t *testing.T) {
	t.Parallel()
	conn := storetest.Conn(t, storetest.URL(t))
	statements := store.CommonStatements()
	for _, e := range fetch.Endpoints {
		statements = append(statements, target(t, e).Statements()...)
	}
	set := regexp.MustCompile(`(?s)\bSET\b(.*?)(?:\bWHERE\b|\bFROM\b|$)`)
	call := regexp.MustCompile(`\b(\w+)\s*\(`)
	for _, s := range statements {
		for _, part := range set.FindAllStringSubmatch(s.SQL, -1) {
			for _, f := range call.FindAllStringSubmatch(part[1], -1) {
				if storetest.Query[bool](
					t,
					conn,
					`SELECT EXISTS (SELECT 1 FROM pg_proc WHERE proname = $1 AND provolatile = 'v')`,
					f[1],
				) {
					t.Errorf("%s sets a value by %s, which is volatile", s.Name, f[1])
				}
			}
		}
	}
}

// Rows are stored, replaced and counted in tables that are cut into parts by tenant, as
// Citus cuts them. make test-hashed runs all tests of the package so.
func TestHashedTables(t *testing.T) {
	storetest.NotHashed(t, "this is that run")
	t.Parallel()
	const some = `^(TestSaveUpdatesExactlyWhatChanged|TestDayIsReplaced|TestManyRecordsAtOnce|TestUsers.*|` +
		`TestRollupsWriteWhatDiffers|TestRenewTransactionIDs|TestFeedByPages)$`
	run := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run", some)
	run.Env = append(os.Environ(), "INGESTD_TEST_TEAMS=hashed")
	out, err := run.CombinedOutput()
	if passed := strings.Count(string(out), "\n--- PASS"); err != nil || passed < 7 {
		t.Errorf("%d tests pass: %v\n%s", passed, err, out)
	}
}
