package graphsim

import (
	"errors"
	"fmt"
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
	rowType string
	page    func(w window, skip, top int) page
	limits  []*limit
}

// window is a span of start times, both ends included, asked for at a time.
type window struct{ from, to, now int64 } // in ticks

// page is a part of a window's rows.
type page struct {
	rows     int
	more     bool // rows follow
	appendTo func(dst []byte, beta bool) []byte
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
	p := i.page(window{from: ticks(a.from), to: ticks(a.to), now: ticks(s.now())}, skip, pageSize)
	link := ""
	if p.more {
		link = fmt.Sprintf(`"@odata.nextLink":"%s/%s/communications/callRecords/%s(from=%s,to=%s)?$skip=%d"`,
			s.url, i.version, i.name, a.fromText, a.toText, skip+p.rows)
	}
	return answer{status: http.StatusOK, body: s.appendPage(dst, i, p, skip, link), rows: p.rows}
}

// appendPage writes the link of every second page before the rows: the order
// of members is not promised.
func (s *Server) appendPage(dst []byte, i invocation, p page, skip int, link string) []byte {
	first := skip/pageSize%2 == 1
	dst = fmt.Appendf(dst, `{"@odata.context":"%s/%s/$metadata#Collection(microsoft.graph.callRecords.%s)","@odata.count":%d,`,
		s.url, i.version, i.rowType, p.rows)
	if link != "" && first {
		dst = append(append(dst, link...), ',')
	}
	dst = append(dst, `"value":[`...)
	dst = append(p.appendTo(dst, i.version == "beta"), ']')
	if link != "" && !first {
		dst = append(append(dst, ','), link...)
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
