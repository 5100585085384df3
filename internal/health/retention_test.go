package health_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/config"
	"ingestd/internal/fetch"
	"ingestd/internal/health"
	"ingestd/internal/store"
)

// The line of the faces about retention: nothing is kept for a term, nothing was deleted yet, prune is
// behind for one of two tenants, or has done what there is to do.
func TestRetentionText(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 14, 32, 0, 0, time.UTC)
	at := func(hours int) *time.Time {
		kept := time.Date(2025, 10, 22, 14, 0, 0, 0, time.UTC).Add(time.Duration(hours) * time.Hour)
		return &kept
	}
	for _, c := range []struct {
		term     time.Duration
		one, two *time.Time
		want     string
	}{
		{0, at(0), at(0), ""},
		{400 * 24 * time.Hour, at(0), nil, "Retention: details before 2025-10-22 14:00 are to be deleted."},
		{
			400 * 24 * time.Hour, at(0), at(-30),
			"Retention: details deleted before 2025-10-21 08:00, next before 2025-10-22 14:00.",
		},
		{400 * 24 * time.Hour, at(0), at(-1), "Retention: details deleted before 2025-10-22 13:00."},
	} {
		var s store.Survey
		for i, kept := range []*time.Time{c.one, c.two} {
			s.Standings = append(s.Standings, store.Standing{
				Endpoint: store.Endpoint{
					Tenant: uuid.UUID{byte(i)}, Name: fetch.CallRecords.Name, Reach: fetch.CallRecords.Reach,
					Settle: fetch.CallRecords.Settle, Origin: now, SettledUntil: now, Watermark: now,
				},
				Cut:  now,
				Kept: store.Kept{DetailsKeptFrom: kept},
			})
		}
		terms := map[string]time.Duration{config.Details: c.term}
		got := health.Take(health.Gather(&config.Config{Retention: terms}, s, now), now).RetentionText()
		if got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
