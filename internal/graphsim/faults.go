package graphsim

import (
	"cmp"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Request is one that would have been answered well.
type Request struct {
	Operation string    // as in Requests.Answers
	N         int       // how many such requests of this operation came before
	URL       string    // as asked for
	Now       time.Time // Graph's clock

	// Of functions and call records only:
	API      string    // "v1.0" or "beta"
	From, To time.Time // of a list; zero: without this end
	Skip     int       // elements before the page
	CallID   string    // of the call record it is about
}

// Fault is what goes wrong with an answer. Any of its members may be set
// together; the zero value answers as if nothing were wrong.
type Fault struct {
	Status     int       // an error object of Graph, or of Entra, with this status
	Message    string    // of the error object; default: what the service would say
	OAuth      string    // the word of an error of Entra; default temporarily_unavailable
	AADSTS     int       // its number; default 90033, and 90055 with 429
	RetryAfter string    // header, verbatim
	Redirect   string    // header Location, verbatim, with 302 unless Status is set
	Date       time.Time // header; zero: Graph's clock
	Body       Body      // instead of the body

	Delay time.Duration // before the answer, whose date is of before; waited for as Latency is

	// The way of the body, as sent, so compressed where the client accepts it.
	Cut       int   // the connection ends after so many bytes; negative: before the answer
	Stall     bool  // nothing follows the first half until the client goes away or the server closes
	Gzip      Gzip  // damage; none where the client does not accept compression
	Oversized int64 // a page of so many bytes, before compression, and little memory

	// Pages of functions and call records only; for a record by its id what is
	// expanded is a page.
	NextLink string   // instead of the link, verbatim; also where there would be none
	NoLink   bool     // no link, though there are more pages
	Shift    int      // the page as if so many rows had been inserted before it, or, negative, had left
	Poison   [][]byte // elements after those of the page, verbatim
}

// Body is what stands instead of a body.
type Body int

const (
	DocumentedBody Body = iota // the answer, or the error object of a Status
	EmptyBody                  // no byte
	NullBody                   // the JSON value null
	NoValueBody                // an object without the member that matters
	ErrorBody                  // an error object, with status 200 unless Status is set
	GarbageBody                // the answer, in the middle overwritten by what is neither JSON nor UTF-8
	TrailingBody               // the answer, and more after its end
	TextBody                   // a line of a load balancer
	HTMLBody                   // a page of a proxy
)

// Gzip is damage to a compressed body, which HTTP delivers as if it were whole.
type Gzip int

const (
	IntactGzip   Gzip = iota
	ChecksumGzip      // complete, but the checksum is wrong
	ShortGzip         // its second half is missing
)

type faults struct {
	decide atomic.Pointer[func(Request) Fault]
	mu     sync.Mutex
	asked  map[string]int
}

// fault asks the switchboard. Requests are counted also while it is empty.
func (s *Server) fault(r Request) Fault {
	r.N, r.Now = s.faults.count(r.Operation), s.now().UTC()
	decide := s.faults.decide.Load()
	if decide == nil || *decide == nil {
		return Fault{}
	}
	return (*decide)(r)
}

func (f *faults) count(operation string) (before int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.asked == nil {
		f.asked = make(map[string]int)
	}
	before = f.asked[operation]
	f.asked[operation]++
	return before
}

// faulty gives Entra its faults.
func (s *Server) faulty(operation string, next handler) handler {
	return func(r *http.Request, dst []byte) answer {
		a := next(r, dst)
		if a.status != http.StatusOK {
			return a
		}
		f := s.fault(Request{Operation: operation, URL: s.url + r.RequestURI})
		if f.Status != 0 || f.Body == ErrorBody {
			a = s.refuseBy(f)
		}
		a.fault = f
		return a
	}
}

// refuseBy is Entra's error answer of a fault.
func (s *Server) refuseBy(f Fault) answer {
	number, message := 90033, "A transient error has occurred. Please try again."
	if f.Status == http.StatusTooManyRequests {
		number, message = 90055, "There are too many incoming requests."
	}
	word := cmp.Or(f.OAuth, "temporarily_unavailable")
	return s.refuse(max(f.Status, http.StatusOK), word, cmp.Or(f.AADSTS, number), cmp.Or(f.Message, message))
}

// failure is Graph's error answer for the status of a fault.
func (f Fault) failure() answer {
	status := max(f.Status, http.StatusOK)
	code := strings.ReplaceAll(http.StatusText(status), " ", "")
	message := cmp.Or(f.Message, "The request could not be served.")
	a := answer{status: status, failed: &graphError{code: code, message: message}, fault: f}
	if status == http.StatusTooManyRequests {
		a.failed = tooManyRequests
	}
	return a
}
