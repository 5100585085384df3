package graphsim

import (
	"sync/atomic"
	"testing"
	"time"
)

// clock is Graph's, set by a test.
type clock struct{ at atomic.Int64 }

func (c *clock) set(t time.Time) { c.at.Store(t.UnixNano()) }
func (c *clock) now() time.Time  { return time.Unix(0, c.at.Load()).UTC() }

// byID reads the calls of one day as they are served now.
func byID(a *app, day time.Time) map[string]string {
	rows := make(map[string]string)
	for row := range a.PSTNCalls(day, day.Add(24*time.Hour-tick)) {
		rows[idOf(string(row))] = string(row)
	}
	return rows
}

func TestCallsAppearWithinThreeDays(t *testing.T) {
	t.Parallel()
	var c clock
	c.set(noon)
	a := start(t, Config{Now: c.now, CallsPerDay: 2000})
	day := noon.Truncate(24 * time.Hour)
	share := make(map[time.Duration]int) // by age of the day's end
	for _, age := range []time.Duration{-12, 0, 2, 24, 46, 69, 70, 1000} {
		c.set(day.Add(24*time.Hour + age*time.Hour))
		rows := byID(a, day)
		for _, row := range rows {
			if m := decode(t, row); m.EndDateTime.After(c.now()) {
				t.Fatalf("served before its end: %s", row)
			}
		}
		share[age] = len(rows)
	}
	all := share[70]
	if all < 1800 || share[1000] != all || share[69] > all {
		t.Fatalf("rows by age: %v", share)
	}
	if first := share[2] * 100 / all; first < 4 || first > 15 {
		t.Errorf("%d %% within two hours, want the few quick ones", first)
	}
	if most := share[46] * 100 / all; most < 80 || share[46] == all {
		t.Errorf("%d %% after 46 hours, want most but not all", most)
	}
}

func TestSomeCallsGetTheirPriceLater(t *testing.T) {
	t.Parallel()
	var c clock
	c.set(noon)
	a := start(t, Config{Now: c.now, CallsPerDay: 2000})
	day := noon.Truncate(24 * time.Hour)
	first, changes := make(map[string]string), 0
	for age := 0; age <= 96; age += 4 {
		c.set(day.Add(time.Duration(age) * time.Hour))
		for id, row := range byID(a, day) {
			before, known := first[id]
			first[id] = row
			if known && before != row {
				changes++
				checkPriced(t, before, row)
			}
		}
	}
	if per := float64(changes) / float64(len(first)); per < 0.005 || per > 0.015 {
		t.Errorf("%d of %d rows changed, want about 1 %%", changes, len(first))
	}
}

func checkPriced(t *testing.T, before, after string) {
	t.Helper()
	b, a := decode(t, before), decode(t, after)
	if b.Currency != nil || b.LicenseCapability != nil || b.Charge != "0.00" {
		t.Errorf("had a price before: %s", before)
	}
	if a.Currency == nil || a.LicenseCapability == nil {
		t.Errorf("has no price after: %s", after)
	}
}

func TestCallsExpireAfterAYear(t *testing.T) {
	t.Parallel()
	var c clock
	c.set(noon)
	a := start(t, Config{Now: c.now})
	from, to := noon.AddDate(0, 0, -5), noon.AddDate(0, 0, -4)
	all := len(served(a, from, to))
	if all == 0 {
		t.Fatal("no rows")
	}
	for _, step := range []struct {
		name string
		now  time.Time
		want func(rows int) bool
	}{
		{"whole window in reach", from.Add(365 * 24 * time.Hour), func(n int) bool { return n == all }},
		{"half a day gone", from.Add(365*24*time.Hour + 5*time.Hour), func(n int) bool { return 0 < n && n < all }},
		{"all gone", to.Add(365*24*time.Hour + tick), func(n int) bool { return n == 0 }},
	} {
		c.set(step.now)
		a.token = a.newToken(t)
		rows, _ := a.window(t, "v1.0", from.Format(time.RFC3339), to.Format(time.RFC3339))
		if !step.want(len(rows)) {
			t.Errorf("%s: %d of %d rows", step.name, len(rows), all)
		}
		for _, row := range rows {
			if start := decode(t, row).StartDateTime; step.now.Sub(start) > 365*24*time.Hour {
				t.Errorf("%s: a call of %v", step.name, start)
			}
		}
	}
}

func TestHistoryHasABeginning(t *testing.T) {
	t.Parallel()
	a := start(t, Config{History: 10 * 24 * time.Hour})
	begin := noon.Truncate(24*time.Hour).AddDate(0, 0, -10)
	if n := len(served(a, begin.AddDate(0, 0, -30), begin.Add(-tick))); n != 0 {
		t.Errorf("%d calls before the history", n)
	}
	if n := len(served(a, begin, begin.AddDate(0, 0, 3))); n == 0 {
		t.Error("no calls at its beginning")
	}
}

func TestSetChanged(t *testing.T) {
	t.Parallel()
	a := start(t, Config{CallsPerDay: 2000})
	day := noon.AddDate(0, 0, -7).Truncate(24 * time.Hour)
	original := byID(a, day)
	changed := func(fraction float64) map[string]bool {
		a.SetChanged(fraction)
		ids := make(map[string]bool)
		for id, row := range byID(a, day) {
			if row != original[id] {
				ids[id] = decode(t, row).Charge != decode(t, original[id]).Charge
			}
		}
		return ids
	}
	tenth, again, half, all := changed(0.1), changed(0.1), changed(0.5), changed(1)
	if got := len(tenth) * 100 / len(original); got < 7 || got > 13 {
		t.Errorf("%d %% changed, want 10", got)
	}
	for id, charge := range tenth {
		if !charge || !again[id] || !half[id] {
			t.Errorf("%s: other charge %v, changed again %v, among the half %v", id, charge, again[id], half[id])
		}
	}
	if len(all) != len(original) || len(changed(0)) != 0 {
		t.Errorf("%d of %d changed by 1, %d by 0", len(all), len(original), len(changed(0)))
	}
}

func TestTheNumberOfADayIsKnownInAdvance(t *testing.T) {
	t.Parallel()
	c := newCompany(Config{Now: at(noon)}.withDefaults())
	for name, s := range map[string]source{
		"pstn": pstnCalls{c}, "direct": directRouting{c}, "sms": smsLog{c}, "blocked": blockedUsers{c},
	} {
		for d := c.today - 92; d < c.today+3; d++ {
			rows := s.generate(d)
			if got, want := len(rows), s.volume(d); got != want {
				t.Errorf("%s: day %d has %d rows, announced %d", name, d, got, want)
			}
			for _, row := range rows {
				if on, _ := floorDiv(row.common().start, day); on != d {
					t.Fatalf("%s: a row of day %d among those of %d", name, on, d)
				}
			}
		}
	}
}
