package fetch

import (
	"time"

	"ingestd/internal/mapping"
)

// pstnCalls are calls over Calling Plans, Operator Connect and audio
// conferencing (Graph: callRecord: getPstnCalls, resource pstnCallLogRow).
// Reach: the Teams admin centre keeps a year. Settle: the same reports are
// complete after one to two days, and a third is for what comes late.
var pstnCalls = Endpoint{
	Name:       "pstn_calls",
	Permission: "CallRecords.Read.All",
	APIs:       []string{"v1.0", "beta"},
	Reach:      365 * day,
	Settle:     72 * time.Hour,
	Slot:       day,
	Span:       30 * day,
	EventTime:  "start_at",
	function:   "getPstnCalls",
	Rows: mapping.Table("pstn_calls",
		mapping.Key("id", "id", mapping.ID),
		mapping.Col("callId", "call_id", mapping.IndexedText),
		mapping.Col("userId", "user_id", mapping.UUID),
		mapping.Col("userPrincipalName", "user_principal_name", mapping.Text),
		mapping.Col("userDisplayName", "user_display_name", mapping.Text),
		mapping.Col("startDateTime", "start_at", mapping.Timestamp),
		mapping.Col("endDateTime", "end_at", mapping.Timestamp),
		mapping.Col("duration", "duration_s", mapping.Int4),
		mapping.Col("callType", "call_type", mapping.Text),
		mapping.Col("callerNumber", "caller_number", mapping.Text),
		mapping.Col("calleeNumber", "callee_number", mapping.Text),
		mapping.Col("charge", "charge", mapping.Numeric),
		mapping.Col("connectionCharge", "connection_charge", mapping.Numeric),
		mapping.Col("currency", "currency", mapping.Text),
		mapping.Col("conferenceId", "conference_id", mapping.Text),
		mapping.Col("destinationContext", "destination_context", mapping.Text),
		mapping.Col("destinationName", "destination_name", mapping.Text),
		mapping.Col("inventoryType", "inventory_type", mapping.Text),
		mapping.Col("licenseCapability", "license_capability", mapping.Text),
		mapping.Col("operator", "operator", mapping.Text),
		mapping.Col("callDurationSource", "call_duration_source", mapping.Text),
		mapping.Col("usageCountryCode", "usage_country_code", mapping.Text),
		mapping.Col("tenantCountryCode", "tenant_country_code", mapping.Text),
		// In beta only:
		mapping.Col("otherPartyCountryCode", "other_party_country_code", mapping.Text),
		mapping.List("administrativeUnitInfos", "administrative_unit_ids", "id"),
		mapping.Col("clientLocalIpV4Address", "client_local_ip_v4_address", mapping.Inet),
		mapping.Col("clientLocalIpV6Address", "client_local_ip_v6_address", mapping.Inet),
		mapping.Col("clientPublicIpV4Address", "client_public_ip_v4_address", mapping.Inet),
		mapping.Col("clientPublicIpV6Address", "client_public_ip_v6_address", mapping.Inet),
	),
}
