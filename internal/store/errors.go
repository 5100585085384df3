package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// A Kind says what an error of the database means for the work.
type Kind int

const (
	// Transient errors pass: the same work is tried again. The outcome of a
	// COMMIT whose answer was lost is unknown and counts among them, as Save
	// may be repeated.
	Transient Kind = iota
	// Poison is a row the database will never take.
	Poison
	// Broken is anything else: a missing table, a missing privilege, a bug.
	Broken
)

// An Error is an error of the database without the server's message, which may
// quote row values.
type Error struct {
	Op         string // what was being done, such as "save pstn_calls"
	Kind       Kind
	State      string // SQLSTATE; empty if the server said nothing
	Severity   string // or, without a State, the type of the driver's error
	Object     string // the table or the like it is about, where the server names it
	Constraint string
	Timeout    bool  // nothing was answered in time
	Err        error // why the server was not even asked
}

func (e *Error) Unwrap() error { return e.Err }

func (e *Error) Error() string {
	if e.Op == "" {
		return e.message()
	}
	return e.Op + ": " + e.message()
}

// message says what the database did, without the operation.
func (e *Error) message() string {
	switch {
	case e.Err != nil:
		return e.Err.Error()
	case e.Timeout:
		return "database does not answer"
	case e.Kind == Transient && e.State == "":
		return "database connection lost"
	case e.State == "":
		return "database driver error " + e.Severity
	}
	s := fmt.Sprintf("database says %s, SQLSTATE %s", e.Severity, e.State)
	if e.Object != "" {
		s += ", " + e.Object
	}
	if e.Constraint != "" {
		s += ", constraint " + e.Constraint
	}
	if says := causes[e.State].says; says != "" {
		s += " (" + says + ")"
	}
	return s
}

// ErrUnknown says that what was asked for by its number or id is not stored.
var ErrUnknown = errors.New("not in the database")

// Named gives an error of the driver the operation it ended, and takes from it all
// that may quote a value.
func Named(op string, err error) error { return named(op, classify(err)) }

// named gives an error of the database the operation it ended.
func named(op string, err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Op != "" {
		return err
	}
	withOp := *e
	withOp.Op = op
	return &withOp
}

// classify strips an error of the driver of all that may quote a value.
func classify(err error) error {
	var known *Error
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &known):
		return known // also from within a pool's or a driver's error
	case err == nil || isOwn(err):
		return err
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case !errors.As(err, &pg):
		return connectionError(err)
	}
	return &Error{
		Kind: causeOf(pg.Code).kind, State: pg.Code, Severity: strings.ToUpper(pg.Severity),
		Object: objectOf(pg), Constraint: withoutShard(pg.ConstraintName),
	}
}

// shard is the number that Citus appends to names on the nodes that hold rows. It
// changes when rows are moved.
var shard = regexp.MustCompile(`_[0-9]{6,}$`)

func withoutShard(name string) string { return shard.ReplaceAllString(name, "") }

// named things are what a message of classes 3F and 42 says is missing or
// forbidden. It quotes names only, never values.
var namedThing = regexp.MustCompile(
	`(?:permission denied for|must be owner of) ((?:table|sequence|schema|view|function|database) \S+)|` +
		`^((?:relation|schema|column|type) "[^"]+")|(temporary tables in database "[^"]+")`)

// depending is what keeps another thing from being dropped, the first where there are
// several.
var depending = regexp.MustCompile(`^(.+?) depends on `)

// objectOf is the table or the like that an error is about. In a language
// other than English the message tells nothing.
func objectOf(pg *pgconn.PgError) string {
	if pg.TableName != "" {
		return "table " + strings.TrimPrefix(pg.SchemaName+"."+withoutShard(pg.TableName), ".")
	}
	if found := depending.FindStringSubmatch(pg.Detail); pg.Code == "2BP01" && found != nil {
		return found[1]
	}
	if class := pg.Code[:2]; class != "3F" && class != "42" {
		return ""
	}
	if found := namedThing.FindStringSubmatch(pg.Message); found != nil {
		return strings.Join(found[1:], "") // one of them
	}
	return ""
}

// isOwn reports whether an error is one of this package's, whose text quotes
// nothing.
func isOwn(err error) bool {
	own := []error{
		ErrEmptied, ErrNewer, ErrLocked, ErrUnreachable, ErrUnfit, ErrReadOnly, ErrNotMigrated, ErrBeyond, ErrUnknown,
		ErrBackfillEnded, ErrDropped, ErrRefreshing, ErrEnded,
	}
	return slices.ContainsFunc(own, func(e error) bool { return errors.Is(err, e) })
}

// connectionError is an error that the server did not send: a lost connection,
// which passes, or a complaint of the driver, whose text may quote a value.
func connectionError(err error) error {
	if isDeadline(err) {
		return &Error{Kind: Transient, Timeout: true}
	}
	var network net.Error
	var connect *pgconn.ConnectError
	lost := errors.As(err, &network) || errors.As(err, &connect) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, pgx.ErrTxClosed) || errors.Is(err, pgx.ErrTxCommitRollback) ||
		strings.Contains(err.Error(), "conn closed")
	if lost {
		return &Error{Kind: Transient}
	}
	return &Error{Kind: Broken, Severity: fmt.Sprintf("%T", err)}
}

// isDeadline reports whether an error says that time ran out.
func isDeadline(err error) bool {
	var network net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &network) && network.Timeout()
}

func isTimeout(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Timeout
}

// isCollision reports whether a unique index was in the way.
func isCollision(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.State == "23505"
}

// isMissing reports whether a table or schema is not there.
func isMissing(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.State == "42P01" || e.State == "3F000")
}

func isPoison(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == Poison
}

func isTransient(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == Transient
}

func sqlState(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}
