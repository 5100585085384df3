package graphsim

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

type directRow struct {
	ID, CorrelationID, CallType, TrunkFullyQualifiedDomainName, FinalSIPCodePhrase string
	TransferorCorrelationID, UserID, MediaPathLocation                             *string
	InviteDateTime, StartDateTime, FailureDateTime, EndDateTime                    time.Time
	Duration, FinalSIPCode, CallEndSubReason                                       int
	SuccessfulCall, MediaBypassEnabled                                             bool
}

func directRows(t *testing.T, a *app, from, to time.Time) (rows []directRow) {
	t.Helper()
	for text := range a.Rows("getDirectRoutingCalls", "beta", from, to) {
		var row directRow
		if err := json.Unmarshal(text, &row); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		rows = append(rows, row)
	}
	return rows
}

func TestDirectRoutingRowsAreConsistent(t *testing.T) {
	t.Parallel()
	a := start(t, Config{CallsPerDay: 800})
	seen, correlations := make(map[string]int), make(map[string]int)
	rows := directRows(t, a, noon.AddDate(0, 0, -30), noon.AddDate(0, 0, -7))
	for _, row := range rows {
		correlations[row.CorrelationID]++
		count(seen, "good", row.SuccessfulCall)
		count(seen, "failed", !row.SuccessfulCall)
		count(seen, "failed at start", !row.SuccessfulCall && row.StartDateTime.Equal(row.FailureDateTime))
		count(seen, "invited at start", row.StartDateTime.Equal(row.InviteDateTime))
		count(seen, "with bypass", row.MediaBypassEnabled)
		count(seen, "no user", row.UserID == nil)
		count(seen, "empty user", row.UserID != nil && *row.UserID == "")
		count(seen, "transferred", row.TransferorCorrelationID != nil)
		seen[row.CallType]++
		checkDirectRow(t, row)
	}
	for _, row := range rows {
		if of := row.TransferorCorrelationID; of != nil && correlations[*of] == 0 {
			t.Errorf("transferred from %s, which is not in the log", *of)
		}
	}
	for _, k := range directKinds {
		if seen[k.name] == 0 {
			t.Errorf("no %s", k.name)
		}
	}
	for _, what := range []string{
		"good", "failed", "failed at start", "invited at start", "with bypass", "no user", "empty user", "transferred",
	} {
		if n := seen[what]; n == 0 || n > len(rows)*19/20 {
			t.Errorf("%d of %d rows: %s", n, len(rows), what)
		}
	}
	if n := len(correlations); n == len(rows) || n < len(rows)*8/10 {
		t.Errorf("%d correlations of %d rows, want some shared", n, len(rows))
	}
	if rate := seen["good"] * 100 / len(rows); rate < 85 || rate > 91 {
		t.Errorf("%d %% answered", rate)
	}
}

func checkDirectRow(t *testing.T, row directRow) {
	t.Helper()
	never := time.Time{}
	if row.SuccessfulCall {
		if !row.FailureDateTime.Equal(never) ||
			row.EndDateTime.Sub(row.StartDateTime) != time.Duration(row.Duration)*time.Second ||
			row.Duration == 0 {
			t.Errorf("times of a good call: %+v", row)
		}
		if row.FinalSIPCode != 0 || row.CallEndSubReason != 540000 || row.FinalSIPCodePhrase != "BYE" {
			t.Errorf("ending of a good call: %+v", row)
		}
	} else {
		if !row.EndDateTime.Equal(never) || !row.FailureDateTime.After(row.InviteDateTime) || row.Duration != 0 {
			t.Errorf("times of a failed call: %+v", row)
		}
		if !row.StartDateTime.Equal(row.InviteDateTime) && !row.StartDateTime.Equal(row.FailureDateTime) {
			t.Errorf("a failed call starts at another time: %+v", row)
		}
		if row.FinalSIPCode < 400 {
			t.Errorf("ending of a failed call: %+v", row)
		}
	}
	if second := strings.HasPrefix(row.TrunkFullyQualifiedDomainName, "sbc2."); second != row.MediaBypassEnabled ||
		second != (row.MediaPathLocation == nil) {
		t.Errorf("media of a trunk: %+v", row)
	}
}

func TestOnlyTheEndOfADirectRoutingWindowIsExcluded(t *testing.T) {
	t.Parallel()
	from, to := noon.AddDate(0, 0, -8), noon.AddDate(0, 0, -7)
	for operation, want := range map[string]string{
		"getPstnCalls":                      "from last to",
		"getDirectRoutingCalls":             "from last",
		"getSmsLog":                         "from last to",
		"getPstnBlockedUsersLog":            "from last to",
		"getPstnOnlineMeetingDialoutReport": "from last to",
	} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			row := func(name string, start time.Time) Row {
				return Row{Operation: operation, Start: start, JSON: []byte(`"` + name + `"`)}
			}
			a := start(t, Config{CallsPerDay: -1, Extra: []Row{
				row(
					"before",
					from.Add(-tick),
				), row("from", from), row("last", to.Add(-tick)), row("to", to), row("after", to.Add(tick)),
			}})
			rows, _ := a.read(t, a.url(operation, "beta", from.Format(time.RFC3339), to.Format(time.RFC3339)))
			if got := strings.ReplaceAll(strings.Join(rows, " "), `"`, ""); got != want {
				t.Errorf("served %s, want %s", got, want)
			}
		})
	}
}
