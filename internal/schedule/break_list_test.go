package schedule_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"ingestd/internal/graphsim"
	"ingestd/internal/schedule"
)

// TestBreakListAlwaysFails: what is known is read although the list fails.
func TestBreakListAlwaysFails(t *testing.T) {
	w := newRecordsWorld(t, given(forty()...))
	w.sim.SetFaults(func(r graphsim.Request) graphsim.Fault {
		return onlyIf(r.CallID != "", graphsim.Fault{Status: http.StatusNotFound})
	})
	w.once()
	w.advance(time.Hour)
	w.sim.SetFaults(func(r graphsim.Request) graphsim.Fault {
		return onlyIf(r.Operation == "listCallRecords", graphsim.Fault{Status: 500})
	})
	_, err := w.job.Run(t.Context(), "once")
	t.Log(err)
	w.is("whole", w.query(`SELECT count(*) FROM teams.call_records WHERE expanded_version = version`), "40")
}

// TestBreakTokens has tokens expire in the middle of a meeting.
func TestBreakTokens(t *testing.T) {
	w := newRecordsWorld(t, given(append(forty(), aRecord(50, 1, 700, 500))...))
	n := 0
	w.sim.SetFaults(func(r graphsim.Request) graphsim.Fault {
		w.mu.Lock()
		defer w.mu.Unlock()
		if n++; n == 30 || n == 90 {
			w.sim.ExpireTokens()
		}
		return graphsim.Fault{}
	})
	if _, err := schedule.Once(t.Context(), w.job, "once"); err != nil {
		t.Error(err)
	}
	w.is("whole", fmt.Sprint(w.wantTrees()), "41")
}

// TestBreakManySessions has 33,000 sessions, more than ordinals.
func TestBreakManySessions(t *testing.T) {
	w := newRecordsWorld(t, given(append(forty(), aRecord(50, 1, 33000, 1))...))
	for range 3 {
		w.once()
		w.advance(30 * time.Minute)
	}
	w.is("whole", w.query(`SELECT count(*) FROM teams.call_records WHERE expanded_version = version`), "40")
	t.Log(w.query(`SELECT state || error FROM ingest.expansions`), w.details(), w.query(`SELECT count(*) FROM ingest.rejects`))
}

// TestBreakEndlessVersions raises the version between the two requests, always.
func TestBreakEndlessVersions(t *testing.T) {
	w := newRecordsWorld(t, graphsim.Config{Seed: 3, Users: 20, RecordsPerDay: 5, History: 3 * 24 * time.Hour})
	w.sim.SetFaults(func(r graphsim.Request) graphsim.Fault {
		if r.CallID != "" {
			w.sim.RaiseVersions(1)
		}
		return graphsim.Fault{}
	})
	for range 3 {
		_, err := schedule.Once(t.Context(), w.job, "once")
		t.Log(err, w.details(), w.query(`SELECT count(*) || ' ' || max(attempts) || max(state) FROM ingest.expansions`))
		w.advance(30 * time.Minute)
	}
	w.sim.SetFaults(nil)
	w.advance(24 * time.Hour)
	w.settleRecords()
	w.wantTrees()
}
