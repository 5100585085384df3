//go:build linux

package main

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"ingestd/internal/graphsim"
	"ingestd/internal/store/storetest"
)

// busiest is the person with most calls.
func busiest(t *testing.T, tenant *graphsim.Server) (id string) {
	t.Helper()
	calls := map[string]int{}
	for text := range tenant.CallRecords(time.Now().Add(-30*day), time.Now()) {
		var record struct {
			Participants []struct{ ID string } `json:"participants_v2"`
		}
		if err := json.Unmarshal(text, &record); err != nil {
			t.Fatal(err)
		}
		for _, p := range record.Participants {
			if calls[p.ID]++; calls[p.ID] > calls[id] {
				id = p.ID
			}
		}
	}
	return id
}

// onlyRecords lets the first records asked for pass, and holds the others.
func onlyRecords(t *testing.T, n int) func(graphsim.Request) graphsim.Fault {
	held := make(chan struct{})
	t.Cleanup(func() { close(held) })
	var mu sync.Mutex
	known := map[string]bool{"": true}
	return func(r graphsim.Request) graphsim.Fault {
		mu.Lock()
		pass := known[r.CallID] || len(known) <= n
		known[r.CallID] = known[r.CallID] || pass
		mu.Unlock()
		if !pass {
			<-held
		}
		return graphsim.Fault{}
	}
}

// On a terminal calls are printed above the progress, as they come, also while another process works on the tenant.
// Ctrl-C ends it, and what was printed is stored.
func TestFetchOnATerminal(t *testing.T) {
	t.Parallel()
	c := small
	c.Now, c.RecordsPerDay = time.Now, 20
	url, tenant := storetest.URL(t), simulate(t, c)
	tenant.SetFaults(onlyRecords(t, 8))
	lock, err := storetest.Connect(t, url).Lock(t.Context(), uuid.MustParse(tenant.Tenant()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Release(context.Background()) })
	dir := workplace(t, url, tenant, "call_records")
	p, screen := launchOnTerminal(t, dir, 200, "fetch", "--participant", busiest(t, tenant), "--wide")
	screen.shows(t, "START")
	p.signal(t, syscall.SIGINT)
	p.exits(t, patience, exitInterrupted)
	screen.shows(t, "ingestd: stopping; ")
	text := control.ReplaceAllString(screen.String(), "")
	ids := regexp.MustCompile(` [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12} `).FindAllString(text, -1)
	stored := storetest.Query[int](t, storetest.Conn(t, url), `
		SELECT count(*) FROM teams.call_records WHERE NOT pending AND id::text = ANY ($1)`,
		strings.Fields(strings.Join(ids, "")))
	if len(ids) == 0 || stored != len(ids) {
		t.Errorf("%d printed, %d stored: %q", len(ids), stored, text)
	}
	if !regexp.MustCompile(`simulated  call_records  [=-]+  \d+ of 31 d  `).MatchString(text) {
		t.Errorf("no progress in %q", text)
	}
}
