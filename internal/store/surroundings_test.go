package store_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// with adds settings to a database's URL.
func with(t *testing.T, target string, settings ...string) string {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	for i := 0; i < len(settings); i += 2 {
		query.Set(settings[i], settings[i+1])
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// A password is asked for anew for each connection, wherever it is kept. While
// it is replaced, first in the server and then here, no work is lost.
func TestReplacedPassword(t *testing.T) {
	for _, place := range []string{"password file", "PGPASSWORD", "service file", "function"} {
		t.Run(place, func(t *testing.T) {
			owner := storetest.URL(t)
			role, as := storetest.RoleWithPassword(t, owner, "first")
			file := filepath.Join(t.TempDir(), "file")
			write := func(text string) {
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Error(err)
				}
			}
			var current sync.Map
			var password store.Password
			keep := map[string]func(string){
				"password file": func(word string) { write("*:*:*:*:" + word) },
				"PGPASSWORD":    func(word string) { os.Setenv("PGPASSWORD", word) },
				"service file":  func(word string) { write("[teams]\npassword=" + word + "\n") },
				"function":      func(word string) { current.Store("word", word) },
			}[place]
			switch place {
			case "password file":
				as = with(t, as, "passfile", file)
			case "service file":
				as = with(t, as, "servicefile", file, "service", "teams")
			case "PGPASSWORD":
				t.Setenv("PGPASSWORD", "")
			case "function":
				password = func(context.Context) (string, error) {
					word, _ := current.Load("word")
					return word.(string), nil
				}
			}
			keep("first")
			db, err := store.Open(as, password)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if err := db.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
			conn := storetest.Conn(t, owner)
			if _, err := conn.Exec(t.Context(), `ALTER ROLE `+role+` PASSWORD 'second'`); err != nil {
				t.Fatal(err)
			}
			end := `SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE usename = $1`
			if n := storetest.Query[int](t, conn, end, role); n == 0 {
				t.Error("no session was ended: the test shows nothing")
			}
			_ = db.Ping(t.Context()) // meets the ended session
			if err := db.Ping(t.Context()); store.CodeOf(err) != "database_down" ||
				!strings.Contains(fmt.Sprint(err), "user or password refused") {
				t.Errorf("before it is replaced here: %v", err)
			}
			time.AfterFunc(100*time.Millisecond, func() { keep("second") })
			if err := db.ExecWithin(t.Context(), "work", time.Minute, `SELECT`); err != nil {
				t.Error(err)
			}
		})
	}
}

// Without a token nothing is tried, and the reason is said.
func TestNoToken(t *testing.T) {
	t.Parallel()
	db, err := store.Open(storetest.EmptyURL(t), func(context.Context) (string, error) {
		return "", errors.New("Entra says no")
	})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const want = "ping: database unreachable: no token to sign in with: Entra says no"
	if err := db.Ping(t.Context()); !errors.Is(err, store.ErrUnreachable) || err.Error() != want {
		t.Errorf("Ping: %v\nwant  %s", err, want)
	}
}

// What a role, a database or a server may not do or takes no longer is said with
// the operation, the thing it is about and what to do.
func TestCauses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		attributes string // of the role
		before     string // run by the owner, {role} being its name
		work       func(*store.DB, context.Context) error
		code, want string
	}{
		{
			"a role without rights", "", "",
			func(db *store.DB, ctx context.Context) error {
				_, err := db.Slots(ctx, tenant, calls.Name, noon)
				return err
			},
			"rights_missing", "read slots of pstn_calls: database says ERROR, SQLSTATE 42501, schema ingest " +
				"(permission denied; the owner runs: ingestd migrate grant --role NAME)",
		},
		{
			"a table without rights", "", `GRANT USAGE ON SCHEMA ingest TO {role}`,
			func(db *store.DB, ctx context.Context) error {
				_, err := db.Slots(ctx, tenant, calls.Name, noon)
				return err
			},
			"rights_missing", "SQLSTATE 42501, table slots (permission denied",
		},
		{
			"no temporary tables", "", `DO $$ BEGIN
				EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
			END $$`,
			func(db *store.DB, ctx context.Context) error {
				return db.ExecWithin(ctx, "stage", time.Second, `CREATE TEMPORARY TABLE stage ()`)
			},
			"rights_missing", "SQLSTATE 42501, temporary tables in database",
		},
		{
			"a limit of connections", "CONNECTION LIMIT 0", "",
			func(db *store.DB, ctx context.Context) error { return db.Ping(ctx) },
			"database_down", "too many connections; ingestd needs pool_max_conns (4 if not given) and one more",
		},
		{
			"a server that only reads", "", `ALTER ROLE {role} SET default_transaction_read_only = on`,
			func(db *store.DB, ctx context.Context) error { return db.CheckWritable(ctx) },
			"database_unfit", "database only reads: default_transaction_read_only is on; make room",
		},
		{
			"a write where only reading is allowed", "", "",
			func(db *store.DB, ctx context.Context) error {
				_, err := db.Ask(ctx, `CREATE TABLE teams.any ()`)
				return err
			},
			"database_unfit", "ask: database says ERROR, SQLSTATE 25006 (read-only; the server is a standby",
		},
		{
			"a database that is not there", "", "",
			func(db *store.DB, ctx context.Context) error {
				return storetest.Connect(t, strings.Replace(storetest.EmptyURL(t), "/test_", "/absent_", 1)).Ping(ctx)
			},
			"database_down", "no such database; create it, or check database.url (SQLSTATE 3D000)",
		},
		{
			"a setting that is not one", "", "",
			func(db *store.DB, ctx context.Context) error {
				return storetest.Connect(t, with(t, storetest.EmptyURL(t), "no_such_setting", "1")).Ping(ctx)
			},
			"database_down", "unknown setting; check the parameters in database.url (SQLSTATE 42704)",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			owner := storetest.URL(t)
			role, as := storetest.Role(t, owner, tt.attributes)
			before := strings.ReplaceAll(tt.before, "{role}", role)
			if _, err := storetest.Conn(t, owner).Exec(t.Context(), before); err != nil {
				t.Fatal(err)
			}
			err := tt.work(storetest.Connect(t, as), t.Context())
			if !strings.Contains(fmt.Sprint(err), tt.want) || store.CodeOf(err) != tt.code {
				t.Errorf("error %s: %v\nwant  %s: %s", store.CodeOf(err), err, tt.code, tt.want)
			}
		})
	}
}

// A session has its own settings, whatever those of its role are. The values of keep-alives are told of TCP alone.
func TestSettingsOfASession(t *testing.T) {
	t.Parallel()
	owner := storetest.URL(t)
	role, as := storetest.Role(t, owner, "")
	storetest.Exec(t, storetest.Conn(t, owner), storetest.Strange("ROLE "+role))
	conn, end, err := storetest.Connect(t, as).Session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	const settings = `
		SELECT string_agg(concat_ws(' ', name, CASE WHEN name NOT LIKE 'tcp%' THEN setting END), ', ' ORDER BY name)
		FROM pg_settings
		WHERE source = 'session' AND name ~ 'timeout|tcp_'`
	const want = "idle_in_transaction_session_timeout 60000, idle_session_timeout 0, lock_timeout 30000, " +
		"statement_timeout 0, tcp_keepalives_count, tcp_keepalives_idle, tcp_keepalives_interval"
	got := storetest.Query[string](t, conn, settings)
	if got = strings.TrimSuffix(got, ", transaction_timeout 0"); got != want { // of PostgreSQL 17
		t.Errorf("settings:\n%s, want\n%s", got, want)
	}
}

// A role's own time-outs end nothing, and fewer connections than the pool may
// have only make it slower.
func TestRoleWithTimeoutsAndFewConnections(t *testing.T) {
	t.Parallel()
	owner := storetest.URL(t)
	role, as := storetest.Role(t, owner, "CONNECTION LIMIT 3")
	conn := storetest.Conn(t, owner)
	for _, name := range []string{
		"statement_timeout", "lock_timeout", "idle_session_timeout", "idle_in_transaction_session_timeout",
	} {
		if _, err := conn.Exec(t.Context(), fmt.Sprintf(`ALTER ROLE %s SET %s = 500`, role, name)); err != nil {
			t.Fatal(err)
		}
	}
	db := storetest.Connect(t, as)
	lock, err := db.Lock(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release(context.Background())
	before, _, err := db.HolderOf(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	var works sync.WaitGroup
	for range 4 {
		works.Go(func() {
			if err := db.ExecWithin(t.Context(), "work", time.Minute, `SELECT pg_sleep(0.6)`); err != nil {
				t.Error(err)
			}
		})
	}
	works.Wait()
	if now, known, err := db.HolderOf(t.Context(), tenant); err != nil || !known || now.PID != before.PID {
		t.Errorf("the lock is with session %d after all, and was with %d: %v", now.PID, before.PID, err)
	}
}
