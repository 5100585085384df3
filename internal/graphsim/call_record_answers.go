package graphsim

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The requests that call records are read by.
const (
	listCallRecords  = "listCallRecords"
	getCallRecord    = "getCallRecord"
	listSessions     = "listSessions"
	listParticipants = "listParticipants"
)

// callRecordsName is what all of them need: a permission, and a limit.
const callRecordsName = "callRecords"

const recordPage = 60 // records in a page of the list at most

// recordRoot is where call records lie, as links to them begin.
func (s *Server) recordRoot(api string) string {
	return s.url + "/" + api + "/communications/callRecords"
}

// recordMetadata is how annotations begin.
func (s *Server) recordMetadata(api string) string {
	return s.url + "/" + api + "/$metadata#communications/callRecords"
}

// listPage answers with a page of the list.
func (s *Server) listPage(r *http.Request, dst []byte) answer {
	q, err := s.recordQuery(listCallRecords, r)
	w, participant, filterErr := parseFilter(q.options.Get("$filter"))
	if err != nil || filterErr != nil || q.options.Has("$expand") {
		return badQuery()
	}
	q.From, q.To = w.ends()
	f := s.fault(q.Request)
	if f.Status != 0 || f.Body == ErrorBody {
		return f.failure()
	}
	w.now = ticks(s.now())
	list, link := s.records.listed(w), s.recordRoot(q.API)+"?"
	if participant != "" {
		list = slices.DeleteFunc(list, func(d document) bool { return !d.has(participant) })
	}
	for _, option := range []string{"$filter", "$select"} {
		if text := q.options.Get(option); text != "" {
			link += option + "=" + strings.ReplaceAll(url.QueryEscape(text), "+", "%20") + "&"
		}
	}
	p, metadata := q.cut(len(list), min(preferredSize(r.Header, recordPage), s.pageSize), f), s.recordMetadata(q.API)
	dst = fmt.Appendf(dst, `{"@odata.context":"%s"`, metadata)
	dst = p.array(link, f).appendTo(dst, p.size, func(dst []byte, i int) []byte {
		start := len(dst)
		dst = append(q.appendHeader(append(dst, '{'), list[p.skip+i], metadata), '}')
		s.tell(listCallRecords, dst[start:])
		return dst
	})
	return answer{status: http.StatusOK, body: append(dst, '}'), rows: p.size, fault: f}
}

// record answers with a record by its id. One relationship can be expanded.
func (s *Server) record(r *http.Request, dst []byte) answer {
	q, err := s.recordQuery(getCallRecord, r)
	name, segments := strings.CutSuffix(q.options.Get("$expand"), "($expand=segments)")
	if err != nil || name != "" && name != sessions && (name != participants || segments) {
		return badQuery()
	}
	return s.about(q, func(d document, f Fault) answer {
		if s.told != nil {
			s.told(getCallRecord, whole(d))
		}
		metadata, of := s.recordMetadata(q.API), ""
		if segments {
			of = "(sessions(segments()))"
		}
		dst := fmt.Appendf(dst, `{"@odata.context":"%s%s/$entity",`, metadata, of)
		dst = q.appendHeader(dst, d, metadata)
		if name != "" {
			size := min(relationSizes[name], s.pageSize)
			page := relationPage{name: name, expanded: true, size: size, segments: segments}
			dst, _ = s.appendRelation(dst, q, f, d, page)
		}
		return answer{status: http.StatusOK, body: append(dst, '}'), rows: 1, fault: f}
	})
}

// related answers with a page of what belongs to a record.
func (s *Server) related(operation, name string) handler {
	return func(r *http.Request, dst []byte) answer {
		q, err := s.recordQuery(operation, r)
		segments := q.options.Get("$expand") == "segments"
		if err != nil || q.options.Has("$expand") && (!segments || name != sessions) {
			return badQuery()
		}
		size := min(preferredSize(r.Header, relationSizes[name]), s.pageSize)
		page := relationPage{name: name, size: size, segments: segments}
		return s.about(q, func(d document, f Fault) answer {
			dst := fmt.Appendf(dst, `{"@odata.context":"%s('%s')/%s"`, s.recordMetadata(q.API), d.id(), name)
			dst, rows := s.appendRelation(dst, q, f, d, page)
			return answer{status: http.StatusOK, body: append(dst, '}'), rows: rows, fault: f}
		})
	}
}

// about finds the record that is asked for, and what goes wrong.
func (s *Server) about(q recordQuery, write func(document, Fault) answer) answer {
	d := s.records.find(q.CallID, ticks(s.now()), true)
	if d == nil {
		return failure(http.StatusNotFound, "NotFound", "Could not find the requested call record. "+
			"Records about calls or online meetings that started more than 30 days ago are not available.")
	}
	f := s.fault(q.Request)
	if f.Status != 0 || f.Body == ErrorBody {
		return f.failure()
	}
	return write(d, f)
}

// relationPage is how much of a relationship is written, and where.
type relationPage struct {
	name     string
	expanded bool // as a member of the record
	size     int
	segments bool
}

// appendRelation writes a page as a member of an object begun before.
func (s *Server) appendRelation(
	dst []byte,
	q recordQuery,
	f Fault,
	d document,
	page relationPage,
) (_ []byte, rows int) {
	related, link := d.relation(page.name), s.recordRoot(q.API)+"/"+d.id()+"/"+page.name+"?"
	if page.segments {
		link += "$expand=segments&"
	}
	p := q.cut(related.size, page.size, f)
	a := p.array(link, f)
	if page.expanded {
		a.relation, a.linkFirst = page.name, strings.ContainsAny(d.id()[len(d.id())-1:], "02468ace") // by turns
	}
	switch {
	case related.absent && page.expanded:
		return dst, 0
	case related.verbatim != nil:
		return append(append(dst, a.member()...), related.verbatim...), 0
	}
	return a.appendTo(dst, p.size, func(dst []byte, i int) []byte {
		return related.element(dst, p.skip+i, page.segments || page.name == participants)
	}), p.size
}

func badQuery() answer {
	return failure(http.StatusBadRequest, "BadRequest", "The query specified in the URI is not valid.")
}
