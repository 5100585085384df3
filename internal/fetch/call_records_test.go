package fetch

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const callID = "0f8e7d6c-5b4a-4392-8170-1f2e3d4c5b6a"

// record asks for a record of a Graph that answers what is scripted by path
// and query, and returns the parts in words and the requests in order.
func record(t *testing.T, answers map[string]string) (parts, asked []string, err error) {
	t.Helper()
	return recordWithin(t, nil, answers)
}

func recordWithin(t *testing.T, hold *Reservation, answers map[string]string) (parts, asked []string, err error) {
	t.Helper()
	return recordBy(t, false, hold, answers)
}

// recordBy is the same in turn, or at once: then nothing is answered before the first
// pages of both arrays are asked for.
func recordBy(
	t *testing.T, atOnce bool, hold *Reservation, answers map[string]string,
) (parts, asked []string, err error) {
	t.Helper()
	var mu sync.Mutex
	both := make(chan struct{})
	base := "/v1.0/communications/callRecords/" + callID
	c := newTestClient(t, &login{}, func(w http.ResponseWriter, r *http.Request) {
		query, _ := url.PathUnescape(r.URL.RawQuery)
		link := strings.TrimPrefix(r.URL.Path, base) + "?" + query
		mu.Lock()
		if asked = append(asked, link); len(asked) == 2 {
			close(both)
		}
		mu.Unlock()
		if atOnce {
			<-both
		}
		answer, ok := answers[link]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		if r.Header.Get("Prefer") != "include-unknown-enum-members" {
			t.Errorf("Prefer: %q", r.Header.Get("Prefer"))
		}
		fmt.Fprint(w, strings.ReplaceAll(answer, "{base}", "https://"+r.Host+base))
	})
	c.bodies.max = 1 << 20
	for part, failed := range c.Record(t.Context(), "v1.0", callID, atOnce, hold, nil) {
		if failed != nil {
			return parts, asked, failed
		}
		parts = append(
			parts,
			fmt.Sprintf(
				"%s %d+%d of version %d, more %v",
				part.Array,
				part.First,
				part.Page.Len(),
				part.Version,
				part.More,
			),
		)
	}
	return parts, asked, nil
}

const (
	sessionsFirst     = "?$expand=sessions($expand=segments)"
	participantsFirst = "?$expand=participants_v2"
)

func TestRecordFollowsBothLinks(t *testing.T) {
	t.Parallel()
	answers := map[string]string{
		sessionsFirst: `{"sessions@odata.nextlink":"{base}/sessions?$skip=2","id":"` + strings.ToUpper(callID) +
			`","version":7,"sessions":[{},{}]}`,
		"/sessions?$skip=2": `{"@odata.nextLink":"{base}/sessions?$skip=4","value":[{"id":"a"},{}]}`,
		"/sessions?$skip=4": `{"value":[{}]}`,
		participantsFirst: `{"id":"` + callID + `","version":"7","participants_v2":[{}],` +
			`"participants_v2@odata.nextLink":"{base}/participants_v2?p=2"}`,
		"/participants_v2?p=2": `{"value":[],"participants_v2@odata.nextLink":"{base}/participants_v2?p=3"}`,
		"/participants_v2?p=3": `{"value":[{}]}`,
	}
	parts, asked, err := record(t, answers)
	atOnce, _, alsoErr := recordBy(t, true, nil, answers)
	if err := errors.Join(err, alsoErr); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(parts, atOnce); diff != "" {
		t.Errorf("in turn (-) and at once (+):\n%s", diff)
	}
	want := []string{
		"sessions 0+2 of version 7, more true",
		"sessions 2+2 of version 0, more true",
		"sessions 4+1 of version 0, more false",
		"participants_v2 0+1 of version 7, more true",
		"participants_v2 1+0 of version 0, more true",
		"participants_v2 1+1 of version 0, more false",
	}
	if diff := cmp.Diff(want, parts); diff != "" {
		t.Error(diff)
	}
	want = []string{
		sessionsFirst, "/sessions?$skip=2", "/sessions?$skip=4",
		participantsFirst, "/participants_v2?p=2", "/participants_v2?p=3",
	}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Error(diff)
	}
}

func TestRecordRefusesWhatIsNotWhole(t *testing.T) {
	t.Parallel()
	const whole = `{"id":"` + callID + `","version":1,"sessions":[]}`
	for name, test := range map[string]struct {
		answers map[string]string
		want    string
		kind    Kind
	}{
		"expand got lost": {
			map[string]string{sessionsFirst: `{"id":"` + callID + `","version":1}`}, `no array "sessions"`, Transient,
		},
		"sessions are null": {
			map[string]string{sessionsFirst: `{"id":"` + callID + `","version":1,"sessions":null}`},
			`no array "sessions"`, Transient,
		},
		"participants are absent": {
			map[string]string{sessionsFirst: whole, participantsFirst: `{"id":"` + callID + `","version":1}`},
			`no array "participants_v2"`, Transient,
		},
		"another record": {
			map[string]string{sessionsFirst: `{"id":"00000000-0000-4000-8000-000000000000","version":1,` +
				`"sessions":[]}`},
			"not the call record that was asked for", Transient,
		},
		"no version": {
			map[string]string{sessionsFirst: `{"id":"` + callID + `","sessions":[]}`}, "without a version", Transient,
		},
		"a session is no object": {
			map[string]string{sessionsFirst: `{"id":"` + callID + `","version":1,"sessions":[{},7]}`}, "no objects",
			Transient,
		},
		"a link inside a session": {
			map[string]string{sessionsFirst: `{"id":"` + callID + `","version":1,"sessions":[{"segments":[{}],` +
				`"segments@odata.nextLink":"https://x"}]}`},
			"a link to a next page inside of an element", Transient,
		},
		"a link inside a segment": {
			map[string]string{sessionsFirst: `{"id":"` + callID + `","version":1,` +
				`"sessions":[{"segments":[{"media@odata.NEXTLINK":"https://x"}]}]}`},
			"a link to a next page inside of an element", Transient,
		},
		"a link that loops": {
			map[string]string{sessionsFirst: `{"id":"` + callID + `","version":1,"sessions":[{}],` +
				`"sessions@odata.nextLink":"{base}/sessions?n=2"}`, "/sessions?n=2": `{"value":[{}],` +
				`"@odata.nextLink":"{base}/sessions?n=2"}`},
			"leads back to an earlier page", Transient,
		},
		"a link elsewhere": {
			map[string]string{sessionsFirst: `{"id":"` + callID + `","version":1,"sessions":[{}],` +
				`"sessions@odata.nextLink":"https://elsewhere.example/v1.0/x"}`},
			"elsewhere.example", Refused,
		},
		"a page that is garbage": {
			map[string]string{sessionsFirst: `{"id":"` + callID + `","version":1,"sessions":[{}],` +
				`"sessions@odata.nextLink":"{base}/sessions?n=2"}`, "/sessions?n=2": `{"value":[{"id":`},
			"JSON", Transient,
		},
		"a page above the bound": {
			map[string]string{sessionsFirst: `{"id":"` + callID + `","version":1,` +
				`"sessions":[{"x":"` + strings.Repeat("x", 1<<20) + `"}]}`},
			"answer is too large", Transient,
		},
		"a record that is gone": {nil, "404", Refused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := record(t, test.answers)
			var failure *Error
			if !errors.As(err, &failure) || failure.Kind != test.kind || !strings.Contains(err.Error(), test.want) ||
				!strings.Contains(err.Error(), callID) {
				t.Errorf("%v; want a %v error about %q that names the record", err, test.kind, test.want)
			}
		})
	}
}

func TestListOfCallRecordsIsAskedByStart(t *testing.T) {
	t.Parallel()
	var asked, prefer string
	c := newTestClient(t, &login{}, func(w http.ResponseWriter, r *http.Request) {
		asked, prefer = r.URL.Path+"?"+r.URL.Query().Get("$filter"), r.Header.Get("Prefer")
		fmt.Fprint(w, `{"value":[]}`)
	})
	from := time.Date(2026, 3, 1, 5, 0, 0, 0, time.UTC)
	for _, err := range c.Pages(t.Context(), CallRecords, "v1.0", Window{from, from.Add(time.Hour)}, false, nil) {
		if err != nil {
			t.Fatal(err)
		}
	}
	const want = "/v1.0/communications/callRecords?" +
		"startDateTime ge 2026-03-01T05:00:00Z and startDateTime lt 2026-03-01T06:00:00Z"
	if asked != want {
		t.Errorf("asked for %s, want %s", asked, want)
	}
	if want := "include-unknown-enum-members, odata.maxpagesize=60"; prefer != want {
		t.Errorf("Prefer: %q, want %q", prefer, want)
	}
}
