package schedule_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"ingestd/internal/schedule/scheduletest"
	"ingestd/internal/store/storetest"
)

// TestHostileTextsInCallRecords puts a text that some column or index cannot hold in place of every text of a record but
// its id.
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
			const stored = `SELECT details_version = version AND EXISTS (SELECT FROM teams.media_streams) FROM teams.call_records`
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
	for _, tt := range tests {
		t.Run(tt.version, func(t *testing.T) {
			t.Parallel()
			r := scheduletest.Record(1, 1, 1, 1)
			r.JSON = []byte(strings.Replace(string(r.JSON), `"version":1`, `"version":`+tt.version, 1))
			w := newRecords(t, r)
			w.Once()
			const stored = `SELECT coalesce((SELECT details_version::text FROM teams.call_records), '')`
			if got := storetest.Query[string](t, w.Conn, stored); got != tt.stored {
				t.Errorf("stored version %q, want %q", got, tt.stored)
			}
			const rejected = `SELECT count(*) = 1 FROM ingest.rejects WHERE reason = 'no version'`
			if got, want := storetest.Query[bool](t, w.Conn, rejected), tt.stored == ""; got != want {
				t.Errorf("rejected for its version: %v, want %v", got, want)
			}
		})
	}
}

// TestOddStarts serves records whose document begins when the list does not say so.
func TestOddStarts(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, start string }{
		{name: "none", start: `null`},
		{name: "in the future", start: `"2027-04-12T08:00:00Z"`},
		{name: "not a time", start: `"noon"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := scheduletest.Record(1, 1, 1, 1)
			was := fmt.Sprintf(`"startDateTime":%q,"type"`, r.Start.Format(time.RFC3339))
			r.JSON = []byte(strings.Replace(string(r.JSON), was, `"startDateTime":`+tt.start+`,"type"`, 1))
			w := newRecords(t, r)
			w.Once()
			w.WantServed()
		})
	}
}
