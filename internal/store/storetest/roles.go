package storetest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/pgserver"
)

// Role makes a role that may log in and owns nothing, and returns its name and
// the database's URL for it. attributes are as in CREATE ROLE.
func Role(t testing.TB, target, attributes string) (name, as string) {
	t.Helper()
	name = "role_" + strings.ToLower(rand.Text())
	conn := Conn(t, target)
	if _, err := conn.Exec(t.Context(), `CREATE ROLE `+name+` LOGIN `+attributes); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, statement := range []string{`DROP OWNED BY ` + name, `DROP ROLE ` + name} {
			if _, err := conn.Exec(context.Background(), statement); err != nil {
				t.Error(err)
			}
		}
	})
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Set("user", name)
	u.RawQuery = query.Encode()
	return name, u.String()
}

// RoleWithPassword makes a role, as Role does, whose password the server checks,
// as it does no other's.
func RoleWithPassword(t testing.TB, target, password string) (name, as string) {
	t.Helper()
	if err := checkPasswordsHere(); err != nil {
		t.Fatal(err)
	}
	return Role(t, target, fmt.Sprintf(`PASSWORD '%s' IN ROLE checked`, password))
}

var checkPasswordsHere = sync.OnceValue(func() error {
	server, err := cluster()
	if err != nil {
		return err
	}
	return CheckPasswords(server)
})

// CheckPasswords has a cluster check those of the members of the role "checked", which it makes.
func CheckPasswords(server *pgserver.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, server.URL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, `
		CREATE ROLE checked;
		DO $$ BEGIN
			EXECUTE format('COPY (VALUES (%L), (%L)) TO %L',
				'local all +checked scram-sha-256', 'local all,replication all trust', current_setting('hba_file'));
		END $$`)
	if err != nil {
		return err
	}
	return reload(ctx, conn)
}

// Strange gives a role or database ("ROLE anna") settings by which SQL means something
// else, or its answers are written in another way. Nothing may depend on them. A statement
// has a second, as the first of a session, which changes this, has it too.
func Strange(of string) string {
	var sql strings.Builder
	for _, setting := range []string{
		"standard_conforming_strings = off", "default_transaction_isolation = serializable",
		"DateStyle = 'German, DMY'", "IntervalStyle = sql_standard",
		"TimeZone = 'Asia/Kathmandu'", "search_path = ''", "bytea_output = escape",
		"extra_float_digits = -15", "row_security = off",
		"statement_timeout = '1s'", "lock_timeout = 1", "idle_in_transaction_session_timeout = 1",
	} {
		fmt.Fprintf(&sql, "ALTER %s SET %s;", of, setting)
	}
	return sql.String()
}

// reload returns once the server goes by its files as they are now.
func reload(ctx context.Context, conn *pgx.Conn) error {
	var before, now time.Time
	err := conn.QueryRow(ctx, `SELECT pg_conf_load_time() FROM pg_reload_conf()`).Scan(&before)
	for now = before; err == nil && now.Equal(before); {
		err = conn.QueryRow(ctx, `SELECT pg_conf_load_time()`).Scan(&now)
	}
	return err
}
