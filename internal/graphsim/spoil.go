package graphsim

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// spoil applies what a fault does to status, headers and body.
func (a *answer) spoil(h http.Header) {
	f := &a.fault
	if !f.Date.IsZero() {
		h.Set("Date", f.Date.UTC().Format(http.TimeFormat))
	}
	if f.RetryAfter != "" {
		h.Set("Retry-After", f.RetryAfter)
	}
	if f.Redirect != "" {
		h.Set("Location", f.Redirect)
		if f.Status == 0 {
			a.status, a.rows = http.StatusFound, 0
		}
	}
	if f.Body != DocumentedBody || f.damages() {
		a.rows = 0
	}
	a.body = f.Body.replace(a.body, h)
}

// replace returns the body in place of an answer's.
func (b Body) replace(body []byte, h http.Header) []byte {
	switch b {
	case EmptyBody:
		return body[:0]
	case NullBody:
		return append(body[:0], "null"...)
	case NoValueBody:
		return append(body[:0], `{"@odata.count":0}`...)
	case GarbageBody:
		middle := body[len(body)/2:]
		for i := range min(len(middle), 16) {
			middle[i] = "\x01\xff"[i%2]
		}
	case TrailingBody:
		return append(body, `{"value":[]}`...)
	case TextBody:
		h.Set("Content-Type", "text/plain")
		return append(body[:0], "upstream connect error or disconnect/reset before headers"...)
	case HTMLBody:
		h.Set("Content-Type", "text/html")
		h.Set("Via", "1.1 proxy.example.com")
		h.Del("request-id") // what is between here and Graph knows none
		return append(body[:0], "<!DOCTYPE html><html><head><title>Sign in</title></head>"+
			"<body><p>Please sign in to the network.</p></body></html>"...)
	}
	return body
}

// damages reports whether the body does not arrive as it was made.
func (f *Fault) damages() bool {
	return f.Cut != 0 || f.Stall || f.Gzip != IntactGzip || f.Oversized > 0
}

// writeDamaged ignores errors, as write does.
func (s *Server) writeDamaged(w http.ResponseWriter, r *http.Request, a answer) {
	f := &a.fault
	if f.Cut < 0 {
		panic(http.ErrAbortHandler)
	}
	if f.Oversized > 0 {
		s.writeOversized(w, r, a)
		return
	}
	body := a.body
	if acceptsGzip(r) {
		body = s.damagedGzip(body, f.Gzip)
		w.Header().Set("Content-Encoding", "gzip")
	}
	switch {
	case f.Stall:
		body = body[:len(body)/2]
	case f.Cut > 0:
		body = body[:min(f.Cut, len(body))]
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(body)
	if !f.Stall && f.Cut == 0 {
		return
	}
	_ = http.NewResponseController(w).Flush()
	if f.Stall {
		<-r.Context().Done()
	}
	panic(http.ErrAbortHandler) // ends the connection; net/http does not log it
}

func (s *Server) damagedGzip(body []byte, damage Gzip) []byte {
	var packed bytes.Buffer
	z := s.gzips.Get().(*gzip.Writer)
	defer s.gzips.Put(z)
	z.Reset(&packed)
	_, _ = z.Write(body)
	_ = z.Close()
	sent := packed.Bytes()
	switch damage {
	case ChecksumGzip:
		sent[len(sent)-8] ^= 1 // the trailer is four bytes of checksum and four of length
	case ShortGzip:
		sent = sent[:len(sent)/2]
	}
	return sent
}

// writeOversized repeats one row until the page is large enough.
func (s *Server) writeOversized(w http.ResponseWriter, r *http.Request, a answer) {
	row := fmt.Sprintf(`{"id":"00000000-0000-4000-8000-%012d"},`, 0)
	block := strings.Repeat(row, 1<<10)
	out, finish := s.body(w, r, a.status)
	defer finish()
	_, err := io.WriteString(out, `{"value":[`)
	for left := a.fault.Oversized; left > 0 && err == nil; left -= int64(len(block)) {
		_, err = io.WriteString(out, block)
	}
	_, _ = io.WriteString(out, strings.TrimSuffix(row, ",")+`]}`)
}
