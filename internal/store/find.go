package store

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/catalog"
	"ingestd/internal/mapping"
)

// A Search looks for a person in all that is stored of a tenant, as text and whatever the
// case.
type Search struct {
	Tenant uuid.UUID
	// Marks are what is the person's alone: ids, numbers, addresses to sign in with. Instead
	// is what is to stand for the first of them; a word stands for all others, and for names.
	Marks, Instead []string
	// Names may be others' too. They tell where somebody wrote them, and in the ledger.
	Names []string
}

// A Find is how many rows of a table a search has found; they may be of no time.
type Find struct {
	Table       string
	Rows        int64
	First, Last *time.Time
}

// NamesOf returns the addresses to sign in with and the names of users, given by their ids.
func (db *DB) NamesOf(ctx context.Context, tenant uuid.UUID, ids []string) (principals, names []string, err error) {
	found, err := listWithin[struct{ Principal, Name *string }](ctx, db, "read the names of a user", searchTimeout,
		statement("names_of"), tenant, ids)
	for _, f := range found {
		if f.Principal != nil {
			principals = append(principals, *f.Principal)
		}
		if f.Name != nil {
			names = append(names, *f.Name)
		}
	}
	return principals, names, err
}

// searchTimeout is for the search of one table, all of which is read.
const searchTimeout = 6 * time.Hour

// Find searches all tables that hold what was served, or what follows from it.
func (db *DB) Find(ctx context.Context, s Search) (all []Find, err error) {
	tables, err := db.searchable(ctx)
	for _, t := range tables {
		if err != nil {
			return nil, err
		}
		found, err := listWithin[struct {
			Rows        int64
			First, Last *time.Time
		}](ctx, db, "search "+t.name(), searchTimeout, t.statement("find_person"), s.arguments()...)
		if err != nil {
			return nil, err
		}
		if found[0].Rows > 0 {
			all = append(all, Find{t.name(), found[0].Rows, found[0].First, found[0].Last})
		}
	}
	return all, err
}

// KeysFound returns the keys of the elements of an endpoint that name the person.
func (db *DB) KeysFound(ctx context.Context, s Search, t *Target) (keys [][]string, err error) {
	tables, err := db.searchable(ctx)
	seen := map[string]bool{}
	for _, table := range tables {
		if err != nil || !slices.ContainsFunc(t.model.Tables, table.isOf) {
			continue
		}
		texts := make([]string, len(t.rewrite.key))
		for n, name := range t.rewrite.key {
			texts[n] = "t." + name + "::text"
		}
		if table.child {
			texts = []string{"t.call_id::text"}
		}
		var found []struct{ Key []string }
		found, err = listWithin[struct{ Key []string }](ctx, db, "search "+table.name(), searchTimeout,
			table.statement("find_person_keys", "{keys}", strings.Join(texts, ", ")), s.arguments()...)
		for _, f := range found {
			if key := strings.Join(f.Key, " "); !seen[key] {
				seen[key] = true
				keys = append(keys, f.Key)
			}
		}
	}
	return keys, err
}

// erasedWord stands where a name stood, or an address to sign in with.
const erasedWord = "erased"

// EraseTexts replaces the person in the texts of the ledger and of lists, but for bytes.
func (db *DB) EraseTexts(ctx context.Context, s Search) error {
	tables, err := db.searchable(ctx)
	patterns, instead := []string{}, slices.Clone(s.Instead)
	for _, text := range slices.Concat(s.Marks, s.Names) {
		patterns = append(patterns, pattern(text))
	}
	instead = append(instead, slices.Repeat([]string{erasedWord}, len(patterns)-len(instead))...)
	if len(patterns) == 0 {
		return err
	}
	for _, t := range tables {
		if err == nil && (t.Schema == "ingest" || t.Schema == "ref") {
			sql := t.statement("erase_texts", "{set}", t.replaced(len(patterns)))
			err = db.exec(ctx, "replace texts of "+t.name(), sql, s.Tenant, s.arguments()[2], patterns, instead)
		}
	}
	return err
}

// replaced sets columns to what they are without so many patterns.
func (t searchable) replaced(patterns int) string {
	var set []string
	for _, c := range t.Columns {
		if !slices.Contains(t.texts, "t."+c.Name) {
			continue
		}
		value := c.Name + "::text"
		for i := range patterns {
			value = fmt.Sprintf("regexp_replace(%s, ($3::text[])[%d], ($4::text[])[%[2]d], 'gi')", value, i+1)
		}
		set = append(set, fmt.Sprintf("%s = (%s)::%s", c.Name, value, c.Type))
	}
	return strings.Join(set, ",\n\t")
}

// arguments are the tenant and what to look for, as regular expressions.
func (s Search) arguments() []any {
	return []any{s.Tenant, patternOf(s.Marks), patternOf(append(slices.Clone(s.Marks), s.Names...))}
}

// patternOf is a regular expression of PostgreSQL for any of some texts.
func patternOf(texts []string) string {
	var any []string
	for _, text := range texts {
		any = append(any, pattern(text))
		if inBytes := escaped(text); inBytes != text {
			any = append(any, pattern(inBytes))
		}
	}
	return strings.Join(any, "|")
}

// pattern fits a text. Of a number it fits the digits, whatever is written between them and for the plus.
func pattern(text string) string {
	digits := strings.TrimPrefix(text, "+")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return regexp.QuoteMeta(text)
	}
	const between = `(?:\(0\)|[ ()./-])*`
	return `(?<![0-9])(?:\+|00` + between + `)?` + strings.Join(strings.Split(digits, ""), between) + `(?![0-9*])`
}

// escaped is a text as encode(…, 'escape') has its bytes.
func escaped(text string) string {
	var out strings.Builder
	for _, b := range []byte(text) {
		switch {
		case b == '\\':
			out.WriteString(`\\`)
		case b >= 0x80:
			fmt.Fprintf(&out, `\%03o`, b)
		default:
			out.WriteByte(b)
		}
	}
	return out.String()
}

// A searchable is a table that may name persons.
type searchable struct {
	catalog.Relation
	texts, words []string // its columns, as SQL
	times        []string // of these the first that is not null is a row's
	child        bool     // of call records
}

func (t searchable) name() string { return t.Schema + "." + t.Name }

// isOf reports whether it is the table of a layout.
func (t searchable) isOf(l *mapping.Layout) bool { return t.name() == "teams."+l.Name }

// searchable are the tables that hold texts of one tenant.
func (db *DB) searchable(ctx context.Context) (tables []searchable, err error) {
	var relations []catalog.Relation
	err = once(ctx, "read which tables there are", noteTimeout, func(ctx context.Context) (err error) {
		relations, err = catalog.Read(ctx, db.pool, "teams", "rollup", "ref", "ingest")
		return err
	})
	for _, r := range relations {
		t := searchable{Relation: r}
		t.child = r.Column("call_id") != nil && r.Schema == "teams" && r.Column("change_xid") == nil
		for _, c := range r.Columns {
			t.add(c)
		}
		ours := r.Column("tenant_id") != nil && r.Name != "erasures"
		if !r.View && ours && len(t.texts) > 0 {
			tables = append(tables, t)
		}
	}
	return tables, err
}

// add adds a column, if it holds texts or a time.
func (t *searchable) add(c catalog.Column) {
	column := "t." + c.Name
	switch c.Type {
	case "date", "timestamp with time zone":
		t.times = append(t.times, column)
		return
	case "bytea":
		column = "encode(" + column + ", 'escape')"
	case "text", "text[]", "jsonb", "uuid":
	default:
		return
	}
	if c.Name == "tenant_id" || c.Name == "sha256" {
		return
	}
	t.texts = append(t.texts, column)
	if t.Schema == "ingest" || t.Schema == "ref" || slices.Contains(c.Personal(), catalog.Text) {
		t.words = append(t.words, column)
	}
}

func (t searchable) statement(file string, more ...string) string {
	from, at, ours := t.name()+" t", strings.Join(append(t.times, "NULL"), ", "), "t.tenant_id = $1"
	if t.child {
		at = "r.start_at, NULL"
		from += "\nJOIN teams.call_records r ON r.tenant_id = t.tenant_id AND r.id = t.call_id"
	}
	if t.Schema == "ref" {
		ours = "coalesce(t.tenant_id, $1) = $1" // a list without a tenant is for all
	}
	words := strings.Join(t.words, ", ")
	if words == "" {
		words = "NULL"
	}
	return statement(file, append(more, "{table}", t.name(), "{from}", from, "{at}", at, "{ours}", ours,
		"{texts}", strings.Join(t.texts, ", "), "{words}", words)...)
}
