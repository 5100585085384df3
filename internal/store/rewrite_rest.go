package store

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"ingestd/internal/catalog"
	"ingestd/internal/mapping"
)

// rewriteRejectsSlice is how many elements kept raw are rewritten in one transaction.
const rewriteRejectsSlice = 100

var (
	rewriteRejectSQL = statement("rewrite_rejects")
	rewriteUsersSQL  = statement("rewrite_users", "{merge}", strings.TrimSpace(statement("users_merge")))
)

// rewriteRejects rewrites the elements of the endpoint that are kept raw, and clears
// what was answered in place of a page, as nobody knows what it holds.
func (db *DB) rewriteRejects(ctx context.Context, r *Rewrite) error {
	const op = "rewrite rejects"
	err := db.exec(ctx, op, `UPDATE ingest.parked SET body = NULL
		WHERE tenant_id = $1 AND endpoint = $2 AND body IS NOT NULL
			AND slot_to <= coalesce($3::timestamptz, 'infinity')`,
		r.Target.Tenant, r.Target.Endpoint, nullable(r.Before))
	if err == nil && r.Target.records != nil {
		err = db.exec(ctx, op, `UPDATE ingest.details_retries SET body = NULL
			WHERE tenant_id = $1 AND body IS NOT NULL AND failed_at < coalesce($2::timestamptz, 'infinity')`,
			r.Target.Tenant, nullable(r.Before))
	}
	for last := []byte{}; err == nil && last != nil; {
		err = db.retry(ctx, op, saveTimeout, func(ctx context.Context, tx pgx.Tx) (err error) {
			last, err = r.rejects(ctx, tx, last)
			return err
		})
	}
	return err
}

// rejects rewrites the rejects after one, and returns the last; nil after the last of all.
func (r *Rewrite) rejects(ctx context.Context, tx pgx.Tx, after []byte) (last []byte, err error) {
	type kept struct {
		SHA256 []byte
		Key    *string
		Stored bool
		Raw    []byte
	}
	rows, err := tx.Query(ctx, `
		SELECT sha256, key, stored, raw FROM ingest.rejects
		WHERE tenant_id = $1 AND endpoint = $2 AND sha256 > $3
			AND coalesce(slot_to, served_at) <= coalesce($5::timestamptz, 'infinity')
		ORDER BY sha256
		LIMIT $4
		FOR UPDATE`, r.Target.Tenant, r.Target.Endpoint, after, rewriteRejectsSlice, nullable(r.Before))
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[kept])
	if err != nil || len(list) == 0 {
		return nil, err
	}
	for _, k := range list {
		raw, key := r.raw(k.Raw, k.Key, k.Stored)
		if string(raw) == string(k.Raw) {
			continue
		}
		sum := sha256.Sum256(raw)
		_, err := tx.Exec(ctx, rewriteRejectSQL, r.Target.Tenant, r.Target.Endpoint, k.SHA256, sum[:], raw, key)
		if err != nil {
			return nil, err
		}
	}
	return list[len(list)-1].SHA256, nil
}

// raw returns what is kept of a reject instead, and the text of its key: null of a part of
// an element, which alone does not say what it is a part of.
func (r *Rewrite) raw(raw []byte, key *string, stored bool) ([]byte, *string) {
	null := []byte("null")
	as, to := r.Target.model.NewBatch(), r.NewBatch(r.Target.model)
	if !to.Changes(raw) {
		return raw, key
	}
	var doc mapping.Document
	if doc.Parse(raw) != nil {
		return null, key
	}
	as.Append(doc.Root(), time.Time{})
	to.Append(doc.Root(), time.Time{})
	if stored && (len(as.Elements) == 0 || key == nil || r.Target.keyText(as.Elements[0].Key) != *key) {
		return null, key
	}
	if len(to.Elements) == 0 {
		return to.Rejects[0].Raw, key
	}
	if key != nil {
		key = nullable(r.Target.keyText(to.Elements[0].Key))
	}
	return to.Elements[0].Raw, key
}

// rewriteUsers rewrites the users of the tenant. One that becomes another is added to it,
// and one that becomes nobody is forgotten.
func (db *DB) rewriteUsers(ctx context.Context, r *Rewrite) error {
	return db.retry(ctx, "rewrite teams.users", saveTimeout, func(ctx context.Context, tx pgx.Tx) error {
		// Waits for a refresh that has seen rows as they were before.
		if _, err := tx.Exec(ctx, `LOCK TABLE teams.users IN SHARE ROW EXCLUSIVE MODE`); err != nil {
			return err
		}
		users, err := collect[[]*string](ctx, tx, `
			SELECT ARRAY[user_id::text, display_name, principal_name, first_seen_on::text, last_seen_on::text, source]
			FROM teams.users
			WHERE tenant_id = $1 AND last_seen_on < coalesce($2::timestamptz, 'infinity')::date
			ORDER BY user_id
			FOR UPDATE`, r.Target.Tenant, nullable(r.Before))
		if err != nil {
			return err
		}
		anew, err := r.texts([]string{"user_id", "display_name", "principal_name"}, users)
		if err != nil {
			return err
		}
		var gone []*string
		moved := make([][]*string, 6)
		for i, user := range users {
			if equal(user[:3], anew[i]) {
				continue
			}
			gone = append(gone, user[0])
			for column := range moved {
				if anew[i][0] != nil {
					moved[column] = append(moved[column], append(anew[i], user[3:]...)[column])
				}
			}
		}
		if len(gone) == 0 {
			return nil
		}
		_, err = tx.Exec(ctx, `DELETE FROM teams.users WHERE tenant_id = $1 AND user_id = ANY ($2::text[]::uuid[])`,
			r.Target.Tenant, gone)
		if err == nil {
			_, err = tx.Exec(ctx, rewriteUsersSQL, append([]any{r.Target.Tenant}, asArguments(moved)...)...)
		}
		return err
	})
}

// rewriteRollups rewrites the personal columns of the rollups: days that read rows which
// were deleted by retention are never computed again. The others are, from the rows.
func (db *DB) rewriteRollups(ctx context.Context, r *Rewrite) error {
	const op = "rewrite the rollups"
	var relations []catalog.Relation
	err := once(ctx, op, noteTimeout, func(ctx context.Context) (err error) {
		relations, err = catalog.Read(ctx, db.pool, "rollup")
		return err
	})
	for _, relation := range relations {
		personal := slices.DeleteFunc(slices.Clone(relation.Columns), func(c catalog.Column) bool {
			return len(c.Personal()) == 0
		})
		if relation.View || relation.Column("day") == nil || len(personal) == 0 || err != nil {
			continue
		}
		err = db.retry(ctx, op, rollupTimeout, func(ctx context.Context, tx pgx.Tx) error {
			return r.rollup(ctx, tx, relation.Name, personal)
		})
	}
	return err
}

// rollup rewrites some columns of a rollup.
func (r *Rewrite) rollup(ctx context.Context, tx pgx.Tx, view string, columns []catalog.Column) error {
	var names, cast, set, same, aliases, arrays []string
	for i, c := range columns {
		names, cast = append(names, c.Name), append(cast, c.Name+"::text")
		set = append(set, fmt.Sprintf("%s = t.new_%[1]s::%s", c.Name, c.Type))
		same = append(same, fmt.Sprintf("coalesce(r.%s::text, '') = coalesce(t.%[1]s, '')", c.Name))
		aliases = append(aliases, c.Name, "new_"+c.Name)
		arrays = append(arrays, fmt.Sprintf("$%d::text[], $%d::text[]", 2*i+4, 2*i+5))
	}
	n := []string{
		"{view}", view, "{columns}", strings.Join(cast, ", "), "{set}", strings.Join(set, ", "),
		"{texts}", strings.Join(arrays, ", "), "{names}", strings.Join(aliases, ", "),
		"{same}", strings.Join(same, " AND "),
	}
	read := strings.NewReplacer(n...).Replace(
		`SELECT DISTINCT ARRAY[{columns}] FROM rollup.{view} WHERE tenant_id = $1 AND day >= $2 AND day < $3`)
	first, last := r.days()
	stored, err := collect[[]*string](ctx, tx, read, r.Target.Tenant, first, last)
	if err != nil {
		return err
	}
	anew, err := r.texts(names, stored)
	if err != nil {
		return err
	}
	replaced := make([][]*string, 2*len(columns))
	for i := range stored {
		for c := range columns {
			if !equal(stored[i], anew[i]) {
				replaced[2*c] = append(replaced[2*c], stored[i][c])
				replaced[2*c+1] = append(replaced[2*c+1], anew[i][c])
			}
		}
	}
	if len(replaced[0]) == 0 {
		return nil
	}
	args := append([]any{r.Target.Tenant, first, last}, asArguments(replaced)...)
	days, err := collect[time.Time](ctx, tx, statement("rewrite_rollup", n...), args...)
	if err == nil {
		_, err = tx.Exec(ctx, statement("rewrite_rollup_twice", n...), r.Target.Tenant, days)
	}
	return err
}

// days are those whose figures are rewritten. They are of the time zone of the reports.
func (r *Rewrite) days() (first, last pgtype.Date) {
	first, last = pgtype.Date{InfinityModifier: pgtype.NegativeInfinity}, pgtype.Date{InfinityModifier: pgtype.Infinity}
	if !r.since.IsZero() {
		first = pgtype.Date{Time: r.since.Add(-4 * 24 * time.Hour)}
	}
	if !r.Before.IsZero() {
		last = pgtype.Date{Time: r.Before.Add(-24 * time.Hour)}
	}
	first.Valid, last.Valid = true, true
	return first, last
}

// texts are what some columns of rows are rewritten to. Rows may have more columns behind these.
func (r *Rewrite) texts(columns []string, rows [][]*string) (anew [][]*string, err error) {
	members := []mapping.Member{mapping.Key("id", "id", mapping.Text)}
	for _, name := range columns {
		members = append(members, mapping.Col(name, name, mapping.Text))
	}
	m := mapping.Table("texts", members...)
	b := r.NewBatch(m)
	for i, row := range rows {
		element := map[string]any{"id": "row"}
		for c, name := range columns {
			element[name] = row[c]
		}
		text, err := json.Marshal(element)
		if err != nil {
			return nil, err
		}
		var doc mapping.Document
		if err := doc.Parse(text); err != nil {
			return nil, err
		}
		b.Append(doc.Root(), time.Time{})
		anew = append(anew, make([]*string, len(columns)))
		for c := range columns {
			if field := b.Field(i, c+1); field != nil {
				text := string(field)
				anew[i][c] = &text
			}
		}
	}
	return anew, nil
}

// equal reports whether two rows hold the same texts.
func equal(a, b []*string) bool {
	return slices.EqualFunc(a, b, func(a, b *string) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) })
}

func asArguments(columns [][]*string) (args []any) {
	for _, column := range columns {
		args = append(args, column)
	}
	return args
}
