package migrations_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"ingestd/internal/catalog"
	"ingestd/internal/golden"
	"ingestd/internal/store/storetest"
)

const contractFile = "testdata/contract.txt"

// A contract is the columns of views, each with its type, in order.
type contract map[string][]string

// known are the types that tools know what to do with.
var known = []string{
	"uuid", "text", "boolean", "integer", "bigint", "numeric", "double precision", "date",
	"timestamp with time zone", "timestamp without time zone",
}

// What people have written on schema analytics goes on working: its views gain
// columns at their end and change in no other way.
func TestContract(t *testing.T) {
	t.Parallel()
	relations, err := catalog.Read(t.Context(), storetest.Conn(t, storetest.URL(t)), "analytics")
	if err != nil {
		t.Fatal(err)
	}
	now := contract{}
	for _, r := range relations {
		for _, c := range r.Columns {
			now[r.Name] = append(now[r.Name], c.Name+" "+c.Type)
			if r.Name != "change_feed" && !slices.Contains(known, c.Type) {
				t.Errorf("%s.%s is %s, which many tools do not know: give it as text", r.Name, c.Name, c.Type)
			}
		}
	}
	frozen := readContract(t)
	breaks := frozen.breaks(now)
	for _, why := range breaks {
		t.Errorf("%s; queries of customers would fail: take it back, or make it in a schema analytics_v2", why)
	}
	if golden.Updating() && len(breaks) == 0 {
		golden.Write(t, contractFile, []byte(now.String()))
		frozen = now
	}
	for _, what := range frozen.additions(now) {
		t.Errorf("%s, not in %s yet; once it is as it shall stay, freeze it with: "+
			"go test ./migrations -run TestContract -update", what, contractFile)
	}
}

// String lists views and their columns, each view after a blank line.
func (c contract) String() string {
	var b strings.Builder
	b.WriteString("# The views of schema analytics with the names, types and order of their columns. A test holds\n" +
		"# the migrations to it: columns are added at the end of a view, and nothing else changes.\n")
	for _, view := range slices.Sorted(maps.Keys(c)) {
		fmt.Fprintf(&b, "\n%s\n", view)
		for _, column := range c[view] {
			fmt.Fprintf(&b, "\t%s\n", column)
		}
	}
	return b.String()
}

// readContract reads what String wrote.
func readContract(t *testing.T) contract {
	t.Helper()
	text, err := os.ReadFile(contractFile)
	if err != nil {
		t.Fatal(err)
	}
	c, view := contract{}, ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		switch column, isColumn := strings.CutPrefix(line, "\t"); {
		case isColumn:
			c[view] = append(c[view], column)
		case line != "" && line[0] != '#':
			view = line
		}
	}
	return c
}

// breaks are the reasons why what was written on c fails on another contract.
func (c contract) breaks(now contract) (why []string) {
	for _, view := range slices.Sorted(maps.Keys(c)) {
		if now[view] == nil {
			why = append(why, fmt.Sprintf("view %s is gone", view))
			continue
		}
		for i, column := range c[view] {
			if i >= len(now[view]) {
				why = append(why, fmt.Sprintf("view %s lacks its last columns, from %s on", view, column))
				break
			}
			if now[view][i] != column {
				why = append(why, fmt.Sprintf("column %d of view %s was %s and is %s", i+1, view, column, now[view][i]))
				break
			}
		}
	}
	return why
}

// additions are what another contract has beyond c.
func (c contract) additions(now contract) (what []string) {
	for _, view := range slices.Sorted(maps.Keys(now)) {
		if c[view] == nil {
			what = append(what, fmt.Sprintf("view %s is new", view))
		} else if have := len(c[view]); len(now[view]) > have && slices.Equal(now[view][:have], c[view]) {
			what = append(what, fmt.Sprintf("view %s has new columns, %s", view, strings.Join(now[view][have:], ", ")))
		}
	}
	return what
}

// Whatever breaks a query is told from what does not.
func TestContractBreaks(t *testing.T) {
	t.Parallel()
	was := contract{"calls": {"call_id uuid", "start_at timestamp with time zone", "is_final boolean"}}
	for _, c := range []struct {
		name, breaks, adds string
		now                contract
	}{
		{name: "nothing", now: was},
		{name: "a column at the end", adds: "view calls has new columns, kind text",
			now: contract{"calls": {was["calls"][0], was["calls"][1], was["calls"][2], "kind text"}}},
		{name: "a view more", adds: "view legs is new", now: contract{"calls": was["calls"], "legs": {"n integer"}}},
		{name: "a view less", breaks: "view calls is gone", now: contract{}},
		{name: "a column less", breaks: "view calls lacks its last columns, from is_final boolean on",
			now: contract{"calls": was["calls"][:2]}},
		{name: "a column in between", breaks: "column 1 of view calls was call_id uuid and is kind text",
			now: contract{"calls": append([]string{"kind text"}, was["calls"]...)}},
		{name: "another type", breaks: "column 1 of view calls was call_id uuid and is call_id text",
			now: contract{"calls": append([]string{"call_id text"}, was["calls"][1:]...)}},
	} {
		if got := strings.Join(was.breaks(c.now), "; "); got != c.breaks {
			t.Errorf("%s breaks %q, want %q", c.name, got, c.breaks)
		}
		if got := strings.Join(was.additions(c.now), "; "); got != c.adds {
			t.Errorf("%s adds %q, want %q", c.name, got, c.adds)
		}
	}
}
