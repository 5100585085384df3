package schedule_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"ingestd/internal/graphsim"
)

// TestHostileTextsInCallRecords puts a text that some column or index cannot
// hold in place of every text of a record but those that lead to it.
func TestHostileTextsInCallRecords(t *testing.T) {
	incompressible := make([]byte, 3000) // above what an entry of a B-tree holds
	for i := range incompressible {
		incompressible[i] = byte('!' + rand.N(90))
	}
	texts := map[string]struct{ text, same string }{
		"NUL":                   {`a\u0000b`, ""},
		"a lone surrogate":      {`a\ud800b`, ""},
		"3 kB of noise":         {strings.NewReplacer(`"`, "", `\`, "").Replace(string(incompressible)), "yes"},
		"64 kB":                 {strings.Repeat("x", 1<<16), "yes"},
		"a time before history": {"-4714-01-01T00:00:00Z", "yes"},
		"infinity":              {"infinity", "yes"},
	}
	meeting, err := os.ReadFile("../../testdata/call_records/meeting.json")
	if err != nil {
		t.Fatal(err)
	}
	value := regexp.MustCompile(`": "[^"]*"`)
	for name, test := range texts {
		t.Run(name, func(t *testing.T) {
			document := value.ReplaceAllString(string(meeting), `": "`+strings.ReplaceAll(test.text, "$", "$$")+`"`)
			document = strings.Replace(document, `"id": "`+test.text+`"`, `"id": "`+recordID(1)+`"`, 1)
			w := newRecordsWorld(t, given(readable(t, document, time.Date(2026, 6, 12, 8, 0, 0, 0, time.UTC))))
			w.once()
			w.is("whole", w.query(`SELECT string_agg(details_version::text || ' ' || (SELECT count(*) > 0 FROM teams.media_streams), ',') FROM teams.call_records`),
				w.query(`SELECT version || ' true' FROM teams.call_records`))
			w.is("notes", w.query(`SELECT string_agg(error, ', ') FROM ingest.details_retries`), "null")
			if test.same != "" {
				w.wantRecords()
			}
		})
	}
}

// TestOddVersions serves versions that are none, or odd.
func TestOddVersions(t *testing.T) {
	for version, want := range map[string]string{
		`"3"`: "3", `-5`: "-5", `0`: "0", `9223372036854775807`: "9223372036854775807",
		`1.0`: "rejected", `9223372036854775808`: "rejected", `null`: "rejected", `1e3`: "rejected", `true`: "rejected", `"x"`: "rejected",
	} {
		t.Run(version, func(t *testing.T) {
			r := aRecord(1, 1, 1, 1)
			r.JSON = []byte(strings.Replace(string(r.JSON), `"version":1`, `"version":`+version, 1))
			w := newRecordsWorld(t, given(r))
			w.once()
			got := w.query(`SELECT coalesce((SELECT details_version::text FROM teams.call_records), (SELECT 'rejected' FROM ingest.rejects WHERE reason = 'no version'))`)
			w.is("version", got, want)
		})
	}
}

// TestOddStarts serves records whose document begins when the list does not
// say so.
func TestOddStarts(t *testing.T) {
	for name, start := range map[string]string{"none": "null", "in the future": `"2027-04-12T08:00:00Z"`, "not a time": `"noon"`} {
		t.Run(name, func(t *testing.T) {
			r := aRecord(1, 1, 1, 1)
			r.JSON = []byte(strings.Replace(string(r.JSON), fmt.Sprintf(`"startDateTime":%q,"type"`, r.Start.Format(time.RFC3339)), `"startDateTime":`+start+`,"type"`, 1))
			w := newRecordsWorld(t, given(r))
			w.once()
			w.is("records", fmt.Sprint(w.wantRecords()), "1")
		})
	}
}

// TestPartsOfTwoVersions serves sessions of version 0 and participants of
// version 5.
func TestPartsOfTwoVersions(t *testing.T) {
	old, new := aRecord(1, 0, 1, 1), aRecord(1, 5, 1, 2)
	new.Available = time.Date(2026, 6, 15, 12, 30, 0, 0, time.UTC)
	w := newRecordsWorld(t, given(old, new))
	w.sim.SetFaults(onRecord(1, func(r graphsim.Request) graphsim.Fault {
		if strings.Contains(r.URL, "sessions") {
			w.mu.Lock()
			w.now = w.now.Add(20 * time.Minute) // less than what is taken for a clock that jumped
			w.mu.Unlock()
		}
		return graphsim.Fault{}
	}))
	if _, err := w.job.Run(t.Context(), "once"); err != nil {
		t.Fatal(err)
	}
	w.is("stored whole", w.query(`SELECT count(*) FROM teams.call_records WHERE details_version IS NOT NULL`), "0")
}
