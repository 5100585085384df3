package graphsim

import (
	"net/http"
	"strings"
	"time"
)

// routes is the whole surface; functionTable lists the functions behind its
// third line.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", s.handle("discovery", s.discovery))
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/token", s.handle("token", s.token))
	mux.HandleFunc("GET /{version}/communications/callRecords/{call}", s.callRecords)
	mux.HandleFunc("GET /v1.0/{$}", s.handle("root", s.serviceDocument))
	mux.HandleFunc("GET /beta/{$}", s.handle("root", s.serviceDocument))
	mux.HandleFunc("/", s.handle("unknown", s.notFound))
	return mux
}

// functionTable lists the simulated log functions. The limits are the
// published ones per application and tenant: all PSTN functions together, and
// each by itself (https://learn.microsoft.com/graph/throttling-limits).
func (s *Server) functionTable(factor float64) map[string]*function {
	family := newLimit("pstn", 200*factor, time.Minute)
	limits := func(name string) []*limit {
		return []*limit{family, newLimit(name, 50*factor, time.Minute)}
	}
	return map[string]*function{
		"getPstnCalls": {rowType: "pstnCallLogRow", page: s.pstn.page, limits: limits("getPstnCalls")},
	}
}

// callRecords finds the function named in the last segment of the path. The
// name may be qualified with its namespace, as generated SDKs write it.
func (s *Server) callRecords(w http.ResponseWriter, r *http.Request) {
	name, arguments, _ := strings.Cut(r.PathValue("call"), "(")
	name = strings.TrimPrefix(name, "microsoft.graph.callRecords.")
	f, version := s.functions[name], r.PathValue("version")
	if f == nil || (version != "v1.0" && version != "beta") {
		s.handle("unknown", s.notFound)(w, r)
		return
	}
	i := invocation{f, name, version, strings.TrimSuffix(arguments, ")")}
	s.handle(name, s.authorized(f.limits, func(r *http.Request, dst []byte) answer {
		return s.logPage(i, r, dst)
	}))(w, r)
}

func (s *Server) serviceDocument(r *http.Request, dst []byte) answer {
	dst = append(dst, `{"@odata.context":"`+s.url+r.URL.Path+`$metadata","value":[]}`...)
	return answer{status: http.StatusOK, body: dst}
}

func (s *Server) notFound(r *http.Request, _ []byte) answer {
	segment := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	return failure(http.StatusNotFound, "ResourceNotFound", "Resource not found for the segment '"+segment+"'.")
}
