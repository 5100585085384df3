package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
)

const smallPage = `{"@odata.context":"c","value":[{"id":"1"},{"id":"2"}]}`

func zipped(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.Bytes()
}

func chunked(body []byte) []byte {
	half := len(body) / 2
	return fmt.Appendf(nil, "%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", half, body[:half], len(body)-half, body[half:])
}

// raw answers with exactly these bytes and closes the connection.
func raw(answer []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		conn.Write(answer)
		conn.Close()
	}
}

// once makes a single attempt.
func (c *Client) once(ctx context.Context, path string) (*response, error) {
	u := *c.graph
	u.Path = path
	return c.attempt(ctx, request{}, &u, "token")
}

// wanted is how many bytes the last segment of the path asks for.
func wanted(r *http.Request) int {
	n, err := strconv.Atoi(path.Base(r.URL.Path))
	if err != nil {
		panic(err)
	}
	return n
}

// A body cut at any byte is never taken for a whole one.
func TestCutBodies(t *testing.T) {
	t.Parallel()
	plain, gz := []byte(smallPage), zipped(smallPage)
	for name, test := range map[string]struct {
		header string
		body   []byte
	}{
		"length":        {fmt.Sprintf("Content-Length: %d\r\n", len(plain)), plain},
		"length, gzip":  {fmt.Sprintf("Content-Encoding: gzip\r\nContent-Length: %d\r\n", len(gz)), gz},
		"chunked":       {"Transfer-Encoding: chunked\r\n", chunked(plain)},
		"chunked, gzip": {"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", chunked(gz)},
		"closed, gzip":  {"Content-Encoding: gzip\r\nConnection: close\r\n", gz},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			length := len(test.body)
			c := newTestClient(t, new(login), func(w http.ResponseWriter, r *http.Request) {
				head := "HTTP/1.1 200 OK\r\nrequest-id: r1\r\n" + test.header + "\r\n"
				raw(slices.Concat([]byte(head), test.body[:wanted(r)]))(w, r)
			})
			for at := range length {
				resp, err := c.once(t.Context(), fmt.Sprint("/v1.0/", at))
				failure, ok := errors.AsType[*Error](err)
				if !ok || failure.Kind != Transient || failure.RequestID != "r1" {
					t.Fatalf("cut at %d of %d: response %v, error %v", at, length, resp, err)
				}
				if !strings.HasPrefix(smallPage, string(failure.Body)) {
					t.Fatalf("cut at %d of %d: kept %q", at, length, failure.Body)
				}
			}
			if resp, err := c.once(t.Context(), fmt.Sprint("/v1.0/", length)); err != nil ||
				string(resp.body) != smallPage {
				t.Errorf("whole body: error %v", err)
			}
		})
	}
}

func TestDamagedGzip(t *testing.T) {
	t.Parallel()
	gz := zipped(smallPage)
	flipped := func(at int) []byte {
		b := bytes.Clone(gz)
		b[at] ^= 0x10
		return b
	}
	for name, test := range map[string]struct {
		encoding string
		body     []byte
	}{
		"header":           {"gzip", flipped(0)},
		"data":             {"gzip", flipped(len(gz) / 2)},
		"checksum":         {"gzip", flipped(len(gz) - 8)},
		"length":           {"gzip", flipped(len(gz) - 4)},
		"trailing garbage": {"gzip", slices.Concat(gz, []byte("garbage"))},
		"no gzip at all":   {"gzip", []byte(smallPage)},
		"empty":            {"gzip", nil},
		"other encoding":   {"br", gz},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newTestClient(t, new(login), func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", test.encoding)
				w.Write(test.body)
			})
			r := c.to("/v1.0/x")
			if _, err := c.get(t.Context(), r); KindOf(err) != Transient || r.usage.Counts().Requests != attempts {
				t.Errorf("error %v after %d requests", err, r.usage.Counts().Requests)
			}
		})
	}
}

// A decompressor that failed is as good as new for the next answer.
func TestGoodAnswerAfterDamagedOne(t *testing.T) {
	t.Parallel()
	c := newTestClient(t, new(login), func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(zipped(smallPage)[:wanted(r)])
	})
	for range 10 {
		if _, err := c.once(t.Context(), "/v1.0/40"); KindOf(err) != Transient {
			t.Errorf("cut: error %v", err)
		}
		if resp, err := c.once(t.Context(), fmt.Sprint("/v1.0/", len(zipped(smallPage)))); err != nil ||
			string(resp.body) != smallPage {
			t.Errorf("whole: error %v", err)
		}
	}
}

func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		size int
		gzip bool
		kind Kind
	}{
		"at the bound":       {1 << 20, false, 0},
		"at the bound, gzip": {1 << 20, true, 0},
		"above":              {1<<20 + 1, false, Transient},
		"bomb":               {1 << 22, true, Transient},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := []byte(strings.Repeat(" ", test.size))
			if test.gzip {
				body = zipped(string(body))
			}
			c := newTestClient(t, new(login), func(w http.ResponseWriter, _ *http.Request) {
				if test.gzip {
					w.Header().Set("Content-Encoding", "gzip")
				}
				w.Write(body)
			})
			c.bodies.max = 1 << 20
			_, err := c.get(t.Context(), c.to("/v1.0/x"))
			if KindOf(err) != test.kind {
				t.Errorf("error %v, want kind %v", err, test.kind)
			}
			if failure, ok := errors.AsType[*Error](err); ok && len(failure.Body) != maxKept {
				t.Errorf("kept %d bytes, want %d", len(failure.Body), maxKept)
			}
		})
	}
}

// Of an answer that is too large, or unpacks to much, no more is read than tells so.
func TestNoMoreIsReadThanTheBound(t *testing.T) {
	t.Parallel()
	large := strings.Repeat(" ", 1<<22)
	for encoding, body := range map[string][]byte{"": []byte(large), "gzip": zipped(large)} {
		b, m := bodies{max: 1 << 20}, newMeter(t.Context(), nil)
		resp := &http.Response{
			Header: http.Header{"Content-Encoding": {encoding}}, Body: io.NopCloser(bytes.NewReader(body)),
		}
		if _, err := b.read(resp, m); !errors.Is(err, errTooLarge) || m.read != b.max+1 {
			t.Errorf("encoding %q: error %v after %d bytes", encoding, err, m.read)
		}
	}
}

// What the caller cannot use is asked for again, like a garbled body, and kept when that does not help.
func TestAnswersThatAreNotAccepted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		good     int // the attempt whose answer is accepted
		kind     Kind
		requests int
	}{
		"never": {0, Transient, attempts},
		"third": {3, 0, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newTestClient(
				t,
				new(login),
				func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, smallPage) },
			)
			r, calls := c.to("/v1.0/x"), 0
			r.accept = func(body []byte) error {
				if calls++; calls == test.good {
					return nil
				}
				return fmt.Errorf("no page: %d bytes", len(body))
			}
			_, err := c.get(t.Context(), r)
			if n := r.usage.Counts().Requests; KindOf(err) != test.kind || n != test.requests {
				t.Errorf("error %v after %d requests, want kind %v after %d", err, n, test.kind, test.requests)
			}
			if failure, ok := errors.AsType[*Error](err); ok && string(failure.Body) != smallPage {
				t.Errorf("kept %q", failure.Body)
			}
		})
	}
}

// What a record's answers take is reserved while it is held: no more, and no less, also when an answer had to be asked
// for again.
func TestAnswersAreCountedAgainstTheirReservation(t *testing.T) {
	t.Parallel()
	first := `{"id":"` + callID + `","version":1,"sessions":[{"x":"` + strings.Repeat("x", 3*bodyChunk) + `"}]}`
	last := `{"id":"` + callID + `","version":1,"participants_v2":[]}`
	for name, test := range map[string]struct {
		sessions, participants string
		budget, held           int64
	}{
		"roomy":                {first, last, 1 << 20, int64(len(first) + len(last))},
		"exceeded":             {first, last, 1, int64(len(first) + len(last))},
		"second is unreadable": {first, "{}" + strings.Repeat(" ", 3*bodyChunk), 1 << 20, int64(len(first))},
		"second is cut":        {first, last[:20], 1 << 20, int64(len(first))},
		"first is too large":   {strings.Repeat(" ", 1<<20+1), last, 1 << 20, 0},
		"all are missing":      {"", "", 1 << 20, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := NewBudget(test.budget)
			hold, answers := b.Reserve(), map[string]string{}
			if test.sessions != "" {
				answers[sessionsFirst], answers[participantsFirst] = test.sessions, test.participants
			}
			_, _, err := recordWithin(t, hold, answers)
			if b.Held() != test.held {
				t.Errorf("%d bytes are held, want %d (error %v)", b.Held(), test.held, err)
			}
			if hold.Release(); b.Held() != 0 {
				t.Errorf("%d bytes are held after the release", b.Held())
			}
		})
	}
}

// A request waits for memory before it is sent, and an answer while it is read.
func TestAnswersWaitForMemory(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	answered := make(chan bool, 10)
	c := newTestClient(t, new(login), func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		io.WriteString(w, strings.Repeat(" ", 2*bodyChunk))
		answered <- true
	})
	if _, err := c.Token(t.Context(), c.scope); err != nil {
		t.Fatal(err)
	}
	for name, room := range map[string]int64{"none": 0, "for a part": bodyChunk} {
		b := NewBudget(bodyChunk)
		other, beyond, hold := b.Reserve(), b.Reserve(), b.Reserve()
		_ = other.Grow(t.Context(), bodyChunk-room)
		_ = beyond.Grow(t.Context(), 2*bodyChunk) // may exceed
		beyond.shrink(2 * bodyChunk)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			defer cancel()
			if room > 0 {
				<-answered
			}
			time.Sleep(50 * time.Millisecond) // in which a request that does not wait ends well
		}()
		r := c.to("/v1.0/x")
		r.hold = hold
		asked.Store(0)
		if _, err := c.get(ctx, r); !errors.Is(err, context.Canceled) || (asked.Load() > 0) != (room > 0) {
			t.Errorf("room %s: error %v after %d requests", name, err, asked.Load())
		}
		cancel()
		other.Release()
		beyond.Release()
		if b.Held() != 0 {
			t.Errorf("room %s: %d bytes are held by a request that failed", name, b.Held())
		}
	}
}
