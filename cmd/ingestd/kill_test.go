package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"ingestd/internal/graphsim"
	"ingestd/internal/store/storetest"
)

// slots is how many days Graph answers for: those of the year before now but
// for the first hour, and today.
var slots = int(daysBefore(0).Sub(begun.Add(time.Hour-365*24*time.Hour).Truncate(24*time.Hour))/(24*time.Hour)) + 1

// timesKilled is how often a process is killed in a test. The race detector sees nothing of what is between two
// processes.
func timesKilled() int {
	if storetest.Race() {
		return 2
	}
	return storetest.Times(2, 10)
}

// TestKilledBackfill kills the program at random moments of a backfill and
// starts it again: in the end the database holds what one quiet run would have
// left there. A backfill that ends before it is killed is followed by another.
func TestKilledBackfill(t *testing.T) {
	t.Parallel()
	seed := time.Now().UnixNano()
	rng := rand.New(rand.NewPCG(uint64(seed), 0))
	// Of so many users most call in one window only. There are three windows of 30 days with calls at most.
	tenant := simulate(t, graphsim.Config{Seed: seed, Users: 5000, CallsPerDay: 500, History: 45 * 24 * time.Hour})
	served := callsOf(t, tenant)
	t.Logf("seed %d, %d calls", seed, len(served))

	b := newVictim(t, tenant, served, "pstn_calls")
	for kills := 0; kills < timesKilled(); {
		if !b.kill(t, rng, kills%2 == 0) {
			b.check(t)
			b = newVictim(t, tenant, served, "pstn_calls")
			continue
		}
		kills++
	}
	launch(t, b.dir, "once").exits(t, patience, exitOK)
	b.check(t)
}

// A victim is a database to be filled from a tenant.
type victim struct {
	tenant *graphsim.Server
	served map[string]call // what it must hold in the end, by id
	url    string
	conn   *pgx.Conn
	dir    string
}

func newVictim(t *testing.T, tenant *graphsim.Server, served map[string]call, endpoint string) *victim {
	t.Helper()
	url := storetest.URL(t)
	return &victim{tenant, served, url, storetest.Conn(t, url), workplace(t, url, tenant, endpoint)}
}

// kill goes on with the backfill and kills it up to 100 ms after its next
// commit of rows, or after any of the next pages: moments that are spread alike
// on slow and fast machines. It reports false for a backfill that ended before.
func (b *victim) kill(t *testing.T, rng *rand.Rand, afterCommit bool) bool {
	t.Helper()
	asked, committed := b.asked()+rng.IntN(20), b.committed(t)
	ripe := func() bool { return b.asked() >= asked }
	if afterCommit {
		ripe = func() bool { return b.committed(t) > committed }
	}
	if !b.killWhen(t, ripe, time.Duration(rng.Int64N(int64(100*time.Millisecond)))) {
		return false
	}
	rows, counted := b.count(t, "teams.pstn_calls"), b.committed(t)
	t.Logf("killed with %d rows stored and %d slots read", rows, b.count(t, "ingest.slots"))
	if rows != counted {
		t.Errorf("%d rows stored, %d noted by their runs", rows, counted)
	}
	return true
}

// killWhen starts the program and kills it some time after the moment is ripe.
// It reports false if the program ended before.
func (b *victim) killWhen(t *testing.T, ripe func() bool, delay time.Duration) bool {
	t.Helper()
	p := launch(t, b.dir, "once")
	for p.alive() && !ripe() {
		time.Sleep(2 * time.Millisecond)
	}
	time.Sleep(delay)
	p.Process.Kill() // it may have ended
	<-p.ended
	if p.ProcessState.Exited() {
		p.exits(t, patience, exitOK)
		return false
	}
	b.written(t) // once the server has noticed
	return true
}

// asked counts the pages served.
func (b *victim) asked() int { return b.tenant.Requests().Answers["getPstnCalls"][200] }

// check demands a database that is complete, and that stays as it is.
func (b *victim) check(t *testing.T) {
	t.Helper()
	b.forgetHeartbeats(t)
	launch(t, b.dir, "once").exits(t, patience, exitOK)
	b.completeUsers(t)
	if stored := b.rows(t); !maps.Equal(b.served, stored) { // Diff alone takes its time
		t.Fatalf("served (-) and stored (+) differ:\n%.2000s", cmp.Diff(b.served, stored))
	}
	for _, c := range []struct {
		rule   string
		broken string // counts what breaks the rule
	}{
		{"the ledger is whole", fmt.Sprintf(`SELECT abs(count(*) - %d) FROM ingest.slots`, slots)},
		{"the ledger begins at the origin", `SELECT count(*) FROM ingest.endpoints
			WHERE origin < (SELECT min(slot_from) FROM ingest.slots)`},
		{"the ledger goes up to now", `SELECT count(*) FROM ingest.endpoints
			WHERE '` + begun.Format(time.RFC3339) + `' > (SELECT max(slot_to) FROM ingest.slots)`},
		{"slots follow each other", `SELECT count(*) FROM (
			SELECT slot_from <> lag(slot_to) OVER (ORDER BY slot_from) AS gap FROM ingest.slots) s WHERE gap`},
		{"a slot counts its rows", `SELECT count(*) FROM ingest.slots s WHERE rows <> (
			SELECT count(*) FROM teams.pstn_calls WHERE start_at >= slot_from AND start_at < slot_to)`},
		{"runs end", `SELECT count(*) FROM ingest.runs WHERE finished_at IS NULL OR result NOT IN ('ok', 'killed')`},
		{"nothing is rejected", `SELECT count(*) FROM ingest.rejects`},
		{"the endpoint is on time", `SELECT count(*) FROM ingest.endpoints WHERE failures > 0 OR caught_up_at IS NULL`},
	} {
		if n := storetest.Query[int](t, b.conn, c.broken); n > 0 {
			t.Errorf("%s: broken %d times", c.rule, n)
		}
	}
	before := b.written(t)
	launch(t, b.dir, "once").exits(t, patience, exitOK)
	if after := b.written(t); after != before {
		t.Errorf("asking again wrote to schema teams: %s rows before, %s after", before, after)
	}
}

// completeUsers has the program go on until teams.users is complete: that waits
// for transactions of other tests, too.
func (b *victim) completeUsers(t *testing.T) {
	t.Helper()
	missing := func() int {
		return storetest.Query[int](t, b.conn, `SELECT count(DISTINCT user_id) FROM teams.pstn_calls c
			WHERE user_id IS NOT NULL AND NOT EXISTS (SELECT FROM teams.users u WHERE u.user_id = c.user_id)`)
	}
	for deadline := time.Now().Add(patience); missing() > 0; launch(t, b.dir, "once").exits(t, patience, exitOK) {
		if time.Now().After(deadline) {
			t.Fatalf("%d users are missing", missing())
		}
	}
}

// forgetHeartbeats makes five minutes pass, in which a run that was killed
// counts as one that may be alive.
func (b *victim) forgetHeartbeats(t *testing.T) {
	t.Helper()
	if _, err := b.conn.Exec(t.Context(), `UPDATE ingest.runs SET heartbeat_at = heartbeat_at - interval '5 minutes'
		WHERE finished_at IS NULL`); err != nil {
		t.Fatal(err)
	}
}

func (b *victim) count(t *testing.T, table string) int {
	t.Helper()
	return storetest.Query[int](t, b.conn, `SELECT count(*) FROM `+table)
}

// committed counts the rows that runs have noted as new.
func (b *victim) committed(t *testing.T) int {
	t.Helper()
	return storetest.Query[int](t, b.conn, `SELECT coalesce(sum(rows_new), 0) FROM ingest.runs`)
}

func (b *victim) written(t *testing.T) string {
	t.Helper()
	n, err := written(b.url, "teams")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// call is a few columns of a call, as text.
type call struct{ CallID, UserID, Name, Start, Charge, CallType string }

// rows are the calls stored, by id.
func (b *victim) rows(t *testing.T) map[string]call {
	t.Helper()
	rows, err := b.conn.Query(t.Context(), `SELECT id, call_id,
		coalesce(user_id::text, ''), coalesce(user_display_name, ''),
		to_char(start_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), charge::text, call_type
		FROM teams.pstn_calls`)
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]call{}
	var id string
	var c call
	columns := []any{&id, &c.CallID, &c.UserID, &c.Name, &c.Start, &c.Charge, &c.CallType}
	_, err = pgx.ForEachRow(rows, columns, func() error {
		calls[id] = c
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return calls
}

// callsOf are the calls that a tenant serves, by id.
func callsOf(t *testing.T, tenant *graphsim.Server) map[string]call {
	t.Helper()
	calls := map[string]call{}
	for element := range tenant.PSTNCalls(begun.AddDate(-1, 0, 0), begun) {
		var e struct {
			ID, CallID, UserID, UserDisplayName, CallType string
			StartDateTime                                 time.Time
			Charge                                        json.Number
		}
		if err := json.Unmarshal(element, &e); err != nil {
			t.Fatal(err)
		}
		start := e.StartDateTime.Truncate(time.Microsecond).Format("2006-01-02T15:04:05.000000")
		calls[strings.ToLower(e.ID)] = call{e.CallID, e.UserID, e.UserDisplayName, start, e.Charge.String(), e.CallType}
	}
	return calls
}
