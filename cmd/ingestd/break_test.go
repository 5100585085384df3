package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/graphsim"
	"ingestd/internal/store/storetest"
)

// TestBreakMemory has sixteen records in flight whose one page takes 20 MB
// each: room bounds them only once they are read.
func TestBreakMemory(t *testing.T) {
	now := noon.Add(7 * time.Minute)
	c := graphsim.Config{Seed: 1, Users: 50, CallsPerDay: -1, RecordsPerDay: -1, Now: func() time.Time { return now }}
	text := strings.Repeat("0123456789abcdef", 20<<16)
	for n := range 16 {
		start := noon.Add(-time.Duration(n) * time.Hour)
		c.Records = append(c.Records, graphsim.CallRecord{Start: start, JSON: []byte(fmt.Sprintf(
			`{"id":%q,"version":1,"startDateTime":%q,"sessions":[{"id":%q,"caller":{"name":%q},"segments":[]}],"participants_v2":[]}`, uuid.New(), start.Format(time.RFC3339), uuid.New(), text))})
	}
	url, tenant := storetest.URL(t), simulate(t, c)
	p := launch(t, workplace(t, url, tenant, "call_records"), "once")
	peak := p.peak(t)
	p.exits(t, patience, exitOK)
	conn := storetest.Conn(t, url)
	t.Logf("peak RSS %.1f MiB with %d records", peak, storetest.Query[int](t, conn, `SELECT count(*) FROM teams.call_records WHERE expanded_version = version`))
	if peak > 512 {
		t.Errorf("peak RSS %.1f MiB", peak)
	}
}
