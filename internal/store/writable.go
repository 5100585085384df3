package store

import (
	"context"
	"errors"
	"fmt"
)

// ErrReadOnly says that the database takes no rows at present. It passes with a
// failover, or when the disk has room again.
var ErrReadOnly = errors.New("database only reads")

// CheckWritable returns ErrReadOnly, with the next step, for a database that
// takes no rows. It then gives up all connections: new ones may find one that does.
func (db *DB) CheckWritable(ctx context.Context) error {
	var standby bool
	var readOnly string
	err := db.again(ctx, "see whether the database takes rows", noteTimeout, func(ctx context.Context) error {
		return db.pool.QueryRow(ctx, `SELECT pg_is_in_recovery(), current_setting('transaction_read_only')`).
			Scan(&standby, &readOnly)
	})
	if err != nil {
		return err
	}
	switch {
	case standby:
		err = fmt.Errorf("%w: the server is a standby; name the primary in database.url, or all hosts with "+
			"target_session_attrs=read-write", ErrReadOnly)
	case readOnly == "on":
		err = fmt.Errorf("%w: default_transaction_read_only is on; make room on the server's disk if it is full, "+
			"else see who set it: SELECT * FROM pg_db_role_setting", ErrReadOnly)
	}
	if err != nil {
		db.pool.Reset()
	}
	return err
}
