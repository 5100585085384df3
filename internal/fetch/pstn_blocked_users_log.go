package fetch

import (
	"time"

	"ingestd/internal/mapping"
)

// pstnBlockedUsersLog are the events of users being blocked from calling the
// PSTN and unblocked again (Graph: callRecord: getPstnBlockedUsersLog,
// resource pstnBlockedUsersLogRow). Rows have no id, and the two events of one
// remediation share its id. Reach: no page says how far back Graph answers; 90
// days is the longest window it takes. Settle: as for PSTN calls.
var pstnBlockedUsersLog = Endpoint{
	Name:       "pstn_blocked_users_log",
	Permission: "CallRecords.Read.All",
	APIs:       []string{"beta"},
	Reach:      90 * day,
	Settle:     72 * time.Hour,
	Slot:       day,
	Span:       30 * day,
	EventTime:  "block_at",
	function:   "getPstnBlockedUsersLog",
	Rows: mapping.Table(
		"pstn_blocked_users_log",
		mapping.HashKey(
			"event_key",
			"userId",
			"blockDateTime",
			"userBlockMode",
			"userTelephoneNumber",
			"remediationId",
		),
		mapping.Col("userId", "user_id", mapping.UUID),
		mapping.Col("userPrincipalName", "user_principal_name", mapping.Text),
		mapping.Col("userDisplayName", "user_display_name", mapping.Text),
		mapping.Col("userTelephoneNumber", "user_telephone_number", mapping.Text),
		mapping.Col("blockDateTime", "block_at", mapping.Timestamp),
		mapping.Col("blockReason", "block_reason", mapping.Text),
		mapping.Col("userBlockMode", "user_block_mode", mapping.LowerText),
		mapping.Col("remediationId", "remediation_id", mapping.ID),
	),
}
