// Package graphsim is a simulated Microsoft 365 tenant behind the real HTTP
// surface: Entra's token endpoint and Microsoft Graph's call records and log
// functions, over TLS on the loopback interface. What it serves is a pure function
// of a seed, the calendar day and Graph's clock, but for a few stories dated
// from the day of Start; whatever can go wrong on the way goes wrong on demand.
//
// It knows the published behaviour of Graph and nothing of any client of it:
// no package of this module may be imported here.
package graphsim

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"slices"
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
	Tenant  string        // its id; default TenantID
	Seed    int64         // same seed and same calendar day: same calls
	Users   int           // people with a phone number; default 300
	History time.Duration // how far back calls exist before the day of Start, in whole days; default 90 days
	// PSTN calls of a working day, other logs in proportion; default 600,
	// negative: no rows but Extra.
	CallsPerDay int
	// Call records of a working day; default 230, some 5,000 in 30 days;
	// negative, or 0 where CallsPerDay is negative: none but Records.
	RecordsPerDay int
	// Graph's clock, called concurrently: Date headers, availability, token
	// expiry; default time.Now.
	Now func() time.Time
	// How long every answer takes. Requests do not queue behind each other, and
	// limits count them when they arrive.
	Latency     time.Duration
	After       func(time.Duration) <-chan time.Time // what Latency is waited for with; default time.After
	LimitFactor float64                              // multiple of the published limits that is enforced; 0: none
	// How many times shorter the spans of limits are, with as many fewer requests
	// in each: 4 is 375 in 5 s for 1,500 in 20 s; default 1.
	LimitSpeed float64
	// How many elements a page holds at most; default: as many as Graph's.
	PageSize int
	// Served, if not nil, is told of each element that goes into a page, by operation: a row of a function, a record's
	// header of "listCallRecords", and of "getCallRecord" the whole document at the version served. It is called
	// concurrently.
	Served func(operation string, element []byte)
	// Keep has pages of logs made and compressed once, and sent again as they were: for benchmarks, which are not to
	// measure the simulator. Of a page that is kept no fault is asked.
	Keep    bool
	Beside  *Server      // one whose certificate it has too; default: one of its own
	Extra   []Row        // served besides the generated rows, by the same window and reach, at once
	Records []CallRecord // served besides the generated call records
}

// Row is an element served byte for byte, whatever it holds: also what the
// real service is not supposed to send.
type Row struct {
	Operation string    // the function that serves it; default getPstnCalls
	Start     time.Time // what the window of a request applies to
	JSON      []byte
}

// Server is a running simulation. Its methods may be called concurrently.
type Server struct {
	tenant        string
	now           func() time.Time
	latency       time.Duration
	after         func(time.Duration) <-chan time.Time
	url           string
	certificate   tls.Certificate
	caPEM         []byte
	functions     map[string]*function
	records       *callRecords
	tokens        tokens
	credentials   credentials
	denied        denials
	changed       atomic.Uint64 // as in window
	unpriced      atomic.Uint64 // as in window
	subscriptions subscriptions
	faults        faults
	counters      counters
	pageSize      int
	told          func(operation string, element []byte) // nil: nobody is
	buffers       sync.Pool                              // of *[]byte: page bodies
	gzips         sync.Pool                              // of *gzip.Writer
	keep          bool
	kept          sync.Map // of answer, by the URL asked for
	http          *http.Server
	done          chan struct{} // closed when the listener's loop has ended
}

// Start opens the listener on a free port of 127.0.0.1, with a certificate
// authority made for this server alone.
func Start(cfg Config) (*Server, error) {
	if cfg.PageSize < 0 {
		return nil, errors.New("graphsim: PageSize cannot be negative")
	}
	if cfg.Users < 0 || cfg.History < 0 || cfg.LimitFactor < 0 || cfg.LimitSpeed < 0 || cfg.Latency < 0 {
		return nil, errors.New("graphsim: Users, History, LimitFactor, LimitSpeed and Latency cannot be negative")
	}
	cfg = cfg.withDefaults()
	company := newCompany(cfg)
	records, err := newCallRecords(cfg, company)
	if err != nil {
		return nil, err
	}
	s := &Server{
		tenant: cfg.Tenant, now: cfg.Now, latency: cfg.Latency, after: cfg.After, keep: cfg.Keep,
		pageSize: cfg.PageSize, told: cfg.Served,
		functions: functionTable(cfg, company), records: records, done: make(chan struct{}),
		credentials:   credentials{secret: ClientSecret},
		subscriptions: subscriptions{client: senderClient()},
	}
	for _, row := range cfg.Extra {
		if row.Operation != "" && s.functions[row.Operation] == nil {
			return nil, fmt.Errorf("graphsim: an extra row for %s, which is no function", row.Operation)
		}
	}
	s.buffers.New = func() any { return new([]byte) }
	s.gzips.New = func() any { z, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed); return z }
	if err := s.listen(cfg.Beside); err != nil {
		return nil, err
	}
	return s, nil
}

func (c Config) withDefaults() Config {
	if c.Tenant == "" {
		c.Tenant = TenantID
	}
	if c.Users == 0 {
		c.Users = 300
	}
	if c.History == 0 {
		c.History = 90 * 24 * time.Hour
	}
	if c.RecordsPerDay == 0 && c.CallsPerDay >= 0 {
		c.RecordsPerDay = 230
	}
	if c.CallsPerDay == 0 {
		c.CallsPerDay = 600
	}
	if c.PageSize == 0 {
		c.PageSize = pageSize
	}
	if c.LimitSpeed == 0 {
		c.LimitSpeed = 1
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.After == nil {
		c.After = time.After
	}
	return c
}

// Close ends the listener and every connection.
func (s *Server) Close() error {
	err := s.http.Close()
	s.subscriptions.client.CloseIdleConnections()
	<-s.done
	return err
}

// Tenant is the tenant's id.
func (s *Server) Tenant() string { return s.tenant }

// GraphURL is the root under which /v1.0 and /beta lie.
func (s *Server) GraphURL() string { return s.url }

// LoginURL is the authority to which "/" and the tenant id are appended.
func (s *Server) LoginURL() string { return s.url }

// CAPEM is the certificate a client must trust, PEM encoded.
func (s *Server) CAPEM() []byte { return s.caPEM }

// PSTNCalls is Rows of getPstnCalls on v1.0.
func (s *Server) PSTNCalls(from, to time.Time) iter.Seq[[]byte] {
	return s.Rows(getPSTNCalls, "v1.0", from, to)
}

// Rows yields what a function ("getSmsLog") of an API version ("v1.0" or
// "beta") would serve now for a window of any length, in the order of its
// pages. It panics where the version has no such function.
func (s *Server) Rows(operation, api string, from, to time.Time) iter.Seq[[]byte] {
	f := s.function(operation, api)
	if f == nil {
		panic("graphsim: no function " + operation + " in " + api)
	}
	return func(yield func([]byte) bool) {
		w := s.window(api, from, to)
		for row := range f.rows.served(w, 0) {
			if !yield(row.appendJSON(nil, row.common().form(w))) {
				return
			}
		}
	}
}

// tell tells of an element that goes into a page.
func (s *Server) tell(operation string, element []byte) {
	if s.told != nil {
		s.told(operation, element)
	}
}

// SetChanged makes Graph serve the given share of the rows of every log, 0 to
// 1, with one member other than before: a charge, a data centre, a reason. No
// member that could be a key is touched. The same share means the same rows,
// and a larger share includes the smaller.
func (s *Server) SetChanged(fraction float64) {
	s.changed.Store(uint64(min(max(fraction, 0), 1) * (1 << 32)))
}

// SetUnpriced makes Graph take back the prices of the given share of calls and messages, 0 to 1, as if they were not
// known yet. The report of a day counts such calls under another key.
func (s *Server) SetUnpriced(fraction float64) {
	s.unpriced.Store(uint64(min(max(fraction, 0), 1) * (1 << 32)))
}

// SetDenied takes the application's permission for the named functions away,
// or for "callRecords", or gives it back; for all of them if none is named.
func (s *Server) SetDenied(denied bool, operations ...string) {
	if len(operations) == 0 {
		operations = append(slices.Collect(maps.Keys(s.functions)), callRecordsName)
	}
	for _, operation := range operations {
		s.denied.set(operation, denied)
	}
}

// ExpireTokens makes every token issued so far invalid.
func (s *Server) ExpireTokens() { s.tokens.expireAll() }

// SetFaults decides from now on what goes wrong with the answer to a request;
// nil: nothing does. It is asked about requests that would have been answered
// well, so not where the token, the permission or the arguments are wrong or a
// limit is exceeded, and it is called concurrently.
func (s *Server) SetFaults(decide func(Request) Fault) { s.faults.decide.Store(&decide) }

// Requests reports what was asked and answered since Start.
func (s *Server) Requests() Requests {
	r := s.counters.snapshot()
	for _, f := range s.functions {
		for _, l := range f.limits {
			r.Peak[l.name] = l.highest()
		}
	}
	l := &s.records.limits
	r.Peak[l.all.name], r.Peak[l.list.name], r.Peak[l.each.name] = l.all.highest(), l.list.highest(), l.each.highest()
	return r
}
