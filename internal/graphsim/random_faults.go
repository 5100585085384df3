package graphsim

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"
)

// Kind is a family of faults that go away when the client asks again: the
// request, or the window from its first page.
type Kind int

const (
	ServerErrors Kind = iota // 408 and 5xx, with every body and sometimes Retry-After
	Throttling               // 429 with the three forms of Retry-After, or none
	Cuts                     // no answer, or a part of it
	Stalls                   // half an answer, then silence
	GzipDamage               // either one
	WrongBodies              // 200 and every body that is no page
	Redirects                // to another path of this host, or to another host
	Oversize                 // 256 MiB; functions and call records only, as all that follow
	WrongLinks               // to another host, port or scheme, with a user, relative, to itself
	LostLinks                // 400 or 410 for a page that is not the first
	Shifts                   // a page that is not the first repeats rows of the one before
)

// allKinds is what RandomFaults chooses from unless told.
var allKinds = []Kind{
	ServerErrors,
	Throttling,
	Cuts,
	Stalls,
	GzipDamage,
	WrongBodies,
	Redirects,
	Oversize,
	WrongLinks,
	LostLinks,
	Shifts,
}

// mostInARow is how often at most one URL is answered badly before it is
// answered well.
const mostInARow = 2

// RandomFaults returns a function for SetFaults. It spoils the given share of
// requests, 0 to 1, with the named kinds, or with all if none is named. What it
// does to a request depends on the seed, the operation and N alone, but for one
// rule: after two bad answers to a URL comes a good one.
func RandomFaults(seed int64, rate float64, kinds ...Kind) func(Request) Fault {
	if len(kinds) == 0 {
		kinds = allKinds
	}
	var mu sync.Mutex
	inARow := make(map[string]int)
	return func(r Request) Fault {
		rng := rand.New(rand.NewPCG(uint64(seed)^xxhash.Sum64String(r.Operation), uint64(r.N)))
		kind, hit := kinds[rng.IntN(len(kinds))], rng.Float64() < rate
		mu.Lock()
		defer mu.Unlock()
		if !hit || !kind.befalls(r) || inARow[r.URL] == mostInARow {
			delete(inARow, r.URL)
			return Fault{}
		}
		inARow[r.URL]++
		return kind.random(rng, r)
	}
}

func (k Kind) befalls(r Request) bool {
	switch {
	case k < Oversize:
		return true
	case k == LostLinks || k == Shifts:
		return r.Skip > 0
	}
	return r.API != ""
}

func (k Kind) random(rng *rand.Rand, r Request) Fault {
	switch k {
	case ServerErrors:
		return serverError(rng)
	case Throttling:
		soon := r.Now.Add(time.Second).UTC().Format(http.TimeFormat)
		return Fault{Status: http.StatusTooManyRequests, RetryAfter: pick(rng, "1", "0.128", soon, "")}
	case Cuts:
		return Fault{Cut: pick(rng, -1, 1, 20, 1+rng.IntN(4000))}
	case Stalls:
		return Fault{Stall: true}
	case GzipDamage:
		return Fault{Gzip: pick(rng, ChecksumGzip, ShortGzip)}
	case WrongBodies:
		return Fault{Body: EmptyBody + Body(rng.IntN(int(HTMLBody)))}
	case Redirects:
		return Fault{Redirect: pick(rng, "/elsewhere", "https://login.example.invalid/")}
	case Oversize:
		return Fault{Oversized: 256 << 20}
	case WrongLinks:
		return Fault{NextLink: wrongLink(rng, r.URL)}
	case LostLinks:
		return Fault{Status: pick(rng, http.StatusBadRequest, http.StatusGone)}
	}
	return Fault{Shift: 1 + rng.IntN(20)}
}

func serverError(rng *rand.Rand) Fault {
	f := Fault{
		Status: pick(rng, 408, 500, 502, 503, 504),
		Body:   pick(rng, DocumentedBody, EmptyBody, TextBody, HTMLBody),
	}
	if f.Status == http.StatusServiceUnavailable && rng.IntN(2) == 0 {
		f.RetryAfter = strconv.Itoa(rng.IntN(2))
	}
	return f
}

func wrongLink(rng *rand.Rand, url string) string {
	host, path, _ := strings.Cut(strings.TrimPrefix(url, "https://"), "/")
	return pick(rng,
		"https://graph.example.invalid/"+path,
		"https://"+host+".example.invalid/"+path,
		"https://127.0.0.1:1/"+path,
		"http://"+host+"/"+path,
		"https://user:secret@"+host+"/"+path,
		"/"+path,
		url)
}

func pick[T any](rng *rand.Rand, choices ...T) T { return choices[rng.IntN(len(choices))] }
