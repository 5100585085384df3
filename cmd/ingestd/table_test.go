package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"

	"ingestd/internal/store"
)

// A run with everything in it fits a terminal of 100 columns, and --wide says it
// all; what it failed with stands below.
func TestRunsFitATerminal(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 14, 32, 0, 0, time.UTC)
	ended, failed, why := now.Add(-time.Hour), "failed", "call_records: "+strings.Repeat("word ", 40)+"end"
	runs := []namedRun{
		{"contoso", store.PastRun{
			RunID: 123456, Endpoint: "pstn_blocked_users_log", Trigger: "schedule", StartedAt: now.Add(-2 * time.Hour),
			FinishedAt: &ended, Result: &failed, New: 12345, Changed: 12, Unchanged: 1204, Rejected: 5, Details: 12000,
			Error: &why,
		}},
		{"日本", store.PastRun{RunID: 7, Endpoint: "pstn_calls", Trigger: "once", StartedAt: now.AddDate(-1, 0, 0)}},
	}
	show := func(columns int, wide bool) string {
		var out bytes.Buffer
		s := terminal(columns, now)
		if s.Writer = &out; wide {
			s.columns = 0
		}
		if err := writeRuns(s, runs, wide); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	want := `   RUN  TENANT   ENDPOINT                STARTED      RESULT   FOUND
123456  contoso  pstn_blocked_users_log  12:32        failed   12,345 new, 12 changed, 1,204 unchan…
     7  日本     pstn_calls              26 Nov 2025  running  -
`
	text := show(100, false)
	if diff := cmp.Diff(want, text[:strings.Index(text, "\n\n")+1]); diff != "" {
		t.Error(diff)
	}
	for line := range strings.Lines(text) {
		if n := runewidth.StringWidth(strings.TrimSpace(line)); n > 100 {
			t.Errorf("%d columns: %q", n, line)
		}
	}
	if !strings.Contains(text, "\nRun 123456: call_records: word ") || !strings.HasSuffix(text, "end\n") {
		t.Errorf("not what it failed with: %q", text)
	}
	if !strings.Contains(show(100, true), "12,345 new, 12 changed, 1,204 unchanged, 5 rejected, 12,000 with details") {
		t.Error("--wide does not say it all")
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"", 10, ""},
		{"one two three", 13, "one two three"},
		{"one two three", 12, "one two\n  three"},
		{"one  two\nthree", 7, "one two\n  three"},
		{"averylongword and", 5, "averylongword\n  and"},
		{"日本 日本", 6, "日本\n  日本"},
	} {
		if got := wrap(c.text, "  ", c.width); got != c.want {
			t.Errorf("%q in %d columns: got %q, want %q", c.text, c.width, got, c.want)
		}
	}
}
