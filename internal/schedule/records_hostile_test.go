package schedule_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ingestd/internal/graphsim"
	"ingestd/internal/schedule/scheduletest"
	"ingestd/internal/store/storetest"
)

// TestHostileTextsInCallRecords puts a text that some column or index cannot hold in place of every text of a record
// but its id.
func TestHostileTextsInCallRecords(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 3000) // does not compress, and is above what an entry of a B-tree holds
	for i := range noise {
		noise[i] = byte('!' + rand.N(90))
	}
	tests := []struct {
		name, text string // as in JSON
		kept       bool   // the text comes back as it was
	}{
		{name: "NUL", text: `a\u0000b`},
		{name: "a lone surrogate", text: `a\ud800b`},
		{name: "3 kB of noise", text: strings.NewReplacer(`"`, "", `\`, "").Replace(string(noise)), kept: true},
		{name: "64 kB", text: strings.Repeat("x", 1<<16), kept: true},
		{name: "a time before history", text: "-4714-01-01T00:00:00Z", kept: true},
		{name: "infinity", text: "infinity", kept: true},
	}
	meeting, err := os.ReadFile("../../testdata/call_records/meeting.json")
	if err != nil {
		t.Fatal(err)
	}
	value := regexp.MustCompile(`": "[^"]*"`)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			document := value.ReplaceAllLiteralString(string(meeting), `": "`+tt.text+`"`)
			document = strings.Replace(document, `"id": "`+tt.text+`"`, `"id": "`+scheduletest.RecordID(1)+`"`, 1)
			w := newRecords(t, readable(t, document, scheduletest.RecordStart(1)))
			w.Once()
			const stored = `SELECT details_version = version AND EXISTS (SELECT FROM teams.media_streams)
				FROM teams.call_records`
			if !storetest.Query[bool](t, w.Conn, stored) {
				t.Error("the record is stored without its details")
			}
			wantRetries(t, w)
			if tt.kept {
				w.WantServed()
			}
		})
	}
}

// TestOddVersions serves versions that are none, or odd.
func TestOddVersions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		version string // as in JSON
		stored  string // as text; empty: the record is rejected
	}{
		{version: `"3"`, stored: "3"},
		{version: `-5`, stored: "-5"},
		{version: `0`, stored: "0"},
		{version: `9223372036854775807`, stored: "9223372036854775807"},
		{version: `1.0`},
		{version: `9223372036854775808`},
		{version: `null`},
		{version: `1e3`, stored: "1000"},
		{version: `true`},
		{version: `"x"`},
	}
	var records []graphsim.CallRecord
	var want, rejected []string
	for n, tt := range tests {
		r := scheduletest.Record(n+1, 1, 1, 1)
		r.JSON = []byte(strings.Replace(string(r.JSON), `"version":1`, `"version":`+tt.version, 1))
		records = append(records, r)
		if tt.stored != "" {
			want = append(want, tt.stored)
		} else {
			rejected = append(rejected, `"version":`+tt.version)
		}
	}
	w := newRecords(t, records...)
	w.Once()
	wantRetries(t, w)
	stored := texts(t, w.Conn, `SELECT details_version::text FROM teams.call_records ORDER BY id`)
	if diff := cmp.Diff(want, stored); diff != "" {
		t.Errorf("stored versions (-want +got):\n%s", diff)
	}
	const reasons = `SELECT substring(convert_from(raw, 'UTF8') FROM '"version":[^,}]*')
		FROM ingest.rejects WHERE reason = 'no version'`
	byText := cmpopts.SortSlices(strings.Compare)
	if diff := cmp.Diff(rejected, texts(t, w.Conn, reasons), byText); diff != "" {
		t.Errorf("rejected versions (-want +got):\n%s", diff)
	}
}

// TestOddStarts serves records whose document begins when the list does not say so.
func TestOddStarts(t *testing.T) {
	t.Parallel()
	var records []graphsim.CallRecord
	for n, start := range []string{
		`null`,
		`"2027-04-12T08:00:00Z"`, // in the future
		`"noon"`,
	} {
		r := scheduletest.Record(n, 1, 1, 1)
		was := fmt.Sprintf(`"startDateTime":%q,"type"`, r.Start.Format(time.RFC3339))
		r.JSON = []byte(strings.Replace(string(r.JSON), was, `"startDateTime":`+start+`,"type"`, 1))
		records = append(records, r)
	}
	w := newRecords(t, records...)
	w.Once()
	w.WantServed()
}
