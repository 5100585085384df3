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
	details := map[string]time.Duration{config.Details: 400 * 24 * time.Hour}
	personal := map[string]time.Duration{config.Personal: 400 * 24 * time.Hour}
	for _, c := range []struct {
		terms    map[string]time.Duration
		one, two *time.Time
		want     string
	}{
		{nil, at(0), at(0), ""},
		{details, at(0), nil, "Retention: details before 2025-10-22 14:00 to be deleted."},
		{details, at(0), at(-30), "Retention: details deleted before 2025-10-21 08:00, next before 2025-10-22 14:00."},
		{details, at(0), at(-1), "Retention: details deleted before 2025-10-22 13:00."},
		{personal, at(0), nil, "Retention: personal data before 2025-10-22 00:00 to be deleted."},
		{personal, at(0), at(-14), "Retention: personal data deleted before 2025-10-22 00:00."},
	} {
		var s store.Survey
		for i, kept := range []*time.Time{c.one, c.two} {
			s.Standings = append(s.Standings, store.Standing{
				Endpoint: store.Endpoint{
					Tenant: uuid.UUID{byte(i)}, Name: fetch.CallRecords.Name, Reach: fetch.CallRecords.Reach,
					Settle: fetch.CallRecords.Settle, Origin: now, SettledUntil: now, Watermark: now,
				},
				Cut:  now,
				Kept: store.Kept{DetailsKeptFrom: kept, PersonalFrom: kept},
			})
		}
		got := health.Take(health.Gather(&config.Config{Retention: c.terms}, s, now), now).RetentionText()
		if got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
