package graphsim

import (
	"errors"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// recordQuery is what the URL of a request for call records says.
type recordQuery struct {
	Request
	options url.Values
}

func (s *Server) recordQuery(operation string, r *http.Request) (q recordQuery, err error) {
	q.options = r.URL.Query()
	q.Request = Request{
		Operation: operation,
		API:       r.PathValue("version"),
		CallID:    r.PathValue("call"),
		URL:       s.url + r.RequestURI,
	}
	q.Skip, err = strconv.Atoi("0" + q.options.Get("$skiptoken"))
	return q, err
}

// preferredSize of a page; more than the most is not granted.
func preferredSize(h http.Header, most int) int {
	for preference := range strings.SplitSeq(strings.Join(h.Values("Prefer"), ","), ",") {
		size, found := strings.CutPrefix(strings.TrimSpace(preference), "odata.maxpagesize=")
		if n, err := strconv.Atoi(size); found && err == nil && n > 0 {
			return min(n, most)
		}
	}
	return most
}

// stretch is the part of a collection that a page holds.
type stretch struct {
	skip, size int
	next       int // the token of the page after it; 0: none
	odd        bool
}

func (q recordQuery) cut(all, most int, f Fault) stretch {
	p := stretch{skip: min(max(q.Skip-f.Shift, 0), all), odd: q.Skip/most%2 == 1}
	p.size = min(most, all-p.skip)
	if p.skip+p.size < all {
		p.next = q.Skip + p.size
	}
	return p
}

func (p stretch) array(link string, f Fault) array {
	a := array{poison: f.Poison, link: f.NextLink, linkFirst: p.odd}
	if a.link == "" && p.next > 0 {
		a.link = link + "$skiptoken=" + strconv.Itoa(p.next)
	}
	return a
}

var errFilter = errors.New("graphsim: a filter that is not simulated")

// parseFilter reads comparisons of the start. The ends of the window are
// included, so the tick next to them stands for those that are not.
func parseFilter(filter string) (window, error) {
	w := window{from: math.MinInt64, to: math.MaxInt64}
	if filter == "" {
		return w, nil
	}
	for clause := range strings.SplitSeq(filter, " and ") {
		words := strings.Fields(clause)
		if len(words) != 3 || words[0] != "startDateTime" {
			return w, errFilter
		}
		t, err := parseTime(words[2])
		if err != nil {
			return w, err
		}
		switch at := ticks(t); words[1] {
		case "ge":
			w.from = max(w.from, at)
		case "gt":
			w.from = max(w.from, at+1)
		case "le":
			w.to = min(w.to, at)
		case "lt":
			w.to = min(w.to, at-1)
		default:
			return w, errFilter
		}
	}
	return w, nil
}

// ends are zero where the window has none.
func (w window) ends() (from, to time.Time) {
	if w.from > math.MinInt64 {
		from = timeOf(w.from)
	}
	if w.to < math.MaxInt64 {
		to = timeOf(w.to)
	}
	return from, to
}
