package store

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// userStatements refresh teams.users from the rows of one table.
type userStatements struct {
	next    string
	refresh string
}

func newUserStatements(t *Target, eventTime string) userStatements {
	table := t.model.Tables[0].Name
	people := "teams." + table
	if t.records != nil {
		people = statement("call_records_people")
	}
	return userStatements{
		next: statement("users_next", "{table}", table),
		refresh: statement("users", "{people}", people, "{at}", eventTime,
			"{merge}", strings.TrimSpace(statement("users_merge"))),
	}
}

var (
	usersMark     = statement("users_mark")
	usersMoveMark = statement("users_move_mark")
)

// RefreshUsers brings teams.users up to date with the next of the rows that have
// changed since it was last called, in a transaction of its own. Some limit rows
// are taken, and all that one transaction has changed; more reports whether there
// are others. Rows of transactions that are not over yet are left for later.
func (db *DB) RefreshUsers(ctx context.Context, t *Target, limit int) (more bool, err error) {
	refresh := func(ctx context.Context, tx pgx.Tx) error {
		var from, to string
		if err := tx.QueryRow(ctx, usersMark, t.Tenant, t.Endpoint).Scan(&from, &to); err != nil {
			return err
		}
		end, err := t.usersSlice(ctx, tx, from, to, limit)
		if err != nil || end == "" {
			return err
		}
		more = end != to
		if _, err := tx.Exec(ctx, t.users.refresh, t.Tenant, t.Endpoint, from, end); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, usersMoveMark, t.Tenant, t.Endpoint, end)
		return err
	}
	err = db.retry(ctx, "refresh teams.users from "+t.Endpoint, saveTimeout, refresh)
	return more && err == nil, err
}

// usersSlice returns the transaction before which a slice of some limit changed
// rows ends; empty if nothing has changed. It takes whole transactions, one at
// least.
func (t *Target) usersSlice(ctx context.Context, tx pgx.Tx, from, to string, limit int) (end string, err error) {
	next := func(from string, skip int) (xid string, err error) {
		err = tx.QueryRow(ctx, t.users.next, t.Tenant, from, to, skip).Scan(&xid)
		if errors.Is(err, pgx.ErrNoRows) {
			return "", nil
		}
		return xid, err
	}
	first, err := next(from, 0)
	if err != nil || first == "" {
		return "", err
	}
	end, err = next(first, limit)
	if err == nil && end == first { // the first transaction alone has more rows
		var n uint64
		if n, err = strconv.ParseUint(first, 10, 64); err == nil {
			end, err = next(strconv.FormatUint(n+1, 10), 0)
		}
	}
	if end == "" {
		end = to
	}
	return end, err
}
