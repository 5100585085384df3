package migrations_test

import (
	"strings"
	"testing"

	"ingestd/internal/store/storetest"
)

// The planner puts rules into the query that calls them, and knows the index of
// voice apps by the rule's name. A rule that it calls for each row would cost five
// times as much.
func TestPlannerSeesThroughRules(t *testing.T) {
	t.Parallel()
	conn := storetest.Conn(t, storetest.URL(t))
	run(t, conn, "SET enable_seqscan = off")
	plan := func(query string) string {
		var lines []string
		for _, row := range run(t, conn, "EXPLAIN (VERBOSE) "+query)[1:] {
			lines = append(lines, row[0])
		}
		return strings.Join(lines, "\n")
	}
	for _, query := range []string{
		`SELECT media_kind, quality, poor_reasons FROM analytics.call_quality_streams`,
		`SELECT analytics.pct(version, session_count), analytics.blame(version) FROM teams.call_records`,
		`SELECT FROM live.voice_calls`,
	} {
		if p := plan(query); strings.Contains(p, "analytics.") {
			t.Errorf("%s calls a rule:\n%s", query, p)
		}
	}
	if p := plan(`SELECT * FROM live.voice_calls`); !strings.Contains(p, "session_endpoints_voice_app") {
		t.Errorf("live.voice_calls does not use its index:\n%s", p)
	}
	// What is not asked for is not joined.
	p := plan(`SELECT attempt_at, duration_s FROM analytics.telephony_calls`)
	for _, table := range []string{"pstn_matches", "calling_codes"} {
		if strings.Contains(p, table) {
			t.Errorf("telephony_calls reads %s for nothing:\n%s", table, p)
		}
	}
	p = plan(`SELECT quality, call_start_at FROM analytics.call_quality_streams`)
	for _, table := range []string{"teams.segments ", "teams.media_endpoints", "teams.segment_endpoints"} {
		if strings.Contains(p, table) {
			t.Errorf("call_quality_streams reads %s for nothing:\n%s", table, p)
		}
	}
}
