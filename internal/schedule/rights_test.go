package schedule_test

import (
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"ingestd/internal/graphsim"
	"ingestd/internal/schedule/scheduletest"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// reader gives the daemon a role of its own in place of the superuser. The role may do what reading needs, and has
// settings that would end most statements and change the others.
func reader(t *testing.T) func(string) string {
	return func(direct string) string {
		u, err := url.Parse(direct)
		if err != nil {
			t.Fatal(err)
		}
		role := "reader_of_" + strings.TrimPrefix(u.Path, "/")
		query := u.Query()
		query.Set("user", role)
		u.RawQuery = query.Encode()
		name := pgx.Identifier{role}.Sanitize()
		storetest.Exec(t, storetest.Conn(t, direct), `CREATE ROLE `+name+` LOGIN;`+storetest.Strange("ROLE "+name))
		to := store.Grantee{Role: role, Access: store.Write}
		if _, still, err := storetest.Connect(t, direct).Grant(t.Context(), to); err != nil || len(still) > 0 {
			t.Fatalf("granted, but for %v: %v", still, err)
		}
		return u.String()
	}
}

// TestRoleWithTimeouts reads as a role whose own time-outs leave no statement time.
func TestRoleWithTimeouts(t *testing.T) {
	t.Parallel()
	c := calls(7, 20, 20)
	c.Through = reader(t)
	w := scheduletest.New(t, c)
	w.Once()
	w.WantServed()
	w.RefreshUsers()
	if n := storetest.Query[int](t, w.Conn, `SELECT count(*) FROM teams.users`); n == 0 {
		t.Error("there are no users")
	}
}

// TestPrivilegesRevokedInMidRun takes away a right while a run is under way. What was stored stays, the run ends and
// says why, and what is missing is read once the right is given back.
func TestPrivilegesRevokedInMidRun(t *testing.T) {
	t.Parallel()
	c := calls(7, 20, 20)
	c.Span = 5 * day
	c.Through = reader(t)
	w := scheduletest.New(t, c)
	role := pgx.Identifier{w.Conn.Config().Database}.Sanitize()
	role = `"reader_of_` + strings.Trim(role, `"`) + `"`
	revoke := sync.OnceFunc(func() { w.Exec(`REVOKE INSERT ON teams.pstn_calls FROM ` + role) })
	var requests atomic.Int32
	w.Graph.SetFaults(func(r graphsim.Request) graphsim.Fault {
		if r.Operation == "getPstnCalls" && requests.Add(1) > 20 {
			revoke()
		}
		return graphsim.Fault{}
	})
	if _, err := w.Try(t.Context()); err == nil ||
		!strings.Contains(err.Error(), "save rows of pstn_calls: database says ERROR, SQLSTATE 42501") {
		t.Fatalf("the run ended with %v", err)
	}
	stored := storetest.Query[int](t, w.Conn, `SELECT count(*) FROM teams.pstn_calls`)
	if missing := len(w.Missing()); stored == 0 || missing == 0 {
		t.Fatalf("%d rows are stored and %d missing: the test shows nothing", stored, missing)
	}
	if runs := w.Runs(); runs[len(runs)-1].Result != "failed" {
		t.Errorf("runs: %+v", runs)
	}
	w.Exec(`GRANT INSERT ON teams.pstn_calls TO ` + role)
	w.Once()
	w.WantServed()
}

// TestHeartbeatFails has the database refuse all heartbeats of a run: it goes on, and says so.
func TestHeartbeatFails(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zapcore.WarnLevel)
	c := calls(7, 20, 20)
	c.Log, c.Heartbeat = zap.New(core), time.Millisecond
	w := scheduletest.New(t, c)
	w.Exec(refuse("UPDATE", "ingest.runs", "NEW.finished_at IS NULL AND NEW.pages = OLD.pages", "42501"))
	const said = "SQLSTATE 42501"
	w.Graph.SetFaults(func(r graphsim.Request) graphsim.Fault {
		for deadline := time.Now().Add(time.Minute); r.Operation == "getPstnCalls" && !says(logs, said); {
			if time.Now().After(deadline) {
				break // and the test fails below
			}
			time.Sleep(time.Millisecond)
		}
		return graphsim.Fault{}
	})
	w.Once()
	w.WantServed()
	if logs.FilterMessage("a run is not noted as alive; it goes on").Len() == 0 {
		t.Errorf("the log does not say that a heartbeat failed: %v", logs.All())
	}
	if runs := w.Runs(); len(runs) != 1 || runs[0].Result != "ok" {
		t.Errorf("runs: %+v", runs)
	}
}
