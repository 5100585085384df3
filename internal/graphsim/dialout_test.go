package graphsim

import (
	"encoding/json"
	"maps"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sum is a row of the report, or what the PSTN log says instead.
type sum struct {
	Calls, Seconds int
	Charge         string
}

// accounts reads the report of a window, by what its rows are about.
func accounts(t *testing.T, a *app, from, to time.Time) map[string]sum {
	t.Helper()
	sums := make(map[string]sum)
	for text := range a.Rows("getPstnOnlineMeetingDialoutReport", "beta", from, to) {
		var r struct {
			UserID, UserPrincipalName, UsageLocation, DestinationContext, Currency string
			TotalCalls, TotalCallSeconds                                           int
			TotalCallCharge                                                        json.Number
		}
		if err := json.Unmarshal(text, &r); err != nil {
			t.Fatal(err)
		}
		key := r.UserID + r.UserPrincipalName + r.UsageLocation + r.DestinationContext + r.Currency
		if _, twice := sums[key]; twice {
			t.Errorf("two rows for %s", key)
		}
		sums[key] = sum{r.TotalCalls, r.TotalCallSeconds, rational(t, r.TotalCallCharge).FloatString(3)}
	}
	return sums
}

// dialedOut adds the PSTN log up to the same.
func dialedOut(t *testing.T, a *app, from, to time.Time) map[string]sum {
	t.Helper()
	sums, charges := make(map[string]sum), make(map[string]*big.Rat)
	for text := range a.PSTNCalls(from, to) {
		var c struct {
			UserID, UserPrincipalName, UsageCountryCode, DestinationContext, Currency, CallType string
			Duration                                                                            int
			Charge, ConnectionCharge                                                            json.Number
		}
		if err := json.Unmarshal(text, &c); err != nil {
			t.Fatal(err)
		}
		if c.CallType != "conf_out" {
			continue
		}
		key := c.UserID + c.UserPrincipalName + c.UsageCountryCode + c.DestinationContext + c.Currency
		if charges[key] == nil {
			charges[key] = new(big.Rat)
		}
		charges[key].Add(charges[key], rational(t, c.Charge))
		charges[key].Add(charges[key], rational(t, c.ConnectionCharge))
		sums[key] = sum{sums[key].Calls + 1, sums[key].Seconds + c.Duration, charges[key].FloatString(3)}
	}
	return sums
}

func rational(t *testing.T, n json.Number) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(n.String())
	if !ok {
		t.Fatalf("%q is no number", n)
	}
	return r
}

func TestTheReportAddsUpThePSTNLog(t *testing.T) {
	t.Parallel()
	var c clock
	c.set(noon)
	a := start(t, Config{Now: c.now, CallsPerDay: 1200})
	from := noon.Truncate(24*time.Hour).AddDate(0, 0, -1)
	var before map[string]sum
	changes := 0
	for _, age := range []time.Duration{6, 30, 48, 70, 90, 100} { // hours after the day
		c.set(from.Add((24 + age) * time.Hour))
		report := accounts(t, a, from, from.AddDate(0, 0, 1))
		if diff := cmp.Diff(dialedOut(t, a, from, from.AddDate(0, 0, 1)), report); diff != "" {
			t.Fatalf("after %d hours (-log +report):\n%s", age, diff)
		}
		if !cmp.Equal(before, report) {
			changes++
		}
		before = report
	}
	if changes != 4 {
		t.Errorf("%d different reports, want a new one until all calls have appeared", changes)
	}
	a.SetChanged(1)
	changed := accounts(t, a, from, from.AddDate(0, 0, 1))
	if missing(before, changed) > 0 || cmp.Equal(before, changed) {
		t.Error("other charges of calls do not show, or rows are missing")
	}
	a.SetUnpriced(1)
	if n := missing(before, accounts(t, a, from, from.AddDate(0, 0, 1))); n != len(before) {
		t.Errorf("without prices %d of %d accounts have gone", n, len(before))
	}
}

func missing(before, after map[string]sum) (n int) {
	for key := range before {
		if _, ok := after[key]; !ok {
			n++
		}
	}
	return n
}

func TestTheReportIsOfTheWindowAskedFor(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	from := noon.Truncate(24*time.Hour).AddDate(0, 0, -12)
	two, one, other := 0, 0, 0
	for _, w := range []struct {
		calls    *int
		from, to int
	}{{&two, 0, 2}, {&one, 0, 1}, {&other, 1, 2}} {
		for s := range maps.Values(accounts(t, a, from.AddDate(0, 0, w.from), from.AddDate(0, 0, w.to).Add(-tick))) {
			*w.calls += s.Calls
		}
	}
	if two != one+other || one == 0 || other == 0 {
		t.Errorf("%d calls on two days, %d and %d on each", two, one, other)
	}
}

// The report forgets the calls of more than 90 days ago one by one.
func TestTheReportShrinksAtTheEdgeOfItsReach(t *testing.T) {
	t.Parallel()
	var c clock
	c.set(noon)
	a := start(t, Config{Now: c.now, CallsPerDay: 2500})
	day := noon.Truncate(24*time.Hour).AddDate(0, 0, -2)
	calls := func(age time.Duration) (n int) {
		c.set(day.Add(age))
		for s := range maps.Values(accounts(t, a, day, day.AddDate(0, 0, 1))) {
			n += s.Calls
		}
		return n
	}
	const days = 24 * time.Hour
	got := []int{calls(90 * days), calls(90*days + 15*time.Hour), calls(91*days + time.Second)}
	if !slices.IsSortedFunc(got, func(a, b int) int { return b - a }) || got[0] == got[1] || got[1] == 0 ||
		got[2] != 0 {
		t.Errorf("calls at the edge of reach: %v", got)
	}
}
