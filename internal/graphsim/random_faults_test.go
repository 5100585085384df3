package graphsim

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func pageRequest(n, skip int) Request {
	return Request{Operation: "getSmsLog", N: n, API: "beta", Now: noon, Skip: skip,
		URL: fmt.Sprintf("https://127.0.0.1:443/beta/communications/callRecords/getSmsLog(...)?$skip=%d&n=%d", skip, n)}
}

func TestRandomFaultsAreDeterministic(t *testing.T) {
	t.Parallel()
	a, b, other := RandomFaults(1, 0.3), RandomFaults(1, 0.3), RandomFaults(2, 0.3)
	hits, same := 0, 0
	for n := range 2000 {
		f, g, h := a(pageRequest(n, 1000)), b(pageRequest(n, 1000)), other(pageRequest(n, 1000))
		if diff := cmp.Diff(f, g); diff != "" {
			t.Fatalf("same seed, operation and N: %s", diff)
		}
		if !cmp.Equal(f, Fault{}) {
			hits++
		}
		if cmp.Equal(f, h) {
			same++
		}
	}
	if hits < 500 || hits > 700 {
		t.Errorf("%d of 2000 spoiled, want 30 %%", hits)
	}
	if same > 1200 {
		t.Errorf("%d of 2000 the same with another seed", same)
	}
}

func TestEveryKindOccurs(t *testing.T) {
	t.Parallel()
	for _, kind := range allKinds {
		decide := RandomFaults(3, 1, kind)
		different := make(map[string]bool)
		for n := range 300 {
			f := decide(pageRequest(n, 1000))
			if cmp.Equal(f, Fault{}) {
				t.Fatalf("kind %d: none at N %d", kind, n)
			}
			different[fmt.Sprintf("%+v", f)] = true
			if !f.Date.IsZero() || f.Poison != nil || f.Shift < 0 || f.Status == 401 || f.Status == 403 {
				t.Errorf("kind %d does not heal by asking again: %+v", kind, f)
			}
		}
		if kind != Stalls && kind != Oversize && len(different) < 2 {
			t.Errorf("kind %d: always %v", kind, different)
		}
	}
}

func TestSomeKindsBefallOnlySomeRequests(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		request Request
		kinds   []Kind
	}{
		{"first pages", pageRequest(0, 0), []Kind{LostLinks, Shifts}},
		{
			"tokens", Request{Operation: "token", URL: "https://127.0.0.1/token"},
			[]Kind{Oversize, WrongLinks, LostLinks, Shifts},
		},
	} {
		for _, kind := range c.kinds {
			if f := RandomFaults(1, 1, kind)(c.request); !cmp.Equal(f, Fault{}) {
				t.Errorf("%s: %+v", c.name, f)
			}
		}
	}
}

func TestNoURLFailsForEver(t *testing.T) {
	t.Parallel()
	decide := RandomFaults(1, 1)
	var pattern strings.Builder
	for n := range 9 {
		r := pageRequest(0, 1000)
		r.N = n
		if cmp.Equal(decide(r), Fault{}) {
			pattern.WriteByte('.')
		} else {
			pattern.WriteByte('x')
		}
	}
	if got := pattern.String(); got != "xx.xx.xx." {
		t.Errorf("bad and good answers: %s", got)
	}
}

// A client that asks again, and begins again where a page cannot be followed,
// reads everything.
func TestAStormHealsByAskingAgain(t *testing.T) {
	t.Parallel()
	a := start(t, Config{CallsPerDay: 1500})
	kinds := []Kind{ServerErrors, Throttling, Cuts, GzipDamage, WrongBodies, Redirects, LostLinks}
	a.SetFaults(RandomFaults(5, 0.5, kinds...))
	from, to := noon.AddDate(0, 0, -8), noon.AddDate(0, 0, -5)
	want := served(a, from, to)
	var rows []string
	const seconds = "2006-01-02T15:04:05Z"
	next, asked := a.pstnURL("v1.0", from.Format(seconds), to.Format(seconds)), 0
	for ; next != ""; asked++ {
		if asked > 100 {
			t.Fatal("100 requests and no end")
		}
		g := a.fetch(t, next, "gzip")
		if g.err != nil || g.sentErr != nil || g.res.StatusCode != 200 || shape(g) != "page" {
			continue
		}
		p := decodePage(t, g.body)
		for _, row := range p.Value {
			rows = append(rows, string(row))
		}
		next = p.Next
	}
	if !slices.Equal(rows, want) || len(want) < 2000 {
		t.Errorf("%d rows read, %d served", len(rows), len(want))
	}
}
