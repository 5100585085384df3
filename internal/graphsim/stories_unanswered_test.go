package graphsim

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// callTree is what an analyst looks at of a call record.
type callTree struct {
	StartDateTime time.Time
	Organizer     struct {
		Identity struct {
			ApplicationInstance *struct{ DisplayName string }
		}
	} `json:"organizer_v2"`
	Sessions []struct {
		StartDateTime, EndDateTime time.Time
		FailureInfo                *struct{ Stage string }
		Caller, Callee             callEnd
		Segments                   []struct{ Media []callMedia }
	}
}

type callEnd struct {
	UserAgent          struct{ Role string }
	AssociatedIdentity struct{ ID, DisplayName string }
}

type callMedia struct {
	CallerNetwork, CalleeNetwork *struct{ Subnet string }
	CallerDevice, CalleeDevice   *struct {
		CaptureDeviceName string
		MicGlitchRate     float64
	}
	Streams []struct{ AverageJitter *string }
}

// A tally is how many of some were bad.
type tally struct{ bad, all float64 }

func (t tally) percent() float64 { return 100 * t.bad / max(t.all, 1) }

// tallies count by name.
type tallies map[string]tally

func (t tallies) add(name string, bad float64) { t[name] = tally{t[name].bad + bad, t[name].all + 1} }

// worst returns the name with the largest share, and the largest share of the
// other names, among those that occur often.
func (t tallies) worst() (name string, share, others float64) {
	for n, c := range t {
		switch p := c.percent(); {
		case c.all < 20:
		case p > share:
			name, share, others = n, p, share
		case p > others:
			others = p
		}
	}
	return name, share, others
}

// findings is what ten days of call records hold.
type findings struct {
	floors, before tallies // streams with much jitter, of the last ten days and the five before
	headsets       tallies // glitches of microphones
	queues         tallies // calls that no agent took
	people         tallies // calls of two that were not answered
}

func (f *findings) add(c callTree, recent bool) {
	desk := c.Organizer.Identity.ApplicationInstance
	switch {
	case desk != nil && recent:
		f.queues.add(desk.DisplayName, number01(!c.taken()))
	case len(c.Sessions) == 1 && c.Sessions[0].Callee.AssociatedIdentity.DisplayName != "":
		failure := c.Sessions[0].FailureInfo
		f.people.add(c.Sessions[0].Callee.AssociatedIdentity.ID, number01(failure != nil && failure.Stage == callSetup))
	}
	for _, s := range c.Sessions {
		for _, g := range s.Segments {
			for _, m := range g.Media {
				f.addMedia(m, recent)
			}
		}
	}
}

// taken reports whether an agent spoke.
func (c callTree) taken() bool {
	for _, s := range c.Sessions {
		if s.Caller.AssociatedIdentity.DisplayName != "" && s.EndDateTime.After(s.StartDateTime) {
			return true
		}
	}
	return false
}

func (f *findings) addMedia(m callMedia, recent bool) {
	floors := f.before
	if recent {
		floors = f.floors
	}
	for _, s := range m.Streams {
		if n := m.CallerNetwork; n != nil && s.AverageJitter != nil {
			floors.add(n.Subnet, number01(jitter(*s.AverageJitter) > 30*time.Millisecond))
		}
	}
	if d := m.CallerDevice; d != nil {
		f.headsets.add(d.CaptureDeviceName, d.MicGlitchRate/100)
	}
}

func number01(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// jitter reads a duration below a minute, as Graph writes it.
func jitter(text string) time.Duration {
	d, _ := time.ParseDuration(strings.ToLower(strings.TrimPrefix(text, "PT")))
	return d
}

func TestWhatCallRecordsHoldToBeFound(t *testing.T) {
	t.Parallel()
	a := start(t, Config{Users: 60, RecordsPerDay: 100})
	f := findings{tallies{}, tallies{}, tallies{}, tallies{}, tallies{}}
	recent := noon.Truncate(24*time.Hour).AddDate(0, 0, -10)
	for record := range a.CallRecords(recent.AddDate(0, 0, -5), noon.Truncate(24*time.Hour)) {
		var c callTree
		if err := json.Unmarshal(record, &c); err != nil {
			t.Fatal(err)
		}
		f.add(c, !c.StartDateTime.Before(recent))
	}
	stories := a.records.traffic.stories
	floor, share, others := f.floors.worst()
	if floor != stories.badFloor+"0" || share < 30 || others > share/2 || f.before[floor].percent() > share/2 {
		t.Errorf("the worst floor is %s with %.0f %%, %.0f %% before; the next has %.0f %%",
			floor, share, f.before[floor].percent(), others)
	}
	if headset, glitches, others := f.headsets.worst(); headset != badHeadset || glitches < 3*others {
		t.Errorf("the worst headset is %s with %.0f glitches, the next has %.0f", headset, glitches, others)
	}
	queue := f.queues["Service Desk London"]
	delete(f.queues, "Service Desk London")
	lost := tally{}
	for _, q := range f.queues {
		lost.bad, lost.all = lost.bad+q.bad, lost.all+q.all
	}
	if queue.all < 40 || queue.percent() < 60 || lost.all < 20 || lost.percent() > 45 {
		t.Errorf("of %.0f calls to London's queue %.0f %% found nobody, of %.0f to others %.0f %%",
			queue.all, queue.percent(), lost.all, lost.percent())
	}
	if c := f.people[stories.unreachable.id]; c.all < 6 || c.bad < c.all {
		t.Errorf("of %.0f calls to whom nobody can reach %.0f were not answered", c.all, c.bad)
	}
}

func TestNobodyCanReachSomebodyFromOutside(t *testing.T) {
	t.Parallel()
	a := start(t, Config{CallsPerDay: 300})
	missed, all := 0, 0
	for _, row := range directRows(t, a, noon.AddDate(0, 0, -20), noon) {
		if row.UserID != nil && *row.UserID == a.records.traffic.stories.unreachable.id {
			if all++; row.CallType == "ByotIn" && row.FinalSIPCode == 480 && row.CallEndSubReason == 10037 {
				missed++
			}
		}
	}
	if all < 10 || missed < all {
		t.Errorf("%d of %d calls were missed", missed, all)
	}
}

func TestSomeNumbersAreInNoLog(t *testing.T) {
	t.Parallel()
	a := start(t, Config{Users: 50, CallsPerDay: 300})
	var logs strings.Builder
	for row := range a.PSTNCalls(noon.AddDate(0, 0, -60), noon) {
		logs.Write(row)
	}
	for _, row := range texts(a.Rows(getDirectCalls, "v1.0", noon.AddDate(0, 0, -60), noon)) {
		logs.WriteString(row)
	}
	unused := slices.DeleteFunc(a.Lists().Numbers, func(n Number) bool {
		return strings.Contains(logs.String(), n.Number)
	})
	if len(unused) != unusedNumbers {
		t.Errorf("in no log are %v", unused)
	}
	for _, n := range unused {
		if n.UserID != "" || !strings.HasPrefix(n.Number, "+49302") {
			t.Errorf("%v is unused", n)
		}
	}
}

func TestThePoolThatIsOverdrawnIsListed(t *testing.T) {
	t.Parallel()
	want := Licence{"MCOPSTN1", "NL", 2, 1200}
	if list := start(t, Config{}).Lists().Licences; !slices.Contains(list, want) {
		t.Errorf("%v lack %v", list, want)
	}
}
