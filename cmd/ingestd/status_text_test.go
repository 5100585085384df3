package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"

	"ingestd/internal/health"
)

// troubled is a snapshot with most that a snapshot can tell of.
func troubled(t *testing.T) health.Snapshot {
	t.Helper()
	text, err := os.ReadFile("../../internal/health/testdata/status.json")
	if err != nil {
		t.Fatal(err)
	}
	var s health.Snapshot
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// terminal is one of some width at the time of a snapshot.
func terminal(columns int, now time.Time) screen {
	return screen{terminal: true, width: min(columns, maxWidth), columns: min(columns, maxWidth), now: now}
}

func statusText(t *testing.T, s screen, snapshot health.Snapshot, wide bool) string {
	t.Helper()
	var out bytes.Buffer
	s.Writer = &out
	if err := writeStatus(s, snapshot, wide); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestStatusText(t *testing.T) {
	t.Parallel()
	snapshot := troubled(t)
	want := `Act now: fabrikam's call records begin to expire in 30 hours (Fri 27 Nov 21:00 UTC).
  27 days are unread: the app lacks the permission CallRecords.Read.All since 30 Oct 09:10.
  1. Entra admin center, App registrations, ingestd-fabrikam, API permissions: add
     CallRecords.Read.All, then grant admin consent
  2. ingestd once --tenant fabrikam      reads what expires first; all of it in about 40 min
  Also: 4 hours of contoso's call records are lost; 3 endpoints of fabrikam are down: ingestd gaps.

TENANT    ENDPOINT      STATE        FLAGS        COMPLETE UNTIL  SAFE FOR  NEXT
fabrikam  call_records  denied       expiring     28 Oct 21:00        30 h  15:10
contoso   call_records  catching_up  lost,parked  25 Oct 02:00        15 d  6 min left
contoso   pstn_calls    on_time                   23 Nov 00:00       361 d  15:05

Retention: details deleted before 2025-10-22 14:00.
As of 14:32 UTC. The daemon on ingest-1 gave its last sign 4 s ago.
`
	if diff := cmp.Diff(want, statusText(t, terminal(120, snapshot.AsOf), snapshot, false)); diff != "" {
		t.Error(diff)
	}
}

// A narrow terminal loses NEXT, then COMPLETE UNTIL, and only sentences wrap.
func TestStatusOnNarrowTerminals(t *testing.T) {
	t.Parallel()
	snapshot := troubled(t)
	for columns, heads := range map[int]string{
		90: "TENANT    ENDPOINT      STATE        FLAGS        COMPLETE UNTIL  SAFE FOR  NEXT",
		80: "TENANT    ENDPOINT      STATE        FLAGS        COMPLETE UNTIL  SAFE FOR",
		60: "TENANT    ENDPOINT      STATE        FLAGS        SAFE FOR",
	} {
		text := statusText(t, terminal(columns, snapshot.AsOf), snapshot, false)
		if !strings.Contains(text, "\n"+heads+"\n") {
			t.Errorf("%d columns: not %q in\n%s", columns, heads, text)
		}
		for line := range strings.Lines(text) {
			if n := runewidth.StringWidth(strings.TrimRight(line, "\n")); n > columns {
				t.Errorf("%d columns: %d in %q", columns, n, line)
			}
		}
		if !strings.Contains(text, "ingestd once --tenant fabrikam") {
			t.Errorf("%d columns: a command is broken:\n%s", columns, text)
		}
	}
}

// A pipe gets every column with times in full, and no colour.
func TestStatusInAPipe(t *testing.T) {
	t.Parallel()
	snapshot := troubled(t)
	text := statusText(t, screenOf(&bytes.Buffer{}, false, snapshot.AsOf), snapshot, false)
	for _, want := range []string{
		"contoso   call_records  catching_up  lost,parked  2026-10-25T02:00:00Z      15 d  6 min left\n",
		"\nAs of 2026-11-26T14:32:10Z. The daemon",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("not %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "\x1b") {
		t.Errorf("colour in a pipe: %q", text)
	}
}

// Colour is on the state's word alone, and takes no room.
func TestStatusColours(t *testing.T) {
	t.Parallel()
	snapshot := troubled(t)
	s := terminal(100, snapshot.AsOf)
	plain := statusText(t, s, snapshot, false)
	s.color = true
	colored := statusText(t, s, snapshot, false)
	for _, word := range []string{"\x1b[31mdenied\x1b[0m  ", "\x1b[33mcatching_up\x1b[0m ", "\x1b[32mon_time\x1b[0m "} {
		if !strings.Contains(colored, word) {
			t.Errorf("no %q in %q", word, colored)
		}
	}
	for _, code := range []string{"\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[0m"} {
		colored = strings.ReplaceAll(colored, code, "")
	}
	if diff := cmp.Diff(plain, colored); diff != "" {
		t.Error(diff)
	}
}

func TestStatusWide(t *testing.T) {
	t.Parallel()
	snapshot := troubled(t)
	s := terminal(80, snapshot.AsOf)
	s.columns = 0
	text := statusText(t, s, snapshot, true)
	for _, want := range []string{
		"  NEXT        SINCE         LAST SUCCESS  FAILURES  UNREAD  PENDING  PARKED  LOST    ACKNOWLEDGED  REJECTS  " +
			"LAST ERROR\n",
		"  15:10       30 Oct 09:10  30 Oct 08:10       654    28 d        0       0     0               0        0  " +
			"permission_missing\n",
		"  6 min left  14:00         13:55                0     3 d   23,000       3   4 h  1 h, 2 records        0  " +
			"-\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("not %q in\n%s", want, text)
		}
	}
}

func TestAsOf(t *testing.T) {
	t.Parallel()
	snapshot := troubled(t)
	s := terminal(100, snapshot.AsOf)
	snapshot.Daemon.HeartbeatAt = snapshot.AsOf.Add(-21 * 24 * time.Hour)
	want := "As of 14:32 UTC. The daemon on ingest-1 gave its last sign 21 d ago."
	if got := asOf(s, snapshot); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	snapshot.Daemon = nil
	want = "As of 14:32 UTC. No daemon has ever given a sign."
	if got := asOf(s, snapshot); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
