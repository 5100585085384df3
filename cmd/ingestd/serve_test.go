package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"ingestd/internal/store/storetest"
)

// get asks the daemon's server for a path.
func get(t *testing.T, url, path string) (status int, body string) {
	t.Helper()
	answer, err := http.Get(strings.TrimSuffix(url, "/") + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// field returns the value of a field of the first line with a message.
func (p *process) field(t *testing.T, message, name string) string {
	t.Helper()
	line := p.says(t, message)
	var fields map[string]any
	if err := json.Unmarshal([]byte(line), &fields); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	text, _ := fields[name].(string)
	return text
}

// TestDaemonServes looks at a daemon that reads.
func TestDaemonServes(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	p := launch(t, workplace(t, url, simulate(t, small), "pstn_calls"), "run")
	server := p.field(t, "serving page and metrics", "url")
	await(t, url, upToDate)
	for path, want := range map[string]string{
		"/":            "pstn_calls",
		"/t/simulated": "pstn_calls",
		"/readyz":      "ok\n",
		"/api/status":  `"tenant": "simulated"`,
		"/healthz":     "ok\n",
	} {
		if status, body := get(t, server, path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s answers %d without %q", path, status, want)
		}
	}
	counted := func() bool {
		_, body := get(t, server, "/metrics")
		const requests = `ingestd_graph_requests_total{code="200",endpoint="%s",tenant="simulated"} `
		return strings.Contains(body, `ingestd_runs_total{endpoint="pstn_calls",result="ok",tenant="simulated"} 1`) &&
			strings.Contains(body, fmt.Sprintf(requests, "pstn_calls")) &&
			strings.Contains(body, fmt.Sprintf(requests, "token"))
	}
	for end := time.Now().Add(patience); !counted(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the run was not counted")
		}
	}
}
