package graphsim

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestEveryFunctionServesTheSameFromTheSameSeed(t *testing.T) {
	t.Parallel()
	a := start(t, Config{Seed: 7})
	b := start(t, Config{Seed: 7, Now: at(noon.AddDate(0, 0, 5)), History: 60 * 24 * time.Hour})
	other := start(t, Config{Seed: 8})
	from, to := noon.AddDate(0, 0, -25), noon.AddDate(0, 0, -10)
	for _, f := range functions {
		want := texts(a.Rows(f.name, f.version, from, to))
		if len(want) == 0 {
			t.Errorf("%s: no rows", f.name)
		}
		if !slices.Equal(want, texts(b.Rows(f.name, f.version, from, to))) {
			t.Errorf("%s: same seed and days, started on another day: other rows", f.name)
		}
		if slices.Equal(want, texts(other.Rows(f.name, f.version, from, to))) {
			t.Errorf("%s: another seed serves the same", f.name)
		}
	}
}

// The pages of a window hold what Rows yields, and the links are spelled as
// those of the service.
func TestEveryFunctionHasPages(t *testing.T) {
	t.Parallel()
	a := start(t, Config{CallsPerDay: 1000})
	for _, f := range functions {
		t.Run(f.name+" "+f.version, func(t *testing.T) {
			t.Parallel()
			from, to := noon.AddDate(0, 0, -9), noon
			ends := "fromDateTime=" + from.Format(time.RFC3339) + ",toDateTime=" + to.Format(time.RFC3339)
			rows, pages := a.read(t, a.url(f.name, f.version, from.Format(time.RFC3339), to.Format(time.RFC3339)))
			if !slices.Equal(texts(a.Rows(f.name, f.version, from, to)), rows) {
				t.Error("Rows and the pages differ")
			}
			if len(pages) != len(rows)/1000+1 {
				t.Errorf("%d pages of %d rows", len(pages), len(rows))
			}
			if f.name == "getPstnCalls" {
				ends = strings.NewReplacer("fromDateTime", "from", "toDateTime", "to").Replace(ends)
			}
			root := a.GraphURL() + "/" + f.version
			for i, page := range pages[:len(pages)-1] {
				link := `"@odata.nextLink":"` + root + "/communications/callRecords/" + f.name + "(" + ends + ")" +
					"?$skip=" + strconv.Itoa(1000*(i+1)) + `"`
				if !strings.Contains(page, link) {
					t.Errorf("page %d lacks the link %s", i, link)
				}
			}
			if !strings.HasPrefix(
				pages[0],
				`{"@odata.context":"`+root+`/$metadata#Collection(microsoft.graph.callRecords.`+f.rowType+`)"`,
			) {
				t.Errorf("page begins with %.200s", pages[0])
			}
		})
	}
}

func TestThreeFunctionsAreBetaOnly(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	for _, f := range []struct {
		name string
		v1   int
	}{
		{"getPstnCalls", 200}, {"getDirectRoutingCalls", 200},
		{"getSmsLog", 404}, {"getPstnBlockedUsersLog", 404}, {"getPstnOnlineMeetingDialoutReport", 404},
	} {
		for version, want := range map[string]int{"v1.0": f.v1, "beta": 200} {
			res, body := a.get(t, a.url(f.name, version, "2026-03-01", "2026-03-02"), "client-request-id", "mine")
			if res.StatusCode != want {
				t.Errorf("%s of %s: %s, want %d", f.name, version, res.Status, want)
			}
			if want == 404 {
				checkError(t, res, body, "ResourceNotFound", f.name)
			}
		}
		if res, _ := a.get(t, a.url(f.name, "beta", "2025-12-01", "2026-03-02")); res.StatusCode != 406 {
			t.Errorf("%s for 91 days: %s", f.name, res.Status)
		}
	}
}

func TestRowsOfNoFunction(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	a.Rows("getSmsLog", "v1.0", noon, noon)
}

func TestRowsAreKeptForTheirReach(t *testing.T) {
	t.Parallel()
	for name, reach := range map[string]int{
		"getPstnCalls": 365, "getDirectRoutingCalls": 150, "getSmsLog": 90, "getPstnBlockedUsersLog": 90,
		"getPstnOnlineMeetingDialoutReport": 90,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			edge := noon.AddDate(0, 0, -reach)
			a := start(t, Config{CallsPerDay: -1, Extra: []Row{
				{
					Operation: name,
					Start:     edge,
					JSON:      []byte(`"kept"`),
				}, {Operation: name, Start: edge.Add(-tick), JSON: []byte(`"gone"`)},
			}})
			if got := texts(a.Rows(name, "beta", edge.AddDate(0, 0, -1), noon)); !slices.Equal(
				got,
				[]string{`"kept"`},
			) {
				t.Errorf("served %v", got)
			}
		})
	}
}

func TestExtraRowsAreServedByTheirFunctionAlone(t *testing.T) {
	t.Parallel()
	day := noon.AddDate(0, 0, -5)
	a := start(t, Config{Extra: []Row{
		{Start: day, JSON: []byte(`{"extra":"getPstnCalls"}`)},
		{Operation: "getDirectRoutingCalls", Start: day, JSON: []byte(`{"extra":"getDirectRoutingCalls"}`)},
		{Operation: "getSmsLog", Start: day, JSON: []byte(`{"extra":"getSmsLog"}`)},
		{Operation: "getPstnBlockedUsersLog", Start: day, JSON: []byte(`{"extra":"getPstnBlockedUsersLog"}`)},
		{
			Operation: "getPstnOnlineMeetingDialoutReport",
			Start:     day,
			JSON:      []byte(`{"extra":"getPstnOnlineMeetingDialoutReport"}`),
		},
	}})
	for _, f := range functions {
		all := strings.Join(texts(a.Rows(f.name, f.version, noon.AddDate(0, 0, -6), noon)), "\n")
		if strings.Count(all, `"extra"`) != 1 || !strings.Contains(all, `{"extra":"`+f.name+`"}`) {
			t.Errorf("%s serves %d extra rows", f.name, strings.Count(all, `"extra"`))
		}
	}
}

func TestSetChangedChangesEveryLog(t *testing.T) {
	t.Parallel()
	a := start(t, Config{CallsPerDay: 800})
	for _, f := range functions {
		rows := func() []string {
			return texts(a.Rows(f.name, f.version, noon.AddDate(0, 0, -60), noon.AddDate(0, 0, -50)))
		}
		before := rows()
		for _, c := range []struct{ fraction, atLeast float64 }{{1, 1}, {0.3, 0.1}, {0, 0}} {
			a.SetChanged(c.fraction)
			changed := 0
			for i, row := range rows() {
				if row != before[i] {
					changed++
				}
			}
			// a row of the report changes with any of its calls
			if got := float64(changed) / float64(len(before)); got < c.atLeast || c.fraction == 0 && changed > 0 {
				t.Errorf("%s: %d of %d rows changed by %v", f.name, changed, len(before), c.fraction)
			}
		}
	}
}

func TestOneFunctionDenied(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	check := func(name string, denied ...string) {
		t.Helper()
		for _, f := range functions {
			want := 200
			if slices.Contains(denied, f.name) {
				want = 403
			}
			if res, _ := a.get(t, a.url(f.name, f.version, "2026-03-01", "2026-03-02")); res.StatusCode != want {
				t.Errorf("%s: %s answers %s, want %d", name, f.name, res.Status, want)
			}
		}
	}
	a.SetDenied(true, "getSmsLog", "getDirectRoutingCalls")
	check("two", "getSmsLog", "getDirectRoutingCalls")
	a.SetDenied(false, "getSmsLog")
	check("one", "getDirectRoutingCalls")
	a.SetDenied(true)
	check(
		"all",
		"getPstnCalls",
		"getDirectRoutingCalls",
		"getSmsLog",
		"getPstnBlockedUsersLog",
		"getPstnOnlineMeetingDialoutReport",
	)
	a.SetDenied(false)
	check("none")
}

func TestTheFamilySharesALimit(t *testing.T) {
	t.Parallel()
	a := start(t, Config{LimitFactor: 0.1, CallsPerDay: -1})
	answers := make(map[int]int)
	for range 5 {
		for _, f := range functions[2:] { // both versions of a function are one
			res, _ := a.get(t, a.url(f.name, "beta", "2026-03-01", "2026-03-02"))
			answers[res.StatusCode]++
		}
	}
	// Each may be asked 5 times, all together 20 times; one is asked twice a round.
	r := a.Requests()
	if answers[200] == 0 || answers[429] < 5 || r.Peak["pstn"] != 25 || r.Peak["getSmsLog"] != 5 ||
		r.Peak["getDirectRoutingCalls"] != 10 {
		t.Errorf("answers %v, peaks %v", answers, r.Peak)
	}
}

func TestExpireTokens(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	url := a.url("getSmsLog", "beta", "2026-03-01", "2026-03-02")
	a.ExpireTokens()
	if res, _ := a.get(t, url); res.StatusCode != 401 {
		t.Errorf("with the old token: %s", res.Status)
	}
	a.token = a.newToken(t)
	if res, _ := a.get(t, url); res.StatusCode != 200 {
		t.Errorf("with a new token: %s", res.Status)
	}
}
