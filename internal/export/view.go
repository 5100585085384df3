package export

import (
	"context"
	_ "embed"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/catalog"
)

//go:embed sql/sources.sql
var selectSources string

// A view is one of schema analytics, with the columns that are wanted of it.
type view struct {
	catalog.Relation
	endpoints []string // whose rows it shows
	readsRows bool     // themselves, and not only daily figures made of them
}

// A part of a view is what one file holds: the rows of a tenant and of a day or a
// month. A view without tenants or without a time has one part for all of them.
type part struct {
	tenant uuid.UUID
	from   time.Time // the first day
}

// viewsOf returns the views of schema analytics that can be copied: all but the
// feed, which tells of changes.
func viewsOf(ctx context.Context, conn *pgx.Conn) ([]view, error) {
	relations, err := catalog.Read(ctx, conn, "analytics")
	if err != nil {
		return nil, err
	}
	var all []view
	for _, r := range relations {
		if r.Name == "change_feed" {
			continue
		}
		if c := r.Column(r.Filter); c == nil || !isTime(*c) || r.Column("tenant_id") == nil {
			r.Filter = "" // it is copied as a whole
		}
		all = append(all, view{Relation: r})
	}
	rows, err := conn.Query(ctx, selectSources)
	if err != nil {
		return nil, err
	}
	var name string
	var readsRows bool
	var endpoints []string
	_, err = pgx.ForEachRow(rows, []any{&name, &readsRows, &endpoints}, func() error {
		if i := slices.IndexFunc(all, func(v view) bool { return v.Name == name }); i >= 0 {
			all[i].readsRows, all[i].endpoints = readsRows, slices.Clone(endpoints)
		}
		return nil
	})
	return all, err
}

func isTime(c catalog.Column) bool { return c.Type == "date" || c.Type == "timestamp with time zone" }

// choose returns the views that are asked for, as they are without some classes of
// personal data. Where one of them is not there it returns the others beside the error.
func choose(all []view, o Options) (chosen []view, err error) {
	for _, name := range o.Views {
		if !slices.ContainsFunc(all, func(v view) bool { return v.Name == name }) {
			err = mistake("there is no view %s in schema analytics; it is one of: %s", name, namesOf(all))
		}
	}
	for _, v := range all {
		named := slices.Contains(o.Views, v.Name)
		if len(o.Views) > 0 && !named {
			continue
		}
		left, ok := v.Without(o.Without)
		foreign := o.Tenant != nil && len(v.Key) == 0
		switch {
		case ok && !foreign:
			v.Relation = left
			chosen = append(chosen, v)
		case named && foreign:
			return nil, mistake("%s is copied for all tenants, as its comment names no key; leave out --tenant", v.Name)
		case named:
			return nil, mistake("each row of %s is about a person: its key is %s", v.Name, strings.Join(v.Key, ", "))
		}
	}
	return chosen, err
}

func namesOf(views []view) string {
	var names []string
	for _, v := range views {
		names = append(names, v.Name)
	}
	return strings.Join(names, ", ")
}

// hasTenants reports whether each row is of a tenant. It is not known of a view whose
// comment names no key: a customer has made it.
func (v view) hasTenants() bool { return len(v.Key) > 0 && v.Column("tenant_id") != nil }

// partOf is the part that a day of a tenant belongs to.
func (v view) partOf(tenant uuid.UUID, day time.Time) part {
	p := part{tenant, day}
	if !v.hasTenants() {
		p.tenant = uuid.Nil
	}
	switch v.Filter {
	case "":
		p.from = time.Time{}
	case "month":
		p.from = day.AddDate(0, 0, 1-day.Day())
	}
	return p
}

// until is the first day after a part.
func (v view) until(p part) time.Time {
	if v.Filter == "month" {
		return p.from.AddDate(0, 1, 0)
	}
	return p.from.AddDate(0, 0, 1)
}

// file is the name of a part's file. No column of a view is called date: some
// readers refuse a column that is in a file and in the name of its folder.
func (v view) file(p part) string {
	name := v.Name
	if v.Filter != "" {
		name += "/date=" + p.from.Format(time.DateOnly)
	}
	if v.hasTenants() {
		return name + "/" + p.tenant.String() + ".parquet"
	}
	return name + "/all.parquet"
}

// partIn is the part that a file of that name holds.
func (v view) partIn(file string) (p part, ok bool) {
	date, name := path.Split(strings.TrimPrefix(file, v.Name+"/"))
	p.from, _ = time.Parse("date=2006-01-02/", date)
	if v.hasTenants() {
		p.tenant, _ = uuid.Parse(strings.TrimSuffix(name, ".parquet"))
	}
	return p, v.file(p) == file
}

// query asks for a part, which begins and ends at some times.
func (v view) query(p part, from, to time.Time) (sql string, args []any) {
	var columns, where []string
	for _, c := range v.Columns {
		columns = append(columns, selected(c))
	}
	condition := func(column, operator string, value any) {
		args = append(args, value)
		where = append(where, fmt.Sprintf("%s %s $%d", pgx.Identifier{column}.Sanitize(), operator, len(args)))
	}
	if v.hasTenants() {
		condition("tenant_id", "=", p.tenant)
	}
	switch c := v.Column(v.Filter); {
	case v.Filter == "":
	case c != nil && c.Type == "date":
		condition(v.Filter, "=", p.from)
	default:
		condition(v.Filter, ">=", from)
		condition(v.Filter, "<", to)
	}
	sql = "SELECT " + strings.Join(columns, ", ") + " FROM " + pgx.Identifier{v.Schema, v.Name}.Sanitize()
	if len(where) > 0 {
		sql += " WHERE " + strings.Join(where, " AND ")
	}
	return sql, args
}
