// Package graphsim is a simulated Microsoft 365 tenant behind the real HTTP
// surface: Entra's token endpoint and the call-record functions of Microsoft
// Graph, over TLS on the loopback interface. What it serves is a pure function
// of a seed, the calendar day and Graph's clock.
//
// It knows the published behaviour of Graph and nothing of any client of it:
// no package of this module may be imported here.
package graphsim

import (
	"errors"
	"io"
	"iter"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"
)

// The one application registered in the simulated tenant.
const (
	TenantID     = "5a1f0c3e-7b52-4d86-9e0d-3c1b7f2a6d10"
	ClientID     = "c2d9e8b4-1f63-4a7e-8b35-90f4d6a1e572"
	ClientSecret = "simulated~Secret.of-no-value"
)

// Config describes a simulated tenant. The zero value is usable.
type Config struct {
	Seed        int64            // same seed and same calendar day: same calls
	Users       int              // people with a phone number; default 300
	History     time.Duration    // how far back calls exist before the day of Start, in whole days; default 90 days
	CallsPerDay int              // volume of a working day; default 600, negative: no calls but Extra
	Now         func() time.Time // Graph's clock, called concurrently: Date headers, availability, token expiry; default time.Now
	LimitFactor float64          // multiple of the published limits that is enforced; 0: none
	Extra       []Row            // served besides the generated calls, by the same window and reach, at once
}

// Row is an element served byte for byte, whatever it holds: also what the
// real service is not supposed to send.
type Row struct {
	Start time.Time // what the window of a request applies to
	JSON  []byte
}

// Server is a running simulation. Its methods may be called concurrently.
type Server struct {
	now       func() time.Time
	url       string
	caPEM     []byte
	pstn      *pstnCalls
	functions map[string]*function
	tokens    tokens
	counters  counters
	denied    atomic.Bool
	buffers   sync.Pool // of *[]byte: page bodies
	gzips     sync.Pool // of *gzip.Writer
	http      *http.Server
	done      chan struct{} // closed when the listener's loop has ended
}

// Start opens the listener on a free port of 127.0.0.1, with a certificate
// authority made for this server alone.
func Start(cfg Config) (*Server, error) {
	if cfg.Users < 0 || cfg.History < 0 || cfg.LimitFactor < 0 {
		return nil, errors.New("graphsim: Users, History and LimitFactor cannot be negative")
	}
	cfg = cfg.withDefaults()
	s := &Server{now: cfg.Now, pstn: newPSTNCalls(cfg), done: make(chan struct{})}
	s.functions = s.functionTable(cfg.LimitFactor)
	s.buffers.New = func() any { return new([]byte) }
	s.gzips.New = func() any { z, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed); return z }
	if err := s.listen(); err != nil {
		return nil, err
	}
	return s, nil
}

func (c Config) withDefaults() Config {
	if c.Users == 0 {
		c.Users = 300
	}
	if c.History == 0 {
		c.History = 90 * 24 * time.Hour
	}
	if c.CallsPerDay == 0 {
		c.CallsPerDay = 600
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Close ends the listener and every connection.
func (s *Server) Close() error {
	err := s.http.Close()
	<-s.done
	return err
}

// GraphURL is the root under which /v1.0 and /beta lie.
func (s *Server) GraphURL() string { return s.url }

// LoginURL is the authority to which "/" and the tenant id are appended.
func (s *Server) LoginURL() string { return s.url }

// CAPEM is the certificate a client must trust, PEM encoded.
func (s *Server) CAPEM() []byte { return s.caPEM }

// PSTNCalls yields what getPstnCalls of v1.0 would serve now for the window,
// both ends included and of any length, in the order of its pages.
func (s *Server) PSTNCalls(from, to time.Time) iter.Seq[[]byte] {
	return s.pstn.rows(window{from: ticks(from), to: ticks(to), now: ticks(s.now())})
}

// SetChanged makes Graph serve the given share of all calls, 0 to 1, with
// another charge than before. The same share means the same calls, and a
// larger share includes the smaller.
func (s *Server) SetChanged(fraction float64) { s.pstn.setChanged(fraction) }

// SetDenied takes the application's permission away, or gives it back.
func (s *Server) SetDenied(denied bool) { s.denied.Store(denied) }

// Requests reports what was asked and answered since Start.
func (s *Server) Requests() Requests {
	r := s.counters.snapshot()
	for _, f := range s.functions {
		for _, l := range f.limits {
			r.Peak[l.name] = l.highest()
		}
	}
	return r
}
