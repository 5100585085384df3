package schedule_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ingestd/internal/graphsim"
	"ingestd/internal/mapping"
	"ingestd/internal/schedule/scheduletest"
	"ingestd/internal/store/storetest"
)

// Members without a column are noted with when they were first served. That
// outlives the process, and more than some of them are one.
func TestUnknownMembersAreNoted(t *testing.T) {
	t.Parallel()
	w := scheduletest.New(t, week())
	serve := func(members string) {
		w.Graph.SetFaults(func(r graphsim.Request) graphsim.Fault {
			if r.API == "" {
				return graphsim.Fault{}
			}
			return graphsim.Fault{Poison: [][]byte{fmt.Appendf(nil, `{"id": "one", %s}`, members)}}
		})
		w.Advance(time.Hour)
		_, _ = w.Try(t.Context()) // the element may be a reject
		w.Derive()
	}
	noted := func() map[string]string {
		got := map[string]string{}
		rows, err := w.Conn.Query(t.Context(), `SELECT member, first_seen_at::text FROM ingest.unknown_members`)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values, err := rows.Values()
			if err != nil {
				t.Fatal(err)
			}
			got[values[0].(string)] = values[1].(string)
		}
		return got
	}
	serve(`"tariff": 1, "a b": "Bob", "mood": 2`)
	first := noted()
	if len(first) != 3 || first["tariff"] == "" || first["mood"] == "" || first[mapping.Other] == "" {
		t.Fatalf("noted %v", first)
	}
	w = w.Twin()
	serve(`"tariff": 1, "mood": 2`)
	if diff := cmp.Diff(first, noted()); diff != "" {
		t.Errorf("after a restart (-before +after)\n%s", diff)
	}
	many := `"tariff": 1`
	for i := range 2 * mapping.MostNames {
		many += fmt.Sprintf(`, "member%d": 1`, i)
	}
	serve(many)
	if n := storetest.Query[int](t, w.Conn, `SELECT count(*) FROM ingest.unknown_members`); n != mapping.MostNames+1 {
		t.Errorf("%d names are noted", n)
	}
}
