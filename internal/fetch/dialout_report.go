package fetch

import (
	"time"

	"ingestd/internal/mapping"
)

// dialoutReport sums up the calls that audio conferences made, by organizer
// and kind of destination (Graph beta: callRecord:
// getPstnOnlineMeetingDialoutReport, resource pstnOnlineMeetingDialoutReport).
// It is no log but an aggregate of the window asked, so it is asked only for
// whole UTC days that have ended, and each answer replaces the one before.
// Reach: none is documented; its rows come from the same store as the SMS log.
var dialoutReport = Endpoint{
	Name:       "dialout_report",
	Permission: "CallRecords.Read.All",
	APIs:       []string{"beta"},
	Reach:      90 * day,
	Settle:     72 * time.Hour,
	Slot:       day,
	Span:       day,
	EventTime:  "window_from",
	Aggregate:  true,
	function:   "getPstnOnlineMeetingDialoutReport",
	Rows: mapping.Table("dialout_report",
		mapping.HashKey("report_key", "userId", "usageLocation", "destinationContext", "currency"),
		mapping.Col("userId", "user_id", mapping.UUID),
		mapping.Col("userPrincipalName", "user_principal_name", mapping.Text),
		mapping.Col("userDisplayName", "user_display_name", mapping.Text),
		mapping.Col("usageLocation", "usage_location", mapping.Text),
		mapping.Col("destinationContext", "destination_context", mapping.Text),
		mapping.Col("currency", "currency", mapping.Text),
		mapping.Col("totalCalls", "total_calls", mapping.Int4),
		mapping.Col("totalCallSeconds", "total_call_seconds", mapping.Int4),
		mapping.Col("totalCallCharge", "total_call_charge", mapping.Numeric),
	),
}
