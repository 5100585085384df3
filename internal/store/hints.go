package store

// hints say for a SQLSTATE what it means here and what to do. The server's own
// message is never shown, as it may quote a row.
var hints = map[string]string{
	"08P01": "protocol violation; a pooler does not take the session's settings: connect to PostgreSQL directly",
	"25006": "read-only; the server is a standby, or its disk is full: check database.url and the server",
	"25P03": "the session was idle in a transaction for too long: this machine stood still for a minute",
	"25P04": "a transaction_timeout is in force; run: ALTER ROLE … SET transaction_timeout = 0",
	"26000": "no such prepared statement; this looks like a pooler in transaction mode: connect to PostgreSQL directly",
	"28000": "user or password refused; check database.url, the password file and the server's pg_hba.conf",
	"28P01": "user or password refused; check database.url, the password file and the server's pg_hba.conf",
	"3D000": "no such database; create it, or check database.url",
	"3F000": "a schema is missing; run: ingestd migrate up",
	"42501": "permission denied; grant the database user all on the tables of ingest and teams, and TEMPORARY",
	"42703": "a column is missing; run: ingestd migrate up",
	"42704": "unknown setting; check the parameters in database.url",
	"42P01": "a table is missing; run: ingestd migrate up",
	"42P05": "prepared statement exists; this looks like a pooler in transaction mode: connect to PostgreSQL directly",
	"53100": "disk full; free or add space on the server",
	"53300": "too many connections; ingestd needs 4 (pool_max_conns), 1 for each tenant, and 2 to migrate",
	"55P03": "another session has held a lock for 30 seconds; see pg_locks",
	"57014": "the statement was cancelled, by pg_cancel_backend or by a timeout of the server or a pooler",
	"57P03": "the server starts up or shuts down",
}
