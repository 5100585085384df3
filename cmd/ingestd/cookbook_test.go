package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"ingestd/internal/catalog"
	"ingestd/internal/demo"
	"ingestd/internal/fetch"
	"ingestd/internal/golden"
	"ingestd/internal/graphsim"
	"ingestd/internal/schedule"
	"ingestd/internal/store/storetest"
)

// asked are the pages whose questions have answers, seen from docs.
var asked = []string{"../README.md", "cookbook.md", "grafana.md", "metabase.md", "power-bi.md", "psql.md"}

// today is the day of the pages, some days after a night in which clocks went back.
var today = time.Date(2025, 11, 13, 12, 0, 0, 0, time.UTC)

// atToday has a question asked on that day, in the report time zone of the pages.
var atToday = strings.NewReplacer("now()", "timestamptz '2025-11-13 12:00Z'", "current_date", "date '2025-11-13'")

const zone = "SET LOCAL TimeZone = 'Europe/Berlin';"

// TestCookbook asks a simulated company every question of the pages, of the demo
// and of the dashboards, and whether what comments say of its rows is true.
func TestCookbook(t *testing.T) {
	t.Parallel()
	a := company(t)
	checkAnswers(t, a)
	checkQuestions(t, a)
	checkBoards(t, a)
	relations, err := catalog.Read(t.Context(), storetest.Conn(t, a.config.Database.URL.Reveal()), "analytics")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range relations {
		checkTruth(t, a, r)
	}
}

// checkAnswers holds the pages to what the database answers.
func checkAnswers(t *testing.T, a *app) {
	t.Helper()
	for _, name := range asked {
		file := filepath.Join("../../docs", name)
		have, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		golden.Check(t, file, answered(t, a, string(have)))
	}
}

// checkTruth looks for rows of a view that its comments say there are none of.
func checkTruth(t *testing.T, a *app, r catalog.Relation) {
	t.Helper()
	view := pgx.Identifier{r.Schema, r.Name}.Sanitize()
	lies := []string{"rows share the key"}
	counts := []string{fmt.Sprintf("(SELECT count(*) FROM (SELECT FROM %s GROUP BY %s HAVING count(*) > 1) k)",
		view, strings.Join(quoted(r.Key), ", "))}
	for _, c := range r.Columns {
		name := quoted([]string{c.Name})[0]
		if !c.Nullable {
			lies = append(lies, c.Name+" is null")
			counts = append(counts, fmt.Sprintf("count(*) FILTER (WHERE %s IS NULL)", name))
		}
		if len(c.Values) > 0 {
			lies = append(lies, c.Name+" is none of "+strings.Join(c.Values, ", "))
			counts = append(counts, fmt.Sprintf("count(*) FILTER (WHERE %s <> ALL ('{%s}'))", name,
				strings.Join(c.Values, ",")))
		}
	}
	answer, err := a.db.Ask(t.Context(), "SELECT "+strings.Join(counts, ", ")+" FROM "+view)
	if err != nil {
		t.Errorf("%s: %v", view, err)
		return
	}
	for i, n := range answer.Rows[0] {
		if n != "0" {
			t.Errorf("%s: %s, %s times", view, lies[i], n)
		}
	}
}

func quoted(names []string) (list []string) {
	for _, name := range names {
		list = append(list, pgx.Identifier{name}.Sanitize())
	}
	return list
}

// company has read all there is of a simulated tenant, whose analysts have filled
// their lists as the cookbook says.
func company(t *testing.T) *app {
	return companyOf(t, graphsim.Config{Users: 100, CallsPerDay: 150, RecordsPerDay: 40})
}

// companyOf is one of another size.
func companyOf(t *testing.T, c graphsim.Config) *app {
	t.Helper()
	now := func() time.Time { return today }
	c.Seed, c.History, c.Now = 1, 20*24*time.Hour, now
	tenant := simulate(t, c)
	// In a cluster with others their transactions would hide what has changed.
	url := storetest.Database(t, storetest.Cluster(t, ""), "teams", true)
	a, jobs := opened(t, url, tenant, now)
	readAll(t, a, jobs)
	fillLists(t, url, tenant)
	if _, err := a.refreshRollups(quiet(t)); err != nil {
		t.Fatal(err)
	}
	return a
}

// opened is the program with all that there is of a tenant to read, at its time.
func opened(t *testing.T, url string, tenant *graphsim.Server, now func() time.Time) (*app, []*schedule.Job) {
	t.Helper()
	dir := t.TempDir()
	if err := configure(dir, url, "", tenant); err != nil {
		t.Fatal(err)
	}
	a, err := openFile(filepath.Join(dir, "config.yaml"), noEnvironment)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.db.Close)
	a.clock = fetch.Clock{Now: now, After: time.After}
	jobs, err := a.jobs()
	if err != nil {
		t.Fatal(err)
	}
	return a, jobs
}

// readAll reads all that is due.
func readAll(t *testing.T, a *app, jobs []*schedule.Job) {
	t.Helper()
	for _, o := range a.once(quiet(t), jobs) {
		if o.err != nil {
			t.Fatal(o.err)
		}
	}
}

// quiet is a command whose progress nobody sees.
func quiet(t *testing.T) *cobra.Command {
	cmd := newDemo()
	cmd.SetContext(t.Context())
	cmd.SetErr(io.Discard)
	return cmd
}

// noDaysToCome ends the calendars on the day of the pages: to compute the days
// since then would take longer than all else.
const noDaysToCome = `CREATE OR REPLACE FUNCTION ref.extend_calendars() RETURNS boolean LANGUAGE sql
	AS 'SELECT ref.fill_calendars(''2025-10-24'', ''2025-11-14'')'`

// fillLists fills those that every demo has, and does what the cookbook says.
func fillLists(t *testing.T, url string, tenant *graphsim.Server) {
	t.Helper()
	conn := storetest.Conn(t, url)
	if err := demo.FillLists(t.Context(), conn, tenant); err != nil {
		t.Fatal(err)
	}
	cookbook, err := os.ReadFile("../../docs/cookbook.md")
	if err != nil {
		t.Fatal(err)
	}
	orders := []string{noDaysToCome}
	for _, block := range blocks.FindAllStringSubmatch(string(cookbook), -1) {
		if !question(block[1]) {
			orders = append(orders, block[1])
		}
	}
	for _, sql := range orders {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%v, of:\n%s", err, sql)
		}
	}
}

// blocks are the SQL on a page, each with its answer if it has one.
var blocks = regexp.MustCompile("(?s)```sql\n(.*?)```\n(\n```text\n.*?```\n)?")

// question reports whether SQL asks. Other SQL changes something.
func question(sql string) bool {
	return strings.HasPrefix(sql, "SELECT ") || strings.HasPrefix(sql, "WITH ")
}

// answered is a page with the answers of the database.
func answered(t *testing.T, a *app, page string) string {
	t.Helper()
	return blocks.ReplaceAllStringFunc(page, func(block string) string {
		sql := blocks.FindStringSubmatch(block)[1]
		if !question(sql) {
			return block
		}
		answer, err := a.db.Ask(t.Context(), zone+atToday.Replace(sql))
		if err != nil {
			t.Errorf("%v, of:\n%s", err, sql)
			return block
		}
		if len(answer.Rows) == 0 {
			t.Errorf("no answer to:\n%s", sql)
		}
		var table bytes.Buffer
		if err := printTable(&table, answer); err != nil {
			t.Fatal(err)
		}
		return "```sql\n" + sql + "```\n\n```text\n" + table.String() + "```\n"
	})
}
