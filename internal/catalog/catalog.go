// Package catalog reads what a database says of itself: tables and views with
// their columns, comments, and the parts of comments that are meant for programs.
// Their form is laid down at the head of migration 17. It also says which columns
// hold personal data.
package catalog

import (
	"context"
	_ "embed"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

//go:embed catalog.sql
var statement string

// A Relation is a table or view.
type Relation struct {
	Schema, Name string
	View         bool
	Comment      string
	Meaning      string   // the comment of a view without what follows here
	Key          []string // columns that are unique together, null being a value; of a table its primary key
	Filter       string   // of a view, the column a condition has to name for it to be quick; empty: it is so without
	Personal     bool     // whether a view holds personal data
	Columns      []Column
}

// A Column is one of a relation.
type Column struct {
	Name, Type, Comment string
	Nullable            bool
	Values              []string // all the values there are, where the comment lists them
}

// A Querier is a connection, a pool or a transaction.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Read returns the tables and views of schemas, sorted by schema and name.
func Read(ctx context.Context, db Querier, schemas ...string) ([]Relation, error) {
	rows, err := db.Query(ctx, statement, schemas)
	if err != nil {
		return nil, err
	}
	var list []Relation
	var r Relation
	var c Column
	var notNull bool
	_, err = pgx.ForEachRow(rows, []any{
		&r.Schema, &r.Name, &r.View, &r.Comment, &r.Key, &c.Name, &c.Type, &notNull, &c.Comment,
	}, func() error {
		if n := len(list); n == 0 || list[n-1].Schema != r.Schema || list[n-1].Name != r.Name {
			list = append(list, r)
			list[n].understand()
		}
		last := &list[len(list)-1]
		c.understand(notNull, last.View)
		last.Columns = append(last.Columns, c)
		return nil
	})
	return list, err
}

var viewForm = regexp.MustCompile(`^(.*\.) Key: ([^.]+)\. Filter on: ([^.]+)\. (No personal|Personal) data\.$`)

// understand takes the comment of a view apart. One that has not the form leaves
// a view without a key.
func (r *Relation) understand() {
	r.Meaning = r.Comment
	m := viewForm.FindStringSubmatch(r.Comment)
	if !r.View || m == nil {
		return
	}
	r.Meaning, r.Key, r.Personal = m[1], strings.Split(m[2], ", "), m[4] == "Personal"
	if m[3] != "nothing" {
		r.Filter = m[3]
	}
}

var (
	nullWord  = regexp.MustCompile(`\bnull\b`)
	valueList = regexp.MustCompile(`One of: ([^.;]+)[.;]`)
)

// understand takes from the comment what a column may hold. PostgreSQL knows of a
// table whether there can be nulls, of a view only the comment does.
func (c *Column) understand(notNull, view bool) {
	c.Nullable = !notNull
	if view {
		c.Nullable = nullWord.MatchString(c.Comment)
	}
	c.Values = nil
	if m := valueList.FindStringSubmatch(c.Comment); m != nil {
		c.Values = strings.Split(m[1], ", ")
	}
}

// Column is the one of a name, or nil.
func (r *Relation) Column(name string) *Column {
	if i := slices.IndexFunc(r.Columns, func(c Column) bool { return c.Name == name }); i >= 0 {
		return &r.Columns[i]
	}
	return nil
}
