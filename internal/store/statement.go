package store

import (
	"embed"
	"strings"
)

// The statements are files of SQL. A name in braces stands for a table, a list
// of columns or the like; all that replaces one is compiled in, but for the month
// of details, which PostgreSQL writes. What reaches the server is in
// testdata/statements.
//
//go:embed sql/*.sql
var statementFiles embed.FS

// statement returns a file's text with its names replaced, given as pairs of
// name and replacement.
func statement(file string, names ...string) string {
	text, err := statementFiles.ReadFile("sql/" + file + ".sql")
	if err != nil {
		panic(err) // a file that is not compiled in
	}
	return strings.NewReplacer(names...).Replace(string(text))
}
