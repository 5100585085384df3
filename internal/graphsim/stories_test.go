package graphsim

import (
	"strings"
	"testing"
	"time"
)

// The days of Start: in the middle, at the beginning and at the end of a
// month, after a weekend.
var starts = map[string]time.Time{
	"middle":          noon,
	"first":           time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC),
	"fifth":           time.Date(2026, 4, 5, 9, 0, 0, 0, time.UTC),
	"sixth":           time.Date(2026, 4, 6, 9, 0, 0, 0, time.UTC),
	"last":            time.Date(2026, 5, 31, 23, 0, 0, 0, time.UTC),
	"outage Saturday": time.Date(2026, 3, 19, 12, 0, 0, 0, time.UTC),
	"outage Sunday":   time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC),
}

func TestATrunkFailsForADay(t *testing.T) {
	t.Parallel()
	for name, now := range starts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := start(t, Config{Now: at(now), Users: 100})
			failed, all, again := make(map[string]int), make(map[string]int), 0
			first := make(map[string]bool)
			for _, row := range directRows(t, a, now.AddDate(0, 0, -10), now) {
				key := row.StartDateTime.Format(time.DateOnly) + " " + row.TrunkFullyQualifiedDomainName
				all[key]++
				if strings.HasPrefix(row.TrunkFullyQualifiedDomainName, "sbc2.newyork.") && first[row.CorrelationID] {
					again++
				}
				if row.CallEndSubReason == 560503 || row.CallEndSubReason == 569009 {
					failed[key]++
					first[row.CorrelationID] = true
				}
			}
			outage := now.AddDate(0, 0, -5)
			for outage.Weekday() == time.Saturday || outage.Weekday() == time.Sunday {
				outage = outage.AddDate(0, 0, -1)
			}
			bad := outage.Format(time.DateOnly) + " sbc1.newyork.contoso.example"
			if failed[bad] < 10 || failed[bad] < all[bad]*9/10 {
				t.Errorf("%s: %d of %d failed", bad, failed[bad], all[bad])
			}
			if again == 0 {
				t.Error("none was tried again on the other trunk")
			}
			for key, n := range failed {
				if key != bad && n > 5 {
					t.Errorf("%s: %d of %d failed", key, n, all[key])
				}
			}
		})
	}
}

func TestSomebodyForwardsAbroadAtNightAndIsBlocked(t *testing.T) {
	t.Parallel()
	for name, now := range starts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := start(t, Config{Now: at(now), Users: 100, CallsPerDay: 50})
			minutes, calls := make(map[string]int), make(map[string]string)
			for _, row := range served(a, now.AddDate(0, 0, -10), now) {
				m := decode(t, row)
				if m.CallType == "user_out_forwarding" && strings.Contains(row, `"destinationName":"South Africa"`) {
					minutes[*m.UserID] += m.Duration / 60
					calls[*m.CallID] = *m.UserID
				}
			}
			forwarder, most := "", 0
			for user, n := range minutes {
				if n > most {
					forwarder, most = user, n
				}
			}
			if most < 500 {
				t.Fatalf("minutes forwarded: %v", minutes)
			}
			legs := 0
			for _, row := range served(a, now.AddDate(0, 0, -10), now) {
				if m := decode(t, row); m.CallType == "user_in" && calls[*m.CallID] == forwarder &&
					*m.UserID == forwarder {
					legs++
				}
			}
			if legs == 0 {
				t.Error("no call came in to be forwarded")
			}
			var modes []string
			for _, row := range blockRows(t, a, now.AddDate(0, 0, -4), now) {
				if row.UserID == forwarder {
					modes = append(modes, strings.ToLower(row.UserBlockMode)+": "+row.BlockReason)
				}
			}
			if got := strings.Join(modes, ", "); got != "blocked: High Overall Usage, unblocked: Tenant Requested" {
				t.Errorf("what happened to the forwarder: %s", got)
			}
		})
	}
}

func TestAPoolOfMinutesIsOverdrawn(t *testing.T) {
	t.Parallel()
	for name, now := range starts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := start(t, Config{Now: at(now), Users: 100, CallsPerDay: 50})
			month := now.AddDate(0, 0, -5)
			month = month.AddDate(0, 0, 1-month.Day()).Truncate(24 * time.Hour)
			minutes, users := 0, make(map[string]bool)
			for _, row := range served(a, month, now) {
				m := decode(t, row)
				if m.UsageCountryCode == "NL" && m.outbound() && *m.LicenseCapability == "MCOPSTN1" {
					minutes += m.Duration / 60
					users[*m.UserID] = true
				}
			}
			if allowance := 1200 * len(users); len(users) != 2 || minutes <= allowance || minutes > 2*allowance {
				t.Errorf("%d minutes of %d users", minutes, len(users))
			}
		})
	}
}

func TestNoStoriesWithoutCalls(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]Config{
		"none": {CallsPerDay: -1}, "too short a history": {History: 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			a := start(t, cfg)
			for _, f := range functions {
				for row := range a.Rows(f.name, f.version, noon.AddDate(0, 0, -90), noon.AddDate(0, 0, -2)) {
					t.Fatalf("%s serves %s", f.name, row)
				}
			}
		})
	}
}
