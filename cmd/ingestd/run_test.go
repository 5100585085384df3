package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ingestd/internal/graphsim"
	"ingestd/internal/pgserver"
	"ingestd/internal/store/storetest"
)

var small = graphsim.Config{Seed: 1, Users: 20, CallsPerDay: 40, History: 20 * 24 * time.Hour}

const (
	resultOfRun = `SELECT result FROM ingest.runs WHERE endpoint = 'pstn_calls'`
	upToDate    = `SELECT count(*) = 1 FROM ingest.endpoints WHERE caught_up_at IS NOT NULL`
	saving      = `SELECT count(*) > 0 FROM pg_locks l JOIN pg_database d ON d.oid = l.database
		WHERE d.datname = current_database() AND relation = 'teams.pstn_calls'::regclass AND NOT granted`
)

// addConfig writes text to the end of the configuration of a folder.
func addConfig(t testing.TB, dir, text string) {
	t.Helper()
	add(t, filepath.Join(dir, "config.yaml"), text)
}

// add writes text to the end of a file.
func add(t testing.TB, name, text string) {
	t.Helper()
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// workplace is a folder with a configuration for one endpoint.
func workplace(t testing.TB, databaseURL string, tenant *graphsim.Server, endpoint string) string {
	t.Helper()
	dir := t.TempDir()
	if err := configure(dir, databaseURL, endpoint, tenant); err != nil {
		t.Fatal(err)
	}
	return dir
}

// await waits until the answer to a query is true.
func await(t *testing.T, url, query string) {
	t.Helper()
	if err := waitFor(url, query); err != nil {
		t.Fatal(err)
	}
}

const (
	noWrites = "SHARE"
	noReads  = "ACCESS EXCLUSIVE"
)

// hold locks the table in a mode, so that a transaction of the daemon's cannot end
// until the lock is released.
func hold(t *testing.T, url, mode string) (release func()) {
	t.Helper()
	tx, err := storetest.Conn(t, url).BeginTx(t.Context(), pgx.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `LOCK TABLE teams.pstn_calls IN `+mode+` MODE`); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := tx.Rollback(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// stopWhileSaving signals the program while one of its transactions is held up,
// and waits until it has heard. release lets the transaction go on.
func stopWhileSaving(t *testing.T, verb string, signal syscall.Signal) (p *process, url, dir string, release func()) {
	t.Helper()
	url = storetest.URL(t)
	dir = workplace(t, url, simulate(t, small), "pstn_calls")
	release = hold(t, url, noWrites)
	p = launch(t, dir, verb)
	await(t, url, saving)
	p.signal(t, signal)
	p.says(t, "stopping")
	return p, url, dir, release
}

func TestSignalLetsTransactionFinish(t *testing.T) {
	t.Parallel()
	p, url, _, release := stopWhileSaving(t, "run", syscall.SIGTERM)
	release()
	p.exits(t, patience, exitOK)
	conn := storetest.Conn(t, url)
	if storetest.Query[int](t, conn, `SELECT count(*) FROM teams.pstn_calls`) == 0 {
		t.Error("the transaction at hand was given up")
	}
	if result := storetest.Query[string](t, conn, resultOfRun); result != "stopped" {
		t.Errorf("the run ended as %q, want stopped", result)
	}
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	p, _, _, release := stopWhileSaving(t, "run", syscall.SIGTERM)
	p.dies(t, 10*time.Second, syscall.SIGTERM) // a transaction alone would get 20 s
	release()
}

func TestInterruptedOnce(t *testing.T) {
	t.Parallel()
	p, url, dir, release := stopWhileSaving(t, "once", syscall.SIGINT)
	release()
	p.exits(t, patience, exitInterrupted)
	launch(t, dir, "once").exits(t, patience, exitOK)
	await(t, url, upToDate)
}

func TestSignalEndsWaitForGraph(t *testing.T) {
	t.Parallel()
	crowded := small
	crowded.LimitFactor = 0.001 // one request a minute
	tenant := simulate(t, crowded)
	url := storetest.URL(t)
	p := launch(t, workplace(t, url, tenant, "pstn_calls"), "run")
	throttled := func() bool { return tenant.Requests().Answers["getPstnCalls"][429] > 0 }
	for deadline := time.Now().Add(patience); !throttled(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never throttled")
		}
	}
	p.signal(t, syscall.SIGTERM)
	p.exits(t, 5*time.Second, exitOK)
	if result := storetest.Query[string](t, storetest.Conn(t, url), resultOfRun); result != "stopped" {
		t.Errorf("the run ended as %q, want stopped", result)
	}
}

func TestRunWaitsForDatabase(t *testing.T) {
	t.Parallel()
	kept := pgserver.Options{Dir: storetest.Folder(t), Settings: map[string]string{"fsync": "off"}}
	server, err := pgserver.Start(t.Context(), kept)
	if err != nil {
		t.Fatal(err)
	}
	url := server.URL("postgres")
	dir := workplace(t, url, simulate(t, small), "pstn_calls")
	launch(t, dir, "migrate", "up").exits(t, patience, exitOK)
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}

	p := launch(t, dir, "run")
	p.says(t, "waiting for the database")
	if server, err = pgserver.Start(t.Context(), kept); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	await(t, url, upToDate)
	p.signal(t, syscall.SIGTERM)
	p.exits(t, patience, exitOK)
}

// A database that only reads, as a standby does, is waited for like one that is down.
func TestRunWaitsForDatabaseThatOnlyReads(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn := storetest.Conn(t, url)
	database := `ALTER DATABASE ` + conn.Config().Database
	storetest.Exec(t, conn, database+` SET default_transaction_read_only = on`)
	p := launch(t, workplace(t, url, simulate(t, small), "pstn_calls"), "run")
	p.says(t, "database only reads")
	storetest.Exec(t, conn, database+` RESET default_transaction_read_only`)
	await(t, url, upToDate)
	p.signal(t, syscall.SIGTERM)
	p.exits(t, patience, exitOK)
}

func TestSignalEndsWaitForDatabase(t *testing.T) {
	t.Parallel()
	dir := workplace(t, "postgres://127.0.0.1:1/absent?sslmode=disable", simulate(t, small), "pstn_calls")
	p := launch(t, dir, "run")
	p.says(t, "waiting for the database")
	p.signal(t, syscall.SIGTERM)
	p.exits(t, 3*time.Second, exitOK)
}

func TestSecondDaemonTakesOver(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	dir := workplace(t, url, simulate(t, small), "pstn_calls")
	first := launch(t, dir, "run")
	await(t, url, upToDate)
	second := launch(t, dir, "run")
	second.says(t, "another ingestd works on this tenant")
	first.signal(t, syscall.SIGKILL)
	second.says(t, "started")
	second.signal(t, syscall.SIGTERM)
	second.exits(t, patience, exitOK)
}

func TestDemoInterrupted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, at string }{
		{"while it starts", "Starting a private PostgreSQL"},
		{"while it reads", "Reading its calls"}, // TestToolsTroubleOfADemo ends one that goes on
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			p := launch(t, dir, "demo", "--users", "20", "--calls", "20", "--records", "5")
			p.says(t, c.at)
			p.signal(t, os.Interrupt)
			p.exits(t, patience, exitOK)
			left, err := os.ReadDir(dir)
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}
