package graphsim

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/klauspost/compress/gzip"
)

// answer is what a handler decides; handle turns it into HTTP.
type answer struct {
	status int
	header map[string]string
	body   []byte
	packed []byte      // the body compressed, instead of it
	failed *graphError // instead of a body
	rows   int         // elements served
	fault  Fault       // what goes wrong on the way
}

// A handler may append its body to dst, a reused buffer.
type handler func(r *http.Request, dst []byte) answer

// handle gives a handler what all answers have in common: Graph's headers and
// date, the error body, compression and the counters.
func (s *Server) handle(operation string, h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		now := s.now().UTC()
		s.setHeaders(w.Header(), r.Header, now)
		buf := s.buffers.Get().(*[]byte)
		defer s.buffers.Put(buf)
		a := h(r, (*buf)[:0])
		if s.latency > 0 {
			s.delay(r, s.latency)
			w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
		}
		if a.fault.Delay > 0 {
			s.delay(r, a.fault.Delay)
		}
		if a.failed != nil {
			a.body = a.failed.encode(w.Header(), now)
		}
		for name, value := range a.header {
			w.Header().Set(name, value)
		}
		a.spoil(w.Header())
		*buf = a.body
		s.counters.add(operation, a)
		if a.fault.damages() {
			s.writeDamaged(w, r, a)
			return
		}
		s.write(w, r, a)
	}
}

// delay lets so much time pass, or ends with the client.
func (s *Server) delay(r *http.Request, d time.Duration) {
	select {
	case <-s.after(d):
	case <-r.Context().Done():
	}
}

func (s *Server) setHeaders(h, request http.Header, now time.Time) {
	id := uuid.NewString()
	h.Set("request-id", id)
	h.Set("client-request-id", id)
	if theirs := request.Get("client-request-id"); theirs != "" {
		h.Set("client-request-id", theirs)
	}
	h.Set("Date", now.Format(http.TimeFormat))
	h.Set(
		"Content-Type",
		"application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
	)
	h.Set("Vary", "Accept-Encoding")
}

// write ignores errors: a client that went away is no concern of Graph's.
func (s *Server) write(w http.ResponseWriter, r *http.Request, a answer) {
	if a.packed != nil {
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(a.status)
		_, _ = w.Write(a.packed)
		return
	}
	out, finish := s.body(w, r, a.status)
	defer finish()
	_, _ = out.Write(a.body)
}

// keeping answers from what is kept, where the tenant keeps pages and the client accepts them compressed.
func (s *Server) keeping(h handler) handler {
	return func(r *http.Request, dst []byte) answer {
		if !s.keep || !acceptsGzip(r) {
			return h(r, dst)
		}
		if kept, ok := s.kept.Load(r.RequestURI); ok {
			return kept.(answer)
		}
		a := h(r, dst)
		if a.status == http.StatusOK {
			var packed bytes.Buffer
			z := gzip.NewWriter(&packed)
			_, _ = z.Write(a.body)
			_ = z.Close()
			a = answer{status: a.status, packed: packed.Bytes(), rows: a.rows}
			s.kept.Store(r.RequestURI, a)
		}
		return a
	}
}

// body begins an answer, compressed if the client accepts that.
func (s *Server) body(w http.ResponseWriter, r *http.Request, status int) (out io.Writer, finish func()) {
	if !acceptsGzip(r) {
		w.WriteHeader(status)
		return w, func() {}
	}
	w.Header().Set("Content-Encoding", "gzip")
	w.WriteHeader(status)
	z := s.gzips.Get().(*gzip.Writer)
	z.Reset(w)
	return z, func() {
		_ = z.Close()
		s.gzips.Put(z)
	}
}

func acceptsGzip(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
}
