package privacy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ingestd/internal/bench"
	"ingestd/internal/fetch"
	"ingestd/internal/mapping"
)

// BenchmarkRedactor encodes a page of calls with pseudonyms for all that is personal, by turns with one as served and
// one from which a person is kept out who is not in it: it prints the ratios of the times.
func BenchmarkRedactor(b *testing.B) {
	e := fetch.Endpoints[1]
	rows := make([]string, 1000)
	for i := range rows {
		rows[i] = fmt.Sprintf(`{"id":"9f0d3c52-1d2e-4f7b-8a55-%012d","callId":"18353%05d_112562680@192.0.2.17",`+
			`"userId":"7f0a3c52-1d2e-4f7b-8a55-%012d","userPrincipalName":"user%04d@example.com",`+
			`"userDisplayName":"User %04d","startDateTime":"2026-02-03T08:%02d:42.1234567Z",`+
			`"endDateTime":"2026-02-03T09:19:21.12345Z","duration":%d,"charge":%d.2350,"callType":"user_out",`+
			`"currency":"EUR","calleeNumber":"+442012345%03d","usageCountryCode":"DE","tenantCountryCode":"DE",`+
			`"connectionCharge":0.00,"callerNumber":"+493012%04d","destinationName":"United Kingdom",`+
			`"conferenceId":null,"licenseCapability":"MCOPSTN2","inventoryType":"Subscriber",`+
			`"operator":"Microsoft"}`,
			i, i, i%300, i%300, i%300, i%60, i, i%10, i, i%300)
	}
	var doc mapping.Document
	if err := doc.Parse([]byte("[" + strings.Join(rows, ",") + "]")); err != nil {
		b.Fatal(err)
	}
	served, redacted, erased := e.Rows.NewBatch(), e.Rows.NewBatch(), e.Rows.NewBatch()
	redacted.Redactor = policy(b, policies["pseudonyms"]...).Redactor(e.Rows)
	erased.Eraser = eraser(b, erasedID, erasedNumber).Of(e.Rows)
	took := map[*mapping.Batch]time.Duration{}
	for b.Loop() {
		for _, batch := range []*mapping.Batch{served, redacted, erased} {
			start := time.Now()
			batch.Reset()
			for element := range doc.Root().Elements() {
				batch.Append(element, at)
			}
			took[batch] += time.Since(start)
		}
	}
	bench.Report(b, float64(took[served].Nanoseconds())/float64(b.N)/1000, "ns/row")
	bench.Report(b, float64(took[redacted].Nanoseconds())/float64(b.N)/1000, "redacted-ns/row")
	bench.Report(b, float64(took[erased].Nanoseconds())/float64(b.N)/1000, "erased-ns/row")
	bench.Report(b, float64(took[redacted])/float64(took[served]), "x-as-served")
}
