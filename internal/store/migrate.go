package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/golang-migrate/migrate/v4"
	"github.com/golang-migrate/migrate/v4/database"
	pgxmigrate "github.com/golang-migrate/migrate/v4/database/pgx/v5"
	"github.com/golang-migrate/migrate/v4/source/iofs"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"ingestd/migrations"
)

// ErrNotMigrated says that the database's schema is not this program's.
var ErrNotMigrated = errors.New("database schema does not fit")

// errOlder and errNotPlaced are ErrNotMigrated for a schema that MigrateUp helps.
var (
	errOlder     = fmt.Errorf("%w", ErrNotMigrated)
	errNotPlaced = fmt.Errorf("%w", ErrNotMigrated) // but for where its tables lie
)

// newest returns the number of the last migration this program carries.
func newest() uint {
	files, _ := fs.Glob(migrations.Files, "*.up.sql")
	last := uint(0)
	for _, name := range files {
		number, _, _ := strings.Cut(name, "_")
		n, _ := strconv.ParseUint(number, 10, 32)
		last = max(last, uint(n))
	}
	return last
}

// Version returns the schema's version (0: never migrated) and the version
// this program wants.
func (db *DB) Version(ctx context.Context) (have, want uint, err error) {
	noted, err := list[struct{ Version int }](ctx, db, "read the schema's version",
		`SELECT version FROM ingest.schema_version`)
	if isMissing(err) || err == nil && len(noted) == 0 {
		return 0, newest(), nil
	}
	if err != nil {
		return 0, newest(), err
	}
	return uint(noted[0].Version), newest(), nil
}

// CheckSchema returns ErrNotMigrated, with the next step, unless the schema is
// this program's and its tables lie where they are to, and ErrUnfit where no schema
// would help.
func (db *DB) CheckSchema(ctx context.Context) error {
	if err := db.checkSession(ctx); err != nil {
		return err
	}
	switch have, want, err := db.Version(ctx); {
	case err != nil:
		return err
	case have < want:
		return fmt.Errorf("%w: it has version %d, this program needs %d; run: ingestd migrate up", errOlder, have, want)
	case have > want:
		return tooNew(have, want)
	}
	return db.checkPlaced(ctx)
}

func tooNew(have, want uint) error {
	return fmt.Errorf("%w: it has version %d, this program knows %d at most; install a newer ingestd",
		ErrNotMigrated, have, want)
}

// MigrateUp brings the schema to this program's version, and its tables to where they
// are to lie. It leaves a newer one alone.
func (db *DB) MigrateUp(ctx context.Context) error {
	switch err := db.CheckSchema(ctx); {
	case errors.Is(err, errOlder):
		err = db.migrate(ctx, func(m *migrate.Migrate) error { return m.Up() })
		if err != nil {
			return err
		}
	case err != nil && !errors.Is(err, errNotPlaced):
		return err // newer, or no database for this program
	}
	return db.place(ctx)
}

// MigrateDown takes back the last steps migrations. Their tables are dropped
// with all rows. The views of readers of one tenant go before, and those that can
// be are made anew then, also where a step has failed.
func (db *DB) MigrateDown(ctx context.Context, steps int) error {
	have, want, err := db.Version(ctx)
	if err != nil {
		return err
	}
	if have > want {
		return tooNew(have, want)
	}
	err = db.migrate(ctx, func(m *migrate.Migrate) error {
		if err := db.dropTenantViews(ctx); err != nil {
			return err
		}
		return m.Steps(-steps)
	})
	_, _, again := db.GrantAgain(ctx)
	return errors.Join(err, again)
}

// migrateTimeout is for all migrations together, and for those of somebody else
// before: building an index on the largest tables takes minutes, and a server that
// hangs must not hold a daemon that migrates at its start for ever.
const migrateTimeout = 6 * time.Hour

// migrate runs one operation alone.
func (db *DB) migrate(ctx context.Context, operate func(*migrate.Migrate) error) error {
	return db.alone(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		if err := makeSchema(ctx, conn); err != nil {
			return fmt.Errorf("%w; the database user must own the schema ingest or be allowed to create it", err)
		}
		handle := openInterruptible(ctx, conn.Config())
		defer handle.Close()
		if err := db.migrateOn(ctx, handle, operate); err != nil {
			return cmp.Or(ctx.Err(), err)
		}
		return nil
	})
}

// alone does what changes tables, views or rights, one process at a time.
// golang-migrate's own lock leaks when its wait times out, so ours is taken first.
func (db *DB) alone(ctx context.Context, work func(context.Context, *pgx.Conn) error) error {
	conn, err := db.connect(ctx)
	if err != nil {
		return err
	}
	defer closeConn(conn)
	got, err := LockSession(ctx, conn, "ingestd migrate", migrateTimeout)
	if err == nil && !got {
		err = errors.New("another ingestd is migrating this database; wait for it, or end it")
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, migrateTimeout)
	defer cancel()
	return work(ctx, conn)
}

func (db *DB) migrateOn(ctx context.Context, handle *sql.DB, operate func(*migrate.Migrate) error) error {
	m, err := newMigrate(handle)
	if err != nil {
		return err
	}
	defer m.Close()
	if err := db.mend(ctx, m); err != nil {
		return err
	}
	if err := operate(m); err != nil && !errors.Is(err, migrate.ErrNoChange) {
		return migrationFailed(err)
	}
	return nil
}

func closeConn(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), pingTimeout)
	defer cancel()
	conn.Close(ctx)
}

// openInterruptible opens a database whose connections break when ctx ends.
// golang-migrate takes no context, and the server rolls back what it was at.
func openInterruptible(ctx context.Context, config *pgx.ConnConfig) *sql.DB {
	dial := config.DialFunc
	config.DialFunc = func(dialing context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(dialing, network, address)
		if err == nil {
			context.AfterFunc(ctx, func() { conn.Close() })
		}
		return conn, err
	}
	return stdlib.OpenDB(*config)
}

// makeSchema asks first, because CREATE SCHEMA IF NOT EXISTS wants the right to
// create one even where it is there.
func makeSchema(ctx context.Context, conn *pgx.Conn) error {
	return once(ctx, "make schema ingest", noteTimeout, func(ctx context.Context) error {
		var exists bool
		err := conn.QueryRow(ctx, `SELECT to_regnamespace('ingest') IS NOT NULL`).Scan(&exists)
		if err == nil && !exists {
			_, err = conn.Exec(ctx, `CREATE SCHEMA ingest`)
		}
		return err
	})
}

func newMigrate(handle *sql.DB) (*migrate.Migrate, error) {
	source, err := iofs.New(migrations.Files, ".")
	if err != nil {
		return nil, err
	}
	target, err := pgxmigrate.WithInstance(handle, &pgxmigrate.Config{SchemaName: "ingest"})
	if err != nil {
		return nil, migrationFailed(err)
	}
	return migrate.NewWithInstance("embedded", source, "pgx5", target)
}

// mend clears the "dirty" mark of an interrupted or failed migration. Each is
// one transaction that notes its version, so what was done is known.
func (db *DB) mend(ctx context.Context, m *migrate.Migrate) error {
	if _, dirty, err := m.Version(); err != nil || !dirty {
		return nil // no version yet, or a clean one
	}
	have, _, err := db.Version(ctx)
	if err != nil {
		return err
	}
	version := int(have)
	if version == 0 {
		version = -1 // golang-migrate's "nothing applied"
	}
	return m.Force(version)
}

// migrationFailed keeps the place of a failure and drops the statement and the
// row values that the driver's text may hold.
func migrationFailed(err error) error {
	var failed database.Error
	var pointer *database.Error // it uses both
	if errors.As(err, &failed) {
		err = failed.OrigErr
	} else if errors.As(err, &pointer) {
		err = pointer.OrigErr
	}
	err = named("migrate", classify(err))
	var e *Error
	if errors.As(err, &e) && e.State != "" {
		return fmt.Errorf(
			"%w; nothing of that migration was applied: mend the cause and run it again",
			e,
		)
	}
	return err
}
