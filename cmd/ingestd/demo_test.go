package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"ingestd/internal/health"
	"ingestd/internal/store/storetest"
)

// TestToolsTroubleOfADemo looks at a demo of trouble as a person would.
func TestToolsTroubleOfADemo(t *testing.T) {
	storetest.Tools(t)
	t.Parallel()
	dir := t.TempDir()
	p := launch(t, dir, "demo", "--trouble", "--users", "40", "--calls", "30", "--records", "3")
	for range 17 { // readings, of which each may take its time
		p.says(t, " reads ")
	}
	p.says(t, " status --config ")
	paths, err := filepath.Glob(filepath.Join(dir, "ingestd-demo-*", "config.yaml"))
	if err != nil || len(paths) != 1 {
		t.Fatal(paths, err)
	}
	s := eventually(t, func() (health.Snapshot, bool) {
		s := snapshotOf(t, dir, paths[0])
		return s, endpointOf(s, "contoso", "call_records").Running != nil &&
			endpointOf(s, "fabrikam", "call_records").Running == nil &&
			endpointOf(s, "fabrikam", "pstn_calls").State == health.OnTime
	})
	if s.Verdict.Level != health.ActNow || *s.Verdict.Tenant != "fabrikam" || *s.Verdict.Endpoint != "call_records" {
		t.Errorf("the verdict is %+v", s.Verdict)
	}
	for _, step := range s.Verdict.Steps {
		if step.Command != nil && strings.HasPrefix(*step.Command, "ingestd once") {
			t.Errorf("it tells to run %s, which refuses to work beside the daemon", *step.Command)
		}
	}
	for _, want := range []struct {
		tenant, endpoint string
		state            health.State
		flags            []health.Flag
	}{
		{"fabrikam", "call_records", health.Denied, []health.Flag{health.FlagExpiring}},
		{"fabrikam", "pstn_calls", health.OnTime, nil},
		{"fabrikam", "dialout_report", health.Down, nil},
		{"contoso", "call_records", health.CatchingUp, []health.Flag{health.FlagLost, health.FlagParked}},
		{"contoso", "sms_messages", health.Late, nil},
		{"contoso", "pstn_blocked_users_log", health.Paused, nil},
	} {
		e := endpointOf(s, want.tenant, want.endpoint)
		if e.State != want.state || !slices.Equal(e.Flags, want.flags) && len(e.Flags)+len(want.flags) > 0 {
			t.Errorf("%s %s is %s %v, want %v", want.tenant, want.endpoint, e.State, e.Flags, want)
		}
	}
	p.signal(t, syscall.SIGTERM)
	<-p.ended
	if left, err := filepath.Glob(filepath.Join(dir, "*")); !p.ProcessState.Success() || len(left) > 0 || err != nil {
		t.Errorf("it ended with %v and left %v", p.ProcessState, left)
	}
}

// eventually asks until the answer is as it must become.
func eventually[T any](t *testing.T, ask func() (T, bool)) T {
	t.Helper()
	for late := time.Now().Add(patience); ; {
		answer, ok := ask()
		if ok {
			return answer
		}
		if time.Now().After(late) {
			t.Fatalf("after %v it is %+v", patience, answer)
		}
	}
}

// snapshotOf is what the command status says of a configuration.
func snapshotOf(t *testing.T, dir, config string) (s health.Snapshot) {
	t.Helper()
	cmd := exec.Command("ingestd", "status", "--output", "json", "--config", config)
	cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH"), quickExit}
	out, _ := cmd.Output() // its exit code is the verdict's
	if err := json.Unmarshal(out, &s); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return s
}
