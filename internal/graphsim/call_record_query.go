package graphsim

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// recordQuery is what the URL of a request for call records says.
type recordQuery struct {
	Request
	options  url.Values
	selected []string // members, of $select; nil: all
}

// recordMembers are those that $select may name.
var recordMembers = []string{
	"id", "version", "type", "modalities", "lastModifiedDateTime", "startDateTime", "endDateTime", "joinWebUrl",
	"organizer_v2",
}

func (s *Server) recordQuery(operation string, r *http.Request) (q recordQuery, err error) {
	q.options = r.URL.Query()
	q.Request = Request{
		Operation: operation,
		API:       r.PathValue("version"),
		CallID:    r.PathValue("call"),
		URL:       s.url + r.RequestURI,
	}
	if q.options.Has("$select") {
		q.selected = strings.Split(q.options.Get("$select"), ",")
	}
	for _, name := range q.selected {
		if !slices.Contains(recordMembers, name) {
			return q, errSelect
		}
	}
	q.Skip, err = strconv.Atoi("0" + q.options.Get("$skiptoken"))
	return q, err
}

// appendHeader writes the members of a record that were asked for, with their
// annotations. One that is not there is null.
func (q recordQuery) appendHeader(dst []byte, d document, metadata string) []byte {
	if q.selected == nil {
		return d.appendHeader(dst, metadata)
	}
	list, _ := membersOf(append(d.appendHeader([]byte("{"), metadata), '}')) // whose members are whole
	for _, name := range q.selected {
		found := false
		for _, m := range list {
			if of, _, _ := strings.Cut(m.name, "@"); of == name {
				dst, found = append(append(dst, m.text...), ','), found || m.name == name
			}
		}
		if !found {
			dst = fmt.Appendf(dst, `"%s":null,`, name)
		}
	}
	return dst[:len(dst)-1]
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
	if a.link == "" && p.next > 0 && !f.NoLink {
		a.link = link + "$skiptoken=" + strconv.Itoa(p.next)
	}
	return a
}

var (
	errFilter = errors.New("graphsim: a filter that is not simulated")
	errSelect = errors.New("graphsim: a member that records do not have")
)

var participantFilter = regexp.MustCompile(`^participants_v2/any\((\w+):(\w+)/id eq '([0-9A-Fa-f-]{36})'\)$`)

// parseFilter reads comparisons of the start, and who has to take part. The ends of
// the window are included, so the tick next to them stands for those that are not.
func parseFilter(filter string) (w window, participant string, err error) {
	w = window{from: math.MinInt64, to: math.MaxInt64}
	if filter == "" {
		return w, "", nil
	}
	for clause := range strings.SplitSeq(filter, " and ") {
		if who := participantFilter.FindStringSubmatch(clause); who != nil && who[1] == who[2] {
			participant = who[3]
			continue
		}
		words := strings.Fields(clause)
		if len(words) != 3 || words[0] != "startDateTime" {
			return w, "", errFilter
		}
		t, err := parseTime(words[2])
		if err != nil {
			return w, "", err
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
			return w, "", errFilter
		}
	}
	return w, participant, nil
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
