package notify_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"ingestd/internal/notify"
)

// What net/http hangs up on it leaves half a second.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

var (
	tenant       = uuid.MustParse("00000000-0000-4000-8000-000000000001")
	crowded      = uuid.MustParse("00000000-0000-4000-8000-000000000003")
	subscription = uuid.MustParse("00000000-0000-4000-8000-000000000002")
)

// A desk remembers what was handed to it, each batch after a while. It takes nothing
// of one tenant, of which too many wait.
type desk struct {
	takes time.Duration
	fails error

	mu      sync.Mutex
	batches [][]uuid.UUID
	seen    map[notify.Outcome]int
}

// A full is why a desk takes nothing of one tenant.
type full struct{}

func (full) Error() string { return "too many wait" }
func (full) Full() bool    { return true }

func (d *desk) Subscription(_ context.Context, of uuid.UUID) (uuid.UUID, []byte, error) {
	if of != tenant && of != crowded {
		return uuid.Nil, nil, nil
	}
	hash := sha256.Sum256([]byte("secret"))
	return subscription, hash[:], nil
}

func (d *desk) Discover(ctx context.Context, of uuid.UUID, ids []uuid.UUID) error {
	if of == crowded {
		return full{}
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d.takes):
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.batches = append(d.batches, ids)
	return d.fails
}

func (d *desk) Lifecycle(context.Context, uuid.UUID, bool) error { return d.fails }

func (d *desk) count(o notify.Outcome, n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.seen == nil {
		d.seen = map[notify.Outcome]int{}
	}
	d.seen[o] += n
}

func newRoom(t testing.TB, d *desk, log *zap.Logger) *notify.Room {
	t.Helper()
	room, err := notify.New("https://ingest.example.com/in", d, d.count, log)
	if err != nil {
		t.Fatal(err)
	}
	return room
}

// body tells of the nth call records.
func body(of ...int) string {
	var items []string
	for _, n := range of {
		items = append(items, fmt.Sprintf(`{"subscriptionId": %q, "clientState": "secret", "tenantId": %q,
			"resourceData": {"@odata.type": "#Microsoft.Graph.callRecord", "id": %q}}`,
			subscription, tenant, fmt.Sprintf("00000000-0000-4000-8000-%012d", n)))
	}
	return `{"value": [` + strings.Join(items, ", ") + `]}`
}

func request(method, target, body string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	return r
}

// The ids of requests that come together are handed on together, and each request is answered once they are stored. One
// that waits too long for that is to be sent again.
func TestAnswersFollowTheDesk(t *testing.T) {
	for name, c := range map[string]struct {
		desk   *desk
		status int
		within time.Duration
		logged int
	}{
		"stored": {&desk{takes: 100 * time.Millisecond}, http.StatusAccepted, 150 * time.Millisecond, 0},
		"fails":  {&desk{fails: errors.New("no")}, http.StatusServiceUnavailable, 50 * time.Millisecond, 1},
		"hangs":  {&desk{takes: time.Hour}, http.StatusServiceUnavailable, 3 * time.Second, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				core, logs := observer.New(zap.InfoLevel)
				room := newRoom(t, c.desk, zap.New(core))
				ctx, stop := context.WithCancel(t.Context())
				go room.Run(ctx)
				var asking sync.WaitGroup
				for n := range 100 {
					asking.Go(func() {
						w, began := httptest.NewRecorder(), time.Now()
						room.ServeHTTP(w, request("POST", "/in", body(n, n+1)))
						if took := time.Since(began); w.Code != c.status || took > c.within {
							t.Errorf("status %d after %v, want %d within %v", w.Code, took, c.status, c.within)
						}
					})
				}
				asking.Wait()
				stop()
				synctest.Wait()
				if n := len(c.desk.batches); n > 1 || logs.Len() != c.logged {
					t.Errorf("%d batches, %d lines of log, want %d", n, logs.Len(), c.logged)
				}
			})
		})
	}
}

// Whatever is sent, no answer repeats anything but the token of a validation request, and nothing of it is logged.
func TestNothingIsRepeated(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.DebugLevel)
	d := &desk{}
	room := newRoom(t, d, zap.New(core))
	for _, c := range []struct {
		method, target, body string
		status               int
		answer               string
	}{
		{"POST", "/in?validationToken=" + url.QueryEscape("a token: <b>+&%"), "", 200, "a token: <b>+&%"},
		{"POST", "/in?validationToken=", "", 400, ""},
		{"POST", "/in?validationToken=a%0d%0ab", "", 400, ""},
		{"POST", "/in?validationToken=%ff", "", 400, ""},
		{"POST", "/in?validationToken=" + strings.Repeat("a", 1025), "", 400, ""},
		{"GET", "/in?validationToken=a", "", 405, ""},
		{"POST", "/IN", body(1), 404, ""},
		{"POST", "/in/../in", body(1), 404, ""},
		{"POST", "/%69n", body(1), 404, ""},
		{"BREW", "/in", body(1), 405, ""},
		{"POST", "/in", "", 400, ""},
		{"POST", "/in", `{"value": null}`, 400, ""},
		{"POST", "/in", `[]`, 400, ""},
		{"POST", "/in", `{"value": [1, null, {"tenantId": 1}, "x"]}`, 202, ""},
		{"POST", "/in", `{"value": ` + strings.Repeat("[", 100_000), 400, ""},
		{"POST", "/in", strings.Repeat(" ", 256<<10) + body(1), 413, ""},
	} {
		w := httptest.NewRecorder()
		room.ServeHTTP(w, request(c.method, c.target, c.body))
		if w.Code != c.status || w.Body.String() != c.answer {
			t.Errorf("%s %.40s: status %d, %q; want %d, %q", c.method, c.target, w.Code, w.Body, c.status, c.answer)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s %.40s: %s is %q", c.method, c.target, name, got)
			}
		}
	}
	if logs.Len() > 0 || len(d.batches) > 0 {
		t.Errorf("logged %v, stored %v", logs.All(), d.batches)
	}
}

// serve has a room listen.
func serve(t *testing.T, d *desk, pair *notify.Pair) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	room := newRoom(t, d, zap.NewNop())
	l := notify.Listener{Room: room, Pair: pair, Log: zap.NewNop()}
	running.Go(func() { room.Run(ctx) })
	running.Go(func() { _ = l.Serve(ctx, listener) })
	t.Cleanup(func() { stop(); running.Wait() })
	return listener.Addr().String()
}

// A thousand senders that are slow, send too much or do not speak HTTP take little memory, and whoever comes after
// them is answered.
func TestHostileSenders(t *testing.T) {
	t.Parallel()
	address := serve(t, &desk{}, nil)
	header := "POST /in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
	many := `{"value":[0` + strings.Repeat(",0", 120_000) + `]}`
	kinds := []string{
		"",            // nothing
		"POST /in HT", // half a line
		header,        // half a header
		header + "X: " + strings.Repeat("x", 64<<10),  // a large one
		header + "Content-Length: 104857600\r\n\r\n{", // a byte of a large body
		header + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", // TLS
		"\x00\xff\r\n\r\n",
		header + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(many), many),
	}
	large, err := http.Post("http://"+address+"/in", "application/json", io.LimitReader(zeros{}, 100<<20))
	if err == nil {
		large.Body.Close()
	}
	if err == nil && large.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("100 MB are answered %d", large.StatusCode)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var held []net.Conn
	for n := range 1000 {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, conn)
		_, _ = io.WriteString(conn, kinds[n%len(kinds)]) // it may have been hung up on
	}
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 48<<20 {
		t.Errorf("the heap has grown by %d MB", grown>>20)
	}
	for _, conn := range held {
		conn.Close()
	}
	eventually(t, func() bool { // what waits until there is room may be hung up on, too
		answer, err := http.Post("http://"+address+"/in", "application/json", strings.NewReader(body(1)))
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusAccepted
	})
	http.DefaultClient.CloseIdleConnections()
}

// zeros are without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// Try says of an address what Graph would refuse.
func TestTry(t *testing.T) {
	t.Parallel()
	room := newRoom(t, &desk{}, zap.NewNop())
	for name, c := range map[string]struct {
		answer  http.Handler
		trusted bool
		want    string
	}{
		"well":              {room, true, ""},
		"another path":      {http.StripPrefix("/in", room), true, "it answers 404"},
		"another program":   {http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), true, "not this program"},
		"not to be trusted": {room, false, "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewUnstartedServer(c.answer)
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.StartTLS()
			defer server.Close()
			client := &http.Client{Transport: &http.Transport{}}
			if c.trusted {
				client = server.Client()
			}
			err := notify.Try(t.Context(), client, server.URL+"/in")
			if got := fmt.Sprint(err); (err == nil) != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("%s, want %q", got, c.want)
			}
		})
	}
}
