package boards

import (
	"fmt"
	"strings"

	"ingestd/internal/health"
)

// ingestion is the dashboard of the reading itself: is the data safe, how far
// is it, and what is in the way.
func ingestion() Board {
	all := tenants("prometheus", "label_values(ingestd_endpoint_state, tenant)")
	all["allValue"] = ".*"
	return newBoard("ingestd-ingestion", "Ingestion", "prometheus", "1m", variables{all},
		stat("Safe for", 6,
			"Time until Microsoft deletes the first thing that is not stored for good, if reading stops now.",
			"s", steps("red", step{48 * hour, "orange"}, step{7 * day, "green"}),
			query("", `min(ingestd_safe_until_timestamp_seconds{$T}) - time()`)),
		lines("Headroom", 18, "The same for each endpoint. It falls while nothing is read.", "s",
			query(byEndpoint, `ingestd_safe_until_timestamp_seconds{$T} - time()`)),
		timeline("States", 24, "How the reading of each endpoint goes.", states(),
			query(byEndpoint, stateNumber())),
		lines("Behind", 12, "Time since which rows are missing or may change. Healthy is the time to settle.", "s",
			query(byEndpoint, `time() - ingestd_watermark_timestamp_seconds{$T}`)),
		stack("Elements", 12, "What Graph served, by what became of it.", "cps",
			query("{{outcome}}", `sum by (outcome) (rate(ingestd_elements_total{$T}[$__rate_interval]))`)),
		stack("Requests", 12, "Requests to Graph and Entra by HTTP status; error: no answer.", "reqps",
			query("{{code}}", `sum by (code) (rate(ingestd_graph_requests_total{$T}[$__rate_interval]))`)),
		lines("Waits", 12, "Share of the time for which Graph lets an endpoint wait.", "percentunit",
			query(byEndpoint, `rate(ingestd_throttle_wait_seconds_total{$T}[$__rate_interval])`)),
		lines("Backlog", 8, "Call records listed, and not stored whole at their newest version.", "short",
			query("{{tenant}}", `ingestd_pending_records{$T}`)),
		lines("Run time", 8, "The time that 95 of 100 runs keep below.", "s",
			query("{{endpoint}}", `histogram_quantile(0.95, sum by (le, endpoint) `+
				`(rate(ingestd_run_duration_seconds_bucket[$__rate_interval])))`)),
		lines("Views behind", 8, "Time since the oldest change that views of hours, days and months do not show.", "s",
			query("", `time() - ingestd_rollups_stale_since_timestamp_seconds`)),
		table("Lost, parked, rejected", 14, "What needs a person. Look at it with: ingestd gaps, ingestd rejects.",
			column("lost (s)", `sum by (tenant, endpoint) (ingestd_lost_seconds{acknowledged="false", $T})`),
			column("parked slots", `sum by (tenant, endpoint) (ingestd_parked_slots{$T})`),
			column("rejects", `sum by (tenant, endpoint) (ingestd_open_rejects{$T})`)),
		table("Unknown members", 10, "Served without a column; kept in unknown_fields. For all tenants.",
			column("times", `sum by (endpoint, member) (ingestd_unknown_members_total)`)),
	)
}

const byEndpoint = "{{tenant}} {{endpoint}}"

const (
	hour = 3600
	day  = 24 * hour
)

// A named state has its place in the list as its number.
type named struct {
	state  health.State
	colour string
}

// states are those an endpoint can be in, with their colours.
func states() []named {
	return []named{
		{health.OnTime, "green"}, {health.CatchingUp, "blue"}, {health.Never, "text"}, {health.Late, "yellow"},
		{health.Throttled, "orange"}, {health.Down, "red"}, {health.Denied, "dark-red"}, {health.Paused, "#888"},
		{health.Removed, "#888"},
	}
}

// stateNumber is the number of the state that an endpoint is in. A timeline
// needs one series for each endpoint, and the metric has one for each state.
func stateNumber() string {
	var terms []string
	for i, s := range states() {
		term := `%d * max by (tenant, endpoint) (ingestd_endpoint_state{state="%s", $T})`
		terms = append(terms, fmt.Sprintf(term, i, s.state))
	}
	return strings.Join(terms, " + ")
}
