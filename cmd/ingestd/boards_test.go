package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ingestd/deploy/grafana/boards"
	"ingestd/deploy/grafana/preview"
	"ingestd/internal/store"
	"ingestd/internal/store/storetest"
)

// twoWeeks is what is chosen above the boards: the stories of the company are in
// it. By day too few calls go over a trunk to tell its rates.
func twoWeeks(a *app) boards.Choice {
	end := today.Truncate(24*time.Hour).AddDate(0, 0, 1)
	var tenants []string
	for _, t := range a.config.Tenants {
		tenants = append(tenants, t.ID)
	}
	return boards.Choice{From: end.AddDate(0, 0, -14), To: end, Tenants: tenants, Bucket: "week"}
}

// checkBoards asks what every panel of every dashboard asks, as its reader.
func checkBoards(t *testing.T, a *app) {
	t.Helper()
	conn := readerOf(t, a)
	choice := twoWeeks(a)
	rows := rowsOf(t, conn, choice)
	for name, b := range boards.All() {
		for id, answers := range answersOf(t, a, b, choice) {
			n := 0
			for _, answer := range answers {
				n += len(answer.Rows)
			}
			if n == 0 {
				t.Errorf("%s: panel %d is empty", name, id)
			}
		}
		for _, q := range b.Queries() {
			checkPlan(t, conn, name+", "+q.Panel, choice.Fill(q.SQL), rows)
		}
	}
}

// readerOf is a connection of the role that Grafana has in compose. Its tables are
// too small for an index to be faster.
func readerOf(t *testing.T, a *app) *pgx.Conn {
	t.Helper()
	url := a.config.Database.URL.Reveal()
	if _, err := storetest.Conn(t, url).Exec(t.Context(), `ANALYZE`); err != nil {
		t.Fatal(err)
	}
	role, as := storetest.Role(t, url, "")
	if _, _, err := a.db.Grant(t.Context(), store.Grantee{Role: role, Access: store.Personal}); err != nil {
		t.Fatal(err)
	}
	conn := storetest.Conn(t, as)
	if _, err := conn.Exec(t.Context(), `SET enable_seqscan = off; SET jit = off`); err != nil {
		t.Fatal(err)
	}
	return conn
}

// answersOf is what the database answers to a board.
func answersOf(t *testing.T, a *app, b boards.Board, choice boards.Choice) preview.Answers {
	t.Helper()
	answers := make(preview.Answers)
	for _, p := range b.Panels {
		of := make(map[string]preview.Answer)
		for _, target := range p.Targets {
			if target.RawSQL == "" {
				continue
			}
			answer, err := a.db.Ask(t.Context(), choice.Fill(target.RawSQL))
			if err != nil {
				t.Fatalf("%s, %s: %v", b.Title, p.Title, err)
			}
			of[target.RefID] = preview.Answer{Columns: answer.Columns, Rows: answer.Rows}
		}
		if len(of) > 0 {
			answers[p.ID] = of
		}
	}
	return answers
}

// anchors are the tables from which a row view takes the rows of a time.
var anchors = map[string]string{
	"call_records": "start_at", "pstn_calls": "start_at", "direct_routing_calls": "coalesce(invite_at, start_at)",
}

// A planNode is a step of a plan, as EXPLAIN describes it.
type planNode struct {
	Type      string  `json:"Node Type"`
	Schema    string  `json:"Schema"`
	Relation  string  `json:"Relation Name"`
	Condition string  `json:"Index Cond"`
	Rows      float64 `json:"Actual Rows"`
	Removed   float64 `json:"Rows Removed by Filter"`
	Plans     []planNode
}

// plan is how a query was answered, step by step.
func plan(t *testing.T, conn *pgx.Conn, sql string) (steps []planNode) {
	t.Helper()
	var text []byte
	explain := `EXPLAIN (ANALYZE, VERBOSE, TIMING OFF, FORMAT JSON) `
	if err := conn.QueryRow(t.Context(), explain+sql).Scan(&text); err != nil {
		t.Fatalf("%v, of:\n%s", err, sql)
	}
	var plans []struct{ Plan planNode }
	if err := json.Unmarshal(text, &plans); err != nil {
		t.Fatal(err)
	}
	steps = []planNode{plans[0].Plan}
	for i := 0; i < len(steps); i++ {
		steps = append(steps, steps[i].Plans...)
	}
	return steps
}

// checkPlan sees that a query reads rollups by an index and a time, and of tables
// what its time asks for.
func checkPlan(t *testing.T, conn *pgx.Conn, about, sql string, rows map[string]float64) {
	t.Helper()
	for _, n := range plan(t, conn, sql) {
		by := n.Condition
		if n.Type == "Bitmap Heap Scan" { // what it is made of names no table
			by = n.Plans[0].Condition
		}
		timed := strings.Contains(by, "day") || strings.Contains(by, "hour") || strings.Contains(by, "_at")
		switch {
		case n.Schema == "rollup" && n.Relation != "views" && n.Relation != "pstn_matches" && !timed,
			anchors[n.Relation] != "" && by == "":
			t.Errorf("%s: %s of %s by %q", about, n.Type, n.Relation, by)
		case anchors[n.Relation] != "" && timed && n.Rows+n.Removed > 1.1*rows[n.Relation]:
			t.Errorf("%s: %.0f rows of %s, where %.0f are of the time", about, n.Rows+n.Removed, n.Relation,
				rows[n.Relation])
		}
	}
}

// rowsOf counts the rows of the anchors that are of the chosen time.
func rowsOf(t *testing.T, conn *pgx.Conn, c boards.Choice) map[string]float64 {
	t.Helper()
	rows := make(map[string]float64)
	for table, at := range anchors {
		rows[table] = storetest.Query[float64](t, conn,
			`SELECT count(*) FROM teams.`+table+` WHERE `+at+` BETWEEN $1 AND $2`, c.From, c.To)
	}
	return rows
}
