package graphsim

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// calls of some days, in advance of any clock.
func (a *app) calls(days int64) (calls []*call) {
	today, _ := floorDiv(ticks(noon), day)
	for d := today - days; d < today; d++ {
		for i := range a.records.days.get(d).calls {
			calls = append(calls, &a.records.days.get(d).calls[i])
		}
	}
	return calls
}

func TestWhenVersionsAppear(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	calls, quick, behind := a.calls(10), 0, 0
	var have [mostRises + 1]int // by number of versions
	for _, c := range calls {
		have[len(c.rises)]++
		late := time.Duration(c.rises[0].at-c.end) * tick
		if late < 5*time.Minute-time.Second || late > 150*time.Minute {
			t.Fatalf("first version %v after the end", late)
		}
		if late < 30*time.Minute {
			quick++
		}
		for i, r := range c.rises {
			if i > 0 && r.at <= c.rises[i-1].at {
				t.Fatalf("version %d is not later than the one before", i+1)
			}
			if r.lag > 0 {
				behind++
			}
		}
	}
	share := func(n int) int { return n * 100 / len(calls) }
	if share(quick) < 75 || share(have[1]) > 35 || share(have[2]) < 45 || share(have[3]) < 8 || have[4] == 0 {
		t.Errorf("of %d: %d within half an hour, by number of versions %v", len(calls), quick, have)
	}
	if share(behind) < 4 || share(behind) > 20 {
		t.Errorf("%d of %d versions are read late", behind, len(calls))
	}
}

func TestARecordThroughItsLife(t *testing.T) {
	t.Parallel()
	var c clock
	c.set(noon)
	a := start(t, Config{Now: c.now, RecordsPerDay: 50})
	for _, call := range a.calls(3) {
		id, begin := call.id.String(), timeOf(call.start)
		c.set(timeOf(call.rises[0].at).Add(-tick))
		if _, found := a.CallRecord(id); found {
			t.Fatalf("%s is there before its first version", id)
		}
		for i, r := range call.rises {
			c.set(timeOf(r.at))
			document, _ := a.CallRecord(id)
			list := texts(a.CallRecords(begin, begin))
			if got := decodeRecord(t, document); got.Version != i+1 || !got.LastModifiedDateTime.Equal(timeOf(r.at)) ||
				len(list) != 1 ||
				list[0] != string(document) {
				t.Fatalf("version %d of %s is %d of %v", i+1, id, got.Version, got.LastModifiedDateTime)
			}
		}
		c.set(begin.AddDate(0, 0, 30))
		if len(texts(a.CallRecords(begin, begin))) != 1 {
			t.Fatalf("%s is gone too early", id)
		}
		c.set(begin.AddDate(0, 0, 30).Add(tick))
		if _, found := a.CallRecord(id); found || len(texts(a.CallRecords(begin, begin))) != 0 {
			t.Fatalf("%s is there after 30 days", id)
		}
	}
}

// For some minutes the list knows more than who reads a record by its id.
func TestReadingLagsBehindTheList(t *testing.T) {
	t.Parallel()
	var c clock
	c.set(noon)
	a := start(t, Config{Now: c.now})
	seen := make(map[int]int) // by version
	for _, call := range a.calls(7) {
		for i, r := range call.rises {
			alone := i == len(call.rises)-1 || call.rises[i+1].at > r.at+r.lag
			if r.lag == 0 || !alone || seen[i] == 3 {
				continue
			}
			seen[i]++
			for _, path := range []string{"", "/sessions", "/participants_v2"} {
				for _, step := range []struct {
					at   int64
					want int
				}{{r.at, i}, {r.at + r.lag - 1, i}, {r.at + r.lag, i + 1}} {
					c.set(timeOf(step.at))
					a.token = a.newToken(t)
					if listed, _ := a.CallRecord(call.id.String()); decodeRecord(t, listed).Version != i+1 {
						t.Fatalf("version %d is not listed", i+1)
					}
					res, body := a.get(t, a.recordURL("/"+call.id.String()+path))
					if (res.StatusCode == 200) != (step.want > 0) ||
						res.StatusCode == 200 && path == "" && decodeRecord(t, body).Version != step.want {
						t.Errorf("%s, %.200s, want version %d", res.Status, body, step.want)
					}
				}
			}
		}
	}
	if seen[0] == 0 || seen[1] == 0 {
		t.Errorf("tried versions %v", seen)
	}
}

// media is what tests look at of it.
type mediaBody struct{ CallerDevice, CallerNetwork json.RawMessage }

func (a *app) firstMedia(tb testing.TB, id string) mediaBody {
	tb.Helper()
	document, _ := a.CallRecord(id)
	var r struct {
		Sessions []struct{ Segments []struct{ Media []mediaBody } }
	}
	if err := json.Unmarshal(document, &r); err != nil || len(r.Sessions[0].Segments[0].Media) == 0 {
		return mediaBody{}
	}
	return r.Sessions[0].Segments[0].Media[0]
}

func TestTelemetryComesLate(t *testing.T) {
	t.Parallel()
	var c clock
	c.set(noon)
	a := start(t, Config{Now: c.now})
	late := 0
	for _, call := range a.calls(4) {
		if call.kind != peerToPeer || len(call.rises) < 2 {
			continue
		}
		known := func(at int64) bool {
			c.set(timeOf(at))
			m := a.firstMedia(t, call.id.String())
			if device := string(m.CallerDevice); device == "" || device == "null" {
				return false
			}
			return strings.Contains(string(m.CallerNetwork), `"ipAddress":"`)
		}
		if first, last := known(call.rises[0].at), known(call.rises[len(call.rises)-1].at); first {
			t.Fatalf("%s: the caller is known at once", call.id)
		} else if last {
			late++
		}
	}
	if late < 50 {
		t.Errorf("of %d callers the telemetry came late", late)
	}
}

func TestSomeTelemetryNeverComes(t *testing.T) {
	t.Parallel()
	a := start(t, Config{})
	missing := 0
	for record := range a.CallRecords(noon.AddDate(0, 0, -29), noon.AddDate(0, 0, -27)) {
		missing += strings.Count(string(record), `"platform":"unknown"`)
	}
	if missing < 20 {
		t.Errorf("%d clients never sent any", missing)
	}
}

func TestRaiseVersions(t *testing.T) {
	t.Parallel()
	var c clock
	c.set(noon)
	a := start(t, Config{Now: c.now})
	from, to := noon.AddDate(0, 0, -29), noon.AddDate(0, 0, -20)
	raised := func(before map[string]recordBody) map[string]bool {
		ids := make(map[string]bool)
		for _, d := range a.records.listed(a.Server.window("v1.0", from, to)) {
			r := decodeRecord(t, append(d.appendHeader([]byte("{"), ""), '}'))
			if last, known := before[r.ID]; known && r.Version == last.Version+1 &&
				r.LastModifiedDateTime.Equal(c.now()) {
				ids[r.ID] = true
			} else if known && r.Version != last.Version {
				t.Errorf("%s: from version %d to %d", r.ID, last.Version, r.Version)
			}
			before[r.ID] = r
		}
		return ids
	}
	versions := make(map[string]recordBody)
	raised(versions)
	raise := func(share float64) map[string]bool {
		c.set(c.now().Add(time.Second))
		a.RaiseVersions(share)
		return raised(versions)
	}
	tenth, half, again := raise(0.1), raise(0.5), raise(0.1)
	if n := len(tenth) * 100 / len(versions); n < 7 || n > 13 || len(half)*100/len(versions) < 45 {
		t.Errorf("%d and %d of %d raised", len(tenth), len(half), len(versions))
	}
	for id := range tenth {
		if !half[id] || !again[id] {
			t.Errorf("%s: among the half %v, again %v", id, half[id], again[id])
		}
	}
}

func TestARaiseIsReadAtOnceAndTellsMore(t *testing.T) {
	t.Parallel()
	var c clock
	c.set(noon)
	a := start(t, Config{Now: c.now})
	for _, call := range a.calls(3) {
		if r := call.rises[0]; r.lag > 0 && call.kind == peerToPeer {
			c.set(timeOf(r.at))
			a.token = a.newToken(t)
			before, _ := a.CallRecord(call.id.String())
			a.RaiseVersions(1)
			res, body := a.get(t, a.recordURL("/"+call.id.String()+"?$expand=sessions($expand=segments)"))
			got := decodeRecord(t, body)
			if res.StatusCode != 200 || got.Version != 2 ||
				string(got.Sessions[0]) == string(decodeRecord(t, before).Sessions[0]) {
				t.Errorf("%s: %.300s", res.Status, body)
			}
			return
		}
	}
	t.Error("no call to try")
}
