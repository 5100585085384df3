package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/testscript"

	"ingestd/internal/graphsim"
)

// The commands that scripts have besides those of testscript.

// A stage is the tenant that a script is about.
type stage struct {
	*graphsim.Server
	begun  time.Time    // when its clock stands
	behind atomic.Int64 // how far its clock is behind that, in nanoseconds
}

type stageKey struct{}

func stageOf(ts *testscript.TestScript) *stage { return ts.Value(stageKey{}).(*stage) }

// usage ends a script that calls a command with too few or too many words.
func usage(ts *testscript.TestScript, neg bool, got []string, want ...string) {
	if neg || len(got) != len(want) {
		ts.Fatalf("usage: %s", strings.Join(want, " "))
	}
}

// edit OLD NEW writes edited.yaml: config.yaml with the one place of a text
// replaced.
func edit(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, "OLD", "NEW")
	text := ts.ReadFile("config.yaml")
	if n := strings.Count(text, args[0]); n != 1 {
		ts.Fatalf("config.yaml holds %q %d times, not once", args[0], n)
	}
	ts.Check(os.WriteFile(ts.MkAbs("edited.yaml"), []byte(strings.Replace(text, args[0], args[1], 1)), 0o600))
}

// exits CODE COMMAND... executes a command that must end with an exit code, or
// one of several: 0|3.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	got := 0
	err := ts.Exec(args[1], args[2:]...)
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		got = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if !slices.Contains(strings.Split(args[0], "|"), fmt.Sprint(got)) {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// oneline demands that the last command wrote exactly one line to its standard
// error.
func oneLine(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args)
	if text := ts.ReadFile("stderr"); strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, "ingestd: ") {
		ts.Fatalf("stderr is not one line that begins with the program's name: %q", text)
	}
}

// silent demands that the last command wrote nothing to its standard error but how it
// got on, which is said of what takes long.
func silent(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args)
	for line := range strings.Lines(ts.ReadFile("stderr")) {
		if !howFar.MatchString(line) {
			ts.Fatalf("stderr has %q", line)
		}
	}
}

var howFar = regexp.MustCompile(`^[^:]+: [0-9,]+ of [0-9,]+ `)

// signal NAME sends a signal to the commands in the background.
func sendSignal(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, "NAME")
	signals := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM}
	for _, cmd := range ts.BackgroundCmds() {
		ts.Check(cmd.Process.Signal(signals[args[0]]))
	}
}

// deny true|false takes the application's permission away, or gives it back.
func deny(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, "true|false")
	stageOf(ts).SetDenied(args[0] == "true")
}

// shutdown takes the tenant away.
func shutdown(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args)
	ts.Check(stageOf(ts).Close())
}

// found NAME REGEXP sets a variable to what a regular expression, with one group,
// finds in what the last command printed.
func found(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, "NAME", "REGEXP")
	match := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if match == nil {
		ts.Fatalf("%s finds nothing", args[1])
	}
	ts.Setenv(args[0], match[1])
}

// conforms demands that the last command printed a status that keeps to its
// schema.
func conforms(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args)
	text, err := os.ReadFile("../../docs/status.schema.json")
	ts.Check(err)
	var schema jsonschema.Schema
	ts.Check(json.Unmarshal(text, &schema))
	resolved, err := schema.Resolve(nil)
	ts.Check(err)
	var status any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &status))
	ts.Check(resolved.Validate(status))
}

// sql URL STATEMENT prints the answer, one row a line.
func query(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, "URL", "STATEMENT")
	rows, err := ask(args[0], args[1])
	ts.Check(err)
	out := ts.Stdout() // also where there is nothing to print
	for _, row := range rows {
		fmt.Fprintln(out, row)
	}
}

// until URL QUERY waits for the answer t, for true.
func until(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, "URL", "QUERY")
	ts.Check(waitFor(args[0], args[1]))
}

// writes SCHEMAS prints how many rows were ever written to the tables of
// schemas, a list with commas.
func writes(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, "SCHEMAS")
	n, err := written(ts.Getenv("DATABASE_URL"), args[0])
	ts.Check(err)
	fmt.Fprintln(ts.Stdout(), n)
}

// untouched demands that nothing was ever written to the migrated database and
// nothing asked of the tenant.
func untouched(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args)
	n, err := written(ts.Getenv("DATABASE_URL"), "ingest,teams")
	ts.Check(err)
	asked := slices.Sorted(maps.Keys(stageOf(ts).Requests().Answers))
	if n != "0" || len(asked) > 0 {
		ts.Fatalf("%s rows written and %q asked, want neither", n, asked)
	}
}

// written waits until the sessions of the database have ended, which is when
// the server has counted all that they did. It leaves out teams.users: rows are
// taken into it once all earlier transactions of the server have ended, those of
// other tests too.
func written(url, schemas string) (string, error) {
	if err := waitFor(url, `SELECT count(*) = 0 FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = 'ingestd'`); err != nil {
		return "", err
	}
	rows, err := ask(url, `SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables
		WHERE schemaname = ANY (string_to_array('`+schemas+`', ',')) AND relname <> 'users'`)
	return strings.Join(rows, ""), err
}

// waitFor polls until the answer to a query is t, for true.
func waitFor(url, sql string) error {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		rows, err := ask(url, sql)
		if err != nil {
			return err
		}
		if slices.Equal(rows, []string{"t"}) {
			return nil
		}
	}
	return fmt.Errorf("not true after %v: %s", patience, sql)
}

// ask returns the rows of the answer to a statement, as text with tabs.
func ask(url, sql string) ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	results, err := conn.PgConn().Exec(ctx, sql).ReadAll() // the simple protocol answers in text
	var rows []string
	for _, result := range results {
		for _, row := range result.Rows {
			rows = append(rows, string(bytes.Join(row, []byte("\t"))))
		}
	}
	return rows, err
}
