package graphsim

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The members of pstnCallLogRow by the reference and the metadata, with what
// each may hold: null, and a text, a number or a list.
var (
	pstnMembers = map[string]string{
		"callDurationSource": `"(microsoft|operator)"`,
		"calleeNumber":       `"(\+\d{6,15}\*{0,4}|\+\d+|[A-Z][A-Za-z ]+|)"`,
		"callerNumber":       `"(\+\d{6,15}\*{0,4}|\+\d+|[A-Z][A-Za-z ]+|)"`,
		"callId":             `"\d+_\d+@203\.0\.113\.\d+"`,
		"callType": `"(user_in|user_out|user_out_conf|user_out_transfer|user_out_forwarding|` +
			`conf_in|conf_out|unassigned_in|ucap_in|ucap_out)"`,
		"charge":             `\d+\.\d\d[1-9]?`,
		"conferenceId":       `"\d{9}"|null`,
		"connectionCharge":   `\d+\.\d\d[1-9]?`,
		"currency":           `"[A-Z]{3}"|null`,
		"destinationContext": `"(Domestic|International)"|null`,
		"destinationName":    `"[A-Z][A-Za-z ]+"`,
		"duration":           `\d+`,
		"endDateTime":        `"2026-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,6}[1-9])?Z"`,
		"id":                 `"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"`,
		"inventoryType":      `"(Subscriber|Service|TollFree)"`,
		"licenseCapability":  `"MCO[A-Z0-9_]+"|null`,
		"operator":           `".+"`,
		"startDateTime":      `"2026-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,6}[1-9])?Z"`,
		"tenantCountryCode":  `"US"`,
		"usageCountryCode":   `"(US|GB|DE|FR|SE|JP|NL)"`,
		"userDisplayName":    `".*"|null`,
		"userId":             `"([0-9a-f-]{36})?"|null`,
		"userPrincipalName":  `"([a-z]+\.[a-z]+\d+@contoso\.example)?"|null`,
	}
	pstnBetaMembers = map[string]string{
		"administrativeUnitInfos": `\[(\{"id":"[0-9a-f-]{36}"\})?\]`,
		"clientLocalIpV4Address":  `"10\.[0-9.]+"|null`,
		"clientLocalIpV6Address":  `null`,
		"clientPublicIpV4Address": `"203\.0\.113\.\d+"|null`,
		"clientPublicIpV6Address": `"2001:db8::[0-9a-f]+"|null`,
		"otherPartyCountryCode":   `"[A-Z]{2}"`,
	}
)

func object(t *testing.T, row string) (members map[string]json.RawMessage) {
	t.Helper()
	if err := json.Unmarshal([]byte(row), &members); err != nil {
		t.Fatalf("%v: %s", err, row)
	}
	return members
}

func checkMembers(t *testing.T, shapes map[string]*regexp.Regexp, row string) {
	t.Helper()
	members := object(t, row)
	if _, ok := members["id"]; !ok && shapes["smsId"] != nil {
		members["id"] = json.RawMessage("null") // some messages have none
	}
	if got, want := slices.Sorted(maps.Keys(members)), slices.Sorted(maps.Keys(shapes)); !slices.Equal(got, want) {
		t.Fatalf("members (-want +got):\n%s", cmp.Diff(want, got))
	}
	for name, value := range members {
		if !shapes[name].Match(value) {
			t.Errorf("%s is %s", name, value)
		}
	}
}

func TestRowsAreWhatACompanyProduces(t *testing.T) {
	t.Parallel()
	a := start(t, Config{CallsPerDay: 1000})
	seen := make(map[string]int)
	calls, meetings, hours := make(map[string]int), make(map[string]int), make(map[int]int)
	total := 0
	for row := range a.PSTNCalls(noon.AddDate(0, 0, -14), noon.AddDate(0, 0, -4)) {
		m := decode(t, string(row))
		total++
		checkCall(t, m, string(row))
		seen[m.CallType]++
		calls[*m.CallID]++
		hours[m.StartDateTime.Hour()]++
		if m.ConferenceID != nil {
			meetings[*m.ConferenceID]++
		}
		count(seen, "unanswered", m.Duration == 0)
		count(seen, "longer than two hours", m.Duration > 7200)
		count(seen, "charged", m.Charge != "0.00")
		count(seen, "null user", m.UserID == nil)
		count(seen, "empty user", m.UserID != nil && *m.UserID == "")
		count(seen, "weekend", weekend(ticks(m.StartDateTime)/day))
		count(seen, "not ASCII", strings.ContainsFunc(string(row), func(r rune) bool { return r > 127 }))
	}
	for _, k := range kinds {
		if seen[k.name] == 0 {
			t.Errorf("no %s", k.name)
		}
	}
	for _, what := range []string{
		"unanswered", "longer than two hours", "charged", "null user", "empty user", "weekend", "not ASCII",
	} {
		if n := seen[what]; n == 0 || n > total*9/10 {
			t.Errorf("%d of %d rows: %s", n, total, what)
		}
	}
	if len(calls) == total || len(calls) < total*9/10 {
		t.Errorf("%d callIds of %d rows, want a few shared", len(calls), total)
	}
	if n := seen["conf_in"] + seen["conf_out"]; len(meetings) > n/2 {
		t.Errorf("%d meetings of %d rows", len(meetings), n)
	}
	if hours[15] < 5*hours[3] {
		t.Errorf("calls at 15 h and 3 h UTC: %d and %d", hours[15], hours[3])
	}
}

func count(seen map[string]int, what string, yes bool) {
	if yes {
		seen[what]++
	}
}

// checkCall checks what members of a row say about each other.
func checkCall(t *testing.T, m members, row string) {
	t.Helper()
	if got := m.EndDateTime.Sub(m.StartDateTime); got != time.Duration(m.Duration)*time.Second {
		t.Errorf("duration %d, but end - start is %v: %s", m.Duration, got, row)
	}
	other := m.CallerNumber
	if m.outbound() {
		other = m.CalleeNumber
	}
	want := map[string]string{"DE": "***", "SE": "***", "FR": "****", "NL": "***"}[m.UsageCountryCode]
	if got := other[len(strings.TrimRight(other, "*")):]; strings.HasPrefix(other, "+") && got != want {
		t.Errorf("number %s of the other party in %s", other, m.UsageCountryCode)
	}
	bot := !strings.HasPrefix(m.CallType, "user_") && !strings.HasPrefix(m.CallType, "conf_")
	if bot != (m.UserID == nil || *m.UserID == "") {
		t.Errorf("user %v of %s", m.UserID, m.CallType)
	}
	if meeting := strings.HasPrefix(m.CallType, "conf_"); meeting != (m.ConferenceID != nil) {
		t.Errorf("conference %v of %s", m.ConferenceID, m.CallType)
	}
}

func TestTimesHaveUpToSevenDigits(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	digits := make(map[int]int)
	for row := range a.PSTNCalls(noon.AddDate(0, 0, -14), noon.AddDate(0, 0, -7)) {
		var m struct{ StartDateTime string }
		if err := json.Unmarshal(row, &m); err != nil {
			t.Fatal(err)
		}
		_, fraction, _ := strings.Cut(strings.TrimSuffix(m.StartDateTime, "Z"), ".")
		digits[len(fraction)]++
	}
	if got := slices.Sorted(maps.Keys(digits)); !slices.Equal(got, []int{0, 1, 2, 3, 4, 5, 6, 7}) {
		t.Errorf("digits of fractions: %v", digits)
	}
}

func TestWireForms(t *testing.T) {
	t.Parallel()
	for want, got := range map[string][]byte{
		"0.00":                         appendMoney(nil, 0),
		"1.235":                        appendMoney(nil, 1235),
		"12.05":                        appendMoney(nil, 12050),
		"2019-11-01T00:00:08.2589935Z": appendTime(nil, ticks(time.Date(2019, 11, 1, 0, 0, 8, 258993500, time.UTC))),
		"2019-11-01T00:00:08.25Z":      appendTime(nil, ticks(time.Date(2019, 11, 1, 0, 0, 8, 25e7, time.UTC))),
		"2019-11-01T00:00:08Z":         appendTime(nil, ticks(time.Date(2019, 11, 1, 0, 0, 8, 0, time.UTC))),
		"1969-12-31T23:59:59.9Z":       appendTime(nil, ticks(time.Date(1969, 12, 31, 23, 59, 59, 9e8, time.UTC))),
		"0007":                         appendPadded(nil, 7, 4),
	} {
		if string(got) != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
