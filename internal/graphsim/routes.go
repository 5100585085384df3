package graphsim

import (
	"cmp"
	"net/http"
	"strings"
	"time"
)

// routes is the whole surface; functionTable lists the functions that stand
// where a call record's id can.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc(
		"GET /{tenant}/v2.0/.well-known/openid-configuration",
		s.handle("discovery", s.faulty("discovery", s.discovery)),
	)
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/token", s.handle("token", s.faulty("token", s.token)))
	mux.HandleFunc("GET /metadata/identity/oauth2/token", s.handle("imds", s.faulty("imds", s.virtualMachine)))
	mux.HandleFunc("GET /msi/token", s.handle("appService", s.faulty("appService", s.appService)))
	mux.HandleFunc("GET /{version}/communications/callRecords", s.recordHandler(listCallRecords, s.listPage))
	mux.HandleFunc("GET /{version}/communications/callRecords/{call}", s.recordOrFunction)
	mux.HandleFunc(
		"GET /{version}/communications/callRecords/{call}/sessions",
		s.recordHandler(listSessions, s.related(listSessions, sessions)),
	)
	mux.HandleFunc(
		"GET /{version}/communications/callRecords/{call}/participants_v2",
		s.recordHandler(listParticipants, s.related(listParticipants, participants)),
	)
	for pattern, h := range map[string]handler{
		"GET /v1.0/subscriptions":         s.faultySubscription("listSubscriptions", s.listSubscriptions),
		"POST /v1.0/subscriptions":        s.faultySubscription("subscribe", s.subscribe),
		"PATCH /v1.0/subscriptions/{id}":  s.faultySubscription("renew", s.renew),
		"DELETE /v1.0/subscriptions/{id}": s.faultySubscription("unsubscribe", s.unsubscribe),
	} {
		mux.HandleFunc(pattern, s.handle("subscriptions", s.authorized(callRecordsName, nil, h)))
	}
	mux.HandleFunc("GET /v1.0/{$}", s.handle("root", s.serviceDocument))
	mux.HandleFunc("GET /beta/{$}", s.handle("root", s.serviceDocument))
	mux.HandleFunc("/", s.handle("unknown", s.notFound))
	return mux
}

// The functions of Graph that are simulated.
const (
	getPSTNCalls   = "getPstnCalls"
	getDirectCalls = "getDirectRoutingCalls"
	getSMSLog      = "getSmsLog"
	getBlocked     = "getPstnBlockedUsersLog"
	getDialout     = "getPstnOnlineMeetingDialoutReport"
)

// How long the service keeps what the functions answer from: the PSTN and
// Direct Routing logs as documented; for the others nothing is, and it is what
// one request can ask for.
const (
	pstnReach   = 365 * day
	directReach = 150 * day
	otherReach  = 90 * day
)

// functionTable lists the simulated log functions. The limits are the
// published ones per application and tenant: all PSTN functions together, and
// each by itself (https://learn.microsoft.com/graph/throttling-limits).
func functionTable(cfg Config, c *company) map[string]*function {
	extra := func(name string) []Row { return extraOf(cfg.Extra, name) }
	pstn := newEventLog(pstnCalls{c}, pstnReach, extra(getPSTNCalls))
	direct := newEventLog(directRouting{c}, directReach, extra(getDirectCalls))
	direct.exclusive = true
	report := &dialoutReport{
		calls: pstn,
		extra: newEventLog(nothing{}, otherReach, extra(getDialout)),
		reach: otherReach,
	}
	const short, long = "from=%s,to=%s", "fromDateTime=%s,toDateTime=%s"
	functions := map[string]*function{
		getPSTNCalls:   {rowType: "pstnCallLogRow", ends: short, rows: pstn},
		getDirectCalls: {rowType: "directRoutingLogRow", ends: long, rows: direct},
		getSMSLog: {
			rowType:  "smsLogRow",
			betaOnly: true,
			ends:     long,
			rows:     newEventLog(smsLog{c}, otherReach, extra(getSMSLog)),
		},
		getBlocked: {
			rowType:  "pstnBlockedUsersLogRow",
			betaOnly: true,
			ends:     long,
			rows:     newEventLog(blockedUsers{c}, otherReach, extra(getBlocked)),
		},
		getDialout: {rowType: "pstnOnlineMeetingDialoutReport", betaOnly: true, ends: long, rows: report},
	}
	family := cfg.limit("pstn", 200, time.Minute)
	for name, f := range functions {
		f.limits = []*limit{family, cfg.limit(name, 50, time.Minute)}
	}
	return functions
}

func extraOf(rows []Row, operation string) (extra []Row) {
	for _, row := range rows {
		if cmp.Or(row.Operation, getPSTNCalls) == operation {
			extra = append(extra, row)
		}
	}
	return extra
}

// function returns nil for what the version does not know.
func (s *Server) function(name, version string) *function {
	f := s.functions[name]
	if f == nil || version != "beta" && (version != "v1.0" || f.betaOnly) {
		return nil
	}
	return f
}

// recordOrFunction finds the function named in the last segment of the path;
// its name may be qualified with its namespace, as generated SDKs write it.
// Without parentheses any other name is the id of a call record.
func (s *Server) recordOrFunction(w http.ResponseWriter, r *http.Request) {
	name, arguments, called := strings.Cut(r.PathValue("call"), "(")
	name = strings.TrimPrefix(name, "microsoft.graph.callRecords.")
	version := r.PathValue("version")
	f := s.function(name, version)
	switch {
	case f == nil && called:
		s.handle("unknown", s.notFound)(w, r)
		return
	case f == nil:
		s.recordHandler(getCallRecord, s.record)(w, r)
		return
	}
	i := invocation{f, name, version, strings.TrimSuffix(arguments, ")")}
	s.handle(name, s.authorized(name, f.limits, s.keeping(func(r *http.Request, dst []byte) answer {
		return s.logPage(i, r, dst)
	})))(w, r)
}

// recordHandler answers requests for call records, in both versions alike.
func (s *Server) recordHandler(operation string, h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if v := r.PathValue("version"); v != "v1.0" && v != "beta" {
			s.handle("unknown", s.notFound)(w, r)
			return
		}
		s.handle(operation, s.authorized(callRecordsName, s.records.limits.of(r), h))(w, r)
	}
}

func (s *Server) serviceDocument(r *http.Request, dst []byte) answer {
	dst = append(dst, `{"@odata.context":"`+s.url+r.URL.Path+`$metadata","value":[]}`...)
	return answer{status: http.StatusOK, body: dst}
}

func (s *Server) notFound(r *http.Request, _ []byte) answer {
	segment := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	return failure(http.StatusNotFound, "ResourceNotFound", "Resource not found for the segment '"+segment+"'.")
}
