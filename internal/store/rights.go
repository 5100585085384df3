package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/catalog"
)

// An Access is what a role is for.
type Access string

// Accesses.
const (
	Write      Access = "write"      // what a daemon does
	Personal   Access = "personal"   // to read analytics, ref and teams
	Aggregates Access = "aggregates" // to read what has no personal data of analytics and ref
	OneTenant  Access = "tenant"     // to read analytics of one tenant, in a schema that is named as the role
)

// A Grantee is a role and what it is for.
type Grantee struct {
	Role   string
	Access Access
	Tenant *uuid.UUID // of OneTenant
}

// A Right is what a role lacks on one thing.
type Right struct {
	Kind       string // DATABASE, SCHEMA, TABLE, FUNCTION; what is to be made: ROLE, MAKE (a schema), VIEW; LATER
	Schema     string // "" of the database
	Name       string
	Privileges []string
	Statement  string // that gives it
}

// Later is the kind of a Right that nothing needs today.
const Later = "LATER"

var (
	rights       = statement("rights", "{allowed}", statement("rights_allowed"))
	rightsBeyond = statement("rights_beyond", "{allowed}", statement("rights_allowed"))
)

// ErrBeyond says that a role may read more than what it is to be for.
var ErrBeyond = errors.New("the role is for something else already")

// Lacking returns what a role lacks of what it is for, in the order to be given.
// It needs to own nothing.
func (db *DB) Lacking(ctx context.Context, to Grantee) ([]Right, error) {
	noted, err := db.grantees(ctx)
	if err != nil {
		return nil, err
	}
	lacking, err := aboutRights[Right](ctx, db, rights, to, noted)
	if slices.ContainsFunc(noted, to.is) {
		lacking = slices.DeleteFunc(lacking, func(r Right) bool { return r.Name == "ingest.grants" && r.Kind == Later })
	}
	return lacking, err
}

// aboutRights asks about the rights of a role.
func aboutRights[T any](ctx context.Context, db *DB, query string, to Grantee, noted []Grantee) ([]T, error) {
	const op = "read rights"
	var personal, tenants []string
	if to.Access == Aggregates {
		err := db.again(ctx, op, noteTimeout, func(ctx context.Context) (err error) {
			personal, err = catalog.PersonalColumns(ctx, db.pool, "analytics", "ref")
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	for _, g := range noted {
		if g.Access == OneTenant {
			tenants = append(tenants, g.Role)
		}
	}
	return list[T](ctx, db, op, query, to.Role, to.Access, to.Tenant, personal, tenants)
}

// is reports whether it is the same role.
func (g Grantee) is(other Grantee) bool { return g.Role == other.Role }

// CheckGrantee refuses with ErrBeyond a role that is noted for something else, or
// that is to see a part only and sees more.
func (db *DB) CheckGrantee(ctx context.Context, to Grantee) error {
	noted, err := db.grantees(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(noted, to.is)
	switch {
	case i >= 0 && (noted[i].Access != to.Access || !sameTenant(noted[i].Tenant, to.Tenant)):
		return fmt.Errorf("%w: %s was given access %s; choose another role", ErrBeyond, to.Role, noted[i].what())
	case i < 0 && to.Access == OneTenant:
		if err := db.checkSchemaOf(ctx, to.Role); err != nil {
			return err
		}
	case to.Access == Write || to.Access == Personal:
		return nil
	}
	beyond, err := aboutRights[struct{ What string }](ctx, db, rightsBeyond, to, noted)
	if err != nil || len(beyond) == 0 {
		return err
	}
	return fmt.Errorf("%w: %s may %s (the first of %d such rights, its own or of roles that it is a member of); "+
		"choose a role without other rights, or revoke them first", ErrBeyond, to.Role, beyond[0].What, len(beyond))
}

// checkSchemaOf refuses to fill a schema in which somebody else has made something.
func (db *DB) checkSchemaOf(ctx context.Context, role string) error {
	found, err := list[struct{ Name string }](ctx, db, "look for schema "+role,
		`SELECT relname::text FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident($1))`, role)
	if err == nil && len(found) > 0 {
		err = fmt.Errorf("%w: there is a schema %s that holds something else; choose another name with --role",
			ErrBeyond, role)
	}
	return err
}

func sameTenant(a, b *uuid.UUID) bool { return a == b || a != nil && b != nil && *a == *b }

// what says what a grantee is for.
func (g Grantee) what() string {
	if g.Tenant != nil {
		return "to tenant " + g.Tenant.String()
	}
	return string(g.Access)
}

// Grant gives a role what it lacks, as far as this program's own role may, and
// returns what it lacks still.
func (db *DB) Grant(ctx context.Context, to Grantee) (given int, still []Right, err error) {
	err = db.alone(ctx, func(ctx context.Context, _ *pgx.Conn) error {
		given, still, err = db.grant(ctx, to)
		return err
	})
	return given, still, err
}

func (db *DB) grant(ctx context.Context, to Grantee) (given int, still []Right, err error) {
	before, err := db.Lacking(ctx, to)
	if err != nil {
		return 0, nil, err
	}
	for _, r := range before {
		err := db.exec(ctx, "grant rights on "+r.Name, r.Statement)
		if err != nil && !isForbidden(err) { // one that may not give it gives the rest
			return 0, nil, err
		}
		if err != nil && r.Kind == "ROLE" {
			return 0, before, nil
		}
	}
	still, err = db.Lacking(ctx, to)
	return len(before) - len(still), still, err
}

// isForbidden reports whether a statement is not this role's to run.
func isForbidden(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.State == "42501"
}

// GrantAgain gives all roles that were given rights before what has come since,
// as Grant does. Those that are gone stay so.
func (db *DB) GrantAgain(ctx context.Context) (given int, still []Right, err error) {
	err = db.alone(ctx, func(ctx context.Context, _ *pgx.Conn) error {
		noted, err := db.grantees(ctx)
		for _, g := range noted {
			if err != nil {
				break
			}
			var n int
			var lacking []Right
			n, lacking, err = db.grant(ctx, g)
			given, still = given+n, append(still, lacking...)
		}
		return err
	})
	return given, still, err
}

// grantees are the roles that were given rights, as far as this program's own role
// may know.
func (db *DB) grantees(ctx context.Context) ([]Grantee, error) {
	noted, err := list[Grantee](ctx, db, "list who was given rights", `
		SELECT role, access, tenant_id
		FROM ingest.grants
		WHERE EXISTS (SELECT 1 FROM pg_roles WHERE rolname = role)
		ORDER BY role`)
	if isForbidden(err) || isMissing(err) { // of a version that notes none
		return nil, nil
	}
	return noted, err
}

// dropTenantViews drops the views of readers of one tenant, but none that was
// made by hand.
func (db *DB) dropTenantViews(ctx context.Context) error {
	drops, err := list[struct{ Statement string }](ctx, db, "list the views of tenants", `
		SELECT format('DROP VIEW %I.%I', n.nspname, mine.relname)
		FROM ingest.grants g
		JOIN pg_namespace n ON n.nspname = g.role AND g.access = 'tenant'
		JOIN pg_class mine ON mine.relnamespace = n.oid AND mine.relkind = 'v'
		JOIN pg_class of ON of.relnamespace = 'analytics'::regnamespace AND of.relname = mine.relname`)
	if isMissing(err) {
		return nil // of a version that has none
	}
	for _, drop := range drops {
		if err == nil {
			err = db.exec(ctx, "drop the views of tenants", drop.Statement)
		}
	}
	return err
}

// ReaderOf is the name of the role, and schema, of the readers of a tenant, made
// of its name so that SQL needs no quotes around it.
func ReaderOf(tenant string) string {
	word := func(r rune) rune {
		if r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return '_'
	}
	return "analytics_" + strings.Map(word, tenant)
}

// IsRoleName reports whether a role may have a name: PostgreSQL cuts it after 63
// bytes, and keeps some names to itself.
func IsRoleName(name string) bool {
	return len(name) <= 63 && name != "public" && name != "none" && !strings.HasPrefix(name, "pg_")
}
