package mapping_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"ingestd/internal/bench"
	. "ingestd/internal/mapping"
)

// row is what encoding/json decodes a row of the benchmark into.
type row struct {
	ID                string    `json:"id"`
	CallID            *string   `json:"callId"`
	UserID            *string   `json:"userId"`
	UserPrincipalName *string   `json:"userPrincipalName"`
	UserDisplayName   *string   `json:"userDisplayName"`
	StartDateTime     time.Time `json:"startDateTime"`
	EndDateTime       time.Time `json:"endDateTime"`
	Duration          *int32    `json:"duration"`
	Charge            json.Number
	CallType          *string
	Currency          *string
	CalleeNumber      *string
	UsageCountryCode  *string
	TenantCountryCode *string
	ConnectionCharge  json.Number
	CallerNumber      *string
	DestinationName   *string
	ConferenceID      *string `json:"conferenceId"`
	LicenseCapability *string
	InventoryType     *string
	Operator          *string
}

var flat = Table("rows",
	Key("id", "id", ID), Col("callId", "call_id", IndexedText), Col("userId", "user_id", UUID),
	Col("userPrincipalName", "user_principal_name", Text), Col("userDisplayName", "user_display_name", Text),
	Col("startDateTime", "start_at", Timestamp), Col("endDateTime", "end_at", Timestamp),
	Col("duration", "duration_s", Int4),
	Col("charge", "charge", Numeric), Col("callType", "call_type", Text), Col("currency", "currency", Text),
	Col("calleeNumber", "callee_number", Text), Col("usageCountryCode", "usage_country_code", Text),
	Col("tenantCountryCode", "tenant_country_code", Text), Col("connectionCharge", "connection_charge", Numeric),
	Col("callerNumber", "caller_number", Text), Col("destinationName", "destination_name", Text),
	Col("conferenceId", "conference_id", Text), Col("licenseCapability", "license_capability", Text),
	Col("inventoryType", "inventory_type", Text), Col("operator", "operator", Text))

// page is 1,000 rows of about 700 bytes.
func page() []byte {
	rows := make([]string, 1000)
	for i := range rows {
		rows[i] = fmt.Sprintf(`{"id":"9f0d3c52-1d2e-4f7b-8a55-%012d","callId":"18353%05d_112562680@192.0.2.17",`+
			`"userId":"7f0a3c52-1d2e-4f7b-8a55-%012d","userPrincipalName":"user%04d@example.com",`+
			`"userDisplayName":"User %04d Åse","startDateTime":"2026-02-03T08:%02d:42.1234567Z",`+
			`"endDateTime":"2026-02-03T09:19:21.12345Z","duration":%d,"charge":%d.2350,"callType":"user_out",`+
			`"currency":"EUR","calleeNumber":"+44201234567","usageCountryCode":"DE","tenantCountryCode":"DE",`+
			`"connectionCharge":0.00,"callerNumber":"+4930123456","destinationName":"United Kingdom",`+
			`"conferenceId":null,"licenseCapability":"MCOPSTN2","inventoryType":"Subscriber",`+
			`"operator":"Microsoft"}`,
			i, i, i%300, i%300, i%300, i%60, i, i%10)
	}
	return []byte(`{"value":[` + strings.Join(rows, ",") + `]}`)
}

// BenchmarkPage turns a page into COPY rows, hash and unknown members included, side by side with encoding/json turning
// it into structs, which is less: it prints the ratio of the two times.
func BenchmarkPage(b *testing.B) {
	text := page()
	var mapped, structs time.Duration
	var doc Document
	batch := flat.NewBatch()
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		if err := doc.Parse(text); err != nil {
			b.Fatal(err)
		}
		batch.Reset()
		for _, value := range doc.Root().Members() {
			for element := range value.Elements() {
				batch.Append(element, start)
			}
		}
		mapped += time.Since(start)
		b.StopTimer()
		start = time.Now()
		var decoded struct{ Value []row }
		if err := json.Unmarshal(text, &decoded); err != nil {
			b.Fatal(err)
		}
		structs += time.Since(start)
		b.StartTimer()
	}
	if len(batch.Elements) != 1000 {
		b.Fatal(batch.Rejects)
	}
	bench.Report(b, float64(mapped.Nanoseconds())/float64(b.N)/1000, "ns/row")
	bench.Report(b, float64(mapped)/float64(structs), "x-encoding/json")
}
