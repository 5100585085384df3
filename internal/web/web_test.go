package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest"

	"ingestd/internal/config"
	"ingestd/internal/health"
	"ingestd/internal/store/storetest"
)

func TestMain(m *testing.M) {
	// The cluster that the tests share ends with the process.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("ingestd/internal/pgserver.launch.func1"))
}

// ask asks a server that shows a scene.
func ask(t *testing.T, s scene, method, host, path string) *http.Response {
	t.Helper()
	c := config.Server{Listen: "127.0.0.1:8080", Hosts: []string{"ingest.example.com"}}
	return answerOf(newHandler(c, s, prometheus.NewRegistry()), method, host, path)
}

func answerOf(h http.Handler, method, host, path string) *http.Response {
	r := httptest.NewRequest(method, path, nil)
	r.Host = host
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, s scene, path string) string {
	t.Helper()
	return bodyOf(t, newHandler(config.Server{}, s, prometheus.NewRegistry()), path)
}

func bodyOf(t *testing.T, h http.Handler, path string) string {
	t.Helper()
	text, err := io.ReadAll(answerOf(h, "GET", "localhost", path).Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// sumOfPage is over all that the look of a page depends on.
func sumOfPage(t *testing.T, s scene) string {
	sum := sha256.Sum256([]byte(body(t, s, "/"))) // the names of style and script hold their hashes
	return hex.EncodeToString(sum[:])
}

func TestProbes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		scene scene
		codes map[string]int
		says  string
	}{
		"healthy": {healthy(), map[string]int{"/healthz": 200, "/readyz": 200, "/freshness": 200}, "ok\n"},
		"trouble": {trouble(), map[string]int{"/healthz": 200, "/readyz": 200, "/freshness": 503},
			"fabrikam’s call records begin to expire in 30 hours\n"},
		"database down": {unanswered(), map[string]int{"/healthz": 200, "/readyz": 503, "/freshness": 503},
			"The database does not answer since 14:20\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for path, code := range tt.codes {
				if got := ask(t, tt.scene, "GET", "localhost", path).StatusCode; got != code {
					t.Errorf("%s answers %d, want %d", path, got, code)
				}
			}
			if got := body(t, tt.scene, "/freshness"); got != tt.says {
				t.Errorf("/freshness says %q, want %q", got, tt.says)
			}
		})
	}
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/", "/t/contoso", "/healthz", "/metrics", "/api/status", assets["style.css"]} {
		for method, code := range map[string]int{"GET": 200, "HEAD": 200, "POST": 405, "DELETE": 405, "OPTIONS": 405} {
			if got := ask(t, trouble(), method, "127.0.0.1:8080", path).StatusCode; got != code {
				t.Errorf("%s %s answers %d, want %d", method, path, got, code)
			}
		}
	}
	for _, path := range []string{"/t/nobody", "/debug/pprof/", "/assets/style.css", "/favicon.ico", "/t/", "/api"} {
		if got := ask(t, trouble(), "GET", "localhost", path).StatusCode; got != 404 {
			t.Errorf("%s answers %d, want 404", path, got)
		}
	}
}

// The page of a tenant is found whatever the tenant is called.
func TestEveryNameHasItsPage(t *testing.T) {
	t.Parallel()
	s := trouble()
	s.snapshot.Tenants[0].Name = `R&D/Q? #1 100% <s>`
	const path = "/t/R&D%2FQ%3F%20%231%20100%25%20%3Cs%3E"
	link := `href="` + html.EscapeString(path) + `"`
	for _, from := range []string{"/", path} {
		if got := body(t, s, from); !strings.Contains(got, link) || strings.Contains(got, "<s>") {
			t.Errorf("%s has no link %s, or the name as HTML:\n%s", from, link, got)
		}
	}
	if got := ask(t, s, "GET", "localhost", path).StatusCode; got != http.StatusOK {
		t.Errorf("%s answers %d", path, got)
	}
}

// TestProfiles are served only if they are asked for.
func TestProfiles(t *testing.T) {
	t.Parallel()
	for on, code := range map[bool]int{true: http.StatusOK, false: http.StatusNotFound} {
		h := newHandler(config.Server{PProf: on}, healthy(), prometheus.NewRegistry())
		if got := answerOf(h, "GET", "localhost", "/debug/pprof/heap").StatusCode; got != code {
			t.Errorf("with pprof: %v, the heap is answered %d, want %d", on, got, code)
		}
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	one := config.Server{Listen: "10.0.0.5:8080", Hosts: []string{"ingest.example.com"}}
	all := config.Server{Listen: ":8080"}
	for _, tt := range []struct {
		config config.Server
		host   string
		want   bool
	}{
		{one, "localhost:8080", true}, {one, "127.0.0.1", true}, {one, "[::1]:8080", true},
		{one, "10.0.0.5:8080", true}, {one, "INGEST.example.com.", true},
		{one, "10.0.0.6:8080", false}, {one, "evil.example.com", false}, {one, "", false},
		{all, "10.0.0.6:8080", true}, {all, "[fd00::1]:8080", true}, {all, "evil.example.com", false}, {all, "", false},
	} {
		if got := isMeant(tt.config, tt.host); got != tt.want {
			t.Errorf("listening on %s, host %q is meant: %v, want %v", tt.config.Listen, tt.host, got, tt.want)
		}
	}
	if got := ask(t, healthy(), "GET", "evil.example.com", "/").StatusCode; got != http.StatusMisdirectedRequest {
		t.Errorf("another host is answered %d", got)
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	h := ask(t, healthy(), "GET", "localhost", "/").Header
	for name, want := range map[string]string{
		"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		"Cache-Control": "no-store", "Content-Type": "text/html; charset=utf-8",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	style := ask(t, healthy(), "GET", "localhost", assets["style.css"]).Header.Get("Content-Type")
	if !strings.HasPrefix(style, "text/css") {
		t.Errorf("the style is %q", style)
	}
}

func TestStatusIsTheSnapshot(t *testing.T) {
	t.Parallel()
	var got health.Snapshot
	if err := json.Unmarshal([]byte(body(t, trouble(), "/api/status")), &got); err != nil {
		t.Fatal(err)
	}
	want := trouble().snapshot
	if got.Verdict.Heading != want.Verdict.Heading || len(got.Tenants) != len(want.Tenants) {
		t.Errorf("got %+v", got)
	}
}

// TestManyTenants holds a page of 200 tenants to what a browser and the daemon
// can bear.
func TestManyTenants(t *testing.T) {
	s, page, least := many(), "", time.Hour
	for n := 0; n < 100 && least > 50*time.Millisecond; n++ { // the machine may have other work
		began := time.Now()
		page = body(t, s, "/")
		least = min(least, time.Since(began))
	}
	if least > 50*time.Millisecond && !storetest.Race() { // the race detector takes many times as long
		t.Errorf("made in %v, want at most 50 ms", least)
	}
	if len(page) > 400<<10 {
		t.Errorf("%d kB, want at most 400", len(page)>>10)
	}
	if n := strings.Count(page, `class="tenant"`); n != maxUnfolded {
		t.Errorf("%d tenants are unfolded, want %d", n, maxUnfolded)
	}
}

// TestForeignText keeps what comes from outside in its place.
func TestForeignText(t *testing.T) {
	t.Parallel()
	s := trouble()
	const foreign = `<script>alert(1)</script>`
	s.snapshot.Tenants[0].Name, s.snapshot.Verdict.Heading = foreign, foreign
	s.snapshot.Problems[0].Detail = strings.Repeat(foreign, 1000)
	page := body(t, s, "/")
	if strings.Contains(page, foreign) {
		t.Error("a script came through")
	}
	if len(page) > 64<<10 {
		t.Errorf("%d bytes: a long text was not cut", len(page))
	}
}

// TestPortInUse reads on, says why there is no page, and takes the address once
// it is free.
func TestPortInUse(t *testing.T) {
	t.Parallel()
	held, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := New(config.Server{Listen: held.Addr().String()}, healthy(), prometheus.NewRegistry(), zaptest.NewLogger(t))
	s.again = 10 * time.Millisecond
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Run(ctx)
	}()
	defer func() {
		cancel()
		<-ended
	}()
	held.Close()
	for end := time.Now().Add(time.Minute); s.URL() == ""; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the address was not taken")
		}
	}
	answer, err := http.Get(s.URL() + "healthz")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	http.DefaultClient.CloseIdleConnections()
}
