package fetch

import (
	"time"

	"ingestd/internal/mapping"
)

// directRoutingCalls are calls over the customer's own session border
// controllers (Graph: callRecord: getDirectRoutingCalls, resource
// directRoutingLogRow). Reach: the Teams admin centre keeps 150 days. Settle:
// as for PSTN calls, whose reports they share. Windows apply to the start of
// the call; a call that failed has one too, that of its invite or failure.
var directRoutingCalls = Endpoint{
	Name:       "direct_routing_calls",
	Permission: "CallRecords.Read.All",
	APIs:       []string{"v1.0", "beta"},
	Reach:      150 * day,
	Settle:     72 * time.Hour,
	Slot:       day,
	Span:       30 * day,
	EventTime:  "start_at",
	function:   "getDirectRoutingCalls",
	Rows: mapping.Table("direct_routing_calls",
		mapping.Key("id", "id", mapping.ID),
		mapping.Col("correlationId", "correlation_id", mapping.UUID),
		mapping.Col("userId", "user_id", mapping.UUID),
		mapping.Col("userPrincipalName", "user_principal_name", mapping.Text),
		mapping.Col("userDisplayName", "user_display_name", mapping.Text),
		mapping.Col("inviteDateTime", "invite_at", mapping.Timestamp),
		mapping.Col("startDateTime", "start_at", mapping.Timestamp),
		mapping.Col("failureDateTime", "failure_at", mapping.Timestamp),
		mapping.Col("endDateTime", "end_at", mapping.Timestamp),
		mapping.Col("duration", "duration_s", mapping.Int4),
		mapping.Col("callType", "call_type", mapping.Text),
		mapping.Col("successfulCall", "successful_call", mapping.Bool),
		mapping.Col("callerNumber", "caller_number", mapping.Text),
		mapping.Col("calleeNumber", "callee_number", mapping.Text),
		mapping.Col("mediaPathLocation", "media_path_location", mapping.Text),
		mapping.Col("signalingLocation", "signaling_location", mapping.Text),
		mapping.Col("finalSipCode", "final_sip_code", mapping.Int4),
		mapping.Col("callEndSubReason", "call_end_sub_reason", mapping.Int8),
		mapping.Col("finalSipCodePhrase", "final_sip_code_phrase", mapping.Text),
		mapping.Col("trunkFullyQualifiedDomainName", "trunk_fqdn", mapping.IndexedText),
		mapping.Col("mediaBypassEnabled", "media_bypass_enabled", mapping.Bool),
		// In beta only:
		mapping.Col("transferorCorrelationId", "transferor_correlation_id", mapping.UUID),
		mapping.Col("userCountryCode", "user_country_code", mapping.Text),
		mapping.Col("otherPartyCountryCode", "other_party_country_code", mapping.Text),
		mapping.List("administrativeUnitInfos", "administrative_unit_ids", "id"),
	),
}
