package main

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"ingestd/internal/graphsim"
	"ingestd/internal/mapping/mappingtest"
)

// The commands of scripts about call records. What is lost depends on the
// computer's clock, so the calls of these scripts are dated from now.

// ago NAME DURATION sets a variable to a time in the past.
func ago(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, "NAME", "DURATION")
	ts.Setenv(args[0], time.Now().UTC().Add(-duration(ts, args[1])).Format(time.RFC3339))
}

func duration(ts *testscript.TestScript, text string) time.Duration {
	d, err := time.ParseDuration(text)
	ts.Check(err)
	return d
}

// serve FILE... starts a tenant that serves the call records of files, with
// variables replaced, and writes a config.yaml for them alone.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: serve FILE...")
	}
	s := stageOf(ts)
	now := func() time.Time { return time.Now().Add(-time.Duration(s.behind.Load())) }
	c := graphsim.Config{CallsPerDay: -1, Now: now}
	for _, file := range args {
		record := graphsim.CallRecord{JSON: []byte(expanded(ts, file))}
		var call struct{ StartDateTime time.Time }
		ts.Check(json.Unmarshal(record.JSON, &call))
		record.Start, record.Available = call.StartDateTime, call.StartDateTime
		c.Records = append(c.Records, record)
	}
	var err error
	s.Server, err = graphsim.Start(c)
	ts.Check(err)
	ts.Defer(func() { s.Close() })
	ts.Check(configure(ts.Getenv("WORK"), ts.Getenv("DATABASE_URL"), "call_records", s.Server))
}

func expanded(ts *testscript.TestScript, file string) string {
	return os.Expand(ts.ReadFile(file), ts.Getenv)
}

// clock DURATION|now sets Graph's clock so far back, or ahead if it is negative,
// or to what this machine's shows.
func setClock(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, "DURATION|now")
	if args[0] == "now" {
		stageOf(ts).behind.Store(int64(time.Until(stageOf(ts).begun)))
		return
	}
	stageOf(ts).behind.Store(int64(duration(ts, args[0])))
}

// refuse STATUS ID... answers so, from now on, to every request for certain
// call records.
func refuse(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: refuse STATUS ID...")
	}
	status, err := strconv.Atoi(args[0])
	ts.Check(err)
	stageOf(ts).SetFaults(func(r graphsim.Request) graphsim.Fault {
		if r.CallID != "" && strings.Contains(strings.Join(args[1:], " "), r.CallID) {
			return graphsim.Fault{Status: status}
		}
		return graphsim.Fault{}
	})
}

// same FILE demands that the last command printed the document of a file, with
// variables replaced, but for what is promised to differ.
func same(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg, args, "FILE")
	want, err := mappingtest.Normal([]byte(expanded(ts, args[0])))
	ts.Check(err)
	got, err := mappingtest.Normal([]byte(ts.ReadFile("stdout")))
	ts.Check(err)
	if diff := cmp.Diff(want, got); diff != "" {
		ts.Fatalf("served (-) and shown (+) differ:\n%s", diff)
	}
}
