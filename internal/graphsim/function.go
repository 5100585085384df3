package graphsim

import (
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	pageSize   = 1000                // rows, of every log function
	longestAsk = 90 * 24 * time.Hour // a longer window is answered 406
)

// function is one of Graph's log functions.
type function struct {
	rowType  string
	betaOnly bool
	ends     string // how its next links write a window
	rows     collection
	limits   []*limit
}

// collection is what a function answers from: what it serves of a window at a
// time, without the first skip rows.
type collection interface {
	served(w window, skip int) iter.Seq[record]
}

// window is a span of start times, both ends included, asked for at a time.
type window struct {
	from, to, now int64 // ticks
	beta          bool
	changed       uint64 // rows are served changed whose id has its first four bytes below it
	unpriced      uint64 // and without a price where the next four are below this
}

// page is a part of a window's rows.
type page struct {
	records []record
	more    bool // rows follow
}

func (f *function) page(w window, skip, size int) page {
	p := page{records: make([]record, 0, size)}
	for row := range f.rows.served(w, skip) {
		if p.more = len(p.records) == size; p.more {
			break
		}
		p.records = append(p.records, row)
	}
	return p
}

// invocation is a function as it stands in a path.
type invocation struct {
	*function
	name, version, arguments string
}

// logPage answers a call of a function. Query options other than $skip are
// ignored, as the service does.
func (s *Server) logPage(i invocation, r *http.Request, dst []byte) answer {
	a, err := parseArguments(i.arguments)
	if err != nil {
		return failure(http.StatusBadRequest, "BadRequest", err.Error())
	}
	if a.to.Sub(a.from) > longestAsk {
		return failure(http.StatusNotAcceptable, "NotAcceptable", "The requested time range is longer than 90 days.")
	}
	skip, err := strconv.Atoi("0" + r.URL.Query().Get("$skip"))
	if err != nil {
		return failure(http.StatusBadRequest, "BadRequest", "Invalid value for the query option '$skip'.")
	}
	f := s.fault(
		Request{Operation: i.name, API: i.version, URL: s.url + r.RequestURI, From: a.from, To: a.to, Skip: skip},
	)
	if f.Status != 0 || f.Body == ErrorBody {
		return f.failure()
	}
	w := s.window(i.version, a.from, a.to)
	p := i.page(w, max(skip-f.Shift, 0), s.pageSize)
	link := f.NextLink
	if link == "" && p.more && !f.NoLink {
		link = fmt.Sprintf("%s/%s/communications/callRecords/%s(%s)?$skip=%d",
			s.url, i.version, i.name, fmt.Sprintf(i.ends, a.fromText, a.toText), skip+len(p.records))
	}
	body := s.appendPage(dst, i, w, p, array{poison: f.Poison, link: link, linkFirst: skip/s.pageSize%2 == 1})
	return answer{status: http.StatusOK, body: body, rows: len(p.records), fault: f}
}

func (s *Server) window(version string, from, to time.Time) window {
	return window{
		from:     ticks(from),
		to:       ticks(to),
		now:      ticks(s.now()),
		beta:     version == "beta",
		changed:  s.changed.Load(),
		unpriced: s.unpriced.Load(),
	}
}

func (s *Server) appendPage(dst []byte, i invocation, w window, p page, a array) []byte {
	dst = fmt.Appendf(
		dst,
		`{"@odata.context":"%s/%s/$metadata#Collection(microsoft.graph.callRecords.%s)","@odata.count":%d`,
		s.url,
		i.version,
		i.rowType,
		len(p.records)+len(a.poison),
	)
	dst = a.appendTo(dst, len(p.records), func(dst []byte, n int) []byte {
		row, start := p.records[n], len(dst)
		dst = row.appendJSON(dst, row.common().form(w))
		s.tell(i.name, dst[start:])
		return dst
	})
	for _, element := range a.poison {
		s.tell(i.name, element)
	}
	return append(dst, '}')
}

// arguments are the two ends of a window, as text for the next link.
type arguments struct {
	from, to         time.Time
	fromText, toText string
}

// parseArguments reads "fromDateTime=…,toDateTime=…". The service's own next
// links call the two "from" and "to".
func parseArguments(text string) (arguments, error) {
	var a arguments
	position := 0
	for argument := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(argument, "=")
		if value == "" {
			return a, fmt.Errorf("Expression expected at position %d in '%s'.", position+len(argument), text)
		}
		t, err := parseTime(value)
		switch {
		case err != nil:
			return a, err
		case name == "fromDateTime" || name == "from":
			a.from, a.fromText = t, value
		case name == "toDateTime" || name == "to":
			a.to, a.toText = t, value
		default:
			return a, errors.New("Unknown parameter '" + name + "'.")
		}
		position += len(argument) + 1
	}
	switch {
	case a.fromText == "" || a.toText == "":
		return a, errors.New("The parameters 'fromDateTime' and 'toDateTime' are required.")
	case a.to.Before(a.from):
		return a, errors.New("'fromDateTime' must not be later than 'toDateTime'.")
	}
	return a, nil
}

// parseTime reads a date, meaning midnight UTC, or a full time with up to
// seven digits of fraction.
func parseTime(text string) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.Nanosecond()%int(tick) != 0 {
		return t, errors.New("'" + text + "' is not a DateTimeOffset.")
	}
	return t, nil
}
