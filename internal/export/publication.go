package export

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/catalog"
	"ingestd/internal/store"
)

var (
	//go:embed sql/generated.sql
	selectGenerated string
	//go:embed sql/identified.sql
	selectIdentified string
)

// A Publication is what logical replication sends to a subscriber.
type Publication struct {
	SQL       string   // creates it, or changes the one of that name
	LeftOut   []string // tables whose rows are each about a person
	IsLogical bool     // whether the server writes the log that subscribers need
}

// NewPublication makes a publication of schema teams without some classes of
// personal data. The key of a table has to be published, as subscribers find rows by
// it; so a table whose key says who a row is about is left out as a whole.
func NewPublication(ctx context.Context, db *store.DB, name string, without []catalog.Class) (Publication, error) {
	p, err := newPublication(ctx, db, name, without)
	var refused Mistake
	if errors.As(err, &refused) {
		return p, refused
	}
	return p, store.Named("read the tables", err)
}

func newPublication(
	ctx context.Context, db *store.DB, name string, without []catalog.Class,
) (p Publication, err error) {
	conn, end, err := db.Session(ctx)
	if err != nil {
		return p, err
	}
	defer end()
	tables, err := catalog.Read(ctx, conn, "teams")
	if err != nil {
		return p, err
	}
	generated, err := collect(ctx, conn, selectGenerated, pgx.RowTo[string])
	if err != nil {
		return p, err
	}
	identified, err := collect(ctx, conn, selectIdentified, pgx.RowTo[string])
	if err != nil {
		return p, err
	}
	var list []string
	for _, t := range tables {
		left, ok := t.Without(without)
		if !ok {
			p.LeftOut = append(p.LeftOut, t.Name)
			continue
		}
		if slices.Contains(identified, t.Name) {
			return p, mistake("%s has a REPLICA IDENTITY other than its key: published without some columns, it could "+
				"not be changed any more; ALTER TABLE teams.%[1]s REPLICA IDENTITY DEFAULT first", t.Name)
		}
		left.Columns = slices.DeleteFunc(left.Columns, func(c catalog.Column) bool {
			return slices.Contains(generated, t.Name+"."+c.Name)
		})
		list = append(list, published(left))
	}
	var exists bool
	err = conn.QueryRow(ctx, `
		SELECT EXISTS (SELECT 1 FROM pg_publication WHERE pubname = $1), current_setting('wal_level') = 'logical'`,
		name).Scan(&exists, &p.IsLogical)
	verb, target := "CREATE", "FOR TABLE"
	if exists {
		verb, target = "ALTER", "SET TABLE"
	}
	p.SQL = fmt.Sprintf("%s PUBLICATION %s %s\n%s;\n", verb, pgx.Identifier{name}.Sanitize(), target,
		strings.Join(list, ",\n"))
	return p, err
}

// published is a table with its columns, in lines of some length.
func published(t catalog.Relation) string {
	var b strings.Builder
	b.WriteString("    " + pgx.Identifier{t.Schema}.Sanitize() + "." + pgx.Identifier{t.Name}.Sanitize() + " (")
	const longest = 100
	line := longest
	for i, c := range t.Columns {
		word := pgx.Identifier{c.Name}.Sanitize()
		if i < len(t.Columns)-1 {
			word += ","
		}
		if line += 1 + len(word); line > longest {
			b.WriteString("\n       ")
			line = 8 + len(word)
		}
		b.WriteString(" " + word)
	}
	b.WriteString(")")
	return b.String()
}

// Apply runs the SQL of a publication.
func (p Publication) Apply(ctx context.Context, db *store.DB) error {
	conn, end, err := db.Session(ctx)
	if err != nil {
		return err
	}
	defer end()
	_, err = conn.Exec(ctx, p.SQL)
	if err = store.Named("apply the publication", err); err != nil && !conn.IsClosed() {
		err = fmt.Errorf("%w; the SQL that is printed without --apply says more in psql", err)
	}
	return err
}
