package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/bench"
	"ingestd/internal/fetch"
	"ingestd/internal/graphsim"
	"ingestd/internal/mapping/mappingtest"
	"ingestd/internal/store/storetest"
)

// mostMemory is what the program may take at its peak, in MiB.
const mostMemory = 150

// BenchmarkLargeMeetings has the program store six meetings of a thousand
// people among ordinary records. It fails where that takes more memory than it
// may, or where a meeting lacks a row.
func BenchmarkLargeMeetings(b *testing.B) {
	for b.Loop() {
		storeLargeMeetings(b)
	}
}

func storeLargeMeetings(b *testing.B) {
	c := graphsim.Config{Seed: 1, Users: 50, CallsPerDay: -1, RecordsPerDay: 50, History: 7 * 24 * time.Hour}
	var meetings []uuid.UUID
	for n := range 6 {
		meetings = append(meetings, uuid.New())
		c.Records = append(c.Records, meeting(b, meetings[n], begun.Add(-time.Hour-time.Duration(n)*24*time.Hour)))
	}
	url := onceWithin(b, c, mostMemory)
	conn := storetest.Conn(b, url)
	for _, id := range meetings {
		for table, want := range map[string]int{
			"sessions": 1200, "session_endpoints": 2400, "segments": 1200, "segment_endpoints": 2400,
			"segment_media": 2400, "media_streams": 4800, "call_participants": 1000,
		} {
			n := storetest.Query[int](b, conn, `SELECT count(*) FROM teams.`+table+` WHERE call_id = $1`, id)
			if n != want {
				b.Errorf("meeting %s has %d rows in %s, want %d", id, n, table, want)
			}
		}
	}
	db, tenantID := storetest.Connect(b, url), uuid.MustParse(graphsim.TenantID)
	rebuilt, err := db.Rebuild(b.Context(), fetch.CallRecords.Rows, tenantID, meetings[0].String())
	if err != nil {
		b.Fatal(err)
	}
	mappingtest.Same(b, c.Records[0].JSON, rebuilt)
}

// peak waits for the process to end and returns the most memory it had, in
// MiB. That of getrusage would count what its parent had.
func (p *process) peak(t testing.TB) (most float64) {
	t.Helper()
	for tick := time.Tick(5 * time.Millisecond); p.alive(); <-tick {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Process.Pid))
		if err != nil {
			continue // it has just ended
		}
		if _, rest, ok := strings.Cut(string(status), "VmHWM:"); ok {
			var kib float64
			if _, err := fmt.Sscan(rest, &kib); err != nil {
				t.Fatal(err)
			}
			most = kib / 1024
		}
	}
	return most
}

// meeting is a call of 1,000 people with 1,200 sessions.
func meeting(t testing.TB, id uuid.UUID, start time.Time) graphsim.CallRecord {
	t.Helper()
	return groupCall(t, id, start, 1200, 1000)
}

// groupCall is a call with so many sessions, each of two media and four streams,
// and so many participants: those of an ordinary call, again and again.
func groupCall(t testing.TB, id uuid.UUID, start time.Time, sessions, participants int) graphsim.CallRecord {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "testdata", "call_records", "peer_to_peer.json"))
	if err != nil {
		t.Fatal(err)
	}
	type object = map[string]any
	var call object
	if err := json.Unmarshal(content, &call); err != nil {
		t.Fatal(err)
	}
	session := call["sessions"].([]any)[0].(object)
	for _, media := range session["segments"].([]any)[0].(object)["media"].([]any) {
		streams := media.(object)["streams"].([]any)
		media.(object)["streams"] = []any{streams[0], streams[0]}
	}
	call["id"], call["type"], call["startDateTime"] = id, "groupCall", start
	call["sessions"] = slices.Repeat([]any{session}, sessions)
	call["participants_v2"] = slices.Repeat(call["participants_v2"].([]any)[:1], participants)
	document, err := json.Marshal(call)
	if err != nil {
		t.Fatal(err)
	}
	return graphsim.CallRecord{Start: start, Available: start, JSON: document}
}

// BenchmarkLargePages has sixteen records, as many as are in flight, with a
// page of 8 MB each, far above what Graph serves: they go one after the other.
func BenchmarkLargePages(b *testing.B) {
	for b.Loop() {
		storeLargePages(b)
	}
}

func storeLargePages(b *testing.B) {
	c := graphsim.Config{Seed: 1, Users: 50, CallsPerDay: -1, RecordsPerDay: -1}
	text := strings.Repeat("0123456789abcdef", 8<<16)
	for n := range 16 {
		start := begun.Add(-time.Duration(n+1) * time.Hour)
		c.Records = append(c.Records, graphsim.CallRecord{Start: start, JSON: fmt.Appendf(nil,
			`{"id":%q,"version":1,"startDateTime":%q,"participants_v2":[],
			"sessions":[{"id":%q,"caller":{"name":%q},"segments":[]}]}`,
			uuid.New(), start.Format(time.RFC3339), uuid.New(), text)})
	}
	onceWithin(b, c, 2*mostMemory)
}

// onceWithin has the program store a tenant's call records, and fails if it
// takes more memory than so many MiB. It returns the database.
func onceWithin(b *testing.B, c graphsim.Config, most float64) (url string) {
	b.Helper()
	url = storetest.URL(b)
	p := launchBuilt(b, built(b), workplace(b, url, simulate(b, c), "call_records"), "once")
	peak := p.peak(b)
	p.exits(b, patience, exitOK)
	bench.Report(b, peak, "peak-MiB")
	if peak > most {
		b.Errorf("peak RSS %.1f MiB, want %.0f at most", peak, most)
	}
	return url
}

// built builds the program as it is shipped. The test binary, which stands in for it elsewhere, takes more memory.
func built(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "ingestd")
	build := exec.Command("go", "build", "-trimpath", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	return path
}

// launchBuilt executes the program as it is shipped.
func launchBuilt(b *testing.B, program, dir string, args ...string) *process {
	b.Helper()
	p := prepareBuilt(program, dir, args...)
	p.startHeard(b)
	return p
}

func prepareBuilt(program, dir string, args ...string) *process {
	p := prepare(dir, args...)
	p.Path = program
	return p
}
