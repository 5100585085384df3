package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ingestd/internal/store"
)

func TestPutEndpointTwiceWritesOnce(t *testing.T) {
	f := newFixture(t)
	at := func(hours int) *time.Time {
		at := noon.Add(time.Duration(hours) * time.Hour)
		return &at
	}
	word := func(s string) *string { return &s }
	status := 403
	full := store.Endpoint{
		Tenant: tenant, Name: "pstn_calls", Enabled: true, Schedule: "*/5 * * * *", Interval: 5 * time.Minute,
		Reach: 365 * 24 * time.Hour, Settle: 72 * time.Hour, StartFrom: at(-30), Origin: *at(-24), Watermark: *at(0),
		ClockAt: at(1), NextDueAt: at(2), RemovedAt: at(3),
		LastResult: word("failed"), LastFinishedAt: at(4), LastSuccessAt: at(5),
		Failures: 2, FailingSince: at(6), HealedAt: at(7), CaughtUpAt: at(8),
		LastErrorCode: word("permission_missing"), LastError: word("why"), LastErrorAt: at(9), LastStatus: &status,
		LastRequestID: word("id"),
	}
	bare := store.Endpoint{Tenant: tenant, Name: full.Name, Schedule: "@daily", Origin: noon, Watermark: noon}
	if _, known, err := f.db.Endpoint(t.Context(), tenant, full.Name); known || err != nil {
		t.Fatalf("known = %v, err = %v before the first start", known, err)
	}
	for _, e := range []store.Endpoint{full, bare} {
		xmin := ""
		for range 2 {
			if err := f.db.PutEndpoint(t.Context(), e); err != nil {
				t.Fatal(err)
			}
			got, _, err := f.db.Endpoint(t.Context(), tenant, e.Name)
			if diff := cmp.Diff(e, got); err != nil || diff != "" {
				t.Fatalf("%v (-want +got):\n%s", err, diff)
			}
			now := f.query(`SELECT xmin FROM ingest.endpoints`)
			if xmin != "" && now != xmin {
				t.Error("the same state was written again")
			}
			xmin = now
		}
	}
}
