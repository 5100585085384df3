package store

import (
	"errors"
)

// Words for programs for what is wrong with a database; the same as in health.
const (
	codeDown   = "database_down"
	codeUnfit  = "database_unfit"
	codeOld    = "schema_old"
	codeNew    = "schema_new"
	codeRights = "rights_missing"
)

// A cause is what a SQLSTATE means here, and what to do. The server's own
// message is never shown, as it may quote a row.
type cause struct {
	kind Kind
	code string // as above; empty: it is about a row, or passes by itself
	says string
}

const (
	refused = "user or password refused; check database.url, the password file and the server's pg_hba.conf"
	pooled  = "this looks like a pooler in transaction mode; set its pool_mode to session, or connect directly"
	older   = "run: ingestd migrate up"
)

// causes are found by a SQLSTATE or, where it is not here, by its class
// (PostgreSQL manual, appendix A). What is not here at all is Broken.
var causes = map[string]cause{
	"08": {Transient, codeDown, ""},
	"08P01": {Transient, codeUnfit, "protocol violation; a pooler does not take a setting in database.url: " +
		"leave it out, or connect to PostgreSQL directly"},
	"21":    {Poison, "", ""},
	"22":    {Poison, "", ""},
	"23":    {Poison, "", ""},
	"23505": {Transient, "", ""}, // another writer was faster
	"25006": {Transient, codeUnfit, "read-only; the server is a standby, or its disk is full: " +
		"check database.url and the server"},
	"25P03": {Transient, codeDown, "the session was idle in a transaction for too long: " +
		"this machine stood still for a minute"},
	"25P04": {Broken, codeUnfit, "a transaction_timeout of the server ended it; " +
		"run: ALTER ROLE … SET transaction_timeout = 0"},
	"26000": {Broken, codeUnfit, "no such prepared statement; " + pooled},
	"28":    {Transient, codeDown, ""}, // a password is replaced in two places, one after the other
	"28000": {Transient, codeDown, refused},
	"28P01": {Transient, codeDown, refused},
	"2BP01": {Broken, "", "it depends on what is to be dropped, as a view of your own may: drop it first"},
	"3D000": {Transient, codeDown, "no such database; create it, or check database.url"},
	"3F000": {Broken, codeOld, "a schema is missing; " + older},
	"40001": {Transient, "", ""},
	"40P01": {Transient, "", ""},
	"42501": {Broken, codeRights, "permission denied; the owner runs: ingestd migrate grant --role NAME"},
	"42703": {Broken, codeOld, "a column is missing; " + older},
	"42704": {Broken, "", "unknown setting; check the parameters in database.url"},
	"42P01": {Broken, codeOld, "a table is missing; " + older},
	"42P05": {Broken, codeUnfit, "prepared statement exists; " + pooled},
	"53":    {Transient, codeDown, ""},
	"53100": {Transient, codeDown, "disk full; free or add space on the server"},
	"53300": {Transient, codeUnfit, "too many connections; ingestd needs pool_max_conns (4 if not given) and one " +
		"more, two to migrate: raise the role's, the database's or the server's limit"},
	"54000": {Poison, "", ""},
	"55P03": {Transient, "", "another session holds a lock for long; see pg_locks"},
	"57":    {Transient, codeDown, ""},
	"57014": {Broken, "", "the statement was cancelled, by pg_cancel_backend or by a timeout of server or pooler"},
	"57P01": {Transient, codeDown, "the session was ended by pg_terminate_backend or by a shutdown"},
	"57P03": {Transient, codeDown, "the server starts up or shuts down"},
	"57P05": {Transient, codeDown, "the session was idle for longer than the server or a pooler allows"},
	"P0001": {Poison, "", ""}, // a customer's trigger says no
	"XX001": {Broken, codeDown, "the server found damaged data; restore it from a backup"},
}

func causeOf(state string) cause {
	if found, ok := causes[state]; ok {
		return found
	}
	if found, ok := causes[state[:2]]; ok {
		return found
	}
	return cause{kind: Broken}
}

// CodeOf is the word for programs for what is wrong with the database, and
// empty for an error that is not about it.
func CodeOf(err error) string {
	var e *Error
	switch {
	case errors.Is(err, errOlder):
		return codeOld
	case errors.Is(err, ErrNotMigrated):
		return codeNew
	case errors.Is(err, ErrUnfit), errors.Is(err, ErrReadOnly):
		return codeUnfit
	case errors.As(err, &e) && e.State != "":
		return causeOf(e.State).code
	case errors.Is(err, ErrUnreachable), errors.Is(err, ErrEnded), errors.As(err, &e) && e.Kind == Transient:
		return codeDown
	}
	return ""
}
