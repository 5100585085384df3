package main

import (
	"bytes"
	"context"
	"encoding/json"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/zap"

	"ingestd/internal/config"
	"ingestd/internal/health"
	"ingestd/internal/health/healthtest"
	"ingestd/internal/schedule/scheduletest"
	"ingestd/internal/store"
	"ingestd/internal/web"
)

// Each state, flag, level and code is said when it should be, and all faces say
// the same: terminal, JSON, page, probes and metrics. So does the view for analysts.
func TestFaces(t *testing.T) {
	t.Parallel()
	healthtest.Play(t, func(t *testing.T, w *scheduletest.World, s health.Snapshot, want healthtest.Want) {
		f := look(t, w, s)
		f.checkJSON(t, want)
		f.checkTerminal(t, want)
		f.checkPage(t, want)
		f.checkProbes(t, want)
		f.checkMetrics(t, want)
		f.checkSQL(t, w, want)
	})
}

// faces are what is shown of a snapshot.
type faces struct {
	health.Snapshot
	endpoint       health.Endpoint // that the story is about
	text, document string          // of ingestd status
	exits          [2]int          // of both
	bodies         map[string]string
	statuses       map[string]int // of HTTP
}

// A played ledger shows the snapshot of a step, and the runs of its world.
type played struct {
	shown health.Snapshot
	*store.DB
}

func (p played) Snapshot(context.Context) health.Snapshot { return p.shown }

// look shows a snapshot as the program does.
func look(t *testing.T, w *scheduletest.World, s health.Snapshot) faces {
	t.Helper()
	f := faces{
		Snapshot: s, endpoint: healthtest.EndpointOf(s), bodies: map[string]string{}, statuses: map[string]int{},
	}
	for i, out := range []*string{&f.text, &f.document} {
		var b bytes.Buffer
		f.exits[i] = exitCode(showStatus(screenOf(&b, false, s.AsOf), s, i == 1, false))
		*out = b.String()
	}
	a := &app{
		config: &config.Config{Server: config.Server{Listen: "127.0.0.1:0"}},
		log:    zap.NewNop(), counters: web.NewCounters(),
	}
	server := a.newServer(played{s, w.DB})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.Run(ctx)
	}()
	defer func() {
		stop()
		<-ended
	}()
	for end := time.Now().Add(patience); server.URL() == ""; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nothing is served")
		}
	}
	for _, path := range []string{"/", "/api/status", "/metrics", "/healthz", "/readyz", "/freshness"} {
		f.statuses[path], f.bodies[path] = get(t, server.URL(), path)
	}
	return f
}

func (f faces) checkJSON(t *testing.T, want healthtest.Want) {
	t.Helper()
	if diff := cmp.Diff(f.document, f.bodies["/api/status"]); diff != "" {
		t.Errorf("status prints (-) another document than is served (+):\n%s", diff)
	}
	var s health.Snapshot
	if err := json.Unmarshal([]byte(f.document), &s); err != nil {
		t.Fatal(err)
	}
	e := healthtest.EndpointOf(s)
	got := healthtest.Want{State: e.State, Flags: e.Flags, Level: s.Verdict.Level, Exit: f.exits[1], Fresh: want.Fresh}
	for _, p := range s.Problems {
		got.Codes = append(got.Codes, p.Code)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}

func (f faces) checkTerminal(t *testing.T, want healthtest.Want) {
	t.Helper()
	lead := map[health.Level]string{health.ActNow: "Act now: ", health.ActSoon: "Act soon: "}[want.Level]
	row := regexp.MustCompile(`(?m)^simulated .*$`).FindString(f.text)
	cells := append(strings.Fields(row), "", "", "", "")
	flags := wordsOf(want.Flags)
	switch {
	case !strings.HasPrefix(f.text, lead+f.Verdict.Heading):
		t.Errorf("the terminal does not begin with %q:\n%s", lead+f.Verdict.Heading, f.text)
	case !strings.Contains(f.text, f.Verdict.Why) || !strings.Contains(f.text, f.Verdict.Also):
		t.Errorf("the terminal lacks why, or what else:\n%s", f.text)
	case !f.Database.Up && row != "":
		t.Errorf("the terminal shows %q of a database that does not answer", row)
	case !f.Database.Up:
	case cells[2] != string(want.State), flags != nil && cells[3] != strings.Join(flags, ","):
		t.Errorf("the terminal shows %q, want %s with %q", row, want.State, flags)
	}
	if f.exits[0] != want.Exit {
		t.Errorf("exit code %d, want %d", f.exits[0], want.Exit)
	}
}

// levelWords are the words of the page.
var levelWords = map[health.Level]string{
	health.ActNow: "Act now", health.Lost: "Lost", health.ActSoon: "Act soon", health.Wait: "Heals by itself",
	health.FirstReading: "First reading", health.Safe: "Safe",
}

func (f faces) checkPage(t *testing.T, want healthtest.Want) {
	t.Helper()
	page := strings.ReplaceAll(html.UnescapeString(f.bodies["/"]), "’", "'")
	level := matches(page, `(?s)<p class="word[^>]*>.*?</svg>([^<]+)</p>`)
	if diff := cmp.Diff([]string{levelWords[want.Level]}, level); diff != "" {
		t.Errorf("the page's verdict (-want +got):\n%s", diff)
	}
	said := []string{f.Verdict.Heading, f.Verdict.Why, f.Verdict.Also}
	for _, p := range f.Problems {
		said = append(said, p.Heading)
	}
	for _, text := range said {
		if !strings.Contains(page, text) {
			t.Errorf("the page does not say %q", text)
		}
	}
	states := matches(page, `(?s)<tr class="endpoint".*?<span>([^<]+)</span>`)
	if want.State == health.Removed {
		states = matches(page, `simulated: (removed) from the configuration`)
	}
	if diff := cmp.Diff([]string{strings.ReplaceAll(string(want.State), "_", " ")}, states); diff != "" {
		t.Errorf("the page's state (-want +got):\n%s", diff)
	}
	badges := matches(page, `<span class="badge [^"]*">([^<]+)</span>`)
	if diff := cmp.Diff(wordsOf(want.Flags), badges); diff != "" {
		t.Errorf("the page's flags (-want +got):\n%s", diff)
	}
}

func (f faces) checkProbes(t *testing.T, want healthtest.Want) {
	t.Helper()
	for path, well := range map[string]bool{
		"/": true, "/api/status": true, "/metrics": true, "/healthz": true,
		"/readyz": f.Database.Up, "/freshness": want.Fresh,
	} {
		status, body := http.StatusOK, "ok\n"
		if !well {
			status, body = http.StatusServiceUnavailable, f.Verdict.Heading+"\n"
		}
		if f.statuses[path] != status || strings.HasSuffix(path, "z") && f.bodies[path] != body {
			t.Errorf("%s answers %d %.80q, want %d", path, f.statuses[path], f.bodies[path], status)
		}
	}
}

func (f faces) checkMetrics(t *testing.T, want healthtest.Want) {
	t.Helper()
	text := f.bodies["/metrics"]
	up, states, flags := "0", []string(nil), []string(nil)
	var until []string
	if f.Database.Up {
		up, states, flags = "1", []string{string(want.State)}, wordsOf(want.Flags)
		slices.Sort(flags)
		if at := f.endpoint.SafeUntil; at != nil {
			until = []string{strconv.FormatInt(at.Unix(), 10)}
		}
	}
	rejected := slices.Contains(want.Flags, health.FlagRejects)
	for _, m := range []struct {
		pattern string
		want    []string
	}{
		{`(?m)^ingestd_database_up (\d)$`, []string{up}},
		{`(?m)^ingestd_endpoint_state\{.*state="(\w+)".*\} 1$`, states},
		{`(?m)^ingestd_endpoint_flag\{.*flag="(\w+)".*\} 1$`, flags},
	} {
		if diff := cmp.Diff(m.want, matches(text, m.pattern)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", m.pattern, diff)
		}
	}
	var got []string
	for _, value := range matches(text, `(?m)^ingestd_safe_until_timestamp_seconds\{.*\} (\S+)$`) {
		at, _ := strconv.ParseFloat(value, 64)
		got = append(got, strconv.FormatFloat(at, 'f', 0, 64))
	}
	if diff := cmp.Diff(until, got); diff != "" {
		t.Errorf("safe_until (-want +got):\n%s", diff)
	}
	if open := matches(text, `ingestd_open_rejects\{.*stored="false".*\} ([1-9]\d*)`); (open != nil) != rejected {
		t.Errorf("%q rejects are open, want some: %v", open, rejected)
	}
}

// checkSQL looks at the state in the database. What the configuration says is noted
// there by a daemon when it starts.
func (f faces) checkSQL(t *testing.T, w *scheduletest.World, want healthtest.Want) {
	t.Helper()
	if !f.Database.Up || f.endpoint.Origin == nil { // or nothing is noted yet
		return
	}
	schedule := w.Config().Tenants[0].Endpoints[f.endpoint.Name].Schedule
	next := schedule.Next(w.Now())
	w.Exec(`
		UPDATE ingest.endpoints
		SET interval_s = $1, enabled = NOT $2, removed_at = CASE WHEN $3 THEN now() END`,
		schedule.Next(next).Sub(next).Seconds(), want.State == health.Paused, want.State == health.Removed)
	defer w.Exec(`UPDATE ingest.endpoints SET enabled = true, removed_at = NULL`)
	for _, state := range healthtest.StatesInSQL(t, w.Conn, w.Now()) {
		if state != want.State {
			t.Errorf("analysts see %s, want %s", state, want.State)
		}
	}
}

// matches are what the group of a pattern holds, each time that it is found.
func matches(text, pattern string) (found []string) {
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}

func wordsOf(flags []health.Flag) (words []string) {
	for _, flag := range flags {
		words = append(words, string(flag))
	}
	return words
}
