package fetch

import (
	"time"

	"ingestd/internal/mapping"
)

// smsMessages are text messages (Graph: callRecord: getSmsLog, resource
// smsLogRow). Rows may come without their id, and with a time outside the
// window asked for. Reach: no page says how far back Graph answers; 90 days is
// the longest window it takes. Settle: as for PSTN calls.
var smsMessages = Endpoint{
	Name:       "sms_messages",
	Permission: "CallRecords.Read.All",
	APIs:       []string{"beta"},
	Reach:      90 * day,
	Settle:     72 * time.Hour,
	Slot:       day,
	Span:       30 * day,
	EventTime:  "sent_at",
	function:   "getSmsLog",
	Rows: mapping.Table("sms_messages",
		mapping.Key("id", "id", mapping.ID).
			Else("id_source", "smsId", "sentDateTime", "sourceNumber", "destinationNumber", "smsType"),
		mapping.Col("smsId", "sms_id", mapping.ID),
		mapping.Col("userId", "user_id", mapping.UUID),
		mapping.Col("userPrincipalName", "user_principal_name", mapping.Text),
		mapping.Col("userDisplayName", "user_display_name", mapping.Text),
		mapping.Col("userCountryCode", "user_country_code", mapping.Text),
		mapping.Col("tenantCountryCode", "tenant_country_code", mapping.Text),
		mapping.Col("otherPartyCountryCode", "other_party_country_code", mapping.Text),
		mapping.Col("sourceNumber", "source_number", mapping.Text),
		mapping.Col("destinationNumber", "destination_number", mapping.Text),
		mapping.Col("sentDateTime", "sent_at", mapping.Timestamp),
		mapping.Col("callCharge", "call_charge", mapping.Numeric),
		mapping.Col("currency", "currency", mapping.Text),
		mapping.Col("smsType", "sms_type", mapping.Text),
		mapping.Col("destinationContext", "destination_context", mapping.Text),
		mapping.Col("destinationName", "destination_name", mapping.Text),
		mapping.Col("licenseCapability", "license_capability", mapping.Text),
		mapping.Col("smsUnits", "sms_units", mapping.Int4),
		mapping.List("administrativeUnitInfos", "administrative_unit_ids", "id"),
	),
}
