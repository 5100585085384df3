package web

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ingestd/internal/browsertest"
	"ingestd/internal/config"
	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
	"ingestd/internal/schedule"
	"ingestd/internal/store"
)

// scrape is what Prometheus gets of a scene after some work.
func scrape(t *testing.T, s scene) string {
	t.Helper()
	counters := NewCounters()
	contoso := counters.Of("contoso")
	contoso.Answered("call_records", 200, 80*time.Millisecond)
	contoso.Answered("call_records", 429, 20*time.Millisecond)
	contoso.Answered("token", 0, time.Second)
	contoso.Waited("call_records", 1500*time.Millisecond)
	contoso.Ran(schedule.Ended{
		Endpoint: "call_records", Result: "ok", Took: 12 * time.Second,
		Report: schedule.Report{Details: 7, Rows: store.Counts{New: 7, Unchanged: 3}},
		Strange: map[mapping.Strange]int{
			{Table: "call_records", Member: "mood"}:                        2,
			{Table: "call_record_sessions", Member: "newThing"}:            1,
			{Table: "call_records", Member: "a \"name\" to be wary of"}:    1,
			{Table: "call_records", Member: "startDateTime", Misfit: true}: 4,
		},
	})
	registry := prometheus.NewRegistry()
	counters.Register(registry, NewSurvey(s))
	return bodyOf(t, newHandler(config.Server{Listen: "127.0.0.1:8080"}, s, registry), "/metrics")
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	s := trouble()
	denied := &s.snapshot.Tenants[0].Endpoints[0]
	denied.OpenRejects, denied.StoredRejects = 2, 5
	got := scrape(t, s)
	for _, want := range []string{
		`ingestd_build_info{goversion="`,
		`ingestd_endpoint_state{endpoint="call_records",state="denied",tenant="fabrikam"} 1`,
		`ingestd_endpoint_state{endpoint="call_records",state="on_time",tenant="fabrikam"} 0`,
		`ingestd_endpoint_flag{endpoint="call_records",flag="expiring",tenant="fabrikam"} 1`,
		`ingestd_safe_until_timestamp_seconds{endpoint="call_records",tenant="fabrikam"} 1.7958132e+09`,
		`ingestd_consecutive_failures{endpoint="call_records",tenant="fabrikam"} 654`,
		`ingestd_unread_seconds{endpoint="call_records",tenant="fabrikam"} 2.35272e+06`,
		`ingestd_pending_records{tenant="contoso"} 12033`,
		`ingestd_lost_seconds{acknowledged="false",endpoint="call_records",tenant="contoso"} 14400`,
		`ingestd_parked_records{tenant="contoso"} 2`,
		`ingestd_open_rejects{endpoint="call_records",stored="false",tenant="fabrikam"} 2`,
		`ingestd_open_rejects{endpoint="call_records",stored="true",tenant="fabrikam"} 5`,
		`ingestd_clock_skew_seconds{tenant="contoso"} 0.4`,
		`ingestd_database_up 1`,
		`ingestd_rollups_stale_since_timestamp_seconds 1.79570346e+09`,
		`ingestd_graph_requests_total{code="429",endpoint="call_records",tenant="contoso"} 1`,
		`ingestd_graph_requests_total{code="error",endpoint="token",tenant="contoso"} 1`,
		`ingestd_throttle_wait_seconds_total{endpoint="call_records",tenant="contoso"} 1.5`,
		`ingestd_elements_total{endpoint="call_records",outcome="unchanged",tenant="contoso"} 3`,
		`ingestd_records_stored_total{tenant="contoso"} 7`,
		`ingestd_runs_total{endpoint="call_records",result="ok",tenant="contoso"} 1`,
		`ingestd_run_duration_seconds_bucket{endpoint="call_records",le="30"} 1`,
		`ingestd_unknown_members_total{endpoint="call_records",member="mood"} 2`,
		`ingestd_unknown_members_total{endpoint="call_records",member="call_record_sessions.newThing"} 1`,
		`ingestd_unknown_members_total{endpoint="call_records",member="other"} 1`,
		`ingestd_unknown_member_first_seen_timestamp_seconds{endpoint="pstn_calls",member="tariff"} 1.7951616e+09`,
		`ingestd_misfits_total{column="startDateTime",endpoint="call_records"} 4`,
		`ingestd_database_connections{use="max"} 4`,
		`go_goroutines `, `process_resident_memory_bytes `,
	} {
		if !strings.Contains(got, "\n"+want) {
			t.Errorf("there is no %s", want)
		}
	}
	closed := strings.Fields(`tenant endpoint state flag code outcome result member column stored acknowledged le use
		version revision goversion`)
	labels := regexp.MustCompile(`(\w+)="`)
	for _, line := range regexp.MustCompile(`(?m)^ingestd_[a-z_]+\{.*\}`).FindAllString(got, -1) {
		for _, label := range labels.FindAllStringSubmatch(line, -1) {
			if !slices.Contains(closed, label[1]) {
				t.Errorf("a label that is not wanted: %s", line)
			}
		}
	}
}

// TestMetricsWithoutDatabase says that nothing is known rather than what was.
func TestMetricsWithoutDatabase(t *testing.T) {
	t.Parallel()
	got := scrape(t, unanswered())
	for _, name := range []string{"endpoint_state", "safe_until_timestamp_seconds", "lost_seconds", "pending_records"} {
		if strings.Contains(got, "\ningestd_"+name) {
			t.Errorf("%s is there though the database does not answer", name)
		}
	}
	for _, want := range []string{"ingestd_database_up 0", "ingestd_survey_timestamp_seconds ", "ingestd_runs_total{"} {
		if !strings.Contains(got, "\n"+want) {
			t.Errorf("there is no %s", want)
		}
	}
}

// TestMembersAreBounded keeps names that come from outside from filling the
// memory of whoever scrapes.
func TestMembersAreBounded(t *testing.T) {
	t.Parallel()
	c := NewCounters()
	labels := map[string]bool{}
	for i := range 3 * mapping.MostNames {
		label := c.label(fetch.CallRecords.Name, "member"+strings.Repeat("x", i%90)+string(rune('a'+i%26)))
		labels[label] = true
		if i < mapping.MostNames && label == mapping.Other {
			t.Errorf("name %d has no label", i)
		}
	}
	if len(labels) != mapping.MostNames+1 {
		t.Errorf("%d labels, want %d", len(labels), mapping.MostNames+1)
	}
}

// TestPromtool has Prometheus's own linter look at the metrics.
func TestPromtool(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("promtool")
	if found, _ := filepath.Abs("../../.tools/bin/promtool"); err != nil {
		tool = found
	}
	if _, err := os.Stat(tool); err != nil {
		browsertest.SkipUnlessCI(t, "there is no promtool; make tools installs it")
	}
	check := exec.Command(tool, "check", "metrics")
	check.Stdin = strings.NewReader(scrape(t, trouble()))
	if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}
