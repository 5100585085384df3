package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// A Right is what a daemon needs and a role lacks on one thing.
type Right struct {
	Kind       string // DATABASE, SCHEMA or TABLE; LATER: of a schema's tables that are yet to be made
	Schema     string // "" of the database
	Name       string
	Privileges []string
	Statement  string // that gives it
}

// Later is the kind of a Right that nothing needs today.
const Later = "LATER"

var rights = statement("rights")

// ErrNoRole says that there is no role of that name.
var ErrNoRole = errors.New("no such role")

// Lacking returns what a role lacks that a daemon needs. A daemon needs to own
// nothing.
func (db *DB) Lacking(ctx context.Context, role string) ([]Right, error) {
	roles, err := list[struct{ Name string }](ctx, db, "look for a role",
		`SELECT rolname FROM pg_roles WHERE rolname = $1`, role)
	if err == nil && len(roles) == 0 {
		err = fmt.Errorf("%w: %s; make it with: CREATE ROLE %s LOGIN", ErrNoRole, role,
			pgx.Identifier{role}.Sanitize())
	}
	if err != nil {
		return nil, err
	}
	return list[Right](ctx, db, "read the rights of "+role, rights, role)
}

// Grant gives a role what it lacks, as far as this program's own role may, and
// returns what it lacks still.
func (db *DB) Grant(ctx context.Context, role string) (given int, still []Right, err error) {
	before, err := db.Lacking(ctx, role)
	if err != nil {
		return 0, nil, err
	}
	for _, r := range before {
		err := db.exec(ctx, "grant rights on "+r.Name, r.Statement)
		var e *Error
		if err != nil && !(errors.As(err, &e) && e.State == "42501") { // one that may not give it gives the rest
			return 0, nil, err
		}
	}
	still, err = db.Lacking(ctx, role)
	return len(before) - len(still), still, err
}
